"""Consensus of one task: computed from its votes during a submit, and written if it changed.

Plain arithmetic on a handful of rows; no numpy, which would cost the first submit its import.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, null, select, true

from gonogo.json_types import JsonValue
from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES
from gonogo.server.consensus.decide import (
    OPEN_OUTCOME,
    Outcome,
    Policy,
    Rule,
    StoredEvidence,
    Truth,
    Vote,
    asks_on,
    class_posterior,
    decide_outcome,
    evidence_factors,
    gold_outcome,
    parse_gold,
    ruled_outcome,
)
from gonogo.server.consensus.values import to_value
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.schema import annotator_scores, campaign_scores, campaigns, submissions, tasks
from gonogo.server.store.typed_rows import AnyColumn

if TYPE_CHECKING:
    from gonogo.server.scoring.vote_matrix import MeasuredTask

ASSUMED_ACCURACY = 0.9
"""Accuracy assumed of a voter until a refresh of the campaign has measured it: an average crew's where most predictions
are right."""

NOTICEABLE_CHANGE = 0.005
"""A posterior that moved less than this is not written again."""

UNIFORM_PRIOR = [1 / len(VERDICT_CLASSES)] * len(VERDICT_CLASSES)
_ERROR_SHARE = (1 - ASSUMED_ACCURACY) / (len(VERDICT_CLASSES) - 1)
_ASSUMED_CONFUSION = [
    [ASSUMED_ACCURACY if label == true_class else _ERROR_SHARE for label in range(len(VERDICT_CLASSES))]
    for true_class in range(len(VERDICT_CLASSES))
]


# --- queries -----------------------------------------------------------------------------------------------


class TaskToScore(NamedTuple):
    """A task with its campaign's rules, as scoring reads it; fields are `SCORING_COLUMNS`."""

    id: str
    campaign_id: str
    n_required: int
    is_gold: bool
    gold_answer: str | None
    adjudicated: bool
    status: str
    consensus_verdict: str | None
    consensus_value: JsonValue
    agreement: float | None
    posterior: float | None
    predicted_confidence: float | None
    settled_max_risk: float | None
    settled_votes: int | None
    submission_count: int
    consensus_method: str
    max_risk: float
    votes: str
    min_votes: int
    trailing_zeros_matter: bool
    unit: str | None
    class_prior: list[float] | None
    temperature: float | None
    evidence: StoredEvidence | None
    asks_on: list[float] | None


class VoteToScore(NamedTuple):
    """A counted vote with its voter's measured scores, `None` before the first refresh."""

    verdict: str
    corrected_value: JsonValue
    confusion: list[list[float]] | None
    reliability: float | None


_OF_TABLE = {
    **dict.fromkeys(("consensus_method", "max_risk", "votes", "min_votes", "trailing_zeros_matter", "unit"), campaigns),
    **dict.fromkeys(("class_prior", "temperature", "evidence", "asks_on"), campaign_scores),
}
SCORING_COLUMNS: list[AnyColumn] = [_OF_TABLE.get(name, tasks).c[name] for name in TaskToScore._fields]
"""Columns of `tasks`, `campaigns` and `campaign_scores`; a query joins the last one outer."""

_TASK = CompiledQuery(
    select(*SCORING_COLUMNS)
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .outerjoin(campaign_scores, campaign_scores.c.campaign_id == tasks.c.campaign_id)
    .where(tasks.c.id == bindparam("task")),
    TaskToScore,
)
_VOTES_OF_TASK = CompiledQuery(
    select(
        submissions.c.verdict,
        submissions.c.corrected_value,
        annotator_scores.c.confusion,
        annotator_scores.c.reliability,
    )
    .outerjoin(
        annotator_scores,
        and_(
            annotator_scores.c.campaign_id == submissions.c.campaign_id,
            annotator_scores.c.voter_id == submissions.c.voter_id,
        ),
    )
    .where(
        submissions.c.task_id == bindparam("task"),
        submissions.c.campaign_id == bindparam("campaign"),
        submissions.c.counted == true(),
    )
    .order_by(submissions.c.number),
    VoteToScore,
)
UPDATE_OUTCOME = (
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.campaign_id == bindparam("campaign"),
        # Another vote or a ruling since the task was read: its own rescoring knew more.
        tasks.c.submission_count == bindparam("seen"),
        tasks.c.adjudicated == bindparam("ruled"),
    )
    .values(
        status=bindparam("to_status"),
        consensus_verdict=bindparam("to_verdict"),
        consensus_value=bindparam("to_value"),
        agreement=bindparam("to_agreement"),
        posterior=bindparam("to_posterior"),
        settled_max_risk=bindparam("to_max_risk"),
        settled_votes=bindparam("to_votes"),
        # A task that stays resolved keeps the time at which it was.
        resolved_at=case(
            (
                bindparam("to_status") == TaskStatus.RESOLVED.value,
                func.coalesce(tasks.c.resolved_at, bindparam("now", type_=tasks.c.resolved_at.type)),
            ),
            else_=null(),
        ),
    )
)
"""Writes an outcome; its parameters are those of `outcome_params`."""
_UPDATE_ONE_OUTCOME = CompiledStatement(UPDATE_OUTCOME)


# --- scoring -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ScoredTask:
    """One task and its counted votes, ready to be decided.

    Attributes:
        votes: The counted votes, oldest first.
        probabilities: Of each class of `VERDICT_CLASSES`, from the votes alone.
        rule: When the campaign settles a task.
        truth: The known answer, if the task is gold.
        ruling: An expert's ruling, if there is one; it wins.
        drawn: Of gold, what `decide.asks_on` says.
    """

    votes: list[Vote]
    probabilities: list[float]
    rule: Rule
    truth: Truth | None
    ruling: Truth | None
    drawn: bool | None = None

    def outcome(self) -> Outcome:
        """The outcome by ruling, known answer or votes, in this order."""
        if self.ruling is not None:
            return ruled_outcome(self.votes, self.ruling)
        if self.truth is not None:
            return gold_outcome(self.votes, self.probabilities, self.truth, self.rule, self.drawn)
        return decide_outcome(self.votes, self.probabilities, self.rule)


