"""Confidence intervals of 95 %: for agreement, for shares in clusters, and for a mean of shares.

`tests/benchmarks/coverage.py` measures how often each holds the true value; docs/quality.md has the figures.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.agreement import (
    Z_95,
    Interval,
    ac1_of_sums,
    ac1_terms,
    alpha_of_sums,
    alpha_terms,
    count_patterns,
    wilson_interval,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.agreement import Counts
    from gonogo.server.consensus.votes import Floats

MIN_DISSENT = 10
"""Units with a vote that is not the commonest verdict, from which alpha has an interval."""

Terms = Callable[["Counts"], "Floats"]
"""Patterns of votes → what a unit with each adds to the sums behind a coefficient."""
OfSums = Callable[["Floats"], "Floats"]
"""Rows of sums → the coefficient of each; NaN where undefined."""

_Z = Z_95
_EXPANSION = (
    (_Z**3 + _Z) / 4,
    (5 * _Z**5 + 16 * _Z**3 + 3 * _Z) / 96,
    (3 * _Z**7 + 19 * _Z**5 + 17 * _Z**3 - 15 * _Z) / 384,
    (79 * _Z**9 + 776 * _Z**7 + 1482 * _Z**5 - 1920 * _Z**3 - 945 * _Z) / 92160,
)


def t_quantile(df: float) -> float:
    """97.5 % quantile of Student's t; `df` below 1 counts as 1.

    Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 26.7.5; within 1 % from 3 on.
    """
    freedom = max(df, 1.0)
    return _Z + math.fsum(term / freedom**power for power, term in enumerate(_EXPANSION, 1))


def alpha_interval(counts: ArrayLike) -> Interval | None:
    """Interval of `krippendorff_alpha`; `None` where that is undefined or too few votes differ from the commonest.

    Below `MIN_DISSENT` such units no method tried held the true value often enough.
    """
    table = np.asarray(counts, dtype=np.int64)
    table = table[table.sum(axis=1) >= 2]
    if not table.size:
        return None
    commonest = int(table.sum(axis=0).argmax())
    n_dissent = int((table[:, commonest] < table.sum(axis=1)).sum())
    return jackknife_interval(table, alpha_terms, alpha_of_sums) if n_dissent >= MIN_DISSENT else None


def ac1_interval(counts: ArrayLike) -> Interval | None:
    """Interval of `gwet_ac1`; `None` where that is undefined or all agree."""
    table = np.asarray(counts, dtype=np.int64)
    return jackknife_interval(table[table.sum(axis=1) > 0], ac1_terms, ac1_of_sums)


def jackknife_interval(counts: Counts, terms: Terms, of_sums: OfSums) -> Interval | None:
    """Interval of a coefficient of agreement c by the jackknife over units, on log(1 - c).

    On that scale the sampling distribution is nearly symmetric. The degrees of freedom are those of the units that
    carry the variance, (Σd²)²/Σd⁴ - 1 over the deviations d of the leave-one-out values: with few wrong predictions
    a handful of units decides. Units with equal votes are left out once for all of them.

    Sources: B. Efron and C. Stein, Annals of Statistics 9 (1981) 586–596 (jackknife variance); F. E. Satterthwaite,
    Biometrics Bulletin 2 (1946) 110–114 (degrees of freedom).
    """
    patterns, weights = count_patterns(counts)
    n_units = float(weights.sum())
    if n_units < 3:
        return None
    of_unit = terms(patterns)
    sums = weights @ of_unit
    with np.errstate(divide="ignore", invalid="ignore"):
        whole = float(np.log(1 - of_sums(sums[None, :])[0]))
        without = np.log(1 - of_sums(sums - of_unit))
    if not (math.isfinite(whole) and np.isfinite(without).all()):
        return None
    squares = (without - float(weights @ without) / n_units) ** 2
    total, fourth = float(weights @ squares), float(weights @ squares**2)
    if total <= 0 or fourth <= 0:
        return None
    half = t_quantile(total**2 / fourth - 1) * math.sqrt((n_units - 1) / n_units * total)
    return Interval(max(1 - math.exp(whole + half), -1.0), 1 - math.exp(whole - half))


def design_effect(k: ArrayLike, n: ArrayLike) -> float:
    """How much larger the variance of a pooled share is than of as many independent answers; at least 1.

    `k` of `n` answers in each cluster: those to one gold item stand and fall together.

    Source: J. N. K. Rao and A. J. Scott, Biometrics 48 (1992) 577–585.
    """
    hits, size = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    total, clusters = float(size.sum()), size.size
    share = float(hits.sum()) / total if total else 0.0
    if clusters < 2 or not 0 < share < 1:
        return 1.0
    between = clusters / (clusters - 1) * float(((hits - share * size) ** 2).sum()) / total**2
    return max(1.0, between / (share * (1 - share) / total))


def clustered_interval(k: ArrayLike, n: ArrayLike) -> Interval | None:
    """Wilson interval of a pooled share, its answers divided by the design effect; `None` without answers."""
    hits, size = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    if size.sum() <= 0:
        return None
    effect = design_effect(hits, size)
    return wilson_interval(float(hits.sum()) / effect, float(size.sum()) / effect, t_quantile(size.size - 1.0))


def mean_share_low(k: ArrayLike, n: ArrayLike) -> Floats:
    """Lower bound of the mean of several shares of one person: `k` of `n`, both `(n_people, n_shares)`.

    Each share has Wilson's lower bound, and their distances from the estimates are put together as variances are
    (MOVER). The estimates count one miss more than there was, and a share without answers counts as 0: else a single
    lucky answer to a rare class would lift the bound of somebody who guesses.

    Source: G. Y. Zou and A. Donner, Statistics in Medicine 27 (2008) 1693–1702.
    """
    hits, size = np.asarray(k, dtype=np.float64), np.asarray(n, dtype=np.float64)
    safe = np.maximum(size, 1e-9)
    share, scale = hits / safe, 1 + _Z * _Z / safe
    spread = _Z * np.sqrt(share * (1 - share) / safe + _Z * _Z / (4 * safe * safe))
    low = np.where(size > 0, np.maximum((share + _Z * _Z / (2 * safe) - spread) / scale, 0.0), 0.0)
    estimate = np.maximum(hits / (size + 1), low)
    bound: Floats = estimate.mean(axis=1) - np.sqrt(((estimate - low) ** 2).sum(axis=1)) / hits.shape[1]
    return np.maximum(bound, 0.0)
