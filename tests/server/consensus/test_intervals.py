"""Intervals hold the true value as often as they say; where they could not, there is none."""

from __future__ import annotations

import numpy as np
import pytest

from gonogo.server.consensus.agreement import Share, gwet_ac1, krippendorff_alpha
from gonogo.server.consensus.intervals import (
    MIN_DISSENT,
    ac1_interval,
    alpha_interval,
    clustered_interval,
    design_effect,
    mean_share_low,
    t_quantile,
)
from tests.benchmarks.coverage import agreement_coverage, gold_coverage, trust_coverage


@pytest.mark.parametrize(("df", "quantile"), [(3, 3.182), (5, 2.571), (10, 2.228), (50, 2.009), (1e9, 1.960)])
def test_quantiles_of_student(df: float, quantile: float) -> None:
    assert t_quantile(df) == pytest.approx(quantile, rel=0.01)


def test_too_few_disagreements_have_no_interval() -> None:
    few = [[2, 0, 0]] * 200 + [[1, 1, 0]] * (MIN_DISSENT - 1)
    assert krippendorff_alpha(few) is not None
    assert alpha_interval(few) is None
    assert alpha_interval([*few, [1, 1, 0], [0, 2, 0]]) is not None
    assert ac1_interval(few) is not None
    assert ac1_interval([[2, 0, 0]] * 200) is None


def test_the_interval_of_ac1_holds_it_and_narrows_with_units() -> None:
    few = [[2, 0, 0]] * 40 + [[0, 2, 0]] * 5 + [[1, 1, 0]] * 5 + [[1, 0, 0]] * 9
    wide, narrow, ac1 = ac1_interval(few), ac1_interval(few * 16), gwet_ac1(few)
    assert wide is not None
    assert narrow is not None
    assert ac1 is not None
    assert wide.low < ac1 < wide.high
    assert 4 < (wide.high - wide.low) / (narrow.high - narrow.low) < 8  # few units leave few degrees of freedom


@pytest.mark.slow
@pytest.mark.parametrize("crew", ["average", "accepting"])
@pytest.mark.parametrize("votes", [2, 3])
def test_intervals_of_agreement_cover_with_fifty_tasks(crew: str, votes: int) -> None:
    found = agreement_coverage(crew, 0.2, 50, votes, repetitions=500)
    assert found["alpha"]["covered"] >= 0.92 - 0.025  # 500 campaigns: 95 % within 0.025
    assert found["alpha"]["shown"] >= 0.8
    assert found["ac1"]["covered"] >= 0.92 - 0.025


@pytest.mark.slow
@pytest.mark.parametrize("answers", [10, 20, 50])
@pytest.mark.parametrize("habit", ["careful", "accepts", "random"])
def test_trust_lies_below_the_truth(habit: str, answers: int) -> None:
    assert trust_coverage(habit, answers, repetitions=2000)["below"] >= 0.95


@pytest.mark.slow
def test_a_pooled_share_of_clustered_answers_covers() -> None:
    found = gold_coverage(spread=1.5, items=25, answers=8, repetitions=800)
    assert found["wilson alone"] < 0.85
    assert found["by design effect"] >= 0.92


def test_answers_that_do_not_cluster_have_no_design_effect() -> None:
    k, n = [1, 0, 1, 0] * 10, [2] * 40
    assert design_effect(k, n) == 1.0
    assert design_effect([8, 0] * 10, [8] * 20) == pytest.approx(8, rel=0.1)
    plain = Share(20, 80).interval
    found = clustered_interval(k, n)
    assert plain is not None
    assert found is not None
    assert found.low == pytest.approx(plain.low, abs=0.01)
    assert clustered_interval([], []) is None


def test_one_lucky_answer_does_not_make_a_guesser_trusted() -> None:
    low = mean_share_low(np.array([[5, 4, 1]]), np.array([[10, 10, 1]]))
    assert low[0] < 0.4
    assert mean_share_low(np.array([[40, 40, 10]]), np.array([[40, 40, 10]]))[0] > 0.85
