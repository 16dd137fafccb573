"""Parts of a quality report: the types of what its `gonogo` block holds, as JSON."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from gonogo.json_types import JsonObject


class ErrorShare(TypedDict):
    """`k` errors in `n` answers to gold, with the 95 % interval of their share."""

    k: int
    n: int
    share: float | None
    interval: list[float] | None
    design_effect: NotRequired[float | None]
    n_items: NotRequired[int]


class GoldErrors(TypedDict):
    """Wrong gold accepted and right gold refused; `None` below 10 answers."""

    n_gold_answers: int
    false_accept: ErrorShare | None
    false_reject: ErrorShare | None


class WayOfAsking(GoldErrors):
    """Votes that were given in one way: alone, or on pages of equal values; times in milliseconds a vote."""

    n_votes: int
    duration_ms: dict[str, float] | None


class GroupedErrors(TypedDict):
    """Votes on pages of equal values beside those given alone.

    `worse` names the errors (`false_accept`, `false_reject`) that are more frequent on pages, their intervals apart.
    """

    grouped: WayOfAsking
    single: WayOfAsking
    worse: list[str]


class SpeedSigns(TypedDict):
    """Votes under a second."""

    too_fast_share: float | None
    too_fast_recent: int
    too_fast: bool


class Run(TypedDict):
    """Run of equal verdicts, and its probability."""

    verdict: str
    length: int
    probability: float


class Drift(TypedDict):
    """Fall of the share of right votes; `against` is `gold` or `consensus`."""

    against: str
    before: float
    now: float
    votes: int


class Signs(SpeedSigns):
    """Signs that a person's votes deserve a look, and the names of those that are flags."""

    run: Run | None
    drift: Drift | None
    flags: list[str]


class ConfusionPart(TypedDict):
    """Counts `[known answer][given answer]`, in the order of `verdicts`."""

    verdicts: list[str]
    counts: list[list[int]]


class PersonPart(GoldErrors, Signs):
    """Record of one annotator; times in milliseconds."""

    duration_ms: dict[str, float] | None
    confusion: ConfusionPart
    trend: list[float]


class Group(TypedDict):
    """Agreement of the tasks of one kind or sheet; `title` is the sheet's name for people."""

    name: str
    n_tasks: int
    n_paired: int
    n_split: int
    unanimous: float | None
    alpha: float | None
    title: NotRequired[str]


class MissedError(TypedDict):
    """Errors of one type that were called correct."""

    error_type: str
    missed: int
    n: int
    share: float | None
    interval: list[float] | None


class NextStep(TypedDict):
    """Step with its price in answers, and the first of the tasks it is about."""

    step: str
    n: int
    price: int
    items: list[str]
    text: str
    annotator_user_id: NotRequired[str]


class SettledPart(TypedDict):
    """Counts of settled tasks, and the errors expected among those settled as correct."""

    max_risk: float
    votes: str
    n_correct: int
    expected_wrong: float
    n_above_limit: int
    n_other: int
    n_by_expert: int


class ModelConfidence(TypedDict):
    """Worth of the model's confidence: its AUC on the known outcomes."""

    used: bool
    auc: float | None
    interval: list[float] | None
    n_known: int
    why: str


CalibrationBin = TypedDict(
    "CalibrationBin",
    {"from": float, "to": float, "n": int, "claimed": float, "right": float, "interval": list[float]},
)
"""Bin of the reliability table."""


class CalibrationPart(TypedDict):
    """Reliability table on gold, with its expected calibration error."""

    temperature: float
    ece: float
    bins: list[CalibrationBin]


class MethodPart(TypedDict):
    """Method of the consensus, and how it went."""

    method: str
    method_used: str
    fallback: str | None
    iterations: int
    converged: bool
    log_likelihood: float | None


class QualityParts(GoldErrors, MethodPart):
    """The block `gonogo` of a quality report, without its words."""

    settled: SettledPart
    next_steps: list[NextStep]
    gold_looks: list[JsonObject]
    model_confidence: ModelConfidence
    calibration: CalibrationPart | None
    alpha_interval: list[float] | None
    n_paired_tasks: int
    n_voted_tasks: int
    items_to_settle: int | None
    gwet_ac1: float | None
    gwet_ac1_interval: list[float] | None
    prevalence: dict[str, float] | None
    statuses: dict[str, int]
    grouping: GroupedErrors | None
    duration_ms: dict[str, float] | None
    confusion: ConfusionPart
    by_kind: list[Group]
    by_sheet: list[Group]
    error_types: list[MissedError]
    annotators: dict[str, PersonPart]
