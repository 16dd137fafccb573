"""The verdict on a reading that follows from the answer on another one of its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.json_types import JsonValue
from gonogo.server.consensus.derived_verdicts import DerivedVerdict, derive_verdict
from gonogo.values import equal


def same(first: JsonValue, second: JsonValue) -> bool:
    return equal(first, second).equal


def text(value: str) -> JsonValue:
    return {"text": value}


@pytest.mark.parametrize(
    ("reading", "asked", "verdict", "settled", "expected"),
    [
        ("⌀16,5", "16,5", "incorrect", "Ø16.5", ("correct", None)),
        ("16,50", "16,5", "correct", None, ("correct", None)),
        ("10,5", "16,5", "correct", None, ("incorrect", "16,5")),
        ("10,5", "16,5", "incorrect", "15,5", ("incorrect", "15,5")),
        ("16.5", "16,5", "incorrect", "15,5", ("incorrect", "15,5")),
        ("16.5", "16,5", "incorrect", None, ("incorrect", None)),
        ("10,5", "16,5", "incorrect", None, (None, None)),  # the answer carries no value
        ("10,5", "16,5", "unsure", None, ("unsure", None)),
        ("10,5", "16,5", None, None, (None, None)),
    ],
)
def test_the_answer_decides(
    reading: str, asked: str, verdict: str | None, settled: str | None, expected: tuple[str | None, str | None]
) -> None:
    derived = derive_verdict(text(reading), text(asked), verdict, settled and text(settled), same)
    assert derived == (expected[0], expected[1] and text(expected[1]))


_texts = st.sampled_from(["16,5", "16.5", "⌀16,5", "16,50", "10", "R5"]).map(text)


@given(_texts, _texts, st.sampled_from(["correct", "incorrect", "unsure", None]), st.none() | _texts)
def test_equal_readings_get_equal_verdicts_and_only_the_right_value_is_correct(
    reading: JsonValue, asked: JsonValue, verdict: str | None, settled: JsonValue
) -> None:
    derived: DerivedVerdict[JsonValue] = derive_verdict(reading, asked, verdict, settled, same)
    if same(reading, asked):
        assert derived.verdict == verdict
    right = asked if verdict == "correct" else settled if verdict == "incorrect" else None
    if derived.verdict == "correct":
        assert right is not None or same(reading, asked)
    if derived.verdict == "incorrect" and not same(reading, asked):
        assert derived.value == right
        assert not same(reading, right)
    assert derived.value is None or derived.verdict == "incorrect"
