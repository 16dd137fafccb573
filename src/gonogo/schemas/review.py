"""Request and response models of review: the expert's queue and rulings, the lead's actions on annotators, and
practice.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from gonogo.json_types import JsonObject
from gonogo.schemas.base import AnyValue, Fraction, Link, Note, Reason, Received, Sent, Timestamp
from gonogo.schemas.labeling import VALUE_WITH_INCORRECT, GivenVerdict, LabelingTaskPublic, ServedTask
from gonogo.schemas.review_readings import ReviewReading

ErrorType = Reason

ERROR_TYPES: tuple[str, ...] = (
    "digit",
    "decimal_sign",
    "sign",
    "unit",
    "lost_tolerance",
    "wrong_tolerance",
    "lost_diameter",
    "lost_quantity",
    "wrong_fit",
    "wrong_datum",
    "wrong_symbol",
    "plus_minus",
    "zero_for_diameter",
    "letter_for_digit",
    "words",
    "notation",
    "neighbour",
    "invented",
    "other",
)
"""How a prediction can be wrong; proposals for a list of choices, any other word is stored as it came."""


class ReviewSettings(Received):
    """Settings of a campaign for review and practice.

    `sample_rate` is the share of resolved tasks that experts look at again. `pass_mark` is the share of the last
    `qualification_items` practice answers that has to be right before an annotator gets any task; `None`, the default,
    asks for nothing. `warm_up_items` practice answers come before the first task of each sitting; 0, the default, none.
    """

    model_config = ConfigDict(strict=True)  # it is a request, too

    sample_rate: Fraction = 0.05
    warm_up_items: Annotated[int, Field(ge=0, le=100)] = 0
    qualification_items: Annotated[int, Field(ge=1, le=100)] = 20
    pass_mark: Fraction | None = None


class GivenAnswer(Received):
    """Answer that `count` voters gave; equal values count as one answer."""

    verdict: str
    value: AnyValue = None
    count: int


class LikelyOutcome(Received):
    """Outcome that the votes make likeliest, settled or not; `n_against` of `n_votes` differ from it in any way.

    A vote of the same verdict without a value does not differ.
    """

    verdict: str
    value: AnyValue = None
    probability: float
    n_votes: int
    n_against: int


class ReviewItem(Received):
    """Row of the review queue.

    `harm` is the probability that the outcome is wrong times the confidence of the prediction. `why` says what
    brought it here: `tie`, `verdicts`, `values`, `unsafe`, `help` where an annotator asks the lead about an open task,
    or `sample` and `listed` for tasks that need no ruling. `reasons` counts the notes on it by reason, `n_help` the
    people who ask.
    `likely` is `None` while nobody has voted. `part` is the name of the drawing's part.
    `cause`, on request: how the prediction differs from each right value that voters typed, one of the error types
    (`decimal_sign`, `neighbour`: the value of a box near on the sheet); empty where they have none in common.
    """

    task: LabelingTaskPublic
    part: str | None = None
    harm: float
    posterior: float | None = None
    why: str
    verdicts: dict[str, int] = {}
    n_values: int = 0
    answers: list[GivenAnswer] = []
    likely: LikelyOutcome | None = None
    adjudicated: bool = False
    reasons: dict[str, int] = {}
    n_help: int = 0
    cause: str | None = None


class ReviewPage(Received):
    """Page of the review queue. `count` is the length of the whole list, `hidden_own` the cases with own votes."""

    count: int
    hidden_own: int = 0
    data: list[ReviewItem]
    next_cursor: str | None = None


class ReviewVote(Received):
    """Vote as the expert sees it; `label` is A, B, C … Names only on request.

    `first_verdict` and `first_value` are what the voter said at first, where the answer was changed.
    """

    label: str
    verdict: str
    corrected_value: AnyValue = None
    confidence: float | None = None
    duration_ms: int | None = None
    created_at: Timestamp | None = None
    counted: bool = True
    late: bool = False
    discounted: bool = False
    reliability: float | None = None
    voter_id: str | None = None
    voter_name: str | None = None
    reason: str | None = None
    note: str | None = None
    first_verdict: str | None = None
    first_value: AnyValue = None


class Likeness(Received):
    """Comparison of one vote's value with its group's: `same: decimal sign`."""

    label: str
    reason: str


class ValueGroup(Received):
    """Group of equal values; `posterior` is the probability that it is the right one of those given.

    `against` says why it differs from the first group (`None` there), `as_predicted` whether it equals the
    prediction itself, which then was not wrong after all.
    """

    value: AnyValue = None
    labels: list[str] = []
    posterior: float
    members: list[Likeness] = []
    against: str | None = None
    as_predicted: bool = False


class Standing(Received):
    """Consensus of a task: class probabilities, and the status that follows from them."""

    status: str
    verdict: str | None = None
    value: AnyValue = None
    agreement: float | None = None
    posterior: dict[str, float] = {}


class PossibleRuling(Received):
    """Possible ruling with its effect; `probability` is its posterior from the votes."""

    verdict: str
    value: AnyValue = None
    group: int | None = None
    probability: float
    upholds: list[str] = []
    overrules: list[str] = []
    after: Standing


class RulingPublic(Received):
    id: str | None = None
    task_id: str
    verdict: str | None = None
    corrected_value: AnyValue = None
    note: str | None = None
    error_type: str | None = None
    gold_status: str | None = None
    gold_task_id: str | None = None
    superseded: bool = False
    by_page: bool = False
    by_you: bool = False
    expert_id: str | None = None
    expert_name: str | None = None
    created_at: Timestamp | None = None


class HelpRequest(Received):
    """Request of an annotator for the lead's help with a task, instead of a vote. Names only on request."""

    id: str
    task_id: str
    reason: str | None = None
    note: str | None = None
    created_at: Timestamp | None = None
    voter_id: str | None = None
    voter_name: str | None = None


