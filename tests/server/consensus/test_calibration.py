"""Posteriors claim what they are worth, where gold tells what that is."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.server.consensus.calibration import fit_temperature, gold_scores, log_likelihoods, reliability, softmax
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.votes import UNKNOWN, Votes


def crew(seed: int, hard: float, *, n_tasks: int = 1500, people: int = 6) -> tuple[Votes, np.ndarray, np.ndarray]:
    """Votes of everybody on every task, the truth, and a tenth of it known; on `hard` tasks most are wrong together."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, n_tasks)
    accuracy = np.where(rng.random(n_tasks) < hard, 0.35, 0.92)
    right = rng.random((n_tasks, people)) < accuracy[:, None]
    label = np.where(right, truth[:, None], 1 - truth[:, None])
    votes = Votes.of(np.repeat(np.arange(n_tasks), people), np.tile(np.arange(people), n_tasks), label.ravel())
    return votes, truth, np.where(rng.random(n_tasks) < 0.1, truth, UNKNOWN)


@pytest.mark.parametrize("seed", range(4))
def test_errors_that_come_together_are_tempered(seed: int) -> None:
    votes, truth, known = crew(seed, hard=0.3)
    consensus = dawid_skene(votes, known=known)
    temperature = fit_temperature(gold_scores(votes, consensus, known))
    assert temperature > 1.3
    prior = np.log(consensus.class_prior)
    scores, unknown = log_likelihoods(votes, consensus.confusion), known == UNKNOWN
    before, after = (reliability(softmax(scores / t + prior)[unknown], truth[unknown]) for t in (1.0, temperature))
    assert after.error < 0.7 * before.error


@pytest.mark.parametrize("seed", range(4))
def test_independent_errors_are_left_alone(seed: int) -> None:
    votes, _, known = crew(seed, hard=0.0)
    assert fit_temperature(gold_scores(votes, dawid_skene(votes, known=known), known)) < 1.4


def test_a_gold_task_is_scored_as_if_it_had_not_measured_its_voters() -> None:
    """Four votes that are wrong on gold shall not look likely because they were counted themselves."""
    votes = Votes.of([0, 0, 0, 0], [0, 1, 2, 3], [1, 1, 1, 1], n_classes=2)
    known = np.array([0])
    consensus = dawid_skene(votes, known=known)
    naive = softmax(log_likelihoods(votes, consensus.confusion))[0, 0]
    gold = gold_scores(votes, consensus, known)
    assert softmax(gold.scores)[0, 0] < naive / 2


@pytest.mark.parametrize("gold_class", [0, 1])
def test_gold_that_is_all_right_or_all_wrong_gives_a_temperature(gold_class: int) -> None:
    votes = Votes.of(np.repeat(np.arange(30), 3), np.tile([0, 1, 2], 30), np.tile([0, 1, gold_class], 30), n_classes=3)
    known = np.full(30, gold_class)
    assert 1.0 <= fit_temperature(gold_scores(votes, dawid_skene(votes, known=known), known)) <= 5.0


def test_a_reliability_table_adds_up() -> None:
    posterior = np.array([[0.96, 0.04], [0.97, 0.03], [0.6, 0.4], [0.4, 0.6]])
    table = reliability(posterior, np.array([0, 1, 0, 1]))
    assert [(row.n, row.n_right) for row in table.bins] == [(2, 2), (2, 1)]
    assert table.error == pytest.approx(0.5 * 0.4 + 0.5 * (0.965 - 0.5))
