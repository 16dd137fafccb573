"""General tolerances: the tables of ISO 2768-1 at their edges, and the values that they say nothing about."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.values import GeneralTolerance, from_json, general_deviation, parse
from gonogo.values.sheet.general_tolerances import (
    LINEAR_CLASSES,
    angle_deviations,
    broken_edge_deviation,
    size_deviation,
)

SIZES = st.decimals("0.01", "5000", places=2)
MEDIUM = GeneralTolerance("m")
CLASSES = st.sampled_from(LINEAR_CLASSES)


@pytest.mark.parametrize(
    ("size", "f", "m", "c", "v"),
    [
        ("0.49", None, None, None, None), ("0.5", "0.05", "0.1", "0.2", None), ("3", "0.05", "0.1", "0.2", None),
        ("3.01", "0.05", "0.1", "0.3", "0.5"), ("6", "0.05", "0.1", "0.3", "0.5"), ("6.01", "0.1", "0.2", "0.5", "1"),
        ("30", "0.1", "0.2", "0.5", "1"), ("30.01", "0.15", "0.3", "0.8", "1.5"), ("120", "0.15", "0.3", "0.8", "1.5"),
        ("120.01", "0.2", "0.5", "1.2", "2.5"), ("400.01", "0.3", "0.8", "2", "4"), ("1000", "0.3", "0.8", "2", "4"),
        ("1000.01", "0.5", "1.2", "3", "6"), ("2000.01", None, "2", "4", "8"), ("4000", None, "2", "4", "8"),
        ("4000.01", None, None, None, None),
    ],
)  # fmt: skip
def test_linear_sizes_have_the_deviation_of_their_range(
    size: str, f: str | None, m: str | None, c: str | None, v: str | None
) -> None:
    for letter, deviation in zip(LINEAR_CLASSES, (f, m, c, v), strict=True):
        assert size_deviation(Decimal(size), letter) == (None if deviation is None else Decimal(deviation))


@pytest.mark.parametrize(
    ("size", "m", "v"),
    [("0.4", None, None), ("0.5", "0.2", "0.4"), ("3", "0.2", "0.4"), ("3.5", "0.5", "1"), ("6.1", "1", "2")],
)
def test_broken_edges_have_limits_of_their_own(size: str, m: str | None, v: str | None) -> None:
    for same, deviation in (("fm", m), ("cv", v)):
        for letter in same:
            assert broken_edge_deviation(Decimal(size), letter) == (None if deviation is None else Decimal(deviation))


def test_angles_get_narrower_with_the_length_of_their_side() -> None:
    assert angle_deviations("m") == (60, 30, 20, 10, 5)
    assert angle_deviations("v")[0] == 180
    for letter in LINEAR_CLASSES:
        assert list(angle_deviations(letter)) == sorted(angle_deviations(letter), reverse=True)


@given(SIZES, SIZES, CLASSES)
def test_a_larger_size_is_never_held_closer(one_size: Decimal, other: Decimal, letter: str) -> None:
    small, large = (size_deviation(size, letter) for size in sorted((one_size, other)))
    if small is not None and large is not None:
        assert small <= large


@given(SIZES)
def test_a_coarser_class_is_never_closer(size: Decimal) -> None:
    known = [each for letter in LINEAR_CLASSES if (each := size_deviation(size, letter)) is not None]
    assert known == sorted(known)


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("16,5", "±0,2"), ("16.5", "±0.2"), ("⌀30", "±0,2"), ("4× ⌀11", "±0,2"), ("□40", "±0,3"), ("2500", "±2"),
        ("45°", "±1° to ±0°5′"), ("1×45°", "±0,2"), ("16,5 mm", "±0,2"),
    ],
)  # fmt: skip
def test_a_plain_value_has_the_deviation_of_its_class(text: str, meaning: str) -> None:
    assert general_deviation(parse(text).value, MEDIUM, "mm") == meaning


@pytest.mark.parametrize(
    "text",
    [
        "16,5 ±0,1", "16,5 +0,1 0", "⌀30 H7", "R10", "M8", "(16,5)", "16,5 REF", "Ra 3,2", "16,5 in", "0,3", "5000",
        "⌀5 ↧10", "ISO 2768-mK", "", "16,4-16,6", "1/4 in", "SR10", "[40]", "⌖ ⌀0,1 A",
    ],
)  # fmt: skip
def test_nothing_is_said_where_the_class_does_not_decide(text: str) -> None:
    assert general_deviation(parse(text).value, MEDIUM, "mm") == ""


def test_values_of_other_sources_count_by_their_fields() -> None:
    assert general_deviation(from_json({"kind": "diameter", "nominal": 16.5, "unit": "mm"}), MEDIUM, "mm") == "±0.2"
    assert (
        general_deviation(from_json({"kind": "diameter", "nominal": 16.5, "upper": 0.1, "lower": 0}), MEDIUM, "mm")
        == ""
    )
    assert general_deviation(from_json({"nominal": 16.5, "modifier": "basic"}), MEDIUM, "mm") == ""
    assert (
        general_deviation(from_json({"text": "45°", "unit": "deg"}), GeneralTolerance("c"), "mm") == "±1°30′ to ±0°10′"
    )


def test_nothing_is_said_in_inches_and_beside_another_standard() -> None:
    value = parse("16,5").value
    assert general_deviation(value, MEDIUM, "mm") == "±0,2"
    assert general_deviation(value, MEDIUM, "in") == ""
    assert general_deviation(value, MEDIUM, "") == ""
    assert general_deviation(value, GeneralTolerance("m", alone=False), "mm") == ""


@given(st.text(max_size=40), CLASSES)
def test_any_text_is_answered(text: str, letter: str) -> None:
    meaning = general_deviation(parse(text).value, GeneralTolerance(letter), "mm")
    assert meaning == "" or meaning.startswith("±")
