"""Typed rows of whole tables: one `NamedTuple` a table, with the table's columns in their order."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from gonogo.json_types import JsonObject, JsonValue


class ProjectRow(NamedTuple):
    """Row of `projects`."""

    number: int
    id: str
    org_id: str
    name: str
    description: str | None
    status: str
    guideline_id: str | None
    ontology_id: str | None
    selection_policy: JsonObject
    target_kinds: list[str]
    uses_platform_pool: bool
    created_by_user_id: str | None
    created_at: datetime


class CampaignRow(NamedTuple):
    """Row of `campaigns`."""

    number: int
    id: str
    org_id: str
    project_id: str | None
    name: str
    description: str | None
    status: str
    consensus_method: str
    target_redundancy: int
    gold_fraction: float
    acceptance_alpha: float
    created_by_user_id: str | None
    created_at: datetime
    closed_at: datetime | None
    lease_minutes: int
    max_risk: float
    votes: str
    min_votes: int
    trailing_zeros_matter: bool
    grouping: bool
    unit: str | None
    guideline: str | None
    insert_round: str
    n_tasks: int
    n_gold_items: int
    n_gold_planned: int
    n_gold_placed: int
    mixes_sheets: bool


class TaskRow(NamedTuple):
    """Row of `tasks`."""

    number: int
    id: str
    campaign_id: str
    prediction_id: str | None
    calculation_id: str | None
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    prompt: str | None
    predicted_value: JsonValue
    predicted_confidence: float | None
    drawing_bbox: list[float] | None
    position: list[float] | None
    part_revision_id: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None
    other_readings: list[JsonValue] | None
    n_required: int
    created_at: datetime
    is_gold: bool
    gold_item_id: str | None
    gold_answer: str | None
    n_people: int
    status: str
    submission_count: int
    agreement: float | None
    consensus_verdict: str | None
    consensus_value: JsonValue
    posterior: float | None
    settled_max_risk: float | None
    settled_votes: int | None
    adjudicated: bool
    resolved_at: datetime | None
    sheet_seq: int
    place: str
    rank: str | None
    holder_id: str | None
    holder_kind: Literal["annotator", "user"] | None
    claimed_at: datetime | None
    claim_expires_at: datetime | None


class SubmissionRow(NamedTuple):
    """Row of `submissions`."""

    number: int
    id: str
    task_id: str
    campaign_id: str
    voter_id: str
    voter_kind: Literal["annotator", "user"]
    verdict: str
    corrected_value: JsonObject | None
    confidence: float | None
    duration_ms: int | None
    counted: bool
    late: bool
    claimed_at: datetime | None
    created_at: datetime
    idempotency_key: str | None
    reason: str | None
    note: str | None
    group_size: int | None


class AmendmentRow(NamedTuple):
    """Row of `amendments`; `before` and `after` have the fields of `LabelSubmit`."""

    number: int
    id: str
    submission_id: str
    task_id: str
    campaign_id: str
    before: JsonObject
    after: JsonObject
    created_at: datetime


class HelpRequestRow(NamedTuple):
    """Row of `help_requests`."""

    number: int
    id: str
    task_id: str
    campaign_id: str
    voter_id: str
    voter_kind: Literal["annotator", "user"]
    reason: str | None
    note: str | None
    duration_ms: int | None
    created_at: datetime
