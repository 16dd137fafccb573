"""Consensus of a whole campaign: computes the outcome of every task and the record of every voter.

Computes only; `store_consensus` writes what changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.verdicts import CLASS_OF
from gonogo.server.consensus.decide import (
    Outcome,
    Truth,
    same_value,
)
from gonogo.server.consensus.intervals import mean_share_low
from gonogo.server.consensus.methods import estimate
from gonogo.server.consensus.votes import UNKNOWN, Consensus
from gonogo.server.scoring.campaign_outcomes import decide_all, shares_asking_on
from gonogo.server.scoring.gc_pause import gc_paused
from gonogo.server.scoring.posterior_calibration import Calibration, calibrate
from gonogo.server.scoring.vote_matrix import VoteMatrix

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints
    from gonogo.server.scoring.vote_matrix import Mask


MIN_GOLD_ANSWERS = 10
"""Gold answers below which a person gets no score."""


@dataclass(frozen=True, slots=True, eq=False)
class ConsensusResult:
    """Consensus of a vote matrix; `outcomes` per task, `reliability` and `trust` per voter, 0…1 (trust NaN if unknown).

    The posteriors of `consensus` are the calibrated ones.
    """

    matrix: VoteMatrix
    consensus: Consensus
    calibration: Calibration
    outcomes: Sequence[Outcome]
    reliability: Floats
    trust: Floats
    asks_on: list[float] | None


def compute_consensus(matrix: VoteMatrix, method: str) -> ConsensusResult:
    """Consensus of all tasks and scores of all voters by `method`, a `ConsensusMethod`."""
    n_gold_answers = int(matrix.is_gold[matrix.votes.task].sum())
    consensus = estimate(method, matrix.votes, known=matrix.known, n_gold_answers=n_gold_answers)
    reliability, trust = score_voters(matrix, consensus)
    calibration = calibrate(matrix, consensus)
    consensus = replace(consensus, posterior=calibration.posterior)
    with gc_paused():
        outcomes = decide_all(matrix, consensus, reliability, calibration.by_votes)
    return ConsensusResult(matrix, consensus, calibration, outcomes, reliability, trust, shares_asking_on(matrix))


def score_voters(matrix: VoteMatrix, consensus: Consensus) -> tuple[Floats, Floats]:
    """Reliability and trust of each voter, shape `(n_annotators,)`.

    Reliability is the mean diagonal of the confusion matrix, over the classes of which gold knows answers, or, where
    gold knows none, over those that occur. Trust is the lower end of its 95 % interval by the person's gold answers
    alone, NaN below 10 of them: what a consensus says of the voters who made it is no evidence.
    """
    n_annotators, n_classes = consensus.support.shape
    known = np.bincount(matrix.gold_class[matrix.gold_class != UNKNOWN], minlength=n_classes)
    classes = np.flatnonzero(known if known.any() else consensus.support.sum(axis=0) > 0)
    if not classes.size:
        return np.ones(n_annotators), np.full(n_annotators, np.nan)
    reliability = consensus.confusion[:, classes, classes].mean(axis=1)
    answers, right = _gold_answers(matrix, n_classes)
    trust = np.minimum(mean_share_low(right[:, classes], answers[:, classes]), reliability)
    return reliability, np.where(answers.sum(axis=1) >= MIN_GOLD_ANSWERS, trust, np.nan)


def _gold_answers(matrix: VoteMatrix, n_classes: int) -> tuple[Ints, Ints]:
    """Per voter and class of the answer: gold answers, and how many had the right verdict."""
    votes = matrix.votes
    truth = matrix.gold_class[votes.task]
    cell, size = votes.annotator * n_classes + truth, votes.n_annotators * n_classes
    on_gold = truth != UNKNOWN
    answers = np.bincount(cell[on_gold], minlength=size)
    right = np.bincount(cell[on_gold & (truth == votes.label)], minlength=size)
    return answers.reshape(-1, n_classes), right.reshape(-1, n_classes)


def consensus_matches(result: ConsensusResult) -> tuple[Mask, Mask]:
    """Per vote: whether its task is resolved, and whether the vote equals that consensus."""
    votes, outcomes = result.matrix.votes, result.outcomes
    verdicts = np.array(
        [UNKNOWN if outcome.verdict is None else CLASS_OF[outcome.verdict] for outcome in outcomes], dtype=np.intp
    )
    resolved = verdicts[votes.task] != UNKNOWN
    same = verdicts[votes.task] == votes.label
    return resolved, _drop_other_values(result.matrix, same, outcomes)


def gold_matches(matrix: VoteMatrix) -> tuple[Mask, Mask]:
    """Per vote: whether its task is gold with a known answer, and whether the vote equals that answer."""
    answer = matrix.gold_class[matrix.votes.task]
    is_gold = answer != UNKNOWN
    same = is_gold & (answer == matrix.votes.label)
    return is_gold, _drop_other_values(matrix, same, matrix.truths)


def _drop_other_values(matrix: VoteMatrix, same: Mask, references: Sequence[Outcome | Truth | None]) -> Mask:
    """`same` without the votes whose value is not the reference's; `references` per task."""
    if not matrix.values:
        return same
    with_value = np.fromiter(matrix.values, dtype=np.intp)
    task = matrix.votes.task[with_value].tolist()
    expected = [None if (reference := references[t]) is None else reference.value for t in task]
    pairs = zip(matrix.values.values(), expected, strict=True)
    same[with_value] &= np.array([same_value(given, value) for given, value in pairs], dtype=np.bool_)
    return same
