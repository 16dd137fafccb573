"""Which corrected value a task's voters mean, by engineering equality. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

CAUTION = 1e-6


@dataclass(frozen=True, slots=True)
class ValueVote:
    """One corrected value (a JSON object) and the probability that its voter is right."""

    value: Any
    reliability: float


@dataclass(frozen=True, slots=True)
class ValueConsensus:
    """The value with the most reliability behind it.

    Attributes:
        value: As the most reliable of its voters wrote it.
        posterior: Probability that it is the right one of those given.
        voters: Indices of the votes equal to it, ascending.
    """

    value: Any
    posterior: float
    voters: tuple[int, ...]


def value_key(value: Any, *, trailing_zeros: bool = False) -> str:
    """Equal for two values exactly when they are equal as engineering values."""
    from gonogo.values import canonical_key

    return canonical_key(value, trailing_zeros=trailing_zeros)


def log_odds(reliability: float) -> float:
    """`ln(r / (1 - r))`, with `r` kept away from 0 and 1."""
    kept = min(max(reliability, CAUTION), 1 - CAUTION)
    return math.log(kept) - math.log1p(-kept)


def settle_value(votes: Sequence[ValueVote], *, trailing_zeros: bool = False) -> ValueConsensus | None:
    """Groups equal values and weighs the groups; `None` without votes.

    A group's weight is the sum of its voters' log-odds, so the posterior is that of independent voters of whom at
    most one group is right. Two equally supported groups therefore share 0.5 each, and the caller sees the tie.
    """
    groups: dict[str, list[int]] = {}
    for index, vote in enumerate(votes):
        groups.setdefault(value_key(vote.value, trailing_zeros=trailing_zeros), []).append(index)
    if not groups:
        return None
    weights = {key: math.fsum(log_odds(votes[i].reliability) for i in members) for key, members in groups.items()}
    best = max(weights, key=lambda key: (weights[key], len(groups[key]), key))
    total = math.fsum(math.exp(weight - weights[best]) for weight in weights.values())
    members = groups[best]
    speaker = max(members, key=lambda i: (votes[i].reliability, -i))
    return ValueConsensus(votes[speaker].value, 1 / total, tuple(members))
