"""Task creation: creates the tasks of a campaign from a request body or from stored predictions, gold among them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter

from sqlalchemy import BindParameter, Connection, bindparam, func, insert, select

from gonogo.schemas.labeling import LabelingTaskCreate
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.decide import parse_gold
from gonogo.server.errors import FieldError
from gonogo.server.store.bulk_insert import execute_many, stored_instant, stored_json
from gonogo.server.store.schema import predictions, tasks
from gonogo.server.store.schema.columns import subject_columns
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.tasks.gold_places import TaskValues, place_gold
from gonogo.server.tasks.queue_places import assign_places
from gonogo.server.tasks.subject import sheet_key, subject_values

_DEFAULTS: TaskValues = {
    "id": "",
    "campaign_id": "",
    "created_at": None,
    "sheet_seq": 0,
    "prediction_id": None,
    "calculation_id": None,
    "gold_item_id": None,
    "gold_answer": None,
    "error_type": None,
    "place": "",
    "rank": None,
    "n_required": None,
    "is_gold": False,
    "predicted_value": None,
    "other_readings": None,
}


# --- from a request body -----------------------------------------------------------------------------------


def parse_tasks(bodies: Sequence[LabelingTaskCreate], errors: list[FieldError]) -> list[TaskValues]:
    """Column values of the tasks of a create-tasks body; problems are appended to `errors`."""
    return [_parse_task(body, ("body", "tasks", index), errors) for index, body in enumerate(bodies)]


def _parse_task(body: LabelingTaskCreate, loc: tuple[str | int, ...], errors: list[FieldError]) -> TaskValues:
    if not body.prompt and not body.field_name:
        errors.append({"loc": [*loc, "prompt"], "msg": "A task needs a prompt or a field_name.", "type": "missing"})
    if body.is_gold and parse_gold(body.gold_answer) is None:
        verdicts = ", ".join(Verdict)
        message = f'A gold answer is one of {verdicts}, or the JSON text of {{"verdict": …, "corrected_value": …}}.'
        errors.append({"loc": [*loc, "gold_answer"], "msg": message, "type": "gold_answer"})
    return {
        **subject_values(body, loc, errors),
        "calculation_id": body.calculation_id,
        "n_required": body.n_required,
        "is_gold": body.is_gold,
        "gold_answer": body.gold_answer if body.is_gold else None,
    }


def create_tasks(
    connection: Connection, campaign: CampaignRow, values: Iterable[TaskValues], now: datetime, rng: random.Random
) -> list[str]:
    """Creates the tasks, in order, in a write transaction; returns their ids.

    `values` are the columns of their subject, and `n_required`, `is_gold`, `gold_answer`; where set, `prediction_id`,
    `calculation_id` and `error_type`. A gold task becomes an item of the campaign's pool.
    """
    rows = [
        {**_DEFAULTS, **value, "sheet": sheet_key(value["part_revision_id"], value["drawing_bbox"])} for value in values
    ]
    assign_places(connection, campaign, rows, rng)
    for row in rows:
        row["created_at"] = now
        del row["sheet"], row["error_type"]  # the latter is known to the item alone, which nobody is ever shown
    if rows:
        connection.execute(insert(tasks), rows)
        place_gold(connection, campaign.id, rows, now, rng)
    return [row["id"] for row in rows]


# --- from predictions --------------------------------------------------------------------------------------


def create_from_predictions(
    connection: Connection, campaign: CampaignRow, values: Iterable[TaskValues], now: datetime, rng: random.Random
) -> list[str]:
    """Creates tasks of predictions, whose subjects are copied inside the database; returns their ids.

    `values` are `prediction_number`, what decides the place in the order (`sheet`, `predicted_confidence`), of gold
    `is_gold`, `gold_answer` and `error_type`, `predicted_value` where it is not the prediction's own, and
    `other_readings` of a question of several readings.
    """
    defaults = {**_DEFAULTS, "created_at": stored_instant(now)}
    rows = [{**defaults, **value} for value in values]
    assign_places(connection, campaign, rows, rng)
    for row in rows:
        for name in ("predicted_value", "other_readings"):
            if row[name] is not None:
                row[name] = stored_json(row[name])
    if rows:
        parameters = [f"new_{name}" for name in _PARAMETERS]
        execute_many(connection, _COPY_PREDICTION, parameters, map(itemgetter(*_PARAMETERS), rows))
        place_gold(connection, campaign.id, rows, now, rng)
    return [row["id"] for row in rows]


def _parameter(name: str) -> BindParameter[object]:
    """The parameter of a column of `tasks`; prefixed, because INSERT … SELECT has parameters of the columns' names."""
    return bindparam(f"new_{name}", type_=tasks.c[name].type)


_PARAMETERS = (
    "id",
    "campaign_id",
    "created_at",
    "n_required",
    "is_gold",
    "gold_item_id",
    "gold_answer",
    "sheet_seq",
    "place",
    "rank",
    "predicted_value",
    "other_readings",
    "prediction_number",
)
_SUBJECT_COLUMNS = {column.name: predictions.c[column.name] for column in subject_columns()}
_COLUMN_SOURCES = {
    # column of `tasks`: where its value comes from
    **_SUBJECT_COLUMNS,
    "prediction_id": predictions.c.id,
    "calculation_id": predictions.c.calculation_id,
    "predicted_value": func.coalesce(_parameter("predicted_value"), predictions.c.predicted_value),
    "other_readings": _parameter("other_readings"),
    "id": _parameter("id"),
    "campaign_id": _parameter("campaign_id"),
    "created_at": _parameter("created_at"),
    "n_required": _parameter("n_required"),
    "is_gold": _parameter("is_gold"),
    "gold_item_id": _parameter("gold_item_id"),
    "gold_answer": _parameter("gold_answer"),
    "sheet_seq": _parameter("sheet_seq"),
    "place": _parameter("place"),
    "rank": _parameter("rank"),
}
_COPY_PREDICTION = tasks.insert().from_select(
    list(_COLUMN_SOURCES),
    select(*(source.label(name) for name, source in _COLUMN_SOURCES.items())).where(
        predictions.c.number == bindparam("new_prediction_number", type_=predictions.c.number.type)
    ),
    include_defaults=False,
)
