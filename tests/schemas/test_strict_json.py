"""The quick parser is taken only where it reads what the strict one reads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.schemas.strict_json import JsonFault, StrictJsonError, surely_no_repeated_key
from gonogo.schemas.strict_json import parse_json as parse_strictly
from gonogo.server.errors import ApiError, FieldError
from gonogo.server.http.bodies import parse_json
from tests.transfer.importing.conftest import read_lines

_SPACES = st.sampled_from(["", " ", "\t", "\n "])
_TEXTS = st.text(st.sampled_from('ab":\\ ,{}⌀\n'), max_size=5)
_LEAVES = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | _TEXTS


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[str]) -> str:
    pairs = draw(st.lists(st.tuples(_TEXTS, inner), max_size=4))
    return "{" + ",".join(f"{json.dumps(name)}{draw(_SPACES)}:{draw(_SPACES)}{value}" for name, value in pairs) + "}"


def _documents() -> st.SearchStrategy[str]:
    leaves = _LEAVES.filter(lambda value: value not in (float("inf"), float("-inf"))).map(json.dumps)
    return st.recursive(
        leaves, lambda inner: _objects(inner) | st.lists(inner, max_size=3).map(lambda some: f"[{','.join(some)}]")
    )


def _strict(text: str) -> tuple[Any, bool]:
    """The value, and whether an object has a key twice."""
    twice = False

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal twice
        twice = twice or len(dict(pairs)) < len(pairs)
        return dict(pairs)

    return json.loads(text, object_pairs_hook=made), twice


@given(_documents())
def test_a_body_is_read_as_by_the_strict_parser(text: str) -> None:
    value, twice = _strict(text)
    if twice:
        with pytest.raises(ApiError) as refused:
            parse_json(text.encode())
        (error,) = cast("list[FieldError]", refused.value.details["errors"])
        assert error["type"] == "json_duplicate_key"
    else:
        assert repr(parse_json(text.encode())) == repr(value)


@pytest.mark.parametrize(
    ("raw", "n_keys", "sure"),
    [
        (b'{"a": 1, "b": 2}', 2, True),
        (b'{"a": "1:2", "b" :2}', 2, True),
        (b'{"a": 1, "a": 2}', 1, False),
        (b'{"a" : 1, "a"\t:2}', 1, False),
        (b'{"a": "\\":"}', 1, False),
    ],
)
def test_doubt_about_keys(raw: bytes, n_keys: int, sure: bool) -> None:
    assert surely_no_repeated_key(raw, n_keys) is sure


def test_a_line_with_a_repeated_field_is_named(tmp_path: Path) -> None:
    path = tmp_path / "lines.jsonl"
    path.write_text(
        '{"predicted_value": {"text": "1:2", "note": "\\":"}}\n'
        '{"predicted_value": {"text": "a", "text": "b"}}\n'
        '{"id" : "1", "id" : "2", "predicted_value": {"text": "c"}}\n'
    )
    good, bad = read_lines(path)
    assert [line.prediction.predicted_value for line in good] == [{"text": "1:2", "note": '":'}]
    assert [(line.number, line.reason) for line in bad] == [
        (2, "field 'text' is there twice"),
        (3, "field 'id' is there twice"),
    ]


@pytest.mark.parametrize(
    ("raw", "fault", "detail", "position"),
    [
        (b'{"a": "\xff"}', JsonFault.NOT_UTF8, "", 7),
        (b'{"a": 1} x', JsonFault.SYNTAX, "Extra data", 9),
        (b"[" * 5 + b"]" * 5, JsonFault.TOO_DEEP, "", None),
        (b"[" * 200_000, JsonFault.TOO_DEEP, "", None),
        (b'{"a": 1, "b": 2, "b": 3}', JsonFault.REPEATED_KEY, "b", None),
        (b"[-Infinity]", JsonFault.CONSTANT, "-Infinity", None),
        (b"[1e999]", JsonFault.NOT_FINITE, "", None),
        (b"[9223372036854775808]", JsonFault.INTEGER_TOO_LARGE, "", None),
        (b"9" * 10_000, JsonFault.INTEGER_TOO_LARGE, "", None),
        (b'{"\\u0000": 1}', JsonFault.NUL, "", None),
        (b'["\\ud800"]', JsonFault.SURROGATE, "", None),
    ],
)
def test_each_fault_is_named(raw: bytes, fault: JsonFault, detail: str, position: int | None) -> None:
    with pytest.raises(StrictJsonError) as refused:
        parse_strictly(raw, max_depth=4)
    assert (refused.value.fault, refused.value.detail, refused.value.position) == (fault, detail, position)


def test_the_depth_limit_counts_containers() -> None:
    assert parse_strictly(b'[[[{"a": 1}]]]', max_depth=4) == [[[{"a": 1}]]]
