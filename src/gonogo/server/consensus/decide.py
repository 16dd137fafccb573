"""Decision rule: the outcome of one task from its votes. Plain Python, because it runs inside each submit."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypedDict
from zlib import crc32

from gonogo.schemas.enums import TaskStatus, VotePolicy
from gonogo.schemas.gonogo_api import DEFAULT_MAX_RISK
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, VERDICTS, Verdict
from gonogo.server.consensus.values import Value, ValueConsensus, consensus_of_values, to_value

SAFE_POSTERIOR = 0.8
"""Posterior from which *incorrect* and *unsure* settle a task."""

RECHECK_SHARE = 1 / 16
"""Share of tasks, drawn at random, that need one vote more than `min_votes` where votes follow the risk."""

POSTERIOR_TOLERANCE = 1e-9
"""Tolerance when a posterior is held against a limit."""

CORRECT, INCORRECT = CLASS_OF[Verdict.CORRECT], CLASS_OF[Verdict.INCORRECT]

Matrix = Sequence[Sequence[float]]


class Vote(NamedTuple):
    """One counted submission; `reliability` is its voter's."""

    verdict: str
    value: Value | None = None
    reliability: float = 0.85


@dataclass(frozen=True, slots=True)
class Truth:
    """Known answer of a task: of gold, or an expert's ruling."""

    verdict: str
    value: Value | None = None


class Rule(NamedTuple):
    """Rule that settles a task.

    Attributes:
        n_required: Votes with which the task is decided: settled, or sent to review.
        n_enough: Votes from which a safe task is settled already; `n_required` where every task gets that many.
        max_risk: Greatest probability that the value is wrong with which a task settles as *correct*.
    """

    n_required: int
    n_enough: int
    max_risk: float = DEFAULT_MAX_RISK


class Policy(NamedTuple):
    """Settings of a campaign from which the rule of each of its tasks follows."""

    max_risk: float = DEFAULT_MAX_RISK
    votes: str = VotePolicy.FIXED
    min_votes: int = 1

    def rule(
        self, task_id: str, n_required: int, settled_max_risk: float | None = None, settled_votes: int | None = None
    ) -> Rule:
        """The rule of one task.

        The rule by which it was settled (`settled_max_risk`, `settled_votes`) holds on where it is easier, so that what
        is settled stays so when the settings change. `settled_votes` alone is what a reopened task waits for.
        """
        n_enough = n_required
        if self.votes == VotePolicy.BY_RISK:
            n_enough = min(self.min_votes + _is_rechecked(task_id), n_required)
        if settled_votes is None:
            return Rule(n_required, n_enough, self.max_risk)
        if settled_max_risk is None:
            return Rule(n_required, min(settled_votes, n_required), self.max_risk)
        return Rule(n_required, min(n_enough, settled_votes), max(self.max_risk, settled_max_risk))


