"""Model confidence as evidence: how far a prediction's confidence shifts the prior of its task, by bins.

It is used only where it tells right predictions from wrong ones; a campaign without confidences is as if this module
did not exist. Gold with a seeded error says nothing here: its confidence is that of the right reading.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.agreement import Z_95, Interval
from gonogo.server.consensus.decide import StoredEvidence

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints

MIN_OUTCOMES = 30
"""Tasks with a confidence and a known outcome from which the confidence may be used."""
MIN_WRONG = 5
"""Wrong predictions, and right ones, that must be among them."""
MIN_AUC = 0.6
MAX_BINS = 8
WRONG_A_BIN = 5
"""Wrong predictions for each bin, on average."""
SMOOTHING = 10.0
"""Weight of the bins' shares of all tasks behind the shares of a class, in tasks."""


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """How well confidence tells right from wrong, and the factors that follow from it.

    Attributes:
        n_known: Tasks with a confidence and a known outcome.
        auc: Chance that a right prediction has the higher confidence of a right and a wrong one; `None` if unknown.
        interval: Its 95 % interval.
        edges: Lower edge of each bin but the first; empty if the confidence is not used.
        factors: What multiplies the prior of each class in each bin, `(n_bins, n_classes)`.
    """

    n_known: int = 0
    auc: float | None = None
    interval: Interval | None = None
    edges: tuple[float, ...] = ()
    factors: tuple[tuple[float, ...], ...] = ()

    @property
    def is_used(self) -> bool:
        """Whether the confidence moves any prior."""
        return bool(self.factors)

    def stored(self) -> StoredEvidence | None:
        """JSON form for the refresh of single tasks (`decide.evidence_factors`); `None` if it is not used."""
        return {"edges": list(self.edges), "factors": [list(row) for row in self.factors]} if self.factors else None

    def of(self, confidence: Floats) -> Floats:
        """Factors of tasks with these confidences, 1 where it is NaN; `confidence` has shape `(n,)`."""
        factors = np.array(self.factors)[np.searchsorted(self.edges, confidence, side="right")]
        factors[np.isnan(confidence)] = 1.0
        return factors


def fit_evidence(confidence: Floats, outcome: Ints, n_classes: int, correct: int, incorrect: int) -> Evidence:
    """Evidence from tasks of known outcome.

    Args:
        confidence: Of each task, NaN without one.
        outcome: Class of each task whose outcome is known, negative elsewhere.
        n_classes: Number of classes.
        correct: Class of right predictions.
        incorrect: Class of wrong ones.
    """
    has = ~np.isnan(confidence)
    known = has & (outcome >= 0)
    n_known = int(known.sum())
    right, wrong = confidence[known & (outcome == correct)], confidence[known & (outcome == incorrect)]
    if min(right.size, wrong.size) < MIN_WRONG:
        return Evidence(n_known)
    auc, interval = area_under_curve(right, wrong)
    measured = Evidence(n_known, auc, interval)
    if n_known < MIN_OUTCOMES or auc <= MIN_AUC or interval.low <= 0.5:
        return measured
    n_bins = min(max(wrong.size // WRONG_A_BIN, 2), MAX_BINS)
    edges = np.unique(np.quantile(confidence[has], np.arange(1, n_bins) / n_bins))
    n_bins = edges.size + 1
    bins = np.searchsorted(edges, confidence, side="right")
    shares = (np.bincount(bins[has], minlength=n_bins) + 1.0 / n_bins) / (has.sum() + 1.0)
    cells = np.bincount(bins[known] * n_classes + outcome[known], minlength=n_bins * n_classes)
    counts = cells.reshape(n_bins, n_classes)
    of_class = (counts + SMOOTHING * shares[:, None]) / (counts.sum(axis=0) + SMOOTHING)
    factors = of_class / shares[:, None]
    return Evidence(n_known, auc, interval, tuple(edges.tolist()), tuple(map(tuple, factors.tolist())))


def area_under_curve(right: Floats, wrong: Floats) -> tuple[float, Interval]:
    """Area under the ROC curve with its 95 % interval, ties counted half.

    Source: J. A. Hanley and B. J. McNeil, Radiology 143 (1982) 29–36, doi:10.1148/radiology.143.1.7063747.
    """
    ordered = np.sort(wrong)
    below = np.searchsorted(ordered, right, side="left") + np.searchsorted(ordered, right, side="right")
    area = float(below.mean()) / (2 * wrong.size)
    pairs_right = area / (2 - area) - area**2
    pairs_wrong = 2 * area**2 / (1 + area) - area**2
    spread = area * (1 - area) + (right.size - 1) * pairs_right + (wrong.size - 1) * pairs_wrong
    half = Z_95 * math.sqrt(max(spread, 0.0) / (right.size * wrong.size))
    return area, Interval(max(area - half, 0.0), min(area + half, 1.0))
