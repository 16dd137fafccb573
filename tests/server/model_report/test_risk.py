"""Risk of accepting unseen: estimates and bounds, checked against simulations whose truth is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from gonogo.server.model_report.risk import (
    Outcomes,
    accept_above,
    as_outcomes,
    minimum_known,
    paired_difference,
    risk_of,
)


def simulated(rng: np.random.Generator, n: int, seen: str, share: float) -> tuple[Outcomes, float]:
    """`n` predictions whose error is one minus their confidence, looked at by `seen`; and the share that is wrong."""
    confidence = rng.beta(6, 1, n)
    wrong = rng.random(n) > confidence
    if seen == "unsure first":
        known = confidence <= np.quantile(confidence, share)
        known |= rng.random(n) < 0.1  # and a tenth of the others
    else:
        known = rng.random(n) < share
    return Outcomes(confidence, known, wrong), float(wrong.mean())


@pytest.mark.parametrize("seen", ["at random", "unsure first"])
def test_the_interval_holds_the_true_share_of_errors_as_often_as_it_says(seen: str) -> None:
    rng = np.random.default_rng(7)
    runs = [simulated(rng, 2000, seen, 0.2) for _ in range(400)]
    held = [risk_of(outcomes).interval.low <= wrong <= risk_of(outcomes).interval.high for outcomes, wrong in runs]
    assert np.mean(held) >= 0.94


def test_a_plain_share_of_what_was_looked_at_first_would_be_wrong_and_the_estimate_is_not() -> None:
    rng = np.random.default_rng(3)
    outcomes, wrong = simulated(rng, 50_000, "unsure first", 0.2)
    plain = float(outcomes.wrong[outcomes.known].mean())
    risk = risk_of(outcomes)
    assert not risk.pooled
    assert plain > 1.5 * wrong
    assert risk.error == pytest.approx(wrong, abs=0.01)


def test_levels_that_nobody_looked_at_may_be_all_wrong() -> None:
    confidence = np.linspace(0.5, 1, 1000)
    outcomes = Outcomes(confidence, confidence < 0.75, np.zeros(1000, dtype=bool))
    risk = risk_of(outcomes)
    assert risk.error is None
    assert risk.interval.high >= 0.45


def test_nothing_known_says_nothing() -> None:
    risk = risk_of(as_outcomes([0.9, None, 0.4], [None, None, None]))
    assert (risk.n, risk.n_known, risk.error, risk.interval.low, risk.interval.high) == (3, 0, None, 0.0, 1.0)


def test_predictions_without_a_confidence_are_a_level_of_their_own_and_never_accepted() -> None:
    outcomes = as_outcomes([None] * 1000, [True] * 1000)
    assert risk_of(outcomes).error == 0
    assert accept_above(outcomes, 0.01) is None


def test_the_threshold_misses_its_bound_in_few_of_many_campaigns() -> None:
    rng = np.random.default_rng(11)
    missed = tried = 0
    for _ in range(200):
        confidence = rng.beta(8, 1, 3000)
        wrong = rng.random(3000) > confidence**0.5
        outcomes = Outcomes(confidence, rng.random(3000) < 0.5, wrong)
        cut = accept_above(outcomes, 0.03)
        if cut is None:
            continue
        tried += 1
        true_error = float(1 - np.sqrt(confidence[confidence >= cut]).mean())
        missed += true_error > 0.03
    assert tried >= 100
    assert missed / tried <= 0.05


def test_a_bound_that_the_known_outcomes_cannot_carry_gives_no_threshold() -> None:
    n = minimum_known(0.005)
    right = as_outcomes([0.99] * n, [True] * n)
    assert accept_above(right, 0.005) == 0.99
    few = as_outcomes([0.99] * (n - 1), [True] * (n - 1))
    assert accept_above(few, 0.005) is None


def test_the_paired_difference_has_an_interval_that_covers_the_true_one() -> None:
    rng = np.random.default_rng(5)
    held = 0
    for _ in range(2000):
        hard = rng.random(150) < 0.2
        first = rng.random(150) < np.where(hard, 0.5, 0.97)
        second = rng.random(150) < np.where(hard, 0.4, 0.95)
        found = paired_difference(int((first & ~second).sum()), int((second & ~first).sum()), 150)
        assert found is not None
        _, interval = found
        held += interval.low <= 0.2 * 0.1 + 0.8 * 0.02 <= interval.high
    assert held / 2000 >= 0.94
    assert paired_difference(0, 0, 0) is None
    assert math.isclose(paired_difference(3, 1, 10)[0], 0.2)  # type: ignore[index]
