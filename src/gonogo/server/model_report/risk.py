"""Risk of accepting predictions unseen: estimates the share of wrong ones above a confidence, with an upper bound.

What is known was often chosen by confidence (the least sure ones first), so a plain share of the known ones would be
wrong. Where each level of confidence was looked at alike, the known ones are pooled; else each level is estimated by
itself and weighed by how many predictions it has. A level of which nothing is known may be all wrong.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.agreement import Interval, wilson_interval

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

N_LEVELS = 20
"""Levels of confidence, with about as many predictions in each."""
N_CUTS = 100
"""Confidences that `accept_above` tries."""


@dataclass(frozen=True)
class Risk:
    """Share of wrong ones among some predictions.

    Attributes:
        n: Predictions.
        n_known: Of these, those whose outcome is known.
        n_wrong: Of these, wrong ones.
        error: Estimated share of wrong ones; `None` where a level of confidence has no known outcome.
        interval: 95 % interval of `error`; up to 1 where too little is known.
        pooled: Whether all levels were looked at alike.
    """

    n: int
    n_known: int
    n_wrong: int
    error: float | None
    interval: Interval
    pooled: bool


@dataclass(frozen=True)
class Outcomes:
    """Predictions as arrays of one length; `confidence` is NaN where there is none."""

    confidence: Floats
    known: Bools
    wrong: Bools

    def levels(self) -> Ints:
        """Level of each prediction, 0 … `N_LEVELS`; the last one is for those without a confidence."""
        has = ~np.isnan(self.confidence)
        levels = np.full(self.confidence.size, N_LEVELS, dtype=np.int64)
        if has.any():
            edges = np.unique(np.quantile(self.confidence[has], np.linspace(0, 1, N_LEVELS + 1)[1:-1]))
            levels[has] = np.searchsorted(edges, self.confidence[has], side="right")
        return levels


def risk_of(outcomes: Outcomes, chosen: Bools | None = None) -> Risk:
    """The risk of all predictions, or of the `chosen` ones."""
    mask = np.ones(outcomes.known.size, dtype=bool) if chosen is None else chosen
    levels = outcomes.levels()[mask]
    known, wrong = outcomes.known[mask], outcomes.wrong[mask]
    counts = [
        np.bincount(levels[rows], minlength=N_LEVELS + 1).astype(np.float64)
        for rows in (np.ones(levels.size, dtype=bool), known, known & wrong)
    ]
    n, n_known, n_wrong = (count[counts[0] > 0] for count in counts)
    return _risk(n, n_known, n_wrong)


def _risk(n: Floats, n_known: Floats, n_wrong: Floats) -> Risk:
    total, known, wrong = int(n.sum()), int(n_known.sum()), int(n_wrong.sum())
    if not known:
        return Risk(total, 0, 0, None, Interval(0.0, 1.0), True)
    if _looked_at_alike(n, n_known):
        return Risk(total, known, wrong, wrong / known, wilson_interval(wrong, known), True)
    weights = n / n.sum()
    share = np.divide(n_wrong, n_known, out=np.zeros_like(n_wrong), where=n_known > 0)
    bounds = [wilson_interval(w, k) if k else Interval(0.0, 1.0) for w, k in zip(n_wrong, n_known, strict=True)]
    high = np.array([bound.high for bound in bounds])
    estimate = float(weights @ share)
    # The same distance down: the levels' own lower bounds held the true share in 90 % of simulated runs only.
    half = math.sqrt(float((weights**2) @ (high - share) ** 2))
    unknown = float(weights[n_known == 0].sum())
    # What nobody looked at may be all wrong: no chance evens it out.
    interval = Interval(max(0.0, estimate - half), min(1.0, estimate + max(half, unknown)))
    return Risk(total, known, wrong, None if unknown else estimate, interval, False)


def _looked_at_alike(n: Floats, n_known: Floats) -> bool:
    """Whether the known share differs between the levels no more than chance would make it (chi-square)."""
    share = n_known.sum() / n.sum()
    if share >= 1:
        return True
    expected = n * share * (1 - share)
    statistic = float((((n_known - n * share) ** 2) / expected).sum())
    freedom = n.size - 1
    return statistic <= freedom + 3 * math.sqrt(2 * freedom) + 1e-9


def accept_above(outcomes: Outcomes, bound: float) -> float | None:
    """The lowest confidence above which the upper bound of the error is at most `bound`; `None` if there is none.

    Confidences are tried from the surest down, and the first that misses ends the search: so trying many of them
    does not spoil the 95 %. Source: A. Angelopoulos et al., Learn then Test (2021), arXiv:2110.01052,
    fixed-sequence testing.
    """
    has = ~np.isnan(outcomes.confidence)
    if not has.any():
        return None
    cuts = np.unique(np.quantile(outcomes.confidence[has], np.linspace(0, 1, N_CUTS + 1), method="lower"))
    best: float | None = None
    least = minimum_known(bound)
    for cut in cuts[::-1].tolist():
        risk = risk_of(outcomes, has & (np.nan_to_num(outcomes.confidence, nan=-1.0) >= cut))
        if risk.n_known < least:
            continue  # even without an error nothing could be said yet
        if risk.interval.high > bound:
            break
        best = float(cut)
    return best


def minimum_known(bound: float) -> int:
    """Fewest known outcomes whose upper bound is at most `bound` (0…1) where all of them are right."""
    counts = range(1, 1_000_000)
    return bisect.bisect_left(counts, True, key=lambda n: wilson_interval(0, n).high <= bound) + 1


def paired_difference(n_first_only: int, n_second_only: int, n_pairs: int) -> tuple[float, Interval] | None:
    """Difference of two accuracies on the same places, with its 95 % interval; `None` without pairs.

    Half a pair is added to each of the four counts. Source: A. Agresti and Y. Min, Statistics in Medicine 24 (2005)
    729–740.
    """
    if not n_pairs:
        return None
    n, first, second = n_pairs + 2.0, n_first_only + 0.5, n_second_only + 0.5
    difference = (first - second) / n
    half = 1.959963984540054 / n * math.sqrt(first + second - (first - second) ** 2 / n)
    return (n_first_only - n_second_only) / n_pairs, Interval(difference - half, difference + half)


def as_outcomes(confidence: Sequence[float | None], right: Sequence[bool | None]) -> Outcomes:
    """Arrays of confidences and of what is known."""
    return Outcomes(
        np.array([math.nan if level is None else level for level in confidence], dtype=np.float64),
        np.array([known is not None for known in right], dtype=bool),
        np.array([known is False for known in right], dtype=bool),
    )
