"""Dawid–Skene model: estimates a confusion matrix for each annotator by expectation-maximisation.

A. P. Dawid and A. M. Skene, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm",
Journal of the Royal Statistical Society C 28 (1979) 20–28, doi:10.2307/2346806.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.em import MIN_PROBABILITY, Bound, fit_em
from gonogo.server.consensus.votes import PRIOR_ACCURACY, Consensus, Votes, prior_confusion

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.votes import Floats, Ints

SMOOTHING = 4.0
"""Default weight of the prior behind each row of a confusion matrix, in votes."""


def dawid_skene(
    votes: Votes,
    *,
    known: ArrayLike | None = None,
    smoothing: float = SMOOTHING,
    accuracy: float = PRIOR_ACCURACY,
    max_iterations: int = 100,
    tolerance: float = 1e-5,
    bound: Bound = "per_task",
) -> Consensus:
    """Posterior classes and confusion matrices of the annotators.

    Args:
        votes: The votes.
        known: Known class of each task, `UNKNOWN` (-1) elsewhere. Known tasks keep their class, anchor the confusion
            matrices, and are left out of the class prior.
        smoothing: Each row of a confusion matrix starts with so many votes, `accuracy` of them right. With 0 and
            nothing known this is the classic algorithm.
        accuracy: Accuracy the prior assumes.
        max_iterations: Upper limit of EM steps.
        tolerance: EM stops when a step gains less than this in log-likelihood per vote.
        bound: See `em.fit`.
    """
    pseudo = smoothing * prior_confusion(votes.n_classes, accuracy)

    def estimate(counts: Floats, classes: Ints) -> Floats:
        rates = counts + pseudo[classes][:, None, :]
        np.maximum(rates, MIN_PROBABILITY, out=rates)
        if smoothing == 0:
            rates *= counts.sum(axis=0) > 0  # a label an annotator never gave takes no part
        total = rates.sum(axis=2, keepdims=True)
        unseen = prior_confusion(votes.n_classes, accuracy)[classes][:, None, :]
        confusion = np.broadcast_to(unseen, rates.shape).copy()
        np.divide(rates, total, out=confusion, where=total > 0)
        return confusion

    def penalty(rates: Floats, classes: Ints) -> float:
        if smoothing == 0:
            return 0.0
        return float((pseudo[classes][:, None, :] * np.log(np.maximum(rates, MIN_PROBABILITY))).sum())

    return fit_em(
        votes,
        estimate,
        method="dawid_skene",
        known=known,
        prior_count=1.0 if smoothing else 0.0,
        penalty=penalty,
        max_iterations=max_iterations,
        tolerance=tolerance,
        bound=bound,
    )
