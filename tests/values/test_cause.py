"""Cause of a wrong reading: each kind of error is recognised in whatever value it is made."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gonogo.schemas.review import ERROR_TYPES
from gonogo.values import Cause, Kind, canonical_key, cause_of, equal, from_json
from gonogo.values.repairs import swap_signs
from tests.shared_material import DRAWINGS
from tests.values.test_properties import checked, values

CASES = [
    ("016,5", "⌀16,5", Cause.ZERO_FOR_DIAMETER),
    ("2x05", "2x ⌀5", Cause.ZERO_FOR_DIAMETER),
    ("1⌀", "10", Cause.ZERO_FOR_DIAMETER),
    ("1O", "10", Cause.LETTER_FOR_DIGIT),
    ("l6,5", "16,5", Cause.LETTER_FOR_DIGIT),
    ("165", "16,5", Cause.DECIMAL_SIGN),
    ("16 5", "16,5", Cause.DECIMAL_SIGN),
    ("16,5 0,1", "16,5 ±0,1", Cause.PLUS_MINUS),
    ("16,5 -0,1", "16,5 ±0,1", Cause.PLUS_MINUS),
    ("16,5 -0,1", "16,5 +0,1", Cause.SIGN),
    ("16,5 +0,1 0", "16,5 0 -0,1", Cause.SIGN),
    ("16,5", "⌀16,5", Cause.LOST_DIAMETER),
    ("⌖|0,1|A", "⌖|⌀0,1|A", Cause.LOST_DIAMETER),
    ("⌀5", "2x ⌀5", Cause.LOST_QUANTITY),
    ("16,5 mm", "16,5 in", Cause.UNIT),
    ("45", "45°", Cause.UNIT),
    ("16,5", "16,5 ±0,1", Cause.LOST_TOLERANCE),
    ("⌀8", "⌀8 H7", Cause.LOST_TOLERANCE),
    ("⌀8 H7", "⌀8 h6", Cause.WRONG_FIT),
    ("16,5 ±0,1", "16,5 ±0,2", Cause.WRONG_TOLERANCE),
    ("16,5 ±0,1", "16,5", Cause.WRONG_TOLERANCE),
    ("⌖|⌀0,1|A", "⌖|⌀0,1|B", Cause.WRONG_DATUM),
    ("⌖|⌀0,1|A", "⏥|⌀0,1|A", Cause.WRONG_SYMBOL),
    ("R5", "⌀5", Cause.WRONG_SYMBOL),
    ("Ø16,5", "16,5", Cause.WRONG_SYMBOL),
    ("70 REF", "70", Cause.WORDS),
    ("⌀5", "⌀15", Cause.DIGIT),
    ("19,3", "16,3", Cause.DIGIT),
    ("⌀6(", "⌀60", Cause.DIGIT),
    ("2x ⌀19.50", "2×⌀16,50", Cause.DIGIT),
    ("16,5", "16.50", Cause.NOTATION),
    ("Ø8", "⌀8", Cause.NOTATION),
]
NOT_CAUSED = [("16,5", "22,8"), ("see note", "R5"), ("", "R5"), ("R5", "")]


@pytest.mark.parametrize(("read", "right", "cause"), CASES)
def test_each_cause_is_recognised(read: str, right: str, cause: Cause) -> None:
    assert cause_of({"text": read}, {"text": right}) is cause


@pytest.mark.parametrize(("read", "right"), NOT_CAUSED)
def test_empty_values_and_unlike_ones_have_no_cause(read: str, right: str) -> None:
    assert cause_of(read, right) is None


def test_the_value_of_another_place_is_a_neighbours_unless_the_text_tells_more() -> None:
    nearby = {canonical_key("22,8"), canonical_key("16,5")}
    assert cause_of("31", "22.8", nearby) is Cause.NEIGHBOUR
    assert cause_of("165", "16,5", nearby) is Cause.DECIMAL_SIGN
    assert cause_of("31", "22.9", nearby) is None


def test_every_cause_is_an_error_type_that_experts_can_choose() -> None:
    assert set(Cause) <= set(ERROR_TYPES)


# --- the error made in any dimension ----------------------------------------------------------------------

_size = st.builds("{},{}".format, st.integers(1, 499), st.integers(1, 9))
_tolerance = st.builds("0,{}".format, st.integers(1, 9))
_quantity = st.sampled_from(["", "2x ", "4x "])
_whole = st.builds("{}⌀{} {}".format, _quantity, _size, _tolerance.map("±{}".format))
_uneven = st.builds("{}{} {}".format, _quantity, _size, _tolerance.map("+{} 0".format))
_ERRORS: dict[Cause, Callable[[str], str]] = {
    Cause.ZERO_FOR_DIAMETER: lambda text: text.replace("⌀", "0"),
    Cause.LETTER_FOR_DIGIT: lambda text: text.replace("0", "O").replace("1", "l"),
    Cause.DECIMAL_SIGN: lambda text: text.replace(",", "", 1),
    Cause.PLUS_MINUS: lambda text: text.replace("±", ""),
    Cause.SIGN: swap_signs,
    Cause.LOST_DIAMETER: lambda text: text.replace("⌀", ""),
    Cause.LOST_QUANTITY: lambda text: re.sub(r"^\dx ", "", text),
    Cause.LOST_TOLERANCE: lambda text: re.sub(r" [±+].*", "", text),
    Cause.WRONG_SYMBOL: lambda text: text.replace("⌀", "R"),
}


@pytest.mark.parametrize("cause", _ERRORS)
@settings(max_examples=40, deadline=None)
@given(right=st.one_of(_whole, _uneven))
def test_an_error_made_is_the_cause_named(cause: Cause, right: str) -> None:
    read = _ERRORS[cause](right)
    assume(not equal(read, right).equal)
    assert cause_of({"text": read}, {"text": right}) is cause


@checked
@given(read=values, right=values)
def test_any_two_values_have_a_cause_or_none(read: object, right: object) -> None:
    cause = cause_of(read, right)
    assert (cause is Cause.NOTATION) == (equal(read, right).equal and bool(from_json(read).kind is not Kind.EMPTY))


@pytest.mark.skipif(DRAWINGS is None, reason="the shared drawings are not here")
def test_most_errors_of_real_readers_have_a_cause() -> None:
    assert DRAWINGS is not None
    lines = [json.loads(line) for line in (DRAWINGS / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    wrong = [line for line in lines if not equal(line["predicted_value"], line["truth"]).equal]
    caused = [line for line in wrong if cause_of(line["predicted_value"], line["truth"], _others(line, lines))]
    assert len(wrong) == 25
    assert len(caused) >= 20


def _others(line: dict[str, object], lines: list[dict[str, object]]) -> set[str]:
    """Keys of the values that the readers read elsewhere on the drawing."""
    elsewhere = (other for other in lines if other["drawing"] == line["drawing"] and other["bbox"] != line["bbox"])
    return {canonical_key(other["predicted_value"]) for other in elsewhere}
