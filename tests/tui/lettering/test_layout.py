"""The layout of a value: no reading without its exact characters on the screen, and as large as its room."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from gonogo.tui.lettering.layout import READ, ValueLayout, layout, letter_rows
from gonogo.tui.widgets.task.value_view import lay_out
from gonogo.values import typeset
from gonogo.values.characters import unescaped, visible
from tests.values.test_properties import texts as notations

LETTERS = set("▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")


def plain_rows(shown: ValueLayout) -> list[str]:
    return [row.plain for row in shown.rows]


def characters(text: str) -> str:
    """Text without the spaces at which it may be wrapped."""
    return text.replace(" ", "")


odd_texts = st.text(
    alphabet=st.one_of(st.sampled_from("0123456789,.+-±×⌀° x\n\t\u200b\u202e−１٣Кﾠ\u0301"), st.characters()), max_size=40
)


@settings(max_examples=400, deadline=None)
@given(st.one_of(notations, odd_texts), st.integers(24, 90), st.integers(8, 16))
@example("+0.03 −0.03", 40, 8)
@example("42CrMo4+QT", 60, 8)
@example("2xØ8.80 H8", 60, 8)
@example("16,5\u200b", 60, 8)
@example("  16,5", 60, 8)
def test_no_reading_is_shown_without_its_exact_characters(text: str, width: int, height: int) -> None:
    """The reading stands in the terminal's letters, in a `read:` row, or large, character for character."""
    shown = layout({"text": text}, width, height)
    rows = plain_rows(shown)
    wanted = characters(visible(text))
    below = characters("".join(rows[shown.value_rows :]))
    assert unescaped(visible(text)) == unescaped(text)
    if not text.strip():
        return
    if below.startswith(characters(READ)):
        assert below.removeprefix(characters(READ)).startswith(wanted)
    elif set("".join(rows)) & LETTERS:
        setting = typeset({"text": text})
        assert setting.exact
        pieces = "".join(part.text + part.upper + part.lower for part in setting.parts)
        assert characters(pieces) == wanted.replace("|", "") or characters(pieces) == wanted
    else:
        assert shown.hidden == 0
        set_rows = characters(re.sub("[┌┬┐│└┴┘─]", "", "".join(rows)))
        assert sorted(set_rows) == sorted(wanted.replace("|", "")) or set_rows == wanted


@given(st.text(alphabet="\u200b\u200f\u202e\ufeff\x00\x07\x1b\x7f\u00ad\u2066 16,5", min_size=1, max_size=12))
def test_hidden_characters_are_written_out_and_never_dropped(text: str) -> None:
    shown = "".join(plain_rows(layout({"text": text}, 60, 12)))
    for character in set(text) - set(" 16,5"):
        assert f"U+{ord(character):04X}" in shown or not text.strip()
        assert character not in shown


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, st.integers(2, 60), st.integers(1, 12))
def test_any_value_is_laid_out_within_its_room(value: Any, width: int, height: int) -> None:
    lines = lay_out(value, width, height).plain.split("\n")
    assert len(lines) <= height
    assert all(cell_len(line) <= width for line in lines)


def test_a_value_of_a_hundred_thousand_characters_is_cut_and_says_so() -> None:
    shown = layout({"text": "note " * 20_000}, 30, 5)
    assert len("".join(plain_rows(shown))) < 200
    assert "more" in plain_rows(shown)[-1]
    assert shown.hidden > 0


@pytest.mark.parametrize(
    ("text", "size", "letters"),
    [
        ("16,5", (60, 3), 3), ("16,5", (60, 4), 4), ("16,5", (60, 5), 5), ("16,5", (60, 8), 8),
        ("⌀16,5 +0,1 0", (60, 3), 3), ("M8-6H", (18, 8), 3), ("M8-6H", (12, 8), 1), ("16,5漢", (60, 8), 1),
        ("⌖|⌀0,1Ⓜ|A|B", (60, 5), 3), ("⌖|⌀0,1Ⓜ|A|B", (60, 7), 5), ("Kante gebrochen", (40, 8), 3),
    ],
)  # fmt: skip
def test_letters_are_as_large_as_the_room_allows(text: str, size: tuple[int, int], letters: int) -> None:
    assert letter_rows({"text": text}, *size) == letters


@given(st.sampled_from(["16,5", "2×⌀8,8 H8", "⌖|⌀0,1|A", "42CrMo4"]), st.integers(12, 90), st.integers(3, 10))
def test_a_higher_room_never_makes_letters_smaller(text: str, width: int, height: int) -> None:
    value = {"text": text}
    assert letter_rows(value, width, height + 1) >= letter_rows(value, width, height)


def test_deviations_stand_over_each_other_in_the_same_letters() -> None:
    shown = layout({"text": "⌀16,5 +0,1 0"}, 46, 7)
    assert set("".join(plain_rows(shown))) <= LETTERS | {" "}
    assert shown.letters == 3
    assert len(shown.rows) == 7


def test_look_alikes_are_marked_where_they_stand() -> None:
    row = layout({"text": "16,5 −0,1"}, 60, 8).rows[-1]
    marked = [row.plain[span.start : span.end] for span in row.spans if "warning" in str(span.style)]
    assert (row.plain, marked) == ("read: 16,5 −0,1", ["−"])


@pytest.mark.parametrize("text", ["2xØ8.80 H8", "+0.03 -0.03", "[50]", "⌖|⌀0,1|A", "16,5\u200b"])
def test_one_row_shows_the_reading_itself(text: str) -> None:
    (row,) = layout({"text": text}, 30, 1).rows
    assert characters(row.plain) == characters(visible(text)) or typeset({"text": text}).exact


def test_hidden_characters_are_marked_where_they_stand() -> None:
    (row,) = layout({"text": "16,5\u200b"}, 60, 8).rows
    marked = [row.plain[span.start : span.end] for span in row.spans if "warning" in str(span.style)]
    assert (row.plain, marked) == ("16,5<U+200B>", ["<U+200B>"])


def test_other_keys_than_the_text_are_not_hidden() -> None:
    assert 'with {"source": "gpt"}' in plain_rows(layout({"text": "16,5", "source": "gpt"}, 60, 8))
    assert plain_rows(layout({"value": 12.5, "unit": "mm"}, 60, 8))[-1] == 'read: {"value": 12.5, "unit": "mm"}'
