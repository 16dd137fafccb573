"""Alpha, AC1 and intervals against published numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gonogo.server.consensus.agreement import (
    Interval,
    Share,
    count_votes,
    gwet_ac1,
    items_to_settle,
    krippendorff_alpha,
    wilson_interval,
)
from gonogo.server.consensus.intervals import alpha_interval

# K. Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), examples A, B and C: a string an observer.
MEG_OWEN = ["0100000010", "1110010000"]
BEN_GERRY = ["aabbdcccedda", "babbbccceddd"]
FOUR_OBSERVERS = ["123321412...", "1233224125.3", ".3332342251.", "12332441251."]
# The worked example of Wikipedia's article on alpha: three coders, 15 units.
THREE_CODERS = [".....34121133.3", "1.213343.......", "..21344.21133.4"]


def table(rows: list[str]) -> np.ndarray:
    """Counts from one string an observer, one character a unit, `.` where missing."""
    values = sorted({value for row in rows for value in row} - {"."})
    cells = [(unit, values.index(value)) for row in rows for unit, value in enumerate(row) if value != "."]
    unit, label = zip(*cells, strict=True)
    return count_votes(unit, label, len(rows[0]), len(values))


@pytest.mark.parametrize(
    ("rows", "published"),
    [(MEG_OWEN, 0.095), (BEN_GERRY, 0.692), (FOUR_OBSERVERS, 0.743), (THREE_CODERS, 0.691)],
)
def test_alpha_of_the_worked_examples(rows: list[str], published: float) -> None:
    alpha = krippendorff_alpha(table(rows))
    assert alpha is not None
    assert round(alpha, 3) == published


def test_alpha_equals_another_implementation(expected: dict[str, Any]) -> None:
    for given in expected["alphas"]:
        assert krippendorff_alpha(given["counts"]) == pytest.approx(given["alpha"], abs=1e-11)


def test_ac1_of_the_published_example() -> None:
    """`gwet.ac1.raw(cac.raw4raters)` of Gwet's package irrCAC, on the same four observers: 0.77544."""
    assert gwet_ac1(table(FOUR_OBSERVERS)) == pytest.approx(0.77544, abs=5e-6)


@pytest.mark.parametrize(
    "counts",
    [np.zeros((0, 3)), np.zeros((4, 3)), np.eye(3), [[3, 0, 0]] * 9],
    ids=["no tasks", "no votes", "single votes", "no variation"],
)
def test_alpha_is_undefined_where_there_is_nothing_to_measure(counts: Any) -> None:
    assert krippendorff_alpha(counts) is None
    assert alpha_interval(counts) is None


def test_perfect_agreement_with_variation_is_one() -> None:
    counts = [[2, 0, 0]] * 5 + [[0, 2, 0]] * 5
    assert krippendorff_alpha(counts) == 1
    assert gwet_ac1(counts) == 1


def test_alpha_falls_where_one_class_is_common_and_ac1_does_not() -> None:
    even = [[2, 0]] * 45 + [[0, 2]] * 45 + [[1, 1]] * 10
    rare = [[2, 0]] * 85 + [[0, 2]] * 5 + [[1, 1]] * 10
    alpha_even, alpha_rare = krippendorff_alpha(even), krippendorff_alpha(rare)
    ac1_even, ac1_rare = gwet_ac1(even), gwet_ac1(rare)
    assert alpha_even is not None
    assert alpha_rare is not None
    assert ac1_even is not None
    assert ac1_rare is not None
    assert alpha_even - alpha_rare > 0.2
    assert abs(ac1_even - ac1_rare) < 0.1


def test_the_interval_holds_alpha_narrows_with_units_and_is_the_same_every_time() -> None:
    few = [[2, 0]] * 34 + [[0, 2]] * 10 + [[1, 1]] * 6
    many = few * 16
    narrow, wide, alpha = alpha_interval(many), alpha_interval(few), krippendorff_alpha(few)
    assert narrow is not None
    assert wide is not None
    assert alpha is not None
    assert wide.low < alpha < wide.high
    assert (wide.high - wide.low) / (narrow.high - narrow.low) == pytest.approx(
        5.5, rel=0.25
    )  # few units leave few degrees of freedom
    assert alpha_interval(many) == narrow


def test_interval_of_many_different_units() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 40, (1500, 3))
    assert len(np.unique(counts, axis=0)) > 1000
    interval, alpha = alpha_interval(counts), krippendorff_alpha(counts)
    assert interval is not None
    assert alpha is not None
    assert interval.low < alpha < interval.high


@pytest.mark.parametrize(
    ("k", "n", "low", "high"),
    [(4, 5, 0.376, 0.964), (9, 10, 0.596, 0.982), (19, 20, 0.764, 0.991), (45, 50, 0.786, 0.957)],
)
def test_wilson_interval(k: int, n: int, low: float, high: float) -> None:
    found = wilson_interval(k, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-4)


def test_wilson_interval_at_the_ends() -> None:
    assert wilson_interval(0, 0) == Interval(0, 1)
    assert wilson_interval(0, 10).low == 0
    assert wilson_interval(10, 10).high == 1
    assert Share(0, 0).share is None
    assert Share(0, 0).interval is None


def test_items_to_settle() -> None:
    assert items_to_settle(0.9, Interval(0.85, 0.95), 0.8, 100) == 0
    assert items_to_settle(0.6, Interval(0.5, 0.7), 0.8, 100) == 0
    assert items_to_settle(0.85, Interval(0.75, 0.95), 0.8, 100) == 300
    assert items_to_settle(0.75, Interval(0.65, 0.85), 0.8, 100) == 300
    assert items_to_settle(0.8, Interval(0.7, 0.9), 0.8, 100) is None
    assert items_to_settle(None, None, 0.8, 0) is None
