"""From the votes of one task to its outcome. Plain Python: it runs inside each submit."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gonogo.server.consensus.values import ValueConsensus, ValueVote, settle_value, value_key
from gonogo.wire.vocabulary import TaskStatus, Verdict

VERDICTS: tuple[str, ...] = (Verdict.CORRECT.value, Verdict.INCORRECT.value, Verdict.UNSURE.value)
"""The classes of the models, in the order of their matrices."""

CLASS_OF: dict[str, int] = {verdict: index for index, verdict in enumerate(VERDICTS)}

SAFE = 0.8
"""Posterior from which a consensus is safe."""

_ROUNDING = 1e-9

Matrix = Sequence[Sequence[float]]


@dataclass(frozen=True, slots=True)
class Vote:
    """One counted submission; `reliability` is its voter's."""

    verdict: str
    value: Any = None
    reliability: float = 0.85


@dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a task: the answer of gold, or an expert's ruling."""

    verdict: str
    value: Any = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is written to the task. Without consensus, verdict, value and agreement are `None`."""

    status: str
    verdict: str | None = None
    value: Any = None
    agreement: float | None = None
    posterior: float | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """How many votes a task wants, and how values compare."""

    n_required: int
    early_stop: bool = False
    trailing_zeros: bool = False


def posterior(labels: Sequence[int], matrices: Sequence[Matrix], prior: Sequence[float]) -> list[float]:
    """Class probabilities of one task from its votes and the voters' confusion matrices (Bayes' rule).

    Args:
        labels: Index into `VERDICTS` of each vote.
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


def outcome(votes: Sequence[Vote], probabilities: Sequence[float], rule: Rule) -> Outcome:
    """The outcome of a task that nobody has ruled on.

    Open while votes are missing; in review when the votes tie, the posterior is below 0.8, or the voters who say
    *incorrect* give values of which none is safe; else resolved.
    """
    unanimous = len({vote.verdict for vote in votes}) == 1
    early = rule.early_stop and unanimous and 2 * len(votes) > rule.n_required > 2
    if len(votes) < rule.n_required and not early:
        return Outcome(TaskStatus.OPEN)
    best = max(range(len(probabilities)), key=lambda j: (probabilities[j], -j))
    reached, verdict = probabilities[best], VERDICTS[best]
    safe = reached >= SAFE - _ROUNDING and not _tied(votes)
    agreed = consensus_value(votes, verdict, rule.trailing_zeros)
    if agreed is not None and agreed.posterior < SAFE - _ROUNDING:
        safe = False
    if early and (not safe or (agreed is not None and agreed.posterior < 1)):
        return Outcome(TaskStatus.OPEN)
    if not safe:
        return Outcome(TaskStatus.IN_REVIEW, posterior=reached)
    value = None if agreed is None else agreed.value
    share = agreement(votes, verdict, value, rule.trailing_zeros)
    return Outcome(TaskStatus.RESOLVED, verdict, value, share, reached)


def ruled(votes: Sequence[Vote], truth: Truth, rule: Rule, *, done: bool = False) -> Outcome:
    """The outcome of a task whose answer is known: that answer, once its votes are in (or `done`)."""
    if not done and len(votes) < rule.n_required:
        return Outcome(TaskStatus.OPEN)
    share = agreement(votes, truth.verdict, truth.value, rule.trailing_zeros)
    return Outcome(TaskStatus.RESOLVED, truth.verdict, truth.value, share, 1.0)


def parse_gold(answer: str | None) -> Truth | None:
    """A `gold_answer`: a verdict, or the JSON text of `{"verdict": …, "corrected_value": …}`; else `None`."""
    if answer is None or answer.strip() in CLASS_OF:
        return None if answer is None else Truth(answer.strip())
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict) or parsed.get("verdict") not in VERDICTS:
        return None
    return Truth(parsed["verdict"], parsed.get("corrected_value"))


def consensus_value(votes: Sequence[Vote], verdict: str | None, trailing_zeros: bool) -> ValueConsensus | None:
    """The value consensus among the voters who say *incorrect*, if that is the verdict and any of them gave one."""
    if verdict != Verdict.INCORRECT:
        return None
    given = [ValueVote(v.value, v.reliability) for v in votes if v.verdict == verdict and v.value is not None]
    return settle_value(given, trailing_zeros=trailing_zeros)


def agreement(votes: Sequence[Vote], verdict: str | None, value: Any, trailing_zeros: bool) -> float | None:
    """Share of the votes equal to verdict and, where both have one, value; `None` without votes or verdict."""
    if not votes or verdict is None:
        return None
    return sum(agrees(vote, verdict, value, trailing_zeros) for vote in votes) / len(votes)


def agrees(vote: Vote, verdict: str, value: Any, trailing_zeros: bool) -> bool:
    """Whether a vote says the same: the verdict, and the value where vote and consensus both have one."""
    if vote.verdict != verdict:
        return False
    if vote.value is None or value is None:
        return True
    key = value_key(value, trailing_zeros=trailing_zeros)
    return value_key(vote.value, trailing_zeros=trailing_zeros) == key


def _tied(votes: Sequence[Vote]) -> bool:
    """Whether two verdicts have the most votes."""
    most = Counter(vote.verdict for vote in votes).most_common(2)
    return len(most) == 2 and most[0][1] == most[1][1]


def _log(probability: float) -> float:
    return math.log(max(probability, 1e-10))
