"""Request and response models of gonogo's own API, under `/api/v1/gonogo/…`, for annotators, imports and exports.

A client first asks `GET /api/v1/gonogo/capabilities`; 404 means a plain ARCNM server, and all of this is absent.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AliasChoices, ConfigDict, Field
from pydantic.config import JsonDict

from gonogo.json_types import JsonObject
from gonogo.schemas.base import NOT_BLANK, Fraction, Link, Name, Note, Reason, Received, Sent, Timestamp
from gonogo.schemas.enums import LARGEST_GROUP, KeyScope, VotePolicy
from gonogo.schemas.labeling import LabelingCampaignPublic, LabelSubmission, ServedTask, TaskSubject


class Capabilities(Received):
    server: str = "gonogo"
    version: str | None = None
    extensions: list[str] = []
    max_held_claims: int = 5
    max_grouped_claims: int | None = None  # in a campaign with `grouping`


class Readiness(Received):
    """Response of `/readyz`: the server has its database, and the place of its drawings."""

    status: str | None = None


class SessionCreate(Sent):
    magic_link_token: Annotated[str, Field(min_length=1, max_length=500, repr=False)]
    client_nonce: Annotated[str, Field(min_length=8, max_length=200)]


class AnnotatorIdentity(Received):
    id: str
    email: str | None = None
    display_name: str | None = None


class SessionCreated(Received):
    session_token: Annotated[str, Field(repr=False)]
    expires_at: Timestamp | None = None
    role: str | None = None
    annotator: AnnotatorIdentity
    campaign_id: str
    assignment_id: str | None = None


class SessionGiven(Received):
    """Session as any server gives it: a credential under one of three names, and whatever else it says."""

    model_config = ConfigDict(extra="ignore", frozen=True, populate_by_name=True)

    session_token: Annotated[
        str,
        Field(min_length=1, repr=False, validation_alias=AliasChoices("session_token", "access_token", "token")),
    ]
    role: str | None = None
    annotator: AnnotatorIdentity | None = None
    campaign_id: str | None = None


class Ended(Received):
    ended: bool = True


class Me(Received):
    """Account of the credential, and the campaigns it may work in: the newest 500 of `n_campaigns`.

    `notice` says so in words where there are more.
    """

    id: str
    kind: str  # "user" or "annotator"
    role: str  # "lead", "reader", "reviewer" or "annotator"
    name: str | None = None
    email: str | None = None
    campaigns: list[LabelingCampaignPublic] = []
    n_campaigns: int | None = None
    notice: str | None = None


class ClaimState(Received):
    """State of a claim. `expires_in` is in seconds on the server's clock; `None` when nothing is held any more."""

    task_id: str
    held: bool
    expires_in: int | None = None


class GroupClaim(Sent):
    """Request for a page of tasks whose values are equal: at most `limit`, as many as the terminal can show."""

    limit: Annotated[int, Field(ge=1, le=LARGEST_GROUP)] = LARGEST_GROUP


class TaskGroup(Received):
    """Claimed page: the caller's next task first, then others with an equal value and the same question.

    `tasks` is empty when none is left. `expires_in` is in seconds on the server's clock.
    """

    tasks: list[ServedTask] = []
    expires_in: int | None = None


_SAYS_WHY: JsonDict = {
    "anyOf": [
        {"required": ["reason"], "properties": {"reason": {"type": "string"}}},
        {"required": ["note"], "properties": {"note": {"type": "string", "pattern": NOT_BLANK}}},
    ]
}


class HelpCreate(Sent):
    """Request for the lead's help with a task: a reason, own words, or both."""

    model_config = ConfigDict(json_schema_extra=_SAYS_WHY)

    reason: Reason | None = None
    note: Note | None = None
    duration_ms: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None


class HelpAsked(Received):
    """Receipt of a request for help; the claim on the task has ended."""

    id: str
    task_id: str
    reason: str | None = None
    note: str | None = None
    created_at: Timestamp | None = None


class HeldByOthers(Received):
    n_tasks: int
    until: Timestamp | None = None


class QueueView(Received):
    """Queue of a campaign for the caller. No number reveals gold.

    `waits_for` is `paused`, `qualification` or `warm_up` while next-task is shut for the caller, and `waits_because`
    says it in words. `unit` is the drawings' unit of lengths without one; `null` while it is not known. With `grouping`
    `next-group` claims pages of equal values.
    """

    campaign_id: str
    campaign_name: str | None = None
    campaign_status: str | None = None
    left_for_me: int
    held_by_me: int
    done_by_me: int
    held_by_others: HeldByOthers
    in_review: int
    guideline: str | None = None
    unit: str | None = None
    grouping: bool = False
    waits_for: str | None = None
    waits_because: str | None = None


class SubmissionDetail(LabelSubmission):
    """Vote as reviewers and leads see it."""

    voter_id: str | None = None
    voter_email: str | None = None
    counted: bool | None = None
    late: bool | None = None
    reason: str | None = None
    note: str | None = None
    group_size: int | None = None
    amended_at: Timestamp | None = None


class SubmissionList(Received):
    count: int
    data: list[SubmissionDetail]
    next_cursor: str | None = None


class DrawingUrl(Received):
    """Response of the published Geometry API; `status` is `ready` or `no_dataset`.

    `sha256` and `title` (the name of the part) are an extension: our server sends them with a URL of its object store.
    """

    url: Annotated[str | None, Field(repr=False)] = None  # signed
    status: str | None = None
    content_type: str | None = None
    sha256: str | None = None
    title: str | None = None


