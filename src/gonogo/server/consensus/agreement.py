"""Agreement between annotators: Krippendorff's alpha, Gwet's AC1, and shares with Wilson's interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Counts = NDArray[np.int64]
    Floats = NDArray[np.float64]

Z_95 = 1.959963984540054
"""97.5 % quantile of the standard normal distribution."""

MAX_ITEMS = 1_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """Confidence interval of 95 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Share:
    """Share of `k` in `n` with its Wilson interval; `share` and `interval` are `None` when `n` is 0."""

    k: int
    n: int

    @property
    def share(self) -> float | None:
        return self.k / self.n if self.n else None

    @property
    def interval(self) -> Interval | None:
        return wilson_interval(self.k, self.n) if self.n else None


def count_votes(unit: ArrayLike, label: ArrayLike, n_units: int, n_classes: int) -> Counts:
    """Votes of each unit for each class, shape `(n_units, n_classes)`; missing votes count nowhere."""
    units, labels = np.asarray(unit, dtype=np.int64), np.asarray(label, dtype=np.int64)
    cells = np.bincount(units * n_classes + labels, minlength=n_units * n_classes)
    return cells.reshape(n_units, n_classes)


def krippendorff_alpha(counts: ArrayLike) -> float | None:
    """Krippendorff's alpha for nominal data with missing values.

    `counts` as from `count_votes`. Units with fewer than two votes cannot be paired and are left out. `None` where
    alpha is undefined: nothing to pair, or no variation (the expected disagreement is 0, so that alpha is 0/0).

    Source: K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), section C.
    """
    table = np.asarray(counts, dtype=np.int64)
    votes = np.einsum("ij->i", table)
    # Units with equally many votes share a denominator, so their sums are taken together.
    n_units = np.bincount(votes, minlength=2)
    squares = np.bincount(votes, weights=np.einsum("ij,ij->i", table, table), minlength=2)
    size = np.arange(n_units.size)
    observed = ((size * size * n_units - squares)[2:] / (size[2:] - 1)).sum()
    by_class = np.einsum("ij->j", table if not n_units[:2].any() else table[votes >= 2]).astype(np.float64)
    return _or_none(_from_sums(np.array([observed], dtype=np.float64), by_class[:, None])[0])


def grouped_alpha(counts: ArrayLike, group: ArrayLike, n_groups: int) -> list[float | None]:
    """`krippendorff_alpha` of each group of units; `group` is each unit's, from 0 to `n_groups - 1`."""
    table, of = np.asarray(counts, dtype=np.float64), np.asarray(group, dtype=np.int64)
    paired = table.sum(axis=1) >= 2
    table, of = table[paired], of[paired]
    votes = table.sum(axis=1)
    disagreeing = (votes * votes - np.einsum("ij,ij->i", table, table)) / (votes - 1)
    observed = np.bincount(of, weights=disagreeing, minlength=n_groups)
    by_class = np.stack([np.bincount(of, weights=table[:, k], minlength=n_groups) for k in range(table.shape[1])])
    alpha = _from_sums(observed.astype(np.float64), by_class.astype(np.float64))
    return [_or_none(value) for value in alpha.tolist()]


def gwet_ac1(counts: ArrayLike) -> float | None:
    """Gwet's AC1 for any number of raters with missing values; `None` when no unit has two votes.

    Hardly moves when one class is common, where alpha falls. All columns of `counts` are categories, used or not.

    Source: K. L. Gwet, "Handbook of Inter-Rater Reliability", 4th ed. (2014), chapter 5 (missing ratings);
    the coefficient first in British Journal of Mathematical and Statistical Psychology 61 (2008) 29–48,
    doi:10.1348/000711006X126600.
    """
    patterns, weights = count_patterns(np.asarray(counts, dtype=np.int64))
    return _or_none(ac1_of_sums((weights @ ac1_terms(patterns))[None, :])[0])


def ac1_terms(patterns: Counts) -> Floats:
    """What a unit with each pattern of votes adds to the sums of `ac1_of_sums`, shape `(n_patterns, 3 + n_classes)`."""
    table = patterns.astype(np.float64)
    votes = table.sum(axis=1)
    voted, paired = votes > 0, votes >= 2
    agreeing = paired * (table * (table - 1)).sum(axis=1) / np.where(paired, votes * (votes - 1), 1)
    shares = table / np.where(voted, votes, 1)[:, None]
    return np.column_stack([voted, paired, agreeing, shares])


