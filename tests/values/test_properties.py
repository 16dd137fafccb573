"""Properties of parser, formatter and comparison, for every text and every JSON."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.values import Kind, canonical_key, differences, equal, format_text, from_json, parse, to_json, typeset
from gonogo.values.json_fields import READERS
from gonogo.values.typesetting import cells
from tests.values.parser.test_notations import NOT_VALUES, NOTATIONS

checked = settings(max_examples=150, deadline=None)

_PIECES = [
    *"0123456789.,+-/±°×xXRMCH()[]|⌀Øø□√\"'#:;⌖⏥⟂∥↧⌴Ⓜ−–\n",
    " ",
    " ",
    "16,5",
    "0.1",
    "+0,1",
    "-0.10",
    "0",
    "8",
    "45°",
    "2x",
    "M8",
    "H7",
    "g6",
    "js6",
    "6H",
    "Ra",
    "CH",
    "dia",
    "pos",
    "perp",
    "runout",
    "REF",
    "BSC",
    "THRU",
    "mm",
    "in",
    "UNC",
    "1/4",
    "A",
    "B",
    "A3",
    "deep",
    "%%c",
    "１",
    "\u200b",
    "%%p",
    "(M)",
    "|A",
    "e",
    "SR",
    "S",
]
written = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
known = st.sampled_from([text for text, _, _ in NOTATIONS] + NOT_VALUES)
texts = st.one_of(written, written, known, st.text(max_size=40))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
jsons = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))
numbers = st.one_of(
    st.decimals(0, 500, places=2).map(str), st.integers(-3, 200), st.sampled_from(["16,5", "+0,1", "-0.1"])
)
objects = st.dictionaries(
    st.sampled_from([*READERS, "text", "note"]),
    st.one_of(
        numbers, known, jsons, st.sampled_from(["diameter", "reference", "basic", "mm", "in", "H7", "M8", "position"])
    ),
)
values = st.one_of(texts, texts.map(lambda text: {"text": text}), objects, jsons)


@checked
@given(texts)
def test_what_is_written_reads_as_what_was_read(text: str) -> None:
    parsed = parse(text)
    line = format_text(parsed.value)
    again = parse(line)
    assert again.value == parsed.value or parsed.value.kind is Kind.TEXT
    assert format_text(again.value) == line
    assert bool(parsed.problem) is not parsed.ok
    assert canonical_key(line) == canonical_key(text)


@checked
@given(values)
def test_any_json_survives_reading_writing_and_setting(value: Any) -> None:
    found = from_json(value)
    rows = typeset(value, width=40).rows
    assert 1 <= len(rows) <= 6
    assert max(map(cells, rows)) <= 40
    if found.kind is not Kind.OTHER:
        again = from_json(to_json(found))
        assert canonical_key(again) == canonical_key(found)
        assert canonical_key(again, trailing_zeros=True) == canonical_key(found, trailing_zeros=True)


@checked
@given(values, values, values, st.booleans())
def test_equal_is_an_equivalence_and_agrees_with_the_key(a: Any, b: Any, c: Any, zeros: bool) -> None:
    def same(one: Any, other: Any) -> bool:
        found = equal(one, other, trailing_zeros=zeros)
        assert found.reason.startswith("same" if found.equal else "differs: ")
        assert found.equal is (canonical_key(one, trailing_zeros=zeros) == canonical_key(other, trailing_zeros=zeros))
        return found.equal

    assert same(a, a)
    assert same(a, b) is same(b, a)
    assert not (same(a, b) and same(b, c)) or same(a, c)
    assert not equal(a, b, trailing_zeros=True).equal or equal(a, b).equal


@checked
@given(texts, st.data())
def test_spaces_commas_and_signs_do_not_matter(text: str, data: st.DataObject) -> None:
    other = text.translate(str.maketrans("⌀±-", "∅∓−"))
    other = other.replace(" ", data.draw(st.sampled_from(["  ", "\n", "\u00a0"])))
    assert equal(text, other).equal


@checked
@given(st.integers(1, 9999), st.integers(1, 9999))
def test_numbers_are_equal_only_if_they_are(a: int, b: int) -> None:
    one, other = f"⌀{a // 100},{a % 100:02d}", f"dia {b / 100}"
    assert equal(one, other).equal is (a == b)


@checked
@given(texts, texts)
def test_differences_give_both_texts_back(a: str, b: str) -> None:
    spans = differences(a, b)
    assert ("".join(span.before for span in spans), "".join(span.after for span in spans)) == (a, b)
    assert all(span.before == span.after for span in spans if span.change == "same")
    assert all(span.before or span.after for span in spans)


_UNITS = [
    "x",
    "1",
    "1,",
    "1 ",
    "+ ",
    "+ / ",
    "(",
    "⌀",
    "ß1",
    " ",
    "\n",
    "-",
    "|A",
    "2x",
    "e9",
    "0 ",
    "°",
    "/",
    "%%c",
    "Ø ",
    "x1",
]


@pytest.mark.parametrize("unit", _UNITS)
def test_100_kb_of_anything_costs_little(unit: str) -> None:
    text = (unit * 100_000)[:100_000]
    for short in (text[:256], text):
        started = time.process_time()
        value = {"text": short, "nominal": short, "more": [short]}
        parse(short), typeset(value), equal(value, short), differences(short, short[1:] + "1")
        assert time.process_time() - started < 1.5


@checked
@given(st.sampled_from(_UNITS), st.sampled_from(_UNITS))
def test_the_longest_value_costs_little(one: str, other: str) -> None:
    text = ((one * 3 + other) * 256)[:256]
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 0.25
