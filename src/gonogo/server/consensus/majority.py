"""Majority and weighted majority vote, with a posterior probability.

Votes are weighted by the log-odds of their annotator's accuracy, which is the best a weighted majority can do
(S. Nitzan and J. Paroush, "Optimal Decision Rules in Uncertain Dichotomous Choice Situations", International
Economic Review 23(2) (1982) 289–297), and the posterior is the one that goes with these weights.
With one accuracy for all, that is the plain majority.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.em import MIN_PROBABILITY
from gonogo.server.consensus.votes import (
    PRIOR_ACCURACY,
    UNKNOWN,
    Consensus,
    Votes,
    known_classes,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from gonogo.server.consensus.votes import Floats, Ints

SMOOTHING = 4.0
"""Default weight of the prior behind each measured accuracy, in votes."""


def majority(votes: Votes, *, known: ArrayLike | None = None, accuracy: float = PRIOR_ACCURACY) -> Consensus:
    """Unweighted majority; the posterior is that of equally accurate annotators."""
    skill = np.full(votes.n_annotators, accuracy)
    return _decide(votes, known_classes(known, votes.n_tasks, votes.n_classes), skill, "majority")


def weighted_majority(
    votes: Votes,
    *,
    known: ArrayLike | None = None,
    smoothing: float = SMOOTHING,
    accuracy: float = PRIOR_ACCURACY,
) -> Consensus:
    """Majority weighted by accuracies that were measured on known tasks and against clear majorities.

    Where a task's class is not known, a clear majority of at least three votes stands in for it. Of two votes a clear
    majority is an agreement, and would make everybody look perfect.
    """
    classes = known_classes(known, votes.n_tasks, votes.n_classes)
    if not len(votes):
        return _decide(votes, classes, np.full(votes.n_annotators, accuracy), "weighted_majority")
    counts = votes.counts()
    top = counts.max(axis=1)
    reference = np.where(classes != UNKNOWN, classes, counts.argmax(axis=1))
    clear = (counts == top[:, None]).sum(axis=1) == 1
    usable = (classes != UNKNOWN) | (clear & (counts.sum(axis=1) >= 3))
    measured = usable[votes.task]
    right = measured & (reference[votes.task] == votes.label)
    n_right = np.bincount(votes.annotator, weights=right, minlength=votes.n_annotators)
    n_all = np.bincount(votes.annotator, weights=measured, minlength=votes.n_annotators)
    total = n_all + smoothing
    skill = np.divide(n_right + smoothing * accuracy, total, out=np.full(total.shape, accuracy), where=total > 0)
    return _decide(votes, classes, skill, "weighted_majority")


def _decide(votes: Votes, known: Ints, skill: Floats, method: str) -> Consensus:
    n_classes = votes.n_classes
    skill = np.clip(skill, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    others = max(n_classes - 1, 1)
    weight = np.log(skill) - np.log((1.0 - skill) / others)
    cells = votes.task * n_classes + votes.label
    scores = np.bincount(cells, weights=weight[votes.annotator], minlength=votes.n_tasks * n_classes)
    posterior = scores.reshape(votes.n_tasks, n_classes).astype(np.float64)
    posterior -= posterior.max(axis=1, keepdims=True, initial=-np.inf) if n_classes else 0.0
    np.exp(posterior, out=posterior)
    posterior /= posterior.sum(axis=1, keepdims=True)
    is_known = np.flatnonzero(known != UNKNOWN)
    posterior[is_known] = 0.0
    posterior[is_known, known[is_known]] = 1.0
    confusion = np.repeat(((1.0 - skill) / others)[:, None], n_classes * n_classes, axis=1)
    confusion = confusion.reshape(votes.n_annotators, n_classes, n_classes)
    diagonal = np.arange(n_classes)
    confusion[:, diagonal, diagonal] = skill[:, None] if n_classes > 1 else 1.0
    support = np.zeros((votes.n_annotators, n_classes))
    for index in range(n_classes):
        weights = posterior[votes.task, index]
        support[:, index] = np.bincount(votes.annotator, weights=weights, minlength=votes.n_annotators)
    prior = np.full(n_classes, 1.0 / max(n_classes, 1))
    return Consensus(posterior=posterior, class_prior=prior, confusion=confusion, support=support, method=method)