class DrawingStored(Received):
    part_revision_id: str
    sha256: str
    size_bytes: int
    created: bool


class DrawingGiven(Sent):
    """Header of one drawing where several are stored by one request."""

    part: Annotated[str, Field(min_length=1, max_length=200)]
    filename: Annotated[str, Field(max_length=255)] = ""
    size_bytes: Annotated[int, Field(ge=1)]


class DrawingsStored(Received):
    """Stored drawings, in the order in which they were sent."""

    data: list[DrawingStored]


class Prediction(TaskSubject):
    """Prediction of an imported run; `id` makes a second import of the same file safe."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    target_kind: Annotated[str, Field(min_length=1, max_length=100)] = "pmi"
    part: Annotated[str, Field(max_length=200)] | None = None
    truth: JsonObject | None = None
    source: Annotated[str, Field(max_length=200)] | None = None


class PredictionsCreate(Sent):
    """Batch of predictions of one run; batches with the same `run` in a project join one calculation."""

    project_id: Link
    run: Name
    predictions: Annotated[list[Prediction], Field(min_length=1, max_length=1000)]


class PredictionsStored(Received):
    calculation_id: str
    n_new: int
    n_known: int


class TasksFromPredictions(Sent):
    """Request to make each prediction of the run a task of the campaign, once.

    With `update` a task of the same record asks about this prediction from now on, if nobody has seen it yet (see
    `TaskUpdates`). With `merge_readings` the readings of one place by several sources become one task, of the best
    guess among them. `limit` bounds the predictions that one request reads; `after` is `next` of the previous response.
    """

    calculation_id: Link
    gold_from_truth: bool = False
    update: bool = False
    merge_readings: bool = False
    limit: Annotated[int, Field(ge=1, le=100_000)] | None = None
    after: Annotated[str, Field(max_length=100)] | None = None


class TaskUpdates(Received):
    """Numbers of predictions whose record is a task of the campaign already.

    Of these `n_updated` changed what their task asks; `n_unchanged` say what it asks already. The others stay as they
    are: `n_answered` have an answer, `n_held` are with somebody just now, `n_seen` were shown to somebody, whose answer
    may still come, and `n_unclear` fit several tasks.
    """

    n_updated: int = 0
    n_unchanged: int = 0
    n_answered: int = 0
    n_held: int = 0
    n_seen: int = 0
    n_unclear: int = 0


class TasksMade(Received):
    """Numbers of created tasks, of the readings that share the task of another one (`n_merged`), and of predictions
    that have a task already, of this walk or from before (`n_skipped`).

    `next` continues where `limit` stopped; `None` when the whole run was read.
    """

    n_tasks: int
    n_gold: int
    n_skipped: int
    n_merged: int = 0
    next: str | None = None
    updates: TaskUpdates | None = None  # of a request with `update`


DEFAULT_MAX_RISK = 0.05
"""`CampaignSettings.max_risk` of a new campaign."""


class CampaignSettings(Received):
    """Settings of a campaign that are ours alone.

    `max_risk` is the greatest probability of being wrong with which a value settles as *correct*; above it an expert
    decides. With `votes` `by_risk` a task begins with `min_votes`, and gets another vote, up to its `n_required`, while
    its risk is above the limit. With `grouping` tasks whose values are equal may be claimed as one page, and answered
    at once. `unit` is the unit of lengths that the drawings write none for; while it is `null` none is claimed: `12,5`
    and `12,5 mm` differ.
    """

    model_config = ConfigDict(strict=True)  # it is a request, too

    lease_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    max_risk: Fraction = DEFAULT_MAX_RISK
    votes: Annotated[VotePolicy, Field(strict=False)] = VotePolicy.FIXED
    min_votes: Annotated[int, Field(ge=1, le=50)] = 1
    trailing_zeros_matter: bool = False
    grouping: bool = False
    unit: Literal["mm", "in"] | None = None
    guideline: Annotated[str, Field(max_length=100_000)] | None = None


class SettingsEffect(Received):
    """Effect of a change of settings on tasks that no expert ruled on.

    `n_settled` are settled now; `n_resettled` of them would not be under the new settings, and stay settled unless the
    change asks for `resettle`; then `n_reopened` of these wait for votes again, the others for an expert.
    `n_newly_settled` would be settled by the change. `n_not_kept` settled ones cannot stay so, because their corrected
    values are no longer equal; a change that has any is refused (409, reason `settled_tasks`) unless it asks for
    `resettle`.
    """

    n_settled: int
    n_newly_settled: int
    n_resettled: int
    n_reopened: int = 0
    n_not_kept: int = 0


class CampaignDetail(LabelingCampaignPublic):
    """Campaign with our extensions; `number` is the integer id of the results API.

    `n_gold` gold tasks are hidden beside the `task_count`; an export holds both.
    """

    number: int
    n_gold: int | None = None
    settings: CampaignSettings


class KeyCreate(Sent):
    """New API key. Scopes that the server does not know are dropped; one that it knows is needed."""

    name: Name
    scopes: Annotated[list[str], Field(json_schema_extra={"contains": {"enum": [scope.value for scope in KeyScope]}})]


class KeyCreated(Received):
    """Created key; the only response that contains it."""

    id: str
    name: str
    key: Annotated[str, Field(repr=False)]
    scopes: list[str]
