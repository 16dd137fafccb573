"""Which keys take another reading into the line, and when a digit belongs to the value."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.tui.presenters.work.correction import other_texts, reading_rows
from gonogo.tui.widgets.task.reading_picker import SEEN_SECONDS, ReadingPicker

TEXTS = ("⌀15", "15 REF")


def test_a_digit_takes_a_reading_and_0_puts_the_line_back() -> None:
    picker = ReadingPicker(TEXTS, fresh=True)
    assert picker.pressed("1", "⌀5", 0) == "⌀15"
    assert picker.pressed("2", "⌀15", 1) == "15 REF"
    assert picker.pressed("0", "15 REF", 2) == "⌀5"
    assert picker.pressed("0", "⌀5", 3) is None, "nothing is left to put back: it is a digit of the value"


@pytest.mark.parametrize("key", ["3", "0", "x", "right", "backspace", "full_stop", "f3"])
def test_any_other_key_begins_to_type(key: str) -> None:
    picker = ReadingPicker(TEXTS, fresh=True)
    assert picker.pressed(key, "⌀5", 0) is None
    assert picker.pressed("1", "⌀5", 1) is None, "now digits belong to the value"
    assert picker.pressed("alt+1", "⌀5x", 2) == "⌀15"
    assert picker.pressed("alt+0", "⌀15", 3) == "⌀5x", "nothing that was typed is lost"


def test_without_other_readings_every_key_is_for_the_line() -> None:
    picker = ReadingPicker((), fresh=True)
    assert [picker.pressed(key, "5", 0) for key in ("1", "alt+1", "0")] == [None, None, None]


def test_what_a_digit_took_is_asked_once_where_nobody_can_have_seen_it() -> None:
    picker = ReadingPicker(TEXTS, fresh=True)
    picker.pressed("1", "⌀5", 10.0)
    assert not picker.was_seen(10.0 + SEEN_SECONDS / 2)
    assert picker.was_seen(10.0 + SEEN_SECONDS / 2), "it was asked"
    picker.pressed("1", "⌀5", 20.0)
    assert picker.was_seen(20.0 + SEEN_SECONDS)
    picker.pressed("alt+1", "⌀5", 30.0)
    assert picker.was_seen(30.0), "Alt with a digit is never meant for the value"


def test_others_are_texts_that_differ_from_the_reading_and_from_each_other() -> None:
    values = [{"text": "15"}, {"text": "15"}, {"text": "⌀5"}, {"text": ""}, None, {"nominal": 7}, "R3"]
    assert other_texts(values, {"text": "⌀5"}) == ("15", "7", "R3")


@given(st.lists(st.text(min_size=1), max_size=9), st.integers(1, 130), st.integers(1, 5), st.booleans(), st.booleans())
def test_rows_never_leave_their_room(texts: list[str], width: int, rows: int, fresh: bool, taken: bool) -> None:
    shown = reading_rows(texts, width, rows, fresh=fresh, taken=taken)
    assert len(shown) <= rows
    assert all(row.cell_length <= width for row in shown)


def test_rows_name_the_keys_that_count() -> None:
    (row,) = reading_rows(TEXTS, 100, 3, fresh=True, taken=False)
    assert row.plain == "other readings   1 ⌀15   2 15 REF   → then digits type"
    (row,) = reading_rows(TEXTS[:1], 100, 3, fresh=False, taken=True)
    assert row.plain == "other readings   Alt+1 ⌀15   Alt+0 back"
