"""Request and response models of the ARCNM Labeling API's 18 operations, used by our client and our server alike.

Response fields default to `None`: the reference marks none as required, another server may leave any out, and
ours always sends all of them. Fields marked *extension* are ours (see `gonogo_api` for whole extra operations).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from gonogo.json_types import JsonObject
from gonogo.schemas.base import (
    AnyValue,
    Finite,
    Fraction,
    Link,
    Name,
    Note,
    Reason,
    Received,
    Sent,
    Text,
    Timestamp,
    words,
)
from gonogo.schemas.enums import LARGEST_GROUP, ConsensusMethod, Role
from gonogo.schemas.verdicts import Verdict

# --- campaigns -------------------------------------------------------------------------------------------


class LabelingCampaignCreate(Sent):
    name: Name
    description: Text | None = None
    consensus_method: Annotated[str, Field(json_schema_extra=words(ConsensusMethod))] | None = None
    target_redundancy: Annotated[int, Field(ge=1, le=50)] | None = None
    gold_fraction: Annotated[float, Field(ge=0, le=0.9, allow_inf_nan=False)] | None = None
    acceptance_alpha: Annotated[float, Field(ge=-1, le=1, allow_inf_nan=False)] | None = None


class LabelingCampaignPublic(Received):
    id: str
    org_id: str | None = None
    project_id: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    consensus_method: str | None = None
    target_redundancy: int | None = None
    gold_fraction: float | None = None
    acceptance_alpha: float | None = None
    task_count: int | None = None
    resolved_count: int | None = None
    created_by_user_id: str | None = None
    created_at: Timestamp | None = None
    closed_at: Timestamp | None = None


class LabelingCampaignList(Received):
    count: int
    data: list[LabelingCampaignPublic]
    next_cursor: str | None = None  # extension


# --- assignments -----------------------------------------------------------------------------------------


_EMAIL_PART = r"[^@\s\x00-\x20\x7f-\x9f\ufeff]+"  # as in `NOT_BLANK`
_EMAIL = rf"^{_EMAIL_PART}@{_EMAIL_PART}$"


class CampaignAssignmentCreate(Sent):
    email: Annotated[str, Field(min_length=3, max_length=254, pattern=_EMAIL)]
    display_name: Annotated[str, Field(max_length=200)] | None = None
    role: Annotated[str, Field(json_schema_extra=words(Role))] | None = None  # extension; `annotator` by default


class CampaignAssignmentPublic(Received):
    id: str
    org_id: str | None = None
    campaign_id: str | None = None
    annotator_account_id: str | None = None
    annotator_email: str | None = None
    status: str | None = None
    invited_at: Timestamp | None = None


class CampaignAssignmentCreated(Received):
    assignment: CampaignAssignmentPublic
    magic_link_token: Annotated[str, Field(repr=False)]
    magic_link_url: Annotated[str | None, Field(repr=False)] = None  # extension


class CampaignAssignmentList(Received):
    count: int
    data: list[CampaignAssignmentPublic]
    next_cursor: str | None = None  # extension


# --- projects --------------------------------------------------------------------------------------------


class LabelingProjectCreate(Sent):
    name: Name
    description: Text | None = None
    guideline_id: Link | None = None
    ontology_id: Link | None = None
    selection_policy: JsonObject | None = None
    target_kinds: Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=100)] | None = None
    uses_platform_pool: bool | None = None


class LabelingProjectPublic(Received):
    id: str
    org_id: str | None = None
    name: str | None = None
    description: str | None = None
    status: str | None = None
    guideline_id: str | None = None
    ontology_id: str | None = None
    selection_policy: JsonObject | None = None
    target_kinds: list[str] | None = None
    uses_platform_pool: bool | None = None
    campaign_count: int | None = None
    created_by_user_id: str | None = None
    created_at: Timestamp | None = None


class LabelingProjectList(Received):
    count: int
    data: list[LabelingProjectPublic]
    next_cursor: str | None = None  # extension


class GenerateProjectTasks(Sent):
    """Request for a campaign of predictions.

    *Extension*: those with a confidence of at least `accept_above` are left out, but for `audit_fraction` of them drawn
    at random. `accept_bound` is the upper bound of their error that was asked for, to be judged by that audit. With
    `merge_readings` the readings of one place by several sources or runs become one task, of the best guess among them.
    """

    calculation_ids: Annotated[list[Link], Field(min_length=1, max_length=1000)]
    campaign: LabelingCampaignCreate | None = None
    accept_above: Fraction | None = None
    audit_fraction: Fraction = 0.05
    accept_bound: Fraction | None = None
    merge_readings: bool = False


class GenerateProjectTasksResult(Received):
    campaign: LabelingCampaignPublic
    n_candidates: int | None = None
    n_eligible: int | None = None
    n_skipped: int | None = None
    n_honeypots: int | None = None
    n_tasks: int | None = None
    n_accepted: int | None = None  # extension, with `accept_above`
    n_audited: int | None = None  # extension
    n_merged: int | None = None  # extension: readings that are asked by the task of another one


# --- tasks -----------------------------------------------------------------------------------------------

Box = Annotated[
    list[Finite],
    Field(
        max_length=16,
        description="`[x0, y0, x1, y1]`, not empty; a fifth number is the page, counted from 1.",
        json_schema_extra={
            "minItems": 4,
            "maxItems": 5,
            "prefixItems": [*[{"type": "number"}] * 4, {"type": "integer", "minimum": 1}],
        },
    ),
]
"""A place on the drawing. Length and page are our server's demand, which the server words itself."""
Position = Annotated[
    list[Finite],
    Field(
        max_length=16,
        description="Two numbers (a point on the sheet), or three (in the part's frame, mm).",
        json_schema_extra={"minItems": 2, "maxItems": 3},
    ),
]


