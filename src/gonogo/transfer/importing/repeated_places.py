"""Repeated places: counts the places of a file that several readers have read."""

from __future__ import annotations

from array import array
from collections.abc import Container, Iterator
from itertools import groupby
from typing import Final, NamedTuple

from gonogo.schemas.gonogo_api import Prediction
from gonogo.transfer.importing.records import ImportLine
from gonogo.values.sheet.places import group_boxes

_SAME: Final = (
    *("target_kind", "detail_kind", "field_name", "field_path", "prompt"),
    *("pmi_id", "feature_id", "dfm_issue_id", "face_uuid"),
)
_HASH: Final = 2**64 - 1

MOST_LINES: Final = 100_000
"""Lines of a file that are looked at for a hint: more would cost a long import memory and time."""


class RepeatedPlaces(NamedTuple):
    """Counts of places with several readings, and of the readings there; `at_least`: of the first lines only."""

    n_places: int = 0
    n_readings: int = 0
    at_least: bool = False


class PlaceCounter:
    """Counter of places; keeps 36 bytes of each line, of the first `limit` ones.

    A place is what the server merges (`server/tasks/merging.py`): each reader has read it once, and only value and box
    differ.
    """

    def __init__(self, limit: int = MOST_LINES) -> None:
        self._limit = limit
        self._at_least = False
        self._keys, self._readers, self._lines = array("Q"), array("Q"), array("I")
        self._boxes = array("f")
        self._sources: set[str | None] = set()

    def add(self, index: int, line: ImportLine) -> None:
        """Adds a good line, the `index`-th of its file."""
        if index >= self._limit:
            self._at_least = True
            return
        item = line.prediction
        sheet = item.part_revision_id or (item.part, line.drawing)
        if item.drawing_bbox is None or not (item.part_revision_id or item.part):
            return
        page = item.drawing_bbox[4] if len(item.drawing_bbox) == 5 else 1
        self._keys.append(hash((sheet, page, *_asked(item))) & _HASH)
        self._readers.append(hash(item.source) & _HASH)
        self._lines.append(index)
        self._boxes.extend(item.drawing_bbox[:4])
        if len(self._sources) < 2:
            self._sources.add(item.source)

    def count(self, excluded: Container[int] = ()) -> RepeatedPlaces:
        """Counts the places; the lines in `excluded` are none of the file's."""
        if len(self._sources) < 2:
            return RepeatedPlaces()
        sizes = list(self._sizes(excluded))
        return RepeatedPlaces(len(sizes), sum(sizes), self._at_least)

    def _sizes(self, excluded: Container[int]) -> Iterator[int]:
        """Yields the number of readings of each place that has several."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        for _, bucket in groupby(order, self._keys.__getitem__):
            rows = [row for row in bucket if self._lines[row] not in excluded]
            if len(rows) < 2:
                continue
            for group in group_boxes([self._boxes[4 * row : 4 * row + 4] for row in rows]):
                readers = {self._readers[rows[at]] for at in group}
                if len(readers) == len(group) > 1:
                    yield len(group)


def _asked(item: Prediction) -> Iterator[object]:
    """Parts of a prediction's question, besides its place."""
    yield tuple(item.position or ())
    for name in _SAME:
        yield getattr(item, name)