class ReviewDetail(Received):
    """Details of one case for its adjudication; `readings` where several became one question."""

    task: LabelingTaskPublic
    harm: float
    why: str
    adjudicated: bool = False
    own_vote: bool = False
    votes: list[ReviewVote] = []
    groups: list[ValueGroup] = []
    readings: list[ReviewReading] = []
    now: Standing
    possible: list[PossibleRuling] = []
    rulings: list[RulingPublic] = []
    help: list[HelpRequest] = []
    error_types: list[str] = []


class RulingCreate(Sent):
    """Request for a ruling. `override` replaces an earlier ruling; without it that is a conflict.

    `by_page` marks a ruling on which nothing but the key for a whole page of tasks was pressed.
    """

    model_config = ConfigDict(json_schema_extra=VALUE_WITH_INCORRECT)

    verdict: GivenVerdict
    corrected_value: JsonObject | None = None
    note: Note | None = None
    error_type: ErrorType | None = None
    gold_candidate: bool = False
    override: bool = False
    by_page: bool = False


class RulingMade(Received):
    ruling: RulingPublic
    task: LabelingTaskPublic


class GoldCandidate(Received):
    ruling: RulingPublic
    task: LabelingTaskPublic


class GoldCandidateList(Received):
    count: int
    data: list[GoldCandidate]
    next_cursor: str | None = None


class GoldDecision(Sent):
    """Decision on a gold candidate. `campaign_id` names another campaign for the gold task, such as the next batch."""

    accept: bool
    campaign_id: Link | None = None


# --- annotators ------------------------------------------------------------------------------------------

AnnotatorVerb = Literal["pause", "resume", "discount", "restore", "reopen"]


class AnnotatorActionCreate(Sent):
    """Request for an action of the lead on one person in one campaign.

    `pause` gives no new tasks, `resume` ends that. `discount` takes the person's votes out of the count, so that
    their tasks ask for somebody else's; `restore` counts them again. `reopen` lets the votes count, but has every
    task they helped to resolve asked once more.
    """

    action: AnnotatorVerb
    note: Note | None = None


class AnnotatorAction(Received):
    """Entry of the audit trail of actions on annotators."""

    id: str
    campaign_id: str
    voter_id: str
    action: str
    n_tasks: int = 0
    note: str | None = None
    actor_id: str | None = None
    created_at: Timestamp | None = None


class AnnotatorActionList(Received):
    count: int
    data: list[AnnotatorAction]
    next_cursor: str | None = None


class AnnotatorActionPreview(Received):
    """Effect of an action; `consequence` is one or two sentences to show before the lead confirms."""

    voter_id: str
    action: str
    n_tasks: int = 0
    consequence: str


class AnnotatorState(Received):
    """Annotator of a campaign. `status` is that of the newest assignment: `invited`, `active`, `revoked`; `None` for
    an API key.
    """

    voter_id: str
    name: str | None = None
    email: str | None = None
    kind: str
    n_submissions: int = 0
    n_discounted: int = 0
    paused_at: Timestamp | None = None
    status: str | None = None


class AnnotatorStateList(Received):
    count: int
    data: list[AnnotatorState]


# --- practice --------------------------------------------------------------------------------------------


WaitsFor = Literal["paused", "qualification", "warm_up"]
"""Why next-task answers 409: it is `details.reason` there, and `waits_for` in the queue view and the standing."""


class PracticeItem(Received):
    """Known item to practise on. `item` goes back with the answer; the task's id cannot be submitted."""

    item: str
    task: ServedTask


class PracticeSet(Received):
    data: list[PracticeItem] = []
    standing: PracticeStanding


class PracticeStanding(Received):
    """Result of the caller's last `n` practice answers, at most `needed`, of which `right` were right.

    `passed` is `None` without a pass mark and before there are enough answers; a pass stays one. `waits_for` is
    `qualification` or `warm_up` while next-task is shut for the caller, and `None` when it is open; `warm_up_left` is
    how many answers of the warm-up are missing. `available` is the number of known tasks there are to practise on:
    with 0 of them nobody can qualify, and no warm-up is required.
    """

    n: int
    right: int
    needed: int
    pass_mark: float | None = None
    passed: bool | None = None
    waits_for: str | None = None
    warm_up_left: int = 0
    available: int = 0


class PracticeAnswer(Sent):
    model_config = ConfigDict(json_schema_extra=VALUE_WITH_INCORRECT)

    item: Annotated[str, Field(min_length=1, max_length=100)]
    verdict: GivenVerdict
    corrected_value: JsonObject | None = None


class PracticeFeedback(Received):
    """Feedback on a practice answer: the right verdict and value, what was wrong with the shown value, and why."""

    right: bool
    verdict: str
    value: AnyValue = None
    error_type: str | None = None
    difference: str | None = None
    note: str | None = None
    standing: PracticeStanding


PracticeSet.model_rebuild()
