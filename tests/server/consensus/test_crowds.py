"""Real crowds with known truth: votes by risk are worth more than as many votes for everybody."""

from __future__ import annotations

import pytest

from tests.benchmarks.crowds import FOLDER, measure

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (FOLDER / "rte.tsv").exists(), reason="the crowds are not beside this checkout"),
]


@pytest.mark.parametrize(("name", "votes", "accuracy", "before"), [("temp", 2, 0.91, 0.852), ("rte", 3, 0.89, 0.858)])
def test_votes_by_risk_reach_what_fixed_votes_do_not(name: str, votes: int, accuracy: float, before: float) -> None:
    found = measure(name, votes, 6, by_risk=True)
    assert found["votes a task"] == pytest.approx(votes, abs=0.02)
    assert found["accuracy"] >= accuracy
    assert measure(name, votes, 6, by_risk=False)["accuracy"] == pytest.approx(before, abs=0.02)


@pytest.mark.parametrize(("name", "before"), [("rte", 0.395), ("temp", 0.352)])
def test_the_log_loss_of_fixed_votes_is_no_worse_than_it_was(name: str, before: float) -> None:
    assert measure(name, 3, 6, by_risk=False)["log loss"] <= before
