"""Calibration of posteriors: tempers them so that they are right as often as they claim.

Voters make the same mistakes on the same hard tasks, which every method here takes for independent evidence. So the
likelihood of the votes is raised to the power 1/T, with one T fitted on gold (C. Guo, G. Pleiss, Y. Sun and
K. Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2: temperature scaling).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.enums import ConsensusMethod
from gonogo.server.consensus.dawid_skene import SMOOTHING
from gonogo.server.consensus.em import MIN_PROBABILITY
from gonogo.server.consensus.votes import UNKNOWN, Consensus, Votes

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints

MIN_GOLD_ANSWERS = 50
"""Gold answers from which a temperature is fitted."""

TEMPERATURES = np.exp(np.linspace(0.0, np.log(5.0), 60))
"""Temperatures that are tried. None is below 1: where a small sample of gold asks for less doubt, that is noise."""
PRIOR_STRENGTH = 6.0
"""Weight of the prior of a temperature, in gold tasks for each squared unit of its logarithm: it pulls towards 1."""

_EDGES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """Gold tasks whose likeliest verdict claims a posterior from `low` to `high`: the mean claim, and how many hold."""

    low: float
    high: float
    n: int
    claimed: float
    n_right: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Reliability table of posteriors on gold, and its expected calibration error (ECE)."""

    bins: list[ReliabilityBin]
    error: float


@dataclass(frozen=True, slots=True, eq=False)
class GoldScores:
    """Log-likelihoods of the votes on each gold task `(n, n_classes)`, its class, and the logarithm of gold's mix."""

    scores: Floats
    classes: Ints
    log_prior: Floats

    def posterior(self, temperature: float) -> Floats:
        """Class probabilities by the votes."""
        return softmax(self.scores / temperature + self.log_prior)


def softmax(scores: Floats) -> Floats:
    """Probabilities of each row of log-weights."""
    weights = np.exp(scores - scores.max(axis=1, keepdims=True, initial=-np.inf))
    shares: Floats = weights / weights.sum(axis=1, keepdims=True)
    return shares


def log_likelihoods(votes: Votes, confusion: Floats) -> Floats:
    """Log-likelihood of each task's votes under each class, shape `(n_tasks, n_classes)`."""
    rates = np.log(np.maximum(confusion, MIN_PROBABILITY))
    scores = np.empty((votes.n_tasks, votes.n_classes))
    for index in range(votes.n_classes):
        weights = rates[votes.annotator, index, votes.label]
        scores[:, index] = np.bincount(votes.task, weights=weights, minlength=votes.n_tasks)
    return scores


def gold_scores(votes: Votes, consensus: Consensus, gold_class: Ints) -> GoldScores:
    """Scores of the gold tasks that have votes, as if each task had taken no part in measuring its voters.

    A voter's row of rates for the true class of a task counts that very vote, which would make Dawid–Skene look better
    on gold than it is anywhere else; it is taken out. The other methods share one accuracy over all votes, where a
    single one hardly counts.
    """
    on_gold = np.flatnonzero(gold_class[votes.task] != UNKNOWN)
    task, annotator, label = votes.task[on_gold], votes.annotator[on_gold], votes.label[on_gold]
    rates = consensus.confusion[annotator, :, label]
    if consensus.method == ConsensusMethod.DAWID_SKENE:
        true_class = gold_class[task]
        behind = consensus.support[annotator, true_class] + SMOOTHING
        own = np.arange(task.size), true_class
        rates[own] = np.maximum(rates[own] * behind - 1.0, MIN_PROBABILITY) / np.maximum(behind - 1.0, 1.0)
    tasks, row = np.unique(task, return_inverse=True)
    logs = np.log(np.maximum(rates, MIN_PROBABILITY))
    scores: Floats = np.stack(
        [np.bincount(row, weights=logs[:, index], minlength=tasks.size) for index in range(votes.n_classes)], axis=1
    )
    classes = gold_class[tasks]
    mix = np.bincount(classes, minlength=votes.n_classes) + 1.0
    return GoldScores(scores, classes, np.log(mix / mix.sum()))


def fit_temperature(gold: GoldScores) -> float:
    """The temperature of least log loss on gold, pulled a little towards 1."""
    rows = np.arange(gold.classes.size)
    losses = [
        -np.log(np.maximum(gold.posterior(t)[rows, gold.classes], MIN_PROBABILITY)).sum()
        + PRIOR_STRENGTH * np.log(t) ** 2
        for t in TEMPERATURES
    ]
    return float(TEMPERATURES[int(np.argmin(losses))])


def reliability(posterior: Floats, classes: Ints) -> Reliability:
    """Reliability table of `posterior` on tasks of known `classes`."""
    claimed, right = posterior.max(axis=1), posterior.argmax(axis=1) == classes
    place = np.clip(np.searchsorted(_EDGES, claimed, side="right") - 1, 0, len(_EDGES) - 2)
    bins = []
    error = 0.0
    for index in np.unique(place).tolist():
        inside = place == index
        n, n_right = int(inside.sum()), int(right[inside].sum())
        mean = float(claimed[inside].mean())
        bins.append(ReliabilityBin(_EDGES[index], _EDGES[index + 1], n, mean, n_right))
        error += abs(mean - n_right / n) * n / len(classes)
    return Reliability(bins, error)
