"""The methods against published estimates, an independent implementation, and crews with known answers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.majority import majority, weighted_majority
from gonogo.server.consensus.methods import estimate, too_sparse
from gonogo.server.consensus.one_coin import one_coin
from gonogo.server.consensus.votes import Votes
from tests.server.consensus.data_1979 import OBSERVER_1, PUBLISHED_MARGINALS, anaesthetist_votes
from tests.server.consensus.simulate import simulate

CORRECT, INCORRECT, UNSURE = 0, 1, 2


def three(rows: list[list[int]]) -> Votes:
    """Votes of three classes; `rows[t][a]` is what annotator `a` says of task `t`, -1 for nothing."""
    cells = [(t, a, label) for t, row in enumerate(rows) for a, label in enumerate(row) if label >= 0]
    task, annotator, label = zip(*cells, strict=True)
    return Votes.of(task, annotator, label, n_tasks=len(rows), n_annotators=len(rows[0]), n_classes=3)


def test_the_anaesthetists_of_1979_have_their_published_estimates(expected: dict[str, Any]) -> None:
    found = dawid_skene(anaesthetist_votes(), smoothing=0, tolerance=1e-10, max_iterations=1000)
    assert found.converged
    assert np.round(found.class_prior, 2).tolist() == list(PUBLISHED_MARGINALS)
    assert np.round(found.confusion[0], 2).tolist() == [list(row) for row in OBSERVER_1]
    np.testing.assert_allclose(found.confusion, expected["anaesthetists"]["confusion"], atol=1e-6)


def test_the_anaesthetists_come_out_as_with_crowd_kit_after_as_many_steps(expected: dict[str, Any]) -> None:
    found = dawid_skene(anaesthetist_votes(), smoothing=0, max_iterations=100, tolerance=-np.inf)
    assert found.iterations == 100
    assert not found.converged
    np.testing.assert_allclose(found.posterior, expected["anaesthetists"]["posterior"], atol=1e-6)
    np.testing.assert_allclose(found.class_prior, expected["anaesthetists"]["prior"], atol=1e-6)


@pytest.mark.parametrize(("name", "method"), [("dawid_skene", dawid_skene), ("one_coin", one_coin)])
@pytest.mark.parametrize("index", range(3))
def test_stops_where_crowd_kit_stops_with_the_same_posteriors(
    expected: dict[str, Any], index: int, name: str, method: Any
) -> None:
    given = expected["simulated"][index]
    votes = Votes.of(**given["votes"], n_classes=3)
    found = method(votes, smoothing=0, bound="per_label")
    assert found.iterations == given[name]["iterations"]
    np.testing.assert_allclose(found.posterior, given[name]["posterior"], atol=1e-6)
    np.testing.assert_allclose(found.class_prior, given[name]["prior"], atol=1e-6)


def test_the_likelihood_never_falls_from_step_to_step() -> None:
    votes, _ = simulate(4, n_tasks=80, n_annotators=6, n_classes=3, per_task=3)
    for method in (dawid_skene, one_coin):
        reached = [method(votes, smoothing=0, max_iterations=n, tolerance=-np.inf).log_likelihood for n in range(1, 25)]
        assert np.diff(reached).min() > -1e-9


def test_known_answers_expose_a_confident_majority() -> None:
    """Two people who accept everything outvote the one who looks; gold turns that round."""
    gold = [[CORRECT, CORRECT, INCORRECT]] * 20 + [[CORRECT, CORRECT, CORRECT]] * 20
    work = [[CORRECT, CORRECT, INCORRECT]] * 15 + [[CORRECT, CORRECT, CORRECT]] * 45
    votes = three(gold + work)
    assert majority(votes).posterior[40, CORRECT] > 0.8
    known = [INCORRECT] * 20 + [CORRECT] * 20 + [-1] * 60
    anchored = dawid_skene(votes, known=known)
    assert anchored.posterior[40, INCORRECT] > 0.8
    assert anchored.confusion[2, INCORRECT, INCORRECT] > 0.8
    assert anchored.confusion[0, INCORRECT, CORRECT] > 0.8


def test_gold_does_not_count_as_prevalence() -> None:
    votes = three([[INCORRECT] * 3] * 30 + [[CORRECT] * 3] * 30)
    found = dawid_skene(votes, known=[INCORRECT] * 30 + [-1] * 30)
    assert found.class_prior[CORRECT] > 0.9


@pytest.mark.parametrize("method", [dawid_skene, one_coin, weighted_majority, majority])
def test_good_crews_are_read_better_than_chance_and_better_with_more_votes(method: Any) -> None:
    right = []
    for per_task in (1, 3, 7):
        votes, truth = simulate(11, n_tasks=600, n_annotators=14, n_classes=3, per_task=per_task)
        right.append(float((method(votes).posterior.argmax(axis=1) == truth).mean()))
    assert right[-1] > 0.9
    assert right[-1] > right[1] > 0.6


def test_a_spammer_and_an_inverter_lose_their_weight() -> None:
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 300)
    honest = np.where(rng.random((300, 3)) < 0.9, truth[:, None], 1 - truth[:, None])
    rows = np.column_stack([honest, np.zeros(300, dtype=int), 1 - truth])
    votes = Votes.of(np.repeat(np.arange(300), 5), np.tile(np.arange(5), 300), rows.ravel(), n_classes=3)
    found = dawid_skene(votes)
    assert (found.posterior.argmax(axis=1) == truth).mean() > 0.97
    diagonal = found.confusion[:, [0, 1], [0, 1]].mean(axis=1)
    assert diagonal[:3].min() > 0.85
    assert diagonal[3] == pytest.approx(0.5, abs=0.05)
    assert diagonal[4] < 0.1


def test_majority_is_surer_of_two_to_one_than_of_one_to_one() -> None:
    found = majority(three([[0, 0, 1], [0, 1, -1], [1, -1, -1], [0, 1, 2], [-1, -1, -1]]))
    assert found.posterior[0, 0] > 0.75
    assert found.posterior[1, 0] == pytest.approx(found.posterior[1, 1])
    assert found.posterior[2, 1] > 0.8
    assert found.posterior[3] == pytest.approx([1 / 3] * 3)
    assert found.posterior[4] == pytest.approx([1 / 3] * 3)


def test_weighted_majority_trusts_who_was_right_on_gold() -> None:
    gold = [[INCORRECT, CORRECT, CORRECT]] * 12
    votes = three([*gold, [INCORRECT, CORRECT, -1]])
    found = weighted_majority(votes, known=[INCORRECT] * 12 + [-1])
    assert found.posterior[12, INCORRECT] > 0.85
    assert found.confusion[0, 0, 0] > 0.85 > 0.4 > found.confusion[1, 0, 0]


def test_two_votes_that_agree_do_not_make_anybody_look_perfect() -> None:
    found = weighted_majority(three([[CORRECT, CORRECT]] * 50))
    assert found.confusion[:, 0, 0] == pytest.approx([0.9, 0.9])


def test_the_accuracy_of_a_majority_is_fitted() -> None:
    """A split of two to one claims what such splits are worth in this crew, not what a good crew's would be."""
    rng = np.random.default_rng(5)
    truth = rng.integers(0, 2, 2000)
    wrong = rng.random((2000, 3)) > 0.7
    labels = np.where(wrong, 1 - truth[:, None], truth[:, None])
    found = majority(Votes.of(np.repeat(np.arange(2000), 3), np.tile(np.arange(3), 2000), labels.ravel()))
    assert found.confusion[0, 0, 0] == pytest.approx(0.7, abs=0.02)
    split = (labels.sum(axis=1) % 3) != 0
    right = (found.posterior.argmax(axis=1) == truth)[split].mean()
    assert found.posterior.max(axis=1)[split].mean() == pytest.approx(right, abs=0.03)