def _is_rechecked(task_id: str) -> bool:
    """Whether the task is one of the random `RECHECK_SHARE`; always the same for one id."""
    return crc32(task_id.encode()) < RECHECK_SHARE * 2**32


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a task. Without consensus, verdict, value and agreement are `None`.

    `posterior` is that of the verdict; in review, that of the value where it is the value that is in doubt. `rule` is
    the one by which votes settled the task.
    """

    status: str
    verdict: str | None = None
    value: Value | None = None
    agreement: float | None = None
    posterior: float | None = None
    rule: Rule | None = None


OPEN_OUTCOME = Outcome(TaskStatus.OPEN)


def class_posterior(
    labels: Sequence[int], matrices: Sequence[Matrix], prior: Sequence[float], temperature: float = 1.0
) -> list[float]:
    """Class probabilities of one task from its votes and the voters' confusion matrices (Bayes' rule).

    Args:
        labels: Index into `VERDICT_CLASSES` of each vote.
        matrices: `matrices[i][j][l]` = probability that voter `i` says `l` of a task of class `j`.
        prior: Class prior.
        temperature: The likelihood of the votes is raised to the power of its inverse.
    """
    pairs = list(zip(labels, matrices, strict=True))
    scores = [
        _log(share) + math.fsum([_log(matrix[j][label]) for label, matrix in pairs]) / temperature
        for j, share in enumerate(prior)
    ]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


class StoredEvidence(TypedDict):
    """JSON form of `Evidence`: edges of the bins of confidence, and the factors of each bin by verdict."""

    edges: list[float]
    factors: list[list[float]]


def evidence_factors(evidence: StoredEvidence | None, confidence: float | None) -> Sequence[float] | None:
    """What multiplies the class prior of a task whose prediction has this confidence; `None` if nothing does.

    `evidence` is `Evidence.stored`.
    """
    if evidence is None or confidence is None:
        return None
    return evidence["factors"][bisect_right(evidence["edges"], confidence)]


def decide_outcome(votes: Sequence[Vote], probabilities: Sequence[float], rule: Rule) -> Outcome:
    """The outcome of a task that nobody has ruled on.

    Resolved from `rule.n_enough` votes on, if the outcome is safe: the votes do not tie, the verdict passes
    `is_safe_verdict`, and of the values that the voters for *incorrect* give one has a posterior of 0.8. An unsafe
    task is open while votes are missing, then in review.
    """
    if len(votes) < rule.n_enough:
        return OPEN_OUTCOME
    best = max(range(len(probabilities)), key=lambda j: (probabilities[j], -j))
    reached, verdict = probabilities[best], VERDICT_CLASSES[best]
    agreed = consensus_value(votes, verdict)
    value, certainty = (None, 1.0) if agreed is None else (agreed.value, agreed.posterior)
    share = agreement_share(votes, verdict, value)
    is_safe_value = certainty >= SAFE_POSTERIOR - POSTERIOR_TOLERANCE
    if is_safe_verdict(best, probabilities, rule.max_risk) and is_safe_value and not _tied(votes):
        return Outcome(TaskStatus.RESOLVED, verdict, value, share, reached, rule)
    if len(votes) < rule.n_required:
        return OPEN_OUTCOME
    return Outcome(TaskStatus.IN_REVIEW, posterior=min(reached, certainty))


def is_safe_verdict(best: int, probabilities: Sequence[float], max_risk: float) -> bool:
    """Whether the likeliest class `best` may settle a task.

    *Correct* does while the probability that the value is wrong is at most `max_risk` (with 0 it never does) and its
    own is at least 0.8, or `1 - max_risk` if that is less; any other class from 0.8 on.
    """
    reached = probabilities[best] + POSTERIOR_TOLERANCE
    if best != CORRECT:
        return reached >= SAFE_POSTERIOR
    is_low_risk = max_risk > 0 and probabilities[INCORRECT] <= max_risk + POSTERIOR_TOLERANCE
    return is_low_risk and reached >= min(SAFE_POSTERIOR, 1 - max_risk)


def ruled_outcome(votes: Sequence[Vote], truth: Truth) -> Outcome:
    """The outcome of a task whose answer is known: that answer."""
    return Outcome(
        TaskStatus.RESOLVED, truth.verdict, truth.value, agreement_share(votes, truth.verdict, truth.value), 1.0
    )


def asks_on(task_id: str, n_votes: int, shares: Sequence[float] | None) -> bool | None:
    """Whether a gold task with `n_votes` votes asks for another one: drawn, always the same for one id and number.

    `shares[n]` is how often ordinary tasks with n votes ask on; `None`, and so the result, before they are measured.
    Gold is wrong far more often than other tasks: if its votes decided, it would be asked of more people than they are.
    """
    if not shares:
        return None
    return crc32(f"{task_id}/{n_votes}".encode()) < shares[min(n_votes, len(shares) - 1)] * 2**32


def gold_outcome(
    votes: Sequence[Vote], probabilities: Sequence[float], truth: Truth, rule: Rule, drawn: bool | None = None
) -> Outcome:
    """The outcome of a gold task: open as often as any other, then its answer. It never waits for an expert.

    `drawn` is what `asks_on` says. Without it the `probabilities` from the votes decide, as if nobody knew the answer.
    """
    if drawn is None:
        drawn = decide_outcome(votes, probabilities, rule).status == TaskStatus.OPEN
    if len(votes) < rule.n_enough or (drawn and len(votes) < rule.n_required):
        return OPEN_OUTCOME
    return replace(ruled_outcome(votes, truth), rule=rule)


def parse_gold(answer: str | None, *, trailing_zeros: bool = False, unit: str | None = None) -> Truth | None:
    """A `gold_answer`: a verdict, or the JSON text of `{"verdict": …, "corrected_value": …}`; else `None`."""
    if answer is None or answer.strip() in CLASS_OF:
        return None if answer is None else Truth(answer.strip())
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or parsed.get("verdict") not in VERDICT_CLASSES:
        return None
    value = to_value(parsed.get("corrected_value"), trailing_zeros=trailing_zeros, unit=unit)
    return Truth(parsed["verdict"], value)


def consensus_value(votes: Sequence[Vote], verdict: str | None) -> ValueConsensus | None:
    """The value consensus among the voters who say *incorrect*, if that is the verdict and any of them gave one."""
    if verdict is None or not VERDICTS[verdict].takes_value:
        return None
    return consensus_of_values(
        [(v.value, v.reliability) for v in votes if v.verdict == verdict and v.value is not None]
    )


def agreement_share(votes: Sequence[Vote], verdict: str | None, value: Value | None) -> float | None:
    """Share of the votes equal to verdict and, where both have one, value; `None` without votes or verdict."""
    if not votes or verdict is None:
        return None
    return sum(vote.verdict == verdict and same_value(vote.value, value) for vote in votes) / len(votes)


def same_value(given: Value | None, expected: Value | None) -> bool:
    """Whether two values are equal, or one of them is not given."""
    return given is None or expected is None or given.key == expected.key


def _tied(votes: Sequence[Vote]) -> bool:
    """Whether two verdicts have the most votes."""
    most = Counter(vote.verdict for vote in votes).most_common(2)
    return len(most) == 2 and most[0][1] == most[1][1]


def _log(probability: float) -> float:
    return math.log(probability if probability > 1e-10 else 1e-10)
