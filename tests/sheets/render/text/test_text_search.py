"""Text search: the same text is found however it is written, and hits never lie about their place."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.render.text.text_search import folded, places_in

TEXT = st.text(max_size=60)


@pytest.mark.parametrize(
    ("line", "query", "hit"),
    [
        ("4 x Ø11,00", "⌀11.00", "Ø11,00"), ("4 x ∅11,00", "ø 11", "∅11"), ("MASSSTAB 1:2", "Maßstab", "MASSSTAB"),
        ("Maßstab 1:2", "MASSSTAB", "Maßstab"), ("GEPRÜFT", "geprüft", "GEPRÜFT"), ("GEPRÜFT", "gepruft", "GEPRÜFT"),
        ("ISO 2768-mK", "iso2768–MK", "ISO 2768-mK"), ("ISO\u00a02768", "iso 2768", "ISO\u00a02768"),
        ("Échelle", "echelle", "Échelle"), ("ﬁne", "fine", "ﬁne"), ("10 × 45°", "10x45˚", "10 × 45°"),
        ("ｗｉｄｅ", "wide", "ｗｉｄｅ"), ("a\u200bb", "ab", "a\u200bb"),
    ],
)  # fmt: skip
def test_look_alikes_are_found(line: str, query: str, hit: str) -> None:
    assert [line[first : last + 1] for first, last in places_in(line, query)] == [hit]


@pytest.mark.parametrize("query", ["", " ", "\u200b", "\u0301"])
def test_an_empty_search_finds_nothing(query: str) -> None:
    assert list(places_in("anything", query)) == []


def test_hits_do_not_overlap() -> None:
    assert list(places_in("1111", "11")) == [(0, 1), (2, 3)]


@given(TEXT, TEXT, TEXT)
def test_a_text_is_found_in_every_line_that_holds_it(before: str, text: str, after: str) -> None:
    if folded(text)[0]:
        assert any(True for _ in places_in(before + text + after, text))


@given(TEXT)
def test_case_and_form_make_no_difference(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert folded(unicodedata.normalize(form, text))[0] == folded(unicodedata.normalize("NFC", text))[0]
    assert folded(folded(text)[0])[0] == folded(text)[0]


@given(TEXT, st.text(max_size=4))
def test_a_hit_folds_to_what_was_searched(line: str, query: str) -> None:
    for first, last in places_in(line, query):
        assert 0 <= first <= last < len(line)
        assert folded(query)[0] in folded(line[first : last + 1])[0]