class TaskSubject(Sent):
    """Fields that a new task shares with an imported prediction: what was read, where on the sheet, of which object."""

    target_kind: Annotated[str, Field(min_length=1, max_length=100)]
    detail_kind: Annotated[str, Field(max_length=100)] | None = None
    field_name: Annotated[str, Field(max_length=200)] | None = None
    field_path: Annotated[str, Field(max_length=500)] | None = None
    prompt: Text | None = None
    predicted_value: JsonObject | None = None
    predicted_confidence: Fraction | None = None
    drawing_bbox: Box | None = None
    position: Position | None = None
    part_revision_id: Link | None = None
    pmi_id: Link | None = None
    feature_id: Link | None = None
    dfm_issue_id: Link | None = None
    face_uuid: Link | None = None


_SOME_TEXT: JsonDict = {"type": "string", "minLength": 1}
_GOLD_ANSWER: JsonDict = {"anyOf": [words(Verdict), {"type": "string", "pattern": r"^\s*\{"}]}
_IS_ASKED: JsonDict = {
    "anyOf": [
        {"required": ["prompt"], "properties": {"prompt": _SOME_TEXT}},
        {"required": ["field_name"], "properties": {"field_name": _SOME_TEXT}},
    ],
    "allOf": [
        {
            "anyOf": [
                {"properties": {"is_gold": {"const": False}}},
                {"required": ["gold_answer"], "properties": {"gold_answer": _GOLD_ANSWER}},
            ]
        }
    ],
}


class LabelingTaskCreate(TaskSubject):
    """New task. It needs a `prompt`, or a `field_name` of which one is written.

    `gold_answer` is a verdict, or the JSON text of `{"verdict": …, "corrected_value": …}`; gold needs one.
    """

    model_config = ConfigDict(json_schema_extra=_IS_ASKED)

    calculation_id: Link | None = None
    n_required: Annotated[int, Field(ge=1, le=50)] | None = None
    is_gold: bool = False
    gold_answer: Text | None = None


class LabelingTasksCreate(Sent):
    tasks: Annotated[list[LabelingTaskCreate], Field(min_length=1, max_length=1000)]