def test_single_votes_without_gold_fall_back_and_say_so() -> None:
    votes = three([[0, -1], [-1, 1], [0, -1], [0, 1]])
    assert too_sparse(votes, 0)
    assert estimate("dawid_skene", votes).method == "weighted_majority"
    assert estimate("dawid_skene", votes, n_gold_answers=20).method == "dawid_skene"
    assert estimate("one_coin", votes).method == "one_coin"
    twice = three([[0, 0], [0, 1], [0, -1], [-1, -1]])
    assert estimate("dawid_skene", twice).method == "dawid_skene"


def test_single_votes_keep_their_verdict_under_the_fallback() -> None:
    """Dawid–Skene alone would call nearly everything by the commonest verdict."""
    rng = np.random.default_rng(3)
    label = (rng.random(200) < 0.12).astype(int)
    votes = Votes.of(np.arange(200), np.arange(200) % 4, label, n_classes=3)
    found = estimate("dawid_skene", votes)
    assert (found.posterior.argmax(axis=1) == label).all()


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(ValueError, match="guess"):
        estimate("guess", three([[0, 1]]))


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (([0, 1], [0], [0]), "equally long"),
        (([0], [0], [-1]), "negative"),
        (([3], [0], [0]), "size is 2"),
    ],
)
def test_votes_that_do_not_fit_are_refused(columns: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Votes.of(*columns, n_tasks=2)


def test_a_known_class_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="does not exist"):
        dawid_skene(three([[0, 1]]), known=[3])
    with pytest.raises(ValueError, match="one entry a task"):
        dawid_skene(three([[0, 1]]), known=[0, 1])
