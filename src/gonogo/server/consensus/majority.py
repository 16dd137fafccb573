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
    CREW_ACCURACY,
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

CREW_STRENGTH = 20.0
"""Weight of the prior behind the accuracy of the crew, in votes."""
CREW_STEPS = 100


def crew_accuracy(votes: Votes, known: Ints) -> float:
    """The accuracy that all annotators share, fitted to known tasks and to how far three votes and more agree.

    The one-coin model with a single coin and even classes, by EM; `CREW_STRENGTH` votes of accuracy 0.9 stand behind
    it. One or two votes on an unknown task say nothing: two who accept everything always agree.
    """
    if not len(votes) or votes.n_classes < 2:
        return CREW_ACCURACY
    counts = votes.counts().astype(np.float64)
    rows, times = np.unique(np.column_stack([known, counts]), axis=0, return_counts=True)
    fixed, counts = rows[:, 0].astype(np.intp), rows[:, 1:]
    usable = (fixed != UNKNOWN) | (counts.sum(axis=1) >= 3)
    fixed, counts, times = fixed[usable], counts[usable], times[usable].astype(np.float64)
    total = CREW_STRENGTH + float(counts.sum(axis=1) @ times)
    accuracy = CREW_ACCURACY
    for _ in range(CREW_STEPS):
        posterior = _softmax(counts * _log_odds(np.array([accuracy]), votes.n_classes))
        _clamp(posterior, fixed)
        right = CREW_STRENGTH * CREW_ACCURACY + float((posterior * counts).sum(axis=1) @ times)
        accuracy, before = right / total, accuracy
        if abs(accuracy - before) < 1e-6:
            break
    return accuracy


def majority(votes: Votes, *, known: ArrayLike | None = None, accuracy: float | None = None) -> Consensus:
    """Unweighted majority; the posterior is that of annotators who share one `accuracy`, by default the crew's."""
    classes = known_classes(known, votes.n_tasks, votes.n_classes)
    shared = crew_accuracy(votes, classes) if accuracy is None else accuracy
    return _decide(votes, classes, np.full(votes.n_annotators, shared), "majority")


def weighted_majority(
    votes: Votes,
    *,
    known: ArrayLike | None = None,
    smoothing: float = SMOOTHING,
    accuracy: float | None = None,
) -> Consensus:
    """Majority weighted by accuracies that were measured on known tasks and against clear majorities.

    Where a task's class is not known, a clear majority of at least three votes stands in for it. Of two votes a clear
    majority is an agreement, and would make everybody look perfect. `accuracy`, by default the crew's, is that of the
    prior.
    """
    classes = known_classes(known, votes.n_tasks, votes.n_classes)
    if accuracy is None:
        accuracy = crew_accuracy(votes, classes)
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


def _log_odds(skill: Floats, n_classes: int) -> Floats:
    """Weight of a vote: the logarithm of its likelihood if it is right over that if it is wrong."""
    skill = np.clip(skill, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    weight: Floats = np.log(skill) - np.log((1.0 - skill) / max(n_classes - 1, 1))
    return weight


def _softmax(scores: Floats) -> Floats:
    scores = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    posterior: Floats = scores / scores.sum(axis=1, keepdims=True)
    return posterior


def _clamp(posterior: Floats, known: Ints) -> None:
    is_known = np.flatnonzero(known != UNKNOWN)
    posterior[is_known] = 0.0
    posterior[is_known, known[is_known]] = 1.0


def _decide(votes: Votes, known: Ints, skill: Floats, method: str) -> Consensus:
    n_classes = votes.n_classes
    skill = np.clip(skill, MIN_PROBABILITY, 1.0 - MIN_PROBABILITY)
    others = max(n_classes - 1, 1)
    weight = _log_odds(skill, n_classes)
    cells = votes.task * n_classes + votes.label
    scores = np.bincount(cells, weights=weight[votes.annotator], minlength=votes.n_tasks * n_classes)
    posterior = _softmax(scores.reshape(votes.n_tasks, n_classes).astype(np.float64))
    _clamp(posterior, known)
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
