"""Gold answers: the right answers of honeypots made of predictions with a truth, some of them made wrong on purpose."""

from __future__ import annotations

import json
import random
from typing import NamedTuple

from sqlalchemy import Connection, select

from gonogo.json_types import JsonValue, as_object
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.store.schema import predictions
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.gold_places import TaskValues
from gonogo.server.tasks.honeypot_errors import seed_error
from gonogo.values import equal

_MAX_NEIGHBOURS = 50
"""Other readings of a sheet that a seeded error may be taken from."""


class KnownPrediction(NamedTuple):
    """A prediction that becomes gold."""

    id: str
    calculation_id: str
    part_revision_id: str | None
    detail_kind: str | None
    predicted_value: JsonValue
    truth: JsonValue


class PredictionReading(NamedTuple):
    """A value that was read elsewhere on a sheet, and what is really there, where known."""

    predicted_value: JsonValue
    truth: JsonValue


def gold_answer(predicted: JsonValue, truth: JsonValue, *, trailing_zeros: bool, unit: str | None = None) -> str:
    """The answer of a task whose truth is known, as `gold_answer` text."""
    keys = [value_key(value, trailing_zeros=trailing_zeros, unit=unit) for value in (predicted, truth)]
    same = keys[0] == keys[1]
    return Verdict.CORRECT.value if same else _incorrect(truth)


def _incorrect(truth: JsonValue) -> str:
    return json.dumps({"verdict": Verdict.INCORRECT.value, "corrected_value": truth}, ensure_ascii=False)


def seeded_error(connection: Connection, row: KnownPrediction, rng: random.Random) -> TaskValues:
    """The columns that make a right honeypot a wrong one; none where no plausible error can be made."""
    seeded = seed_error(as_object(row.predicted_value), row.truth, _neighbours(connection, row), rng)
    if seeded is None:
        return {}
    value, error_type = seeded
    return {"predicted_value": value, "gold_answer": _incorrect(row.truth), "error_type": error_type.value}


def _neighbours(connection: Connection, row: KnownPrediction) -> list[JsonValue]:
    """Values that were read elsewhere on the sheet where the same was asked.

    Known misreadings are left out: `25` asked as `20000` would need no look at the drawing.
    """
    column = predictions.c
    query = (
        select(column.predicted_value, column.truth)
        .where(
            column.calculation_id == row.calculation_id,
            column.part_revision_id == row.part_revision_id,
            column.id != row.id,
            column.detail_kind.is_not_distinct_from(row.detail_kind),
        )
        .order_by(column.number)
        .limit(_MAX_NEIGHBOURS)
    )
    readings = fetch_all(connection, query, PredictionReading)
    return [
        reading.predicted_value
        for reading in readings
        if reading.truth is None or equal(reading.predicted_value, reading.truth).equal
    ]
