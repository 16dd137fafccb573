"""Posterior calibration: corrects a campaign's posteriors by its gold, and by the model's confidence where it helps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from gonogo.server.consensus.calibration import (
    MIN_GOLD_ANSWERS,
    Reliability,
    fit_temperature,
    gold_scores,
    log_likelihoods,
    reliability,
    softmax,
)
from gonogo.server.consensus.decide import CORRECT, INCORRECT
from gonogo.server.consensus.em import MIN_PROBABILITY
from gonogo.server.consensus.model_confidence import Evidence, fit_evidence
from gonogo.server.consensus.votes import UNKNOWN, Consensus
from gonogo.server.scoring.campaign_outcomes import safe_verdicts
from gonogo.server.scoring.vote_matrix import VoteMatrix

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Calibrated posteriors of a campaign.

    Attributes:
        posterior: Class probabilities of each task, known answers included.
        by_votes: The same as if no answer were known.
        temperature: What the likelihoods were tempered with; 1 below 50 gold answers.
        evidence: Whether the model's confidence is used, and how.
        reliability: Of the posteriors on gold; `None` below 50 gold answers.
    """

    posterior: Floats
    by_votes: Floats
    temperature: float
    evidence: Evidence
    reliability: Reliability | None


def calibrate(matrix: VoteMatrix, consensus: Consensus) -> Calibration:
    """Tempers the posteriors of `consensus`, and enters the model's confidence as a factor on the prior."""
    votes = matrix.votes
    temperature, table = 1.0, None
    if int((matrix.gold_class[votes.task] != UNKNOWN).sum()) >= MIN_GOLD_ANSWERS:
        gold = gold_scores(votes, consensus, matrix.gold_class)
        temperature = fit_temperature(gold)
        table = reliability(gold.posterior(temperature), gold.classes)
    scores = log_likelihoods(votes, consensus.confusion) / temperature
    scores += np.log(np.maximum(consensus.class_prior, MIN_PROBABILITY))
    by_votes = softmax(scores)
    posterior = consensus.posterior if temperature == 1.0 else _with_known(by_votes, matrix.known)
    evidence = fit_evidence(matrix.confidence, _outcomes(matrix, posterior), posterior.shape[1], CORRECT, INCORRECT)
    if evidence.is_used:
        by_votes = by_votes * evidence.of(matrix.confidence)
        by_votes /= by_votes.sum(axis=1, keepdims=True)
        posterior = _with_known(by_votes, matrix.known)
    return Calibration(posterior, by_votes, temperature, evidence, table)


def _with_known(posterior: Floats, known: Ints) -> Floats:
    is_known = np.flatnonzero(known != UNKNOWN)
    whole = posterior.copy()
    whole[is_known] = 0.0
    whole[is_known, known[is_known]] = 1.0
    return whole


def _outcomes(matrix: VoteMatrix, posterior: Floats) -> Ints:
    """Class of each task that is known, or safe by its votes alone; `UNKNOWN` elsewhere.

    The confidence takes no part, or it would prove itself. Gold with a seeded error is left out: its confidence is that
    of a right prediction.
    """
    if np.isnan(matrix.confidence).all():
        return np.full(len(matrix.tasks), UNKNOWN, dtype=np.intp)
    outcome = safe_verdicts(matrix, posterior)
    outcome = np.where(matrix.known != UNKNOWN, matrix.known, outcome)
    seeded = [index for index in matrix.error_types if matrix.is_gold[index]]
    outcome[seeded] = UNKNOWN
    return outcome
