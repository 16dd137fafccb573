"""Causes of conflicts: compares each prediction with the right values that its voters typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from heapq import nsmallest
from math import dist
from typing import NamedTuple

from sqlalchemy import Connection, false, select

from gonogo.json_types import JsonValue
from gonogo.schemas.verdicts import Verdict
from gonogo.server.review.likely import TaskVotes
from gonogo.server.store.schema import tasks
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.values import Cause, canonical_key, cause_of

NEAREST = 8
"""Places around a box whose readings count as its neighbours'."""
MOST_PLACES = 10_000
"""Boxes that are read to find neighbours; beyond, some neighbours stay unnamed."""
_NEIGHBOUR_EXPLAINS_BETTER = (None, Cause.DIGIT)
"""Causes that a neighbour explains better."""


_Boxes = dict[tuple[float, ...], list[JsonValue]]
"""What was read in each box of a sheet."""


class _Place(NamedTuple):
    sheet_seq: int
    drawing_bbox: list[float] | None
    predicted_value: JsonValue


def causes_of(
    connection: Connection, campaign_id: str, rows: Sequence[TaskRow], votes: Mapping[str, TaskVotes]
) -> dict[str, Cause]:
    """Cause of each task for which all typed values name the same one; the others are missing.

    A neighbour's value is looked for among the `NEAREST` boxes of the sheet, gold left out.
    """
    typed = {row.id: _typed(votes[row.id]) for row in rows if row.id in votes}
    asked = [row for row in rows if typed.get(row.id)]
    named = {row.id: {cause_of(row.predicted_value, value) for value in typed[row.id]} for row in asked}
    unclear = [row for row in asked if row.drawing_bbox and named[row.id].intersection(_NEIGHBOUR_EXPLAINS_BETTER)]
    sheets = _boxes(connection, campaign_id, {row.sheet_seq for row in unclear if row.part_revision_id})
    for row in unclear:
        nearby = _nearby(row, sheets.get(row.sheet_seq, {}))
        named[row.id] = {cause_of(row.predicted_value, value, nearby) for value in typed[row.id]}
    single = ((task_id, next(iter(causes))) for task_id, causes in named.items() if len(causes) == 1)
    return {task_id: cause for task_id, cause in single if cause is not None}


def _typed(votes: TaskVotes) -> list[JsonValue]:
    """The different right values that voters gave."""
    return [given.value for given in votes.answers if given.verdict == Verdict.INCORRECT and given.value is not None]


def _boxes(connection: Connection, campaign_id: str, sheets: Iterable[int]) -> dict[int, _Boxes]:
    wanted = list(sheets)
    if not wanted:
        return {}
    query = (
        select(tasks.c.sheet_seq, tasks.c.drawing_bbox, tasks.c.predicted_value)
        .where(tasks.c.campaign_id == campaign_id, tasks.c.sheet_seq.in_(wanted), tasks.c.is_gold == false())
        .order_by(tasks.c.number)
        .limit(MOST_PLACES)
    )
    by_sheet: dict[int, _Boxes] = {}
    for place in fetch_all(connection, query, _Place):
        if place.drawing_bbox:
            boxes = by_sheet.setdefault(place.sheet_seq, {})
            boxes.setdefault(tuple(place.drawing_bbox), []).append(place.predicted_value)
    return by_sheet


def _nearby(row: TaskRow, boxes: _Boxes) -> set[str]:
    """Keys of all values read in the nearest boxes; another reading of the same box is no neighbour."""
    own = tuple(row.drawing_bbox or ())
    at = _centre(own)
    nearest = nsmallest(NEAREST, (box for box in boxes if box != own), key=lambda box: dist(at, _centre(box)))
    return {canonical_key(value) for box in nearest for value in boxes[box]}


def _centre(bbox: Sequence[float]) -> tuple[float, float]:
    return (bbox[0] + bbox[2]) / 2, (bbox[1] + bbox[3]) / 2
