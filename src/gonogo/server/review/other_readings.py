"""Other readings of a task's place, with their readers, for the people who rule on it."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select

from gonogo.json_types import JsonValue
from gonogo.schemas.review_readings import ReviewReading
from gonogo.server.store.schema import predictions, task_readings
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.typed_rows import fetch_all


class _ReadingRow(NamedTuple):
    id: str
    source: str | None
    predicted_value: JsonValue
    predicted_confidence: float | None


_READINGS: Final = select(*(predictions.c[name] for name in _ReadingRow._fields)).order_by(predictions.c.number)
_merged: Final = select(task_readings.c.prediction_id).where(
    task_readings.c.campaign_id == bindparam("campaign"), task_readings.c.asked_id == bindparam("asked")
)
_OF_PLACE: Final = _READINGS.where(predictions.c.id.in_(_merged) | (predictions.c.id == bindparam("asked")))


def readings_of_task(connection: Connection, task: TaskRow) -> list[ReviewReading]:
    """The readings of a task's place, the asked one first; empty for a task of one reading."""
    if task.prediction_id is None:
        return []
    params = {"campaign": task.campaign_id, "asked": task.prediction_id}
    rows = fetch_all(connection, _OF_PLACE, _ReadingRow, params)
    if len(rows) < 2:
        return []
    rows.sort(key=lambda row: row.id != task.prediction_id)
    return [
        ReviewReading(
            source=row.source,
            value=row.predicted_value,
            confidence=row.predicted_confidence,
            asked=row.id == task.prediction_id,
        )
        for row in rows
    ]
