"""Characters of a reading: hidden ones are written out, look-alikes are found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.values.characters import look_alikes, marked_runs, unescaped, visible


@given(st.text(max_size=60))
def test_what_is_written_visibly_is_the_text(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable()
    assert unescaped(shown) == unescaped(text)
    assert "".join(run for run, _ in marked_runs(text)) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("16,5", "16,5"), ("16,5\u200b", "16,5<U+200B>"), (" 5", "␣5"), ("5  6", "5␣␣6"), ("5\n6", "5↵6"),
        ("\u202e51", "<U+202E>51"), ("a\u00a0b", "a<U+00A0>b"), ("e\u0301", "e<U+0301>"), ("␣", "<U+2423>"),
        ("16\t5", "16<U+0009>5"), ("Ⓜ ⌀ µ ² ä", "Ⓜ ⌀ µ ² ä"),
    ],
)  # fmt: skip
def test_hidden_characters_are_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("16,5 +0,1", []), ("⌀16 ±0,1° × Ⓜ µ ²", []), ("Bohrung für Öse", []),
        ("16,5 −0,1", ["U+2212 minus sign, looks like -"]),
        ("１6", ["U+FF11 fullwidth digit one, looks like 1"]),
        ("٣", ["U+0663 arabic-indic digit three, looks like 3"]),
        ("М8", ["U+041C cyrillic capital letter em, looks like M"]),
        ("16\u200b5", ["U+200B zero width space, not seen"]),
    ],
)  # fmt: skip
def test_look_alikes_are_named_with_their_code_points(text: str, found: list[str]) -> None:
    assert [each.description for each in look_alikes(text)] == found
