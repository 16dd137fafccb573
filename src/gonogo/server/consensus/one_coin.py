"""One-coin model: estimates one accuracy for each annotator; errors are spread evenly over the other classes.

Y. Zhang, X. Chen, D. Zhou and M. I. Jordan, "Spectral Methods Meet EM: A Provably Optimal Algorithm for
Crowdsourcing", Journal of Machine Learning Research 17 (2016) 1–44, arXiv:1406.3824.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.em import MIN_PROBABILITY, Bound, fit_em
from gonogo.server.consensus.majority import crew_accuracy
from gonogo.server.consensus.votes import Consensus, Votes, known_classes

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.votes import Floats, Ints

SMOOTHING = 4.0
"""Default weight of the prior behind each accuracy, in votes."""


def one_coin(
    votes: Votes,
    *,
    known: ArrayLike | None = None,
    smoothing: float = SMOOTHING,
    accuracy: float | None = None,
    max_iterations: int = 100,
    tolerance: float = 1e-5,
    bound: Bound = "per_task",
) -> Consensus:
    """Posterior classes and one accuracy an annotator; arguments as in `dawid_skene`, `accuracy` by default the crew's.

    `confusion` of the result has the accuracy on the diagonal and the rest of a row spread evenly.
    """

    if accuracy is None:
        accuracy = crew_accuracy(votes, known_classes(known, votes.n_tasks, votes.n_classes))

    def skills(counts: Floats, classes: Ints) -> Floats:
        right = counts[np.arange(classes.size), :, classes].sum(axis=0)
        total = counts.sum(axis=(0, 2))
        measured: Floats = np.full_like(right, accuracy)
        np.divide(right + smoothing * accuracy, total + smoothing, out=measured, where=total + smoothing > 0)
        np.clip(measured, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY, out=measured)
        return measured

    def estimate(counts: Floats, classes: Ints) -> Floats:
        skill = skills(counts, classes)
        # Errors spread over the classes that somebody gave: a class that nobody uses is no way to be wrong.
        others = max(classes.size - 1, 1)
        rates = np.zeros(counts.shape)
        rates[:, :, classes] = ((1.0 - skill) / others)[None, :, None]
        rates[np.arange(classes.size), :, classes] = skill if classes.size > 1 else 1.0
        return rates

    def penalty(rates: Floats, classes: Ints) -> float:
        if smoothing == 0 or classes.size < 2:
            return 0.0
        skill = rates[0, :, classes[0]]
        log_density = accuracy * np.log(skill) + (1.0 - accuracy) * np.log(1.0 - skill)
        return float(smoothing * log_density.sum())

    return fit_em(
        votes,
        estimate,
        method="one_coin",
        known=known,
        prior_count=1.0 if smoothing else 0.0,
        penalty=penalty,
        max_iterations=max_iterations,
        tolerance=tolerance,
        bound=bound,
    )
