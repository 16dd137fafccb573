"""Readings of one place: which belong together, and which of them is asked."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.json_types import JsonValue
from gonogo.server.consensus.values import value_key
from gonogo.server.tasks.merging import PlacedReading, ReadingPlace, best_guess, find_places, other_values

BOX = [10.0, 20.0, 110.0, 60.0]


def reading(number: int = 1, text: str = "16,5", **changes: Any) -> PlacedReading:
    usual: dict[str, Any] = {
        "id": f"id-{number}", "number": number, "calculation_id": "run", "source": f"reader {number}",
        "predicted_value": {"text": text}, "predicted_confidence": None, "has_truth": False,
        "drawing_bbox": json.dumps(BOX), "position": None, "part_revision_id": "shaft", "target_kind": "pmi",
        "detail_kind": "dimension", "field_name": None, "field_path": None, "prompt": "Right?", "pmi_id": None,
        "feature_id": None, "dfm_issue_id": None, "face_uuid": None,
    }  # fmt: skip
    return PlacedReading(**{**usual, **changes})


def key_of(value: JsonValue) -> str:
    return value_key(value)


def numbers(places: list[ReadingPlace]) -> list[list[int]]:
    return [[one.number for one in place.readings] for place in places]


def test_readings_of_several_readers_are_one_place() -> None:
    near = json.dumps([11, 21, 112, 60])
    page = json.dumps([*BOX, 1])
    places = find_places([reading(1), reading(2, drawing_bbox=near), reading(3, drawing_bbox=page)], key_of)
    assert numbers(places) == [[1, 2, 3]]


@pytest.mark.parametrize(
    "other",
    [
        {"drawing_bbox": None},
        {"drawing_bbox": json.dumps([*BOX, 2])},
        {"drawing_bbox": json.dumps([210, 20, 310, 60])},
        {"part_revision_id": "other"},
        {"detail_kind": "thread"},
        {"field_path": "upper"},
        {"prompt": "Is the unit right?"},
        {"position": "[1, 2]"},
        {"source": "reader 1"},  # the same reader twice: it may mean two things
    ],
)
def test_what_differs_is_not_merged(other: dict[str, Any]) -> None:
    assert numbers(find_places([reading(1), reading(2, **other)], key_of)) == [[1], [2]]


def test_without_a_drawing_nothing_is_merged() -> None:
    rows = [reading(number, part_revision_id=None) for number in (1, 2)]
    assert numbers(find_places(rows, key_of)) == [[1], [2]]


def test_a_reader_of_another_run_is_another_reader() -> None:
    rows = [reading(1, source="ocr"), reading(2, source="ocr", calculation_id="second run")]
    assert numbers(find_places(rows, key_of)) == [[1, 2]]


@pytest.mark.parametrize(
    ("values", "levels", "asked"),
    [
        (("10", "16,5", "16.5"), (None, None, None), 2),  # most agree on it
        (("10", "16,5", "16.5"), (0.9, 0.5, 0.6), 1),  # the most confident
        (("10", "16,5", "16.5"), (0.9, None, 0.6), 2),  # one has no confidence
        (("10", "16,5", "16.5"), (0.9, 0.9, 0.6), 2),  # equal: then what most agree on
        (("10", "16,5", "R3"), (None, None, None), 1),  # the first
    ],
)
def test_the_best_guess(values: tuple[str, ...], levels: tuple[float | None, ...], asked: int) -> None:
    rows = [
        reading(number, text, predicted_confidence=level)
        for number, text, level in zip((1, 2, 3), values, levels, strict=True)
    ]
    assert best_guess(rows, key_of).number == asked


def test_others_are_distinct_and_never_what_is_shown() -> None:
    rows = [reading(number, text) for number, text in enumerate(["16,5", "16.50", "Ø16,5", "⌀16.5", "R3"])]
    place = ReadingPlace(rows[0], tuple(rows[1:]))
    assert other_values(place, rows[0].predicted_value, key_of) == [{"text": "Ø16,5"}, {"text": "R3"}]
    assert other_values(place, {"text": "18,5"}, key_of) == [{"text": "Ø16,5"}, {"text": "R3"}], "made wrong on purpose"
    assert other_values(place, {"text": "R3"}, key_of) == [{"text": "Ø16,5"}]
    agreeing = ReadingPlace(rows[0], (rows[1],))
    assert other_values(agreeing, rows[0].predicted_value, key_of) is None
    many = ReadingPlace(rows[0], tuple(reading(number, f"R{number}") for number in range(2, 14)))
    assert len(other_values(many, rows[0].predicted_value, key_of) or []) == 9


_boxes = st.sampled_from([[10, 20, 110, 60], [11, 20, 111, 60], [60, 20, 160, 60], [10, 20, 110, 60, 2], None])
_rows = st.lists(
    st.tuples(_boxes, st.sampled_from(["a", "b", "c", None]), st.sampled_from(["16,5", "16.5", "10"])), max_size=12
)


@given(_rows, st.randoms(use_true_random=False))
def test_each_reading_is_in_one_place_and_the_order_does_not_matter(
    wanted: list[tuple[list[int] | None, str | None, str]], rng: random.Random
) -> None:
    rows = [
        reading(number, text, source=source, drawing_bbox=None if box is None else json.dumps(box))
        for number, (box, source, text) in enumerate(wanted)
    ]
    places = find_places(rows, key_of)
    assert sorted(one.number for place in places for one in place.readings) == list(range(len(rows)))
    for place in places:
        readers = [one.source for one in place.readings]
        assert len(set(readers)) == len(readers)
    again = find_places(rng.sample(rows, len(rows)), key_of)
    assert {frozenset(place.readings) for place in map(_hashable, again)} == {
        frozenset(place.readings) for place in map(_hashable, places)
    }
    assert {place.asked.number for place in again} == {place.asked.number for place in places}


def _hashable(place: ReadingPlace) -> ReadingPlace:
    """The same place with values that can stand in a set."""
    first, *rest = (one._replace(predicted_value=None) for one in place.readings)
    return ReadingPlace(first, tuple(rest))
