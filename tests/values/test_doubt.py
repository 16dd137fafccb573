"""Doubt: what no drawing shows as a number."""

from __future__ import annotations

import pytest

from gonogo.values import doubt


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "-inf", "1e999", "16e3", "1_000", "0x10", "１２", "٣,5", "16\u200b5", "М8", "16<U+200B>"]
)
def test_what_no_drawing_shows_is_doubted(text: str) -> None:
    assert doubt(text)


@pytest.mark.parametrize(
    "text",
    [
        "16,5 +0,1 0",
        "⌀12 h6 Ⓔ",
        "Ra 3,2",
        "42CrMo4+QT",
        "16,5 −0,1",
        "M8×1,25",
        "R5 (2x)",
        "Öl",
        "Infinity pool",
        "5E",
        "",
    ],
)
def test_what_drawings_show_is_not(text: str) -> None:
    assert not doubt(text)
