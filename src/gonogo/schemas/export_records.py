"""Records of an export: a task a line, with its gold, votes and rulings, as our server writes them."""

from __future__ import annotations

from gonogo.json_types import JsonObject
from gonogo.schemas.base import AnyValue, Received, Timestamp


class ExportRecord(Received):
    """Task of an export with gold, votes and rulings; `golden` is set once it is promoted.

    `readings` are those of other readers of the same place, merged into this question: `prediction_id`, `source`,
    `predicted_value`, `predicted_confidence`, `truth`, and the `verdict` and `corrected_value` that follow from the
    answer to the question; `null` while they don't.
    """

    task_id: str
    campaign_id: str
    campaign: str
    status: str
    part: str | None = None
    part_revision_id: str | None = None
    drawing: str | None = None  # file name
    target_kind: str | None = None
    detail_kind: str | None = None
    field_name: str | None = None
    field_path: str | None = None
    prompt: str | None = None
    drawing_bbox: list[float] | None = None
    prediction_id: str | None = None
    source: str | None = None  # the reader
    predicted_value: AnyValue = None
    predicted_confidence: float | None = None
    truth: AnyValue = None  # as imported
    is_gold: bool = False
    gold_answer: str | None = None
    error_type: str | None = None  # of a prediction that was made wrong on purpose
    consensus_verdict: str | None = None
    consensus_value: AnyValue = None
    agreement: float | None = None
    posterior: float | None = None
    adjudicated: bool = False
    golden: JsonObject | None = None
    created_at: Timestamp | None = None
    resolved_at: Timestamp | None = None
    rulings: list[JsonObject] = []
    submissions: list[JsonObject] = []
    amendments: list[JsonObject] = []  # changes of votes by their voters, with both answers
    help: list[JsonObject] = []  # requests for the lead's help, without a verdict
    updates: list[JsonObject] = []  # newer predictions that replaced the task's, with what each changed
    readings: list[JsonObject] = []


class SettledRecord(ExportRecord):
    """Settled task of an export that follows a campaign; `cursor` is its place in the order of settling."""

    cursor: int