def ac1_of_sums(sums: Floats) -> Floats:
    """`gwet_ac1` of each row of sums; NaN where undefined."""
    n_voted, n_paired, agreeing = sums[:, :3].T
    ac1: Floats = np.full(len(sums), np.nan)
    n_classes = sums.shape[1] - 3
    if n_classes < 2:
        return ac1
    common = sums[:, 3:] / np.maximum(n_voted, 1.0)[:, None]
    by_chance = (common * (1 - common)).sum(axis=1) / (n_classes - 1)
    observed = agreeing / np.maximum(n_paired, 1.0)
    np.divide(observed - by_chance, 1 - by_chance, out=ac1, where=n_paired > 0)
    return ac1


def wilson_interval(k: float, n: float, z: float = Z_95) -> Interval:
    """Wilson's score interval of a share of `k` in `n` (95 % by default); `n` may be fractional, and 0 gives 0…1.

    Source: E. B. Wilson, Journal of the American Statistical Association 22 (1927) 209–212,
    doi:10.1080/01621459.1927.10502953.
    """
    if n <= 0:
        return Interval(0.0, 1.0)
    share = min(max(k / n, 0.0), 1.0)
    scale = 1 + z * z / n
    middle = (share + z * z / (2 * n)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return Interval(max(0.0, min(middle - half, share)), min(1.0, max(middle + half, share)))


def items_to_settle(alpha: float | None, interval: Interval | None, threshold: float, n_units: int) -> int | None:
    """Estimate of how many more units with two votes would settle on which side of `threshold` alpha lies.

    The interval narrows with the square root of the number of units, so the side that reaches over the threshold
    has to shrink to the distance. 0 when it is settled; `None` when unknown or beyond a million.
    """
    if alpha is None or interval is None:
        return None
    distance = abs(alpha - threshold)
    half = alpha - interval.low if alpha >= threshold else interval.high - alpha
    if half <= distance:
        return 0
    if distance * math.sqrt(MAX_ITEMS) <= half:
        return None
    more = round(n_units * ((half / distance) ** 2 - 1))
    return more if more <= MAX_ITEMS else None


def count_patterns(counts: Counts) -> tuple[Counts, Floats]:
    """The different rows of `counts`, in a fixed order, and how often each occurs."""
    if not counts.size:
        return counts, np.zeros(counts.shape[0])
    base = int(counts.max()) + 1
    if base ** counts.shape[1] >= 2**63:
        rows, times = np.unique(counts, axis=0, return_counts=True)
        return rows, times.astype(np.float64)
    scale = np.array([base**power for power in range(counts.shape[1])], dtype=np.int64)
    code = (counts * scale).sum(axis=1)
    _, first, times = np.unique(code, return_index=True, return_counts=True)
    return counts[first], times.astype(np.float64)


def alpha_terms(patterns: Counts) -> Floats:
    """What a unit with each pattern of two votes or more adds to the sums of alpha, `(n_patterns, 1 + n_classes)`."""
    table = patterns.astype(np.float64)
    votes = table.sum(axis=1)
    disagreeing = (votes * votes - (table * table).sum(axis=1)) / (votes - 1)
    return np.column_stack([disagreeing, table])


def alpha_of_sums(sums: Floats) -> Floats:
    """`krippendorff_alpha` of each row of sums; NaN where undefined."""
    return _from_sums(sums[:, 0], sums[:, 1:].T)


def _from_sums(observed: Floats, by_class: Floats) -> Floats:
    """Alpha from the weighted disagreement inside units and the paired votes of each class `(n_classes, n)`."""
    total = by_class.sum(axis=0)
    expected = total * total - (by_class * by_class).sum(axis=0)
    alpha: Floats = np.full(total.shape, np.nan)
    np.divide((total - 1) * observed, expected, out=alpha, where=expected > 0)
    np.subtract(1.0, alpha, out=alpha)
    return alpha


def _or_none(number: float) -> float | None:
    return float(number) if math.isfinite(number) else None
