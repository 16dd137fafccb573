"""Decision rule: the outcome of one task from its votes. Plain Python, because it runs inside each submit."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, VERDICTS
from gonogo.server.consensus.values import Value, ValueConsensus, consensus_of_values, to_value

SAFE_POSTERIOR = 0.8
"""Posterior from which a consensus is safe."""

POSTERIOR_TOLERANCE = 1e-9
"""Tolerance when a posterior is held against `SAFE`."""

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Vote:
    """One counted submission; `reliability` is its voter's."""

    verdict: str
    value: Value | None = None
    reliability: float = 0.85


@dataclass(frozen=True, slots=True)
class Truth:
    """Known answer of a task: of gold, or an expert's ruling."""

    verdict: str
    value: Value | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a task. Without consensus, verdict, value and agreement are `None`.

    `posterior` is that of the verdict; in review, that of the value where it is the value that is in doubt.
    """

    status: str
    verdict: str | None = None
    value: Value | None = None
    agreement: float | None = None
    posterior: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """Rule of a campaign: votes that a task needs, and whether a unanimous majority of them is enough."""

    n_required: int
    early_stop: bool = False


OPEN_OUTCOME = Outcome(TaskStatus.OPEN)


def class_posterior(labels: Sequence[int], matrices: Sequence[Matrix], prior: Sequence[float]) -> list[float]:
    """Class probabilities of one task from its votes and the voters' confusion matrices (Bayes' rule).

    Args:
        labels: Index into `VERDICT_CLASSES` of each vote.
        matrices: `matrices[i][j][l]` = probability that voter `i` says `l` of a task of class `j`.
        prior: Class prior.
    """
    scores = [
        math.fsum([_log(share), *(_log(matrix[j][label]) for label, matrix in zip(labels, matrices, strict=True))])
        for j, share in enumerate(prior)
    ]
    top = max(scores)
    weights = [math.exp(score - top) for score in scores]
    total = math.fsum(weights)
    return [weight / total for weight in weights]


def decide_outcome(votes: Sequence[Vote], probabilities: Sequence[float], rule: Rule) -> Outcome:
    """The outcome of a task that nobody has ruled on.

    Open while votes are missing; in review when the votes tie, the posterior is below 0.8, or the voters who say
    *incorrect* give values of which none is safe; else resolved. With early stop, more than half of the votes settle
    a task of three or more, if they all agree and are safe.
    """
    missing = len(votes) < rule.n_required
    if missing and not (rule.early_stop and 2 * len(votes) > rule.n_required > 2):
        return OPEN_OUTCOME
    best = max(range(len(probabilities)), key=lambda j: (probabilities[j], -j))
    reached, verdict = probabilities[best], VERDICT_CLASSES[best]
    agreed = consensus_value(votes, verdict)
    value, certainty = (None, 1.0) if agreed is None else (agreed.value, agreed.posterior)
    share = agreement_share(votes, verdict, value)
    safe = min(reached, certainty) >= SAFE_POSTERIOR - POSTERIOR_TOLERANCE and not _tied(votes)
    if missing and not (safe and share == 1):
        return OPEN_OUTCOME
    if not safe:
        return Outcome(TaskStatus.IN_REVIEW, posterior=min(reached, certainty))
    return Outcome(TaskStatus.RESOLVED, verdict, value, share, reached)


def ruled_outcome(votes: Sequence[Vote], truth: Truth) -> Outcome:
    """The outcome of a task whose answer is known: that answer."""
    return Outcome(
        TaskStatus.RESOLVED, truth.verdict, truth.value, agreement_share(votes, truth.verdict, truth.value), 1.0
    )


def gold_outcome(votes: Sequence[Vote], truth: Truth, rule: Rule) -> Outcome:
    """The outcome of a gold task: open as long as any other, then its answer. It never waits for an expert."""
    return OPEN_OUTCOME if len(votes) < rule.n_required else ruled_outcome(votes, truth)


def parse_gold(answer: str | None, *, trailing_zeros: bool = False) -> Truth | None:
    """A `gold_answer`: a verdict, or the JSON text of `{"verdict": …, "corrected_value": …}`; else `None`."""
    if answer is None or answer.strip() in CLASS_OF:
        return None if answer is None else Truth(answer.strip())
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or parsed.get("verdict") not in VERDICT_CLASSES:
        return None
    return Truth(parsed["verdict"], to_value(parsed.get("corrected_value"), trailing_zeros=trailing_zeros))


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
    return math.log(max(probability, 1e-10))