def load_task(connection: Connection, task_id: str) -> TaskToScore:
    """The task as scoring reads it. Raises `LookupError` if it does not exist."""
    return _TASK.one(connection, {"task": task_id})


def rescore_task(connection: Connection, task_id: str, now: datetime) -> Outcome:
    """Outcome of a task from its counted votes, written if it changed.

    Voters weigh what the last refresh of the campaign measured; before it all weigh the same. A task that an expert
    ruled on keeps the ruling; only its agreement follows the votes.
    """
    return rescore_loaded(connection, load_task(connection, task_id), now)


def rescore_loaded(connection: Connection, task: TaskToScore, now: datetime) -> Outcome:
    """`rescore_task` for a task that was just read."""
    rule = _rule_of(task)
    if not task.adjudicated and task.submission_count < rule.n_enough:
        outcome = OPEN_OUTCOME  # most votes are not the last of their task: spare the query
    else:
        outcome = score_task(task, _votes_of_task(connection, task), rule).outcome()
    if outcome_changed(task, outcome):
        _UPDATE_ONE_OUTCOME.later(connection, outcome_params(task, task.campaign_id, outcome, now))
    return outcome


def _votes_of_task(connection: Connection, task: TaskToScore) -> list[VoteToScore]:
    return _VOTES_OF_TASK.all(connection, {"task": task.id, "campaign": task.campaign_id})


def score_task(task: TaskToScore, rows: Sequence[VoteToScore], rule: Rule | None = None) -> ScoredTask:
    """The votes of a task with their weights, and the probability of each class; `rule` where it is known already."""
    zeros = task.trailing_zeros_matter
    is_measured = task.class_prior is not None
    votes: list[Vote] = []
    confusions: list[list[list[float]]] = []
    for row in rows:
        accuracy, confusion = ASSUMED_ACCURACY, _ASSUMED_CONFUSION
        if is_measured and row.confusion is not None and row.reliability is not None:
            accuracy, confusion = row.reliability, row.confusion
        votes.append(Vote(row.verdict, to_value(row.corrected_value, trailing_zeros=zeros, unit=task.unit), accuracy))
        confusions.append(confusion)
    prior = task.class_prior if task.class_prior is not None else UNIFORM_PRIOR
    factors = evidence_factors(task.evidence, task.predicted_confidence)
    if factors is not None:
        prior = [share * factor for share, factor in zip(prior, factors, strict=True)]
    return ScoredTask(
        votes,
        class_posterior([CLASS_OF[vote.verdict] for vote in votes], confusions, prior, task.temperature or 1.0),
        rule or _rule_of(task),
        parse_gold(task.gold_answer, trailing_zeros=zeros, unit=task.unit) if task.is_gold else None,
        _ruling(task),
        asks_on(task.id, len(votes), task.asks_on) if task.is_gold else None,
    )


def _rule_of(task: TaskToScore) -> Rule:
    return Policy(task.max_risk, task.votes, task.min_votes).rule(*rule_fields(task))


def rule_fields(task: TaskToScore | MeasuredTask) -> tuple[str, int, float | None, int | None]:
    """The arguments of `Policy.rule`."""
    return task.id, task.n_required, task.settled_max_risk, task.settled_votes


def _settled_by(task: TaskToScore | MeasuredTask) -> Rule | None:
    if task.settled_max_risk is None or task.settled_votes is None:
        return None
    return Rule(task.n_required, task.settled_votes, task.settled_max_risk)


def _ruling(task: TaskToScore) -> Truth | None:
    if not task.adjudicated:
        return None
    value = to_value(task.consensus_value, trailing_zeros=task.trailing_zeros_matter, unit=task.unit)
    return Truth(str(task.consensus_verdict), value)


# --- comparing and writing ---------------------------------------------------------------------------------


def outcome_changed(task: TaskToScore | MeasuredTask, outcome: Outcome) -> bool:
    """Whether the outcome differs from the stored one by more than noise in the posterior."""
    return (
        _posterior_moved(task.posterior, outcome.posterior)
        or task.status != outcome.status
        or task.consensus_verdict != outcome.verdict
        or task.agreement != outcome.agreement
        or _settled_by(task) != outcome.rule
        or task.consensus_value != _raw_value(outcome)
    )


def outcome_params(
    task: TaskToScore | MeasuredTask, campaign_id: str, outcome: Outcome, now: datetime
) -> dict[str, object]:
    """Parameters of `UPDATE_OUTCOME`."""
    return {
        "task": task.id,
        "campaign": campaign_id,
        "seen": task.submission_count,
        "ruled": task.adjudicated,
        "to_status": str(outcome.status),
        "to_verdict": outcome.verdict,
        "to_value": _raw_value(outcome),
        "to_agreement": outcome.agreement,
        "to_posterior": outcome.posterior,
        "to_max_risk": None if outcome.rule is None else outcome.rule.max_risk,
        "to_votes": None if outcome.rule is None else outcome.rule.n_enough,
        "now": now,
    }


def _posterior_moved(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return (before is None) != (after is None)
    return abs(before - after) > NOTICEABLE_CHANGE


def _raw_value(outcome: Outcome) -> JsonValue:
    return None if outcome.value is None else outcome.value.raw
