"""JSON codec: known keys, unknown keys, and every other shape of JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gonogo.values import Kind, canonical_key, equal, format_text, from_json, parse, to_json, typeset


def test_the_keys_that_are_written() -> None:
    assert to_json(parse("2x⌀16,50 +0,1/0").value) == {
        "text": "2×⌀16,50 +0,1 0",
        "kind": "diameter",
        "nominal": "16.50",
        "upper": "0.1",
        "lower": "0",
        "quantity": 2,
        "modifier": "diameter",
    }
    assert to_json(parse("pos dia 0.1 (M) A B").value) == {
        "text": "⌖|⌀0.1Ⓜ|A|B",
        "kind": "gdt",
        "symbol": "position",
        "zone": "⌀0.1",
        "material_condition": "M",
        "datums": ["A", "B"],
    }
    assert to_json(parse("M8x1,25-6H").value)["thread"] == "M8×1,25-6H"
    assert to_json(parse("⌀6(").value) == {"text": "⌀6("}


READ: list[tuple[Any, str]] = [
    ({"nominal": 16.5, "upper": 0.1, "lower": 0, "modifier": "diameter", "unit": "mm"}, "⌀16.5 +0.1 0 mm"),
    ({"text": "45", "kind": "angle"}, "45°"),
    ({"kind": "fit", "nominal": 25, "fit": "H7/g6"}, "25 H7/g6"),
    ({"nominal": "⌀5"}, ""),  # not a number: shown as it is, not guessed at
    ({"nominal": 5, "kind": "chamfer"}, "C5"),
    ({"kind": "length", "nominal": "1,5"}, "1,5"),
    ({"modifier": ["diameter", "reference"], "nominal": 5}, "(⌀5)"),
    ({"fit": "H7"}, "H7"),
    ({"upper": 0.1, "lower": -0.2}, "+0.1 -0.2"),
    ({"symbol": "⊥", "zone": 0.1, "datums": ["A", "B-C"]}, "⟂|0.1|A|B-C"),
    ({"symbol": "position", "zone": "⌀0.1", "material_condition": ["P25"], "datums": "A|B"}, "⌖|⌀0.1Ⓟ25|A|B"),
    ({"characteristic": "flatness", "tolerance": 0.05}, "⏥|0.05"),
    ({"value": 12.5, "unit": "mm"}, "12.5 mm"),
    ({"value": 12.5, "tolerance": "±0.1"}, "12.5 ±0.1"),
    ({"value": 12.5, "tolerance": {"upper": 0.1, "lower": -0.2}}, "12.5 +0.1 -0.2"),
    ({"nominal_value": 5, "upper_tol": 0.1, "lower_tol": 0, "type": "diameter"}, "⌀5 +0.1 0"),
    ({"designation": "M8x1.25"}, "M8×1.25"),
    ({"symbol": "flatness", "zone": {"size": 1}}, ""),
    ({"nominal": True}, ""),
    ({"nominal": float("nan")}, ""),
    ({"nominal": "１２"}, ""),
    ({"nominal": 10**400}, ""),
    ({"nominal": 15, "upper": 0, "lower": 0}, ""),  # two equal deviations are none
    ({"nominal": 16, "thread": "M8"}, ""),
    ({"nominal": 16, "roughness": "Ra 3.2"}, ""),
    ({"nominal": 16, "unit": "furlong"}, ""),
]


@pytest.mark.parametrize(("value", "line"), READ)
def test_keys_without_text(value: dict[str, Any], line: str) -> None:
    found = from_json(value)
    assert format_text(found) == line
    assert found.kind is Kind.EMPTY or not found.extra
    assert [key for key in value if line == "" and key not in dict(found.extra)] == []


def test_text_is_what_the_drawing_shows_and_keys_fill_in() -> None:
    value = from_json({"text": "16,5", "upper": "0,1", "lower": 0, "kind": "diameter", "unit": "mm", "note": [1]})
    assert format_text(value) == "⌀16,5 +0,1 0 mm"
    assert value.extra == (("note", [1]),)
    assert to_json(value)["note"] == [1]


def test_keys_that_make_no_value_with_the_text_stay_beside_it() -> None:
    value = from_json({"text": "0.00", "zone": "0.1", "nominal": 0})
    assert (format_text(value), value.extra) == ("0.00", (("zone", "0.1"),))
    assert canonical_key(to_json(value)) == canonical_key(value)


def test_the_order_of_keys_does_not_matter() -> None:
    keys = {"roughness": "Ra", "nominal": "1.6", "text": None}
    assert equal(keys, dict(reversed(keys.items()))).equal
    assert canonical_key(to_json(from_json(keys))) == canonical_key(keys)


def test_a_contradiction_is_kept_and_counts() -> None:
    value = from_json({"text": "⌀8", "kind": "radius", "nominal": 9})
    assert format_text(value) == "⌀8"
    assert dict(value.extra) == {"kind": "radius", "nominal": 9}
    assert not equal(value, "⌀8").equal
    assert equal({"text": "⌀8", "kind": "dimension", "nominal": "8.0"}, "⌀8").equal


def nested(depth: int) -> Any:
    value: Any = "end"
    for _ in range(depth):
        value = [value]
    return value


def str_of(value: Any) -> str:
    return type(value).__name__


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -1.5,
        1e300,
        float("inf"),
        10**5000,
        "",
        "\x00",
        "\ud800",
        [],
        [None],
        {},
        {"": None},
        nested(900),
        {"text": nested(900)},
        {"text": 5},
        {"datums": [None]},
        {"thread": {"pitch": {}}},
        {"zone": []},
        {"nominal": "9" * 99},
        {"text": "x" * 100_000, "nominal": "1" * 100_000},
        {"quantity": -2, "nominal": 5},
        {"material_condition": {}},
        {"kind": 5},
        {"roughness": {}},
        {"unit": "furlong", "nominal": 1},
        {"extra": 1, "text": None},
        {"upper": 1},
    ],
    ids=str_of,
)
def test_any_json_is_read_shown_and_compared(value: Any) -> None:
    found = from_json(value)
    assert typeset(value).rows
    assert equal(value, value).equal
    assert equal(found, value).equal
    assert isinstance(canonical_key(value, trailing_zeros=True), str)
    again = from_json(to_json(found))
    assert canonical_key(again) == canonical_key(found) or found.kind is Kind.OTHER


def test_what_is_written_is_json() -> None:
    value = from_json({"text": "⌀8", "unknown": {"a": [1, 2.5, None, True]}})
    assert json.loads(json.dumps(to_json(value))) == to_json(value)


def test_a_chamfer_is_one_where_the_sheet_says_so() -> None:
    assert from_json({"text": "2X 45°"}).kind is Kind.ANGLE
    assert format_text(from_json({"text": "2X 45°", "kind": "chamfer"})) == "2×45°"
    assert not equal({"text": "2X 45°"}, {"text": "2x45°"}).equal


def test_a_value_under_another_name_is_text() -> None:
    found = from_json({"value": "⌀12,5 H7"})
    assert (found.text, found.fit, found.extra) == ("⌀12,5 H7", "H7", ())
