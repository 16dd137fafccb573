"""What holds for any votes whatever."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.server.consensus.agreement import gwet_ac1, krippendorff_alpha
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.intervals import alpha_interval
from gonogo.server.consensus.majority import majority, weighted_majority
from gonogo.server.consensus.one_coin import one_coin
from gonogo.server.consensus.votes import Votes, prior_confusion

METHODS = [dawid_skene, one_coin, weighted_majority, majority]


@st.composite
def some_votes(draw: st.DrawFn) -> tuple[Votes, list[int]]:
    """Any votes, repeated and missing ones too, and any known classes."""
    n_tasks, n_annotators, n_classes = (draw(st.integers(1, top)) for top in (7, 5, 4))
    cell = st.tuples(st.integers(0, n_tasks - 1), st.integers(0, n_annotators - 1), st.integers(0, n_classes - 1))
    cells = draw(st.lists(cell, max_size=40))
    task, annotator, label = zip(*cells, strict=True) if cells else ((), (), ())
    known = draw(st.lists(st.integers(-1, n_classes - 1), min_size=n_tasks, max_size=n_tasks))
    sizes = {"n_tasks": n_tasks, "n_annotators": n_annotators, "n_classes": n_classes}
    return Votes.of(task, annotator, label, **sizes), known


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=60, deadline=None)
@given(data=some_votes(), smoothing=st.sampled_from([0.0, 0.5, 4.0]))
def test_everything_is_a_finite_probability_and_known_tasks_keep_their_class(
    method: Any, data: tuple[Votes, list[int]], smoothing: float
) -> None:
    votes, known = data
    options = {} if method is majority else {"smoothing": smoothing}
    found = method(votes, known=known, **options)
    for table in (found.posterior, found.confusion, found.class_prior):
        assert np.isfinite(table).all()
        assert ((table >= 0) & (table <= 1 + 1e-12)).all()
        assert table.sum(axis=-1) == pytest.approx(1)
    assert np.isfinite(found.log_likelihood)
    assert (found.support >= 0).all()
    for task, answer in enumerate(known):
        if answer >= 0:
            assert found.posterior[task, answer] == 1


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=40, deadline=None)
@given(data=some_votes(), random=st.randoms(use_true_random=False))
def test_the_order_of_votes_and_tasks_does_not_matter(method: Any, data: tuple[Votes, list[int]], random: Any) -> None:
    votes, known = data
    order = list(range(len(votes)))
    random.shuffle(order)
    new_place = list(range(votes.n_tasks))
    random.shuffle(new_place)
    moved = Votes.of(
        np.array(new_place)[votes.task[order]],
        votes.annotator[order],
        votes.label[order],
        n_tasks=votes.n_tasks,
        n_annotators=votes.n_annotators,
        n_classes=votes.n_classes,
    )
    moved_known = np.empty(votes.n_tasks, dtype=int)
    moved_known[new_place] = known
    before, after = method(votes, known=known), method(moved, known=moved_known)
    np.testing.assert_allclose(after.posterior[new_place], before.posterior, atol=1e-9)
    np.testing.assert_allclose(after.confusion, before.confusion, atol=1e-9)


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=20, deadline=None)
@given(data=some_votes())
def test_a_rerun_gives_the_same_bits(method: Any, data: tuple[Votes, list[int]]) -> None:
    votes, known = data
    first, second = method(votes, known=known), method(votes, known=known)
    assert first.posterior.tobytes() == second.posterior.tobytes()
    assert first.confusion.tobytes() == second.confusion.tobytes()
    assert first.log_likelihood == second.log_likelihood


def plain_dawid_skene(votes: Votes, known: list[int], smoothing: float, steps: int) -> np.ndarray:
    """The model as its formulas stand, with loops: the posterior after so many steps."""
    tasks, people, classes = votes.n_tasks, votes.n_annotators, votes.n_classes
    given_by = np.zeros((tasks, people, classes))
    np.add.at(given_by, (votes.task, votes.annotator, votes.label), 1)
    posterior = given_by.sum(axis=1)
    pseudo = smoothing * prior_confusion(classes)
    prior = rates = np.ones(0)
    for step in range(steps + 1):
        if step:
            scores = np.log(prior) + np.einsum("tal,ajl->tj", given_by, np.log(rates))
            posterior = np.exp(scores - scores.max(axis=1, keepdims=True))
        posterior /= posterior.sum(axis=1, keepdims=True)
        for task, answer in enumerate(known):
            if answer >= 0:
                posterior[task] = np.eye(classes)[answer]
        free = [task for task, answer in enumerate(known) if answer < 0] or list(range(tasks))
        prior = posterior[free].sum(axis=0) + 1
        prior /= prior.sum()
        rates = np.einsum("tj,tal->ajl", posterior, given_by) + pseudo
        rates /= rates.sum(axis=2, keepdims=True)
    final: np.ndarray[Any, Any] = posterior
    return final


@pytest.mark.parametrize("most", [3, 40], ids=["votes of a task fit into one integer", "they do not"])
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), n_known=st.integers(0, 4))
def test_dawid_skene_is_its_formulas(most: int, seed: int, n_known: int) -> None:
    rng = np.random.default_rng(seed)
    per_task = np.maximum(rng.integers(1, most + 1, 9), most * (np.arange(9) == 0))
    task = np.repeat(np.arange(9), per_task)
    label = np.concatenate([np.arange(3), rng.integers(0, 3, task.size - 3)])
    votes = Votes.of(task, rng.integers(0, 5, task.size), label, n_tasks=9, n_annotators=5, n_classes=3)
    known = [int(rng.integers(0, 3)) if index >= 9 - n_known else -1 for index in range(9)]
    found = dawid_skene(votes, known=known, smoothing=2, max_iterations=7, tolerance=-np.inf)
    np.testing.assert_allclose(found.posterior, plain_dawid_skene(votes, known, 2, 7), atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=12))
def test_agreement_is_defined_or_none_and_its_interval_is_in_order(counts: list[list[int]]) -> None:
    alpha, ac1 = krippendorff_alpha(counts), gwet_ac1(counts)
    interval = alpha_interval(counts)
    assert alpha is None or -1 <= alpha <= 1
    assert ac1 is None or -1 <= ac1 <= 1
    assert interval is None or (alpha is not None and interval.low <= interval.high <= 1)
    assert interval == alpha_interval(counts)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=12),
    st.permutations(range(3)),
)
def test_alpha_does_not_care_what_the_classes_are_called(counts: list[list[int]], order: list[int]) -> None:
    table = np.array(counts)
    before, after = krippendorff_alpha(table), krippendorff_alpha(table[::-1][:, order])
    assert (before is None) == (after is None)
    if before is not None:
        assert after == pytest.approx(before, abs=1e-9)
