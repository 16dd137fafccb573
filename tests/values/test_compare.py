"""Comparison: which spellings are equal, which never are, and the reason in words."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.values import canonical_key, equal

SAME = [
    ("⌀16,5 +0,1 0", "Ø16.5 +0.1/0", "decimal sign, ⌀ written Ø"),
    ("2x dia 8.8 H8", "2×⌀8,80H8", "trailing zero"),
    ("12,0", "12", "trailing zero"),
    ("12,0", "12.0", "decimal sign"),
    ("2x R5", "2×R5", "x written ×"),
    ("2X R5", "2xR5", "X written x"),
    ("2x R0,15", "2xR0,15", "spaces"),
    ("50 ±0.1", "50 +/-0.1", "± written out"),
    ("50 ±0.1", "50 +0.1 -0.1", "± written out"),
    ("0.00 35.00-0.20", "35.00 0.00 -0.20", "order"),
    ("16,5 +0,1 0", "16,5 +0,1\n0", "spaces"),
    ("−0,1", "-0,1", "signs that look alike"),
    ("16 –0,1", "16 -0,1", "signs that look alike"),
    ("M8", "m8", "case"),
    ("70 REF", "(70)", "REF is the same as brackets"),
    ("C5", "5x45°", "chamfers of 45° have several marks"),
    ("CH5", "C5", "chamfers of 45° have several marks"),
    ("pos dia 0,1 A B", "⌖|⌀0,1|A|B", "dia written ⌀"),
    (".5", "0.5", "written differently"),
    ("1x⌀8", "⌀8", "written differently"),
    ("16 +0,1 -0", "16 +0,1 0", "written differently"),
    ("⌀8 thru", "⌀8 THRU", "case"),
    ("Deburr  edges", "deburr edges", "case"),
    ("20.1/19.9", "19.9/20.1", "order"),
]

DIFFERENT = [
    ("⌀15", "15", "sign ⌀ against none"),
    ("16,5 +0,1 0", "16,5 +0,2 0", "upper 0,1 against 0,2"),
    ("16,5 +0,1 0", "16,5 -0,1 0", "upper 0,1 against 0"),
    ("0.1", "-0.1", "value 0.1 against -0.1"),
    ("19,9 -0,1", "19,9 0 -0,1", "upper none against 0"),
    ("50 mm", "50 in", "unit mm against in"),
    ("50", "50 in", "unit none against in"),
    ("50", "50 mm", "unit none against mm"),
    ("25 H7", "25 h7", "fit H7 against h7"),
    ("25 H7", "25", "fit H7 against none"),
    ("45°", "45", "kind angle against linear"),
    ("2x⌀8", "⌀8", "quantity 2 against none"),
    ("M8", "M8x1.25", "thread M8 against M8×1.25"),
    ("M8-6H", "M8-6h", "thread M8-6H against M8-6h"),
    ("70 REF", "70", "modifier reference against none"),
    ("[50]", "50", "modifier basic against none"),
    ("5x45°", "5x30°", "angle 45 against 30"),
    ("⌖|⌀0,1|A|B", "⌖|⌀0,1|B|A", "datums A|B against B|A"),
    ("⌖|⌀0,1|A", "⌖|0,1|A", "zone ⌀0,1 against 0,1"),
    ("⌖|⌀0,1Ⓜ|A", "⌖|⌀0,1|A", "condition M against none"),
    ("⟂|0,1|A", "∥|0,1|A", "characteristic perpendicularity against parallelism"),
    ("Ra 1.6", "Rz 1.6", "roughness Ra against Rz"),
    ("Ra 1.6", "1.6", "kind roughness against linear"),
    ("⌀8 THRU", "⌀8", "words THRU against none"),
    ("⌀6(", "⌀60", "⌀6( against ⌀60"),
    ("20000", "200,00", "value 20000 against 200,00"),
]

# Digits that are not ours, and texts that differ only in what a value is made of: never the same.
NEVER = [
    ("12", "１２"), ("3", "٣"), ("1_000", "1000"), ("nan", "NaN 1"), ("1e3", "1000"), ("2²", "22"), ("½", "1/2"),
    ("16,5", "16\u200b,5"), ("16", "\u202e16"), ("1.234,5", "1234.5"), ("М8", "M8"), ("Rev 1.10", "Rev 1.1"),
    ("hole 25 H7 as drawn (", "hole 25 h7 as drawn ("), ("1 6", "16"), ("A B", "AB"), ("00", "0"), ("1e999", "1e998"),
    ("x " * 3000 + "H7", "x " * 3000 + "h7"),
]  # fmt: skip


@pytest.mark.parametrize(("a", "b", "reason"), SAME, ids=[f"{a} = {b}" for a, b, _ in SAME])
def test_the_same_requirement_written_otherwise(a: str, b: str, reason: str) -> None:
    for one, other in ((a, b), (b, a)):
        found = equal(one, other)
        assert found.equal, found
        assert found.reason.startswith("same: ")
    assert reason in equal(a, b).reason


@pytest.mark.parametrize(("a", "b", "reason"), DIFFERENT, ids=[f"{a} ≠ {b}" for a, b, _ in DIFFERENT])
def test_another_requirement(a: str, b: str, reason: str) -> None:
    assert equal(a, b) == equal({"text": a}, {"text": b})
    assert (equal(a, b).equal, equal(a, b).reason) == (False, f"differs: {reason}")
    assert not equal(b, a).equal


@pytest.mark.parametrize(("a", "b"), NEVER)
def test_never_equal(a: str, b: str) -> None:
    assert not equal(a, b).equal
    assert equal(a, b).reason.startswith("differs: ")


@pytest.mark.parametrize(("a", "b"), [("12,0", "12"), ("12,50", "12,5"), ("16 +0,10 0", "16 +0,1 0")])
def test_trailing_zeros_count_when_asked(a: str, b: str) -> None:
    assert equal(a, b).equal
    assert not equal(a, b, trailing_zeros=True).equal
    assert equal(a, a.replace(",", "."), trailing_zeros=True).equal


STRUCTURED: list[tuple[Any, Any]] = [
    ({"nominal": 16.5, "upper": 0.1, "lower": 0, "modifier": "diameter"}, {"text": "⌀16,5 +0,1 0"}),
    ({"text": "16,5", "kind": "diameter", "upper": "0.1", "lower": "0"}, "⌀16.5 +0.1 0"),
    ({"symbol": "pos", "zone": "ø0.1", "material_condition": "MMC", "datums": "A,B"}, "⌖|⌀0,1Ⓜ|A|B"),
    ({"thread": {"designation": "M8", "pitch": 1.25, "class": "6H"}}, "M8x1,25-6H"),
    ({"roughness": "Ra 1.6"}, "Ra 1,6"),
    ({"roughness": "Ra", "nominal": 1.6, "unit": "um"}, "Ra 1,6 µm"),
    ({"upper": 20.1, "lower": "19.9"}, "19,9/20,1"),
    ({"nominal": "45", "unit": "deg"}, "45°"),
    ({"nominal": 25, "fit": "H7/g6", "quantity": "2x"}, "2x 25 H7/g6"),
    (None, {}),
    (None, {"text": " "}),
    (12.5, "12,5"),
]


@pytest.mark.parametrize(("a", "b"), STRUCTURED)
def test_keys_and_text_say_the_same(a: Any, b: Any) -> None:
    assert equal(a, b).equal, equal(a, b)
    assert canonical_key(a) == canonical_key(b)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ({"text": "16", "nominal": 17}, "16"),  # the keys contradict the text
        ({"text": "⌀8", "finish": "anodised"}, {"text": "⌀8", "finish": "none"}),
        ({"a": 1}, {"a": 2}),
        ({"a": True}, {"a": 1}),
        ([1, 2], [2, 1]),
        (None, "none"),
        ({"nominal": 16.5, "unit": "mm"}, {"nominal": 16.5, "unit": "in"}),
    ],
)
def test_objects_that_differ(a: Any, b: Any) -> None:
    assert not equal(a, b).equal


def test_unknown_keys_and_number_forms() -> None:
    assert equal({"a": 1, "b": [1.0]}, {"b": [1], "a": 1.0}).equal
    assert len(canonical_key("word " * 20_000)) < 100


@pytest.mark.parametrize(
    ("a", "b", "unit", "same"),
    [
        ("50", "50 mm", "mm", True), ("50", "50 mm", "in", False), ("50", "50 mm", "", False),
        (".5", ".5 in", "in", True), (".5", ".5 in", "", False), ("50", "50,0", "", True),
        ("50 mm", "50 mm", "in", True),
        ("Ra 1,6", "Ra 1,6 µm", "mm", True), ("Ra 63", "Ra 63 µin", "in", True), ("Ra 1,6", "Ra 1,6 µm", "", False),
        ("45°", "45 deg", "in", True), ("M8", "M8", "in", True),
    ],
)  # fmt: skip
def test_a_unit_is_assumed_only_where_the_drawings_unit_is_known(a: str, b: str, unit: str, same: bool) -> None:
    found = equal(a, b, unit=unit)
    assert found.equal is same, found.reason
    assert (canonical_key(a, unit=unit) == canonical_key(b, unit=unit)) is same
