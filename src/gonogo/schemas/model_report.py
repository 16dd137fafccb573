"""Response models of the model report: how far predictions can be trusted alone, judged by known outcomes."""

from __future__ import annotations

from gonogo.schemas.base import AnyValue, Received

Bounds = list[float]
"""Lower and upper end of a 95 % interval."""


class ModelGroup(Received):
    """Predictions of one kind or one reader: `n` in all, `n_right` right of the `n_known` whose outcome is known."""

    name: str
    n: int
    n_known: int
    n_right: int
    share: float | None = None
    interval: Bounds | None = None


class ConfidenceBin(Received):
    """Predictions with a confidence in `[low, high)`; `claimed` is the mean confidence of the known ones."""

    low: float
    high: float
    n: int
    n_known: int
    n_right: int
    claimed: float | None = None
    share: float | None = None
    interval: Bounds | None = None


class AcceptThreshold(Received):
    """Predictions with a confidence of at least `above`, if they were accepted unseen.

    `error` is the estimated share of wrong ones, `upper` its upper bound (95 %); 1 where too little is known.
    """

    above: float
    n_accepted: int
    share_accepted: float
    n_known: int
    n_wrong: int
    error: float | None = None
    upper: float = 1.0


class AuditResult(Received):
    """Audit of one campaign that accepted predictions unseen: `n_audited` of `n_accepted` were drawn for people.

    Of these `n_known` are settled, and `n_wrong` wrong. `bound` is what was asked for.
    """

    campaign_id: str
    campaign: str
    accept_above: float
    bound: float | None = None
    n_accepted: int
    n_audited: int
    n_known: int
    n_wrong: int
    error: float | None = None
    interval: Bounds | None = None


class ModelError(Received):
    """Wrong prediction, with the reason in words and what is needed to show its place."""

    prediction_id: str
    task_id: str | None = None
    part: str | None = None
    part_revision_id: str | None = None
    drawing_bbox: list[float] | None = None
    prompt: str | None = None
    field_name: str | None = None
    kind: str | None = None
    source: str | None = None
    confidence: float | None = None
    predicted_value: AnyValue = None
    truth: AnyValue = None
    reason: str = ""


class ReaderComparison(Received):
    """Two runs or readers on the same places: `difference` is the first one's accuracy minus the second one's."""

    first: str
    second: str
    n_pairs: int
    n_both: int
    n_first_only: int
    n_second_only: int
    n_neither: int
    difference: float | None = None
    interval: Bounds | None = None


class ModelReport(Received):
    """How far the predictions of some runs can be trusted alone.

    An outcome is known by an imported truth, or when the prediction's task was resolved. `accuracy` weighs the known
    outcomes by confidence, as `n_predictions` are distributed; `None` where some confidence has no known outcome.
    `representative` is false where the known ones were chosen by confidence: then groups show only what is known.
    """

    runs: list[str]
    n_predictions: int
    n_known: int
    n_by_truth: int
    n_by_task: int
    n_unsure: int
    accuracy: float | None = None
    accuracy_interval: Bounds | None = None
    representative: bool = True
    calibration_error: float | None = None
    by_kind: list[ModelGroup] = []
    by_reader: list[ModelGroup] = []
    reliability: list[ConfidenceBin] = []
    thresholds: list[AcceptThreshold] = []
    accept: AcceptThreshold | None = None
    audits: list[AuditResult] = []
    comparison: ReaderComparison | None = None
    errors: list[ModelError] = []
