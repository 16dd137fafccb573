"""Repairs: the result of each on a line, and the lines that each leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given

from gonogo.values import Span, differences, parse
from gonogo.values.diff import Change
from gonogo.values.repairs import next_unit, restore_tolerance, swap_decimal_mark, swap_signs, toggle_diameter
from gonogo.values.symbols import CHARACTERISTICS, PALETTE, characteristic
from tests.values.test_properties import checked, texts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("16,5 +0,1 0", "⌀16,5 +0,1 0"),
        ("⌀16,5", "16,5"),
        ("Ø16,5", "16,5"),
        ("2x16", "2x⌀16"),
        ("2xdia 16", "2x16"),
        ("⌖|0,1|A", "⌖|⌀0,1|A"),
        ("⌖|⌀0,1|A", "⌖|0,1|A"),
        ("R5", "⌀5"),
        ("(70)", "(⌀70)"),
        ("(⌀70)", "(70)"),
        ("45°", "45°"),
        ("M8", "M8"),
        ("6(", "⌀6("),
        ("", "⌀"),
    ],
)
def test_diameter(before: str, after: str) -> None:
    assert toggle_diameter(before) == after


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("16,5 +0,1 0", "16,5 0 -0,1"),
        ("16,5 0 -0,1", "16,5 +0,1 0"),
        ("16 +0,3 +0,1", "16 -0,1 -0,3"),
        ("16 ±0,1", "16 ±0,1"),
        ("16 -0,1", "16 +0,1"),
        ("19,9/20,1", "19,9/20,1"),
        ("16", "16"),
        ("16 -0.1 (", "16 +0.1 ("),
    ],
)
def test_signs(before: str, after: str) -> None:
    assert swap_signs(before) == after


@pytest.mark.parametrize(
    ("text", "predicted", "after"),
    [
        ("⌀16,5", {"text": "16,5 +0,1 0"}, "⌀16,5 +0,1 0"),
        ("⌀8", {"nominal": 9, "fit": "H8"}, "⌀8 H8"),
        ("8 H7", "8 ±0,1", "8 ±0,1"),
        ("⌀16,5", None, "⌀16,5"),
        ("⌀16,5", "17", "⌀16,5"),
        ("6(", "16 ±0,1", "6("),
        ("45°", "16 ±0,1", "45°"),
        ("M8", "8 ±1", "M8"),
    ],
)
def test_tolerance_from_the_prediction(text: str, predicted: object, after: str) -> None:
    assert restore_tolerance(text, predicted) == after


def test_decimal_mark_and_unit() -> None:
    assert swap_decimal_mark("16,5 +.1 0 (A,B)") == "16.5 +,1 0 (A,B)"
    assert [next_unit(text) for text in ("16,5", "16,5 mm", "16,5 in", "45°", "M8", "?(")] == [
        "16,5 mm", "16,5 in", "16,5", "45°", "M8", "?(",
    ]  # fmt: skip


@checked
@given(texts)
def test_repairs_never_raise_and_keep_a_value_a_value(text: str) -> None:
    for repair in (
        toggle_diameter,
        swap_signs,
        swap_decimal_mark,
        next_unit,
        lambda line: restore_tolerance(line, "5 ±0,1"),
    ):
        after = repair(text)
        assert parse(after).ok or not parse(text).ok or after == text


def test_fourteen_characteristics_each_by_sign_name_and_alias() -> None:
    assert len({symbol.glyph for symbol in CHARACTERISTICS}) == 14
    for symbol in CHARACTERISTICS:
        for spelled in (symbol.glyph, symbol.name, symbol.name.upper(), *symbol.aliases):
            assert characteristic(spelled) == symbol.name
            assert parse(f"{spelled} 0,1").value.symbol == symbol.name
    assert len({symbol.glyph for symbol in PALETTE}) == len(PALETTE)


def test_differences_tell_another_way_of_writing_from_another_value() -> None:
    assert differences("⌀15,0", "Ø5.0") == (
        Span(Change.ALIKE, "⌀", "Ø"),
        Span(Change.CHANGED, "1", ""),
        Span(Change.SAME, "5", "5"),
        Span(Change.ALIKE, ",", "."),
        Span(Change.SAME, "0", "0"),
    )
    assert differences("", "") == ()
    assert differences("ab", "ab") == (Span(Change.SAME, "ab", "ab"),)
