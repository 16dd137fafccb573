"""The model's confidence counts where it tells right from wrong, and only there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.consensus.decide import evidence_factors
from gonogo.server.consensus.model_confidence import Evidence, area_under_curve, fit_evidence

NAN = float("nan")


def fit(confidence: object, outcome: object) -> Evidence:
    return fit_evidence(np.asarray(confidence, dtype=np.float64), np.asarray(outcome), 3, 0, 1)


def informative(n: int = 400, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    outcome = rng.choice(3, n, p=(0.85, 0.12, 0.03))
    return np.where(outcome == 0, rng.beta(5, 1.5, n), rng.beta(2, 3, n)), outcome


def test_a_low_confidence_raises_the_odds_of_a_wrong_reading() -> None:
    found = fit(*informative())
    assert found.is_used
    assert found.auc is not None
    assert found.auc > 0.8
    low, high = found.of(np.array([0.1, 0.95]))
    assert low[1] / low[0] > 2 > 0.5 > high[1] / high[0]


def test_confidences_that_tell_nothing_are_left_out() -> None:
    confidence, outcome = informative()
    constant = fit(np.full(400, 0.9), outcome)
    inverted = fit(1 - confidence, outcome)
    shuffled = fit(np.random.default_rng(2).permutation(confidence), outcome)
    assert [found.is_used for found in (constant, inverted, shuffled)] == [False] * 3
    assert constant.auc == 0.5
    assert inverted.auc is not None
    assert inverted.auc < 0.3


def test_too_few_known_outcomes_or_only_one_kind_are_left_out() -> None:
    confidence, outcome = informative(60)
    assert not fit(confidence[:25], outcome[:25]).is_used
    assert not fit(confidence, np.zeros(60, dtype=int)).is_used  # all gold right
    assert not fit(confidence, np.ones(60, dtype=int)).is_used
    for nothing in (fit(np.full(60, NAN), outcome), fit([], np.array([], dtype=int))):
        assert (nothing.n_known, nothing.auc, nothing.is_used, nothing.stored()) == (0, None, False, None)


def test_confidences_of_nought_and_one_make_bins_of_their_own() -> None:
    rng = np.random.default_rng(3)
    outcome = rng.choice(2, 300, p=(0.8, 0.2))
    confidence = np.where(rng.random(300) < np.where(outcome == 0, 0.9, 0.3), 1.0, 0.0)
    found = fit(confidence, outcome)
    assert found.is_used
    zero, full = found.of(np.array([0.0, 1.0]))
    assert zero[1] / zero[0] > 3 > 0.5 > full[1] / full[0]
    assert np.isfinite(np.array(found.factors)).all()


def test_a_task_without_a_confidence_is_not_moved() -> None:
    found = fit(*informative())
    assert found.of(np.array([NAN])).tolist() == [[1.0, 1.0, 1.0]]
    assert evidence_factors(found.stored(), None) is None
    assert evidence_factors(None, 0.5) is None


@given(st.floats(0, 1))
def test_a_submit_reads_the_factors_as_the_refresh_does(confidence: float) -> None:
    found = fit(*informative())
    assert evidence_factors(found.stored(), confidence) == pytest.approx(found.of(np.array([confidence]))[0].tolist())


def test_the_area_under_the_curve_counts_ties_half() -> None:
    area, interval = area_under_curve(np.array([0.5, 0.9]), np.array([0.5, 0.1]))
    assert area == pytest.approx(0.875)
    assert interval.low < area <= interval.high