class ServedTask(Received):
    """Task as an annotator gets it from next-task; nothing in it tells gold from other work.

    *Extension*: `other_readings` are values that other readers read in the same place, `null` where there are none; a
    workstation shows them only once the annotator corrects the value.
    """

    id: str
    campaign_id: str | None = None
    status: str | None = None
    target_kind: str | None = None
    detail_kind: str | None = None
    field_name: str | None = None
    field_path: str | None = None
    prompt: str | None = None
    predicted_value: AnyValue = None
    drawing_bbox: list[float] | None = None
    position: list[float] | None = None
    calculation_id: str | None = None
    part_revision_id: str | None = None
    pmi_id: str | None = None
    feature_id: str | None = None
    dfm_issue_id: str | None = None
    face_uuid: str | None = None
    other_readings: list[AnyValue] | None = None  # extension
    n_required: int | None = None


class LabelingTaskPublic(ServedTask):
    """Task as its lead sees it."""

    predicted_confidence: float | None = None
    is_gold: bool | None = None
    submission_count: int | None = None
    agreement: float | None = None
    consensus_verdict: str | None = None
    consensus_value: AnyValue = None
    claimed_at: Timestamp | None = None
    claim_expires_at: Timestamp | None = None
    claimed_by_user_id: str | None = None
    claimed_by_annotator_account_id: str | None = None
    created_at: Timestamp | None = None
    resolved_at: Timestamp | None = None


class LabelingTaskList(Received):
    count: int
    data: list[LabelingTaskPublic]
    next_cursor: str | None = None  # extension


GivenVerdict = Annotated[str, Field(min_length=1, max_length=100, json_schema_extra=words(Verdict))]
VALUE_WITH_INCORRECT: JsonDict = {
    "anyOf": [
        {
            "properties": {
                "verdict": {"const": Verdict.INCORRECT.value},
                "corrected_value": {"anyOf": [{"type": "object", "minProperties": 1}, {"type": "null"}]},
            }
        },
        {"properties": {"corrected_value": {"type": "null"}}},
    ]
}
"""JSON Schema of our server's demand that a corrected value goes only with `incorrect`."""


class LabelSubmit(Sent):
    """Answer to a task. `corrected_value` goes only with `incorrect`, and is optional there."""

    model_config = ConfigDict(json_schema_extra=VALUE_WITH_INCORRECT)

    verdict: GivenVerdict
    corrected_value: JsonObject | None = None
    confidence: Fraction | None = None
    duration_ms: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    reason: Reason | None = None  # extension: of the note, one of `NOTE_REASONS` or another word
    note: Note | None = None  # extension
    group_size: Annotated[int, Field(ge=1, le=LARGEST_GROUP)] | None = None  # extension: tasks confirmed at once


class LabelSubmission(Received):
    id: str
    task_id: str | None = None
    verdict: str | None = None
    corrected_value: AnyValue = None
    confidence: float | None = None
    duration_ms: int | None = None
    created_at: Timestamp | None = None


class Adjudication(Sent):
    """Ruling on a task. `corrected_value` goes only with `incorrect`; `unsure`: the drawing does not decide it."""

    model_config = ConfigDict(json_schema_extra=VALUE_WITH_INCORRECT)

    verdict: GivenVerdict
    corrected_value: JsonObject | None = None


# --- quality and promotion -------------------------------------------------------------------------------


class AnnotatorQuality(Received):
    annotator_user_id: str | None = None
    n_submissions: int | None = None
    consensus_agreement: float | None = None
    gold_accuracy: float | None = None
    reliability: float | None = None
    trust: float | None = None


class QualityReport(Received):
    """Agreement (Krippendorff's alpha) against the campaign's threshold, and each annotator's part in it."""

    alpha: float | None = None
    acceptance_alpha: float | None = None
    accepted: bool | None = None
    n_tasks: int | None = None
    n_submissions: int | None = None
    annotators: list[AnnotatorQuality] | None = None
    gonogo: JsonObject | None = None  # extension: intervals, prevalence, gold error rates


class PromoteResult(Received):
    accepted: bool | None = None
    alpha: float | None = None
    forced: bool | None = None
    promoted: int | None = None
