"""Consensus of corrected values, compared by engineering equality. Plain Python."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from gonogo.json_types import JsonValue
from gonogo.values import canonical_key

RELIABILITY_MARGIN = 1e-6
"""Smallest distance of a reliability from 0 and from 1."""


class Value(NamedTuple):
    """Value as a voter wrote it (any JSON), and its key, which is equal for values that are equal on a drawing."""

    raw: JsonValue
    key: str


class ValueConsensus(NamedTuple):
    """Value with the most reliability behind it, as the most reliable of its voters wrote it.

    `posterior` is the probability that it is the right one of those given; `voters` are the indices of the votes
    for it, ascending.
    """

    value: Value
    posterior: float
    voters: tuple[int, ...]


def value_key(raw: JsonValue, *, trailing_zeros: bool = False, unit: str | None = None) -> str:
    """Key that is equal for two values exactly when they are equal on a drawing whose lengths are in `unit`.

    With `trailing_zeros`, 16,5 and 16,50 differ.
    """
    return canonical_key(raw, trailing_zeros=trailing_zeros, unit=unit or "")


def to_value(raw: JsonValue, *, trailing_zeros: bool = False, unit: str | None = None) -> Value | None:
    """`raw` with its key; `None` stays `None`."""
    return None if raw is None else Value(raw, value_key(raw, trailing_zeros=trailing_zeros, unit=unit))


def log_odds(reliability: float) -> float:
    """`ln(r / (1 - r))`, with `r` kept away from 0 and 1."""
    bounded = min(max(reliability, RELIABILITY_MARGIN), 1 - RELIABILITY_MARGIN)
    return math.log(bounded) - math.log1p(-bounded)


def group_values(votes: Sequence[tuple[Value, float]]) -> list[ValueConsensus]:
    """Groups of equal values by weight, the heaviest first; a vote is a value and its voter's reliability.

    A group's weight is the sum of its voters' log-odds, so the posterior is that of independent voters of whom at
    most one group is right. Two equally supported groups therefore share 0.5 each, and the caller sees the tie.
    """
    groups: dict[str, list[int]] = {}
    for index, (value, _) in enumerate(votes):
        groups.setdefault(value.key, []).append(index)
    weights = {key: math.fsum(log_odds(votes[i][1]) for i in members) for key, members in groups.items()}
    order = sorted(groups, key=lambda key: (weights[key], len(groups[key]), key), reverse=True)
    shares = [math.exp(weights[key] - weights[order[0]]) for key in order]
    total = math.fsum(shares)
    consensus = []
    for key, share in zip(order, shares, strict=True):
        members = groups[key]
        speaker = max(members, key=lambda i: (votes[i][1], -i))
        consensus.append(ValueConsensus(votes[speaker][0], share / total, tuple(members)))
    return consensus


def consensus_of_values(votes: Sequence[tuple[Value, float]]) -> ValueConsensus | None:
    """The heaviest of the groups; `None` without votes."""
    return group_values(votes)[0] if votes else None
