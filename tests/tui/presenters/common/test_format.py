"""Formats that presenters, widgets and screens share."""

from __future__ import annotations

import pytest

from gonogo.schemas.verdicts import VERDICTS
from gonogo.tui.presenters.common.format import (
    editable_text,
    harm_bar,
    moment,
    share_bar,
    short_id,
    styled_answer,
    value_text,
    verdict_sign,
)
from gonogo.tui.theme_files import COLORS


def test_every_verdict_has_a_sign_of_its_own_and_a_colour_of_the_themes() -> None:
    signs = [verdict_sign(word) for word in VERDICTS]
    assert len({sign for sign, _ in signs}) == len(VERDICTS)
    assert all(color.removeprefix("$") in COLORS for _, color in signs)
    assert verdict_sign("of another server")[0] not in {sign for sign, _ in signs}


def test_an_answer_shows_its_correction() -> None:
    assert styled_answer("incorrect", {"text": "16,6"}).plain == "✗ incorrect → 16,6"
    assert styled_answer("correct", None).plain == "✓ correct"
    assert styled_answer(None, None).plain == "• –"


@pytest.mark.parametrize(
    ("share", "text"), [(None, "–"), (0.0, ".00 ▯▯▯▯▯"), (0.67, ".67 ▮▮▮▯▯"), (0.996, "1.0 ▮▮▮▮▮")]
)
def test_a_share_is_a_number_and_a_bar(share: float | None, text: str) -> None:
    assert share_bar(share) == text


def test_harm_above_one_fills_the_bar() -> None:
    assert harm_bar(None) == "–"
    assert harm_bar(1.4) == "1.40 ▮▮▮▮"


def test_values_ids_and_times_that_are_missing() -> None:
    assert value_text(None) == ""
    assert value_text({"text": "M8 "}) == "M8␣"
    assert value_text({"text": "16\u200b,5"}) == "16<U+200B>,5"
    assert value_text({"value": 12.5, "unit": "mm"}) == "12.5 mm"
    assert editable_text({"value": 12.5, "unit": "mm"}) == "12.5 mm"
    assert editable_text({"symbol": "position", "zone": "⌀0.1", "datums": ["A", "B"]}) == "⌖|⌀0.1|A|B"
    assert editable_text({"text": " 16\u200b,5\n+0,1 <U+202E>0"}) == "16,5 +0,1 0"
    assert short_id("2f0c8d1e-77aa-4c0e-9b1f-5d5e2a9c0001") == "2f0c8d1e…"
    assert short_id("LIU0010") == "LIU0010"
    assert moment("yesterday") is None
    time = moment("2026-01-01T00:00:00Z")
    assert time is not None
    assert time == moment("2026-01-01T00:00:00")
