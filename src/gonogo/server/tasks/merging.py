"""Merging of readings: finds the predictions that are readings of one place, and which of them is asked.

Readings of one place ask the same of the same page, their boxes agree (`values.places`), and each is of another reader:
two readings by one reader may be two things, so that nothing is merged there. A reader is the source of a run.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, NamedTuple

from pydantic_core import to_json
from sqlalchemy import ColumnElement, Connection, Text, and_, bindparam, case, cast, func, select

from gonogo.json_types import JsonValue, as_numbers
from gonogo.server.consensus.values import value_key
from gonogo.server.store.bulk_insert import chunks
from gonogo.server.store.schema import predictions, task_readings
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.subject import sheet_key
from gonogo.values.sheet.places import group_boxes

MAX_CHOICES: Final = 9
"""Other values that a question offers, on the keys 1 to 9."""

ValueKey = Callable[[JsonValue], str]
"""Key that is equal for values that are equal on a drawing of the campaign."""

# --- queries -----------------------------------------------------------------------------------------------

_SAME_IN_A_PLACE: Final = (
    *("part_revision_id", "target_kind", "detail_kind", "field_name", "field_path", "prompt"),
    *("pmi_id", "feature_id", "dfm_issue_id", "face_uuid"),
)


class PlacedReading(NamedTuple):
    """A prediction as merging needs it; `drawing_bbox` and `position` are JSON texts."""

    id: str
    number: int
    calculation_id: str
    source: str | None
    predicted_value: JsonValue
    predicted_confidence: float | None
    has_truth: bool
    drawing_bbox: str | None
    position: str | None
    part_revision_id: str | None
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    prompt: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None


_READINGS: Final = select(
    predictions.c.id,
    predictions.c.number,
    predictions.c.calculation_id,
    predictions.c.source,
    predictions.c.predicted_value,
    predictions.c.predicted_confidence,
    predictions.c.truth.is_not(None).label("has_truth"),
    cast(predictions.c.drawing_bbox, Text).label("drawing_bbox"),
    cast(predictions.c.position, Text).label("position"),
    *(predictions.c[name] for name in _SAME_IN_A_PLACE),
)

PLACE_COUNT: Final = func.count(
    func.distinct(
        case(
            (
                and_(predictions.c.part_revision_id.is_not(None), predictions.c.drawing_bbox.is_not(None)),
                predictions.c.part_revision_id
                + predictions.c.target_kind
                + func.coalesce(predictions.c.detail_kind, "")
                + func.coalesce(predictions.c.field_path, predictions.c.field_name, "")
                + cast(predictions.c.drawing_bbox, Text),
            ),
            else_=predictions.c.id,
        )
    )
)
"""About how many places there are: boxes that agree without being equal count more than once."""


def read_readings(
    connection: Connection, calculation_ids: Sequence[str], revisions: Iterable[str], free: ColumnElement[bool]
) -> list[PlacedReading]:
    """The predictions of these runs and part revisions that meet `free`, in the order of import."""
    of_revisions = predictions.c.part_revision_id.in_(bindparam("revisions", expanding=True))
    query = _READINGS.where(predictions.c.calculation_id.in_(calculation_ids), of_revisions, free)
    readings: list[PlacedReading] = []
    for chunk in chunks(sorted(revisions)):
        readings += fetch_all(connection, query, PlacedReading, {"revisions": chunk})
    return sorted(readings, key=lambda reading: reading.number)


# --- places ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ReadingPlace:
    """The readings of one place: the asked one, and the others in the order of import."""

    asked: PlacedReading
    others: tuple[PlacedReading, ...] = ()

    @property
    def readings(self) -> tuple[PlacedReading, ...]:
        """All of them, the asked one first."""
        return (self.asked, *self.others)


NOTHING_MERGED: Final[Mapping[str, ReadingPlace]] = MappingProxyType({})


def find_places(readings: Sequence[PlacedReading], key_of: ValueKey) -> list[ReadingPlace]:
    """The places of `readings`; each reading is in exactly one. A reading without box or drawing is one by itself."""
    buckets: dict[tuple[object, ...], list[PlacedReading]] = {}
    boxes: dict[str, list[float]] = {}
    for reading in readings:
        box = as_numbers(json.loads(reading.drawing_bbox)) if reading.drawing_bbox else []
        if reading.part_revision_id is None or len(box) < 4:
            buckets[(reading.id,)] = [reading]
            continue
        boxes[reading.id] = box
        same = (getattr(reading, name) for name in _SAME_IN_A_PLACE)
        buckets.setdefault((sheet_key(reading.part_revision_id, box), reading.position, *same), []).append(reading)
    places: list[ReadingPlace] = []
    for bucket in buckets.values():
        groups = group_boxes([boxes[reading.id] for reading in bucket]) if len(bucket) > 1 else [[0]]
        for group in groups:
            places += _places_of([bucket[index] for index in group], key_of)
    return places


def _places_of(readings: Sequence[PlacedReading], key_of: ValueKey) -> list[ReadingPlace]:
    readers = {(reading.calculation_id, reading.source) for reading in readings}
    if len(readers) < len(readings):
        return [ReadingPlace(reading) for reading in readings]
    asked = best_guess(readings, key_of)
    return [ReadingPlace(asked, tuple(reading for reading in readings if reading is not asked))]


def best_guess(readings: Sequence[PlacedReading], key_of: ValueKey) -> PlacedReading:
    """The reading that is asked: that with the highest confidence, where all have one.

    Else the first with the value that most of them have; also where confidences are equal.
    """
    levels = [reading.predicted_confidence for reading in readings]
    best = list(readings)
    if None not in levels:
        highest = max(level for level in levels if level is not None)
        best = [reading for reading in readings if reading.predicted_confidence == highest]
    if len(best) == 1:
        return best[0]
    support = Counter(key_of(reading.predicted_value) for reading in readings)
    return min(best, key=lambda reading: (-support[key_of(reading.predicted_value)], reading.number))


def other_values(place: ReadingPlace, shown: JsonValue, key_of: ValueKey) -> list[JsonValue] | None:
    """The other values of a place, distinct from what is asked and from each other, at most `MAX_CHOICES`; or `None`.

    Not an empty list, which would say that the readers agree. Gold may show a wrong value in place of the asked one;
    readings equal to either are left out, so that its others are as many as those of any question.
    """
    if not place.others:
        return None
    left_out = {key_of(place.asked.predicted_value), key_of(shown)}
    distinct: dict[str, JsonValue] = {}
    for reading in place.others:
        key = key_of(reading.predicted_value)
        if reading.predicted_value is not None and key not in left_out:
            distinct.setdefault(key, reading.predicted_value)
    return list(distinct.values())[:MAX_CHOICES] or None


class CampaignValueKeys:
    """Keys of values on the drawings of a campaign; remembers them, because readers mostly read the same."""

    def __init__(self, campaign: CampaignRow) -> None:
        self._unit, self._trailing_zeros = campaign.unit, campaign.trailing_zeros_matter
        self._keys: dict[bytes, str] = {}

    def __call__(self, raw: JsonValue) -> str:
        text = to_json(raw)
        if text not in self._keys:
            self._keys[text] = value_key(raw, trailing_zeros=self._trailing_zeros, unit=self._unit)
        return self._keys[text]


def has_merged_readings(connection: Connection, campaign_id: str) -> bool:
    """Whether any question of the campaign is of several readings."""
    query = select(task_readings.c.prediction_id).where(task_readings.c.campaign_id == campaign_id).limit(1)
    return connection.execute(query).first() is not None


def store_readings(connection: Connection, campaign_id: str, places: Iterable[ReadingPlace]) -> int:
    """Stores the other readings of questions that were made of the asked ones; returns how many there are."""
    rows = [
        {"campaign_id": campaign_id, "prediction_id": reading.id, "asked_id": place.asked.id}
        for place in places
        for reading in place.others
    ]
    if rows:
        connection.execute(task_readings.insert(), rows)
    return len(rows)
