"""Typesetting: stacked deviations, boxes and frames, within the width."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.values import Part, typeset
from gonogo.values.typesetting import cells

SET: list[tuple[Any, tuple[str, ...]]] = [
    ("⌀16,5 +0,1/0", ("⌀16,5 +0,1", "       0")),
    ("0.00 35.00-0.20", ("35.00  0.00", "      -0.20")),
    ("50 +/- 0.1", ("50 ±0.1",)),
    ("2xø8,80H8", ("2×⌀8,80 H8",)),
    ("25 H7/g6 (+0,021 0) THRU", ("25 H7/g6 +0,021 THRU", "          0")),
    ("19,9 -0,1", ("19,9 -0,1",)),
    ("19.9/20.1", ("20.1", "19.9")),
    ("⌀19.9/20.1", ("⌀20.1", " 19.9")),
    ("45° +1/-0.5", ("45° +1°", "    -0.5°")),
    ("70 REF", ("70 REF",)),
    ({"nominal": 70, "modifier": "reference"}, ("(70)",)),
    ({"nominal": 50, "modifier": "basic"}, ("┌──┐", "│50│", "└──┘")),
    ("pos dia 0,1 (M) A B", ("┌─┬─────┬─┬─┐", "│⌖│⌀0,1Ⓜ│A│B│", "└─┴─────┴─┴─┘")),
    ("2x [⌀50]", ("   ┌───┐", "2× │⌀50│", "   └───┘")),
    ("M8x1.25 - 6H", ("M8×1.25-6H",)),
    ("4x⌀6,6 THRU ⌴⌀11 ↧6,8", ("4×⌀6,6 THRU", "⌴⌀11 ↧6,8")),
    ("⌴⌀11 ↧6,8", ("⌴⌀11 ↧6,8",)),
    ("⌀12 +0,1 0 Ⓔ", ("⌀12 +0,1 Ⓔ", "     0")),
    ("42CrMo4+QT", ("42CrMo4+QT",)),
    ("3 Bohrungen gleichmäßig verteilt", ("3 Bohrungen gleichmäßig verteilt",)),
    ("⌀6(", ("⌀6(",)),
    (None, ("no value",)),
    ({}, ("no value",)),
    ({"text": ""}, ("no value",)),
    ([1, [2, None]], ("1, (2, none)",)),
    (True, ("yes",)),
    ({"a": 1, "b": {"c": [1, 2]}}, ("a: 1", "b: c: (1, 2)")),
    ({"text": "⌀8", "finish": "anodised"}, ("⌀8", "finish: anodised")),
    ({"text": "16", "nominal": 17}, ("16", "nominal: 17")),
    ({"text": "⌀6(", "nominal": 60}, ("⌀6(", "nominal: 60")),
]


@pytest.mark.parametrize(("value", "rows"), SET, ids=[str(value) for value, _ in SET])
def test_rows(value: Any, rows: tuple[str, ...]) -> None:
    bare = tuple(row.rstrip() for row in typeset(value).rows)
    assert bare == tuple(row.rstrip() for row in rows)


def test_parts_keep_what_is_small_and_what_is_boxed() -> None:
    assert typeset("2x⌀16,5 +0,1 0 THRU").parts == (Part("2×⌀16,5", "+0,1", "0"), Part("THRU"))
    assert typeset("⌖|0,1|A").parts == (Part("⌖", boxed=True), Part("0,1", boxed=True), Part("A", boxed=True))


@pytest.mark.parametrize(
    "value",
    [
        "x" * 100_000,
        "word " * 20_000,
        "直径" * 500,
        {"k" * 5000: "v" * 5000},
        {str(i): i for i in range(1000)},
        "⌀16,5 +0,1 0 " + "THRU " * 40,
        "⌖|⌀0,1|" + "|".join("ABCDEFGHJK"),
        [[[[["deep"]]]]] * 1000,
        "a\x1b[31m\u202eb",
        "⌖|" + "9" * 24 + "|A",
    ],
)
@pytest.mark.parametrize("width", [1, 12, 60])
def test_long_values_stay_within_their_room_and_say_that_they_are_cut(value: Any, width: int) -> None:
    rows = typeset(value, width=width).rows
    assert 1 <= len(rows) <= 6
    assert max(map(cells, rows)) <= max(width, 8)
    assert all(row.isprintable() for row in rows)
    assert not isinstance(value, str) or len(value) < 200 or "…" in "".join(rows)


def test_many_keys_are_counted() -> None:
    assert typeset({str(i): i for i in range(9)}).rows[-1] == "… 4 more"


@pytest.mark.parametrize(
    ("value", "raw", "exact"),
    [
        ("⌀16,5 +0,1 0", "⌀16,5 +0,1 0", True), ("⌀16,5 +0,1/0", "⌀16,5 +0,1/0", False), ("16,5", "16,5", True),
        ("+0.03 -0.03", "+0.03 -0.03", False), ("2x8", "2x8", False), ("16,5 ", "16,5 ", False),
        ("⌖|⌀0,1|A", "⌖|⌀0,1|A", True), ("⌖ ⌀0,1 A", "⌖ ⌀0,1 A", True), ("pos 0,1 A", "pos 0,1 A", False),
        ("42CrMo4+QT", "42CrMo4+QT", True), ("16,5\u200b", "16,5\u200b", True), ("[50]", "[50]", False),
        ({"value": 12.5}, '{"value": 12.5}', False), (12.5, "12.5", True),
    ],
)  # fmt: skip
def test_a_setting_says_whether_it_shows_the_reading_exactly(value: Any, raw: str, exact: bool) -> None:
    setting = typeset(value)
    assert (setting.raw, setting.exact) == (raw, exact)
