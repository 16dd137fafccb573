"""New tasks into a campaign's queue, gold among them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, insert, select

from gonogo.schemas.labeling import LabelingTaskCreate
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.decide import parse_gold
from gonogo.server.queue.honeypots import shuffle_position
from gonogo.server.store.bulk import chunks, execute_many, stored_instant, stored_json
from gonogo.server.store.ids import new_id, new_ids
from gonogo.server.store.ordering import END, Rank, lock_order, sort_key
from gonogo.server.store.schema import campaigns, gold_items, predictions, task_sheets, tasks
from gonogo.server.store.schema.columns import subject_columns
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.tasks.subject import sheet_key
from gonogo.server.tasks.subject import subject_values as read_subject

TaskValues = dict[str, Any]
"""Columns of a task to be made: those of its subject, and `n_required`, `is_gold`, `gold_answer`, where set
`prediction_id`, `calculation_id` and `error_type` (of a honeypot whose prediction was made wrong)."""


def parse_tasks(wanted: Sequence[LabelingTaskCreate], errors: list[dict[str, Any]]) -> list[TaskValues]:
    """What a create-tasks body asks for; what is wrong with it is added to `errors`."""
    return [_parse_task(item, ("body", "tasks", index), errors) for index, item in enumerate(wanted)]


def _parse_task(item: LabelingTaskCreate, loc: tuple[str | int, ...], errors: list[dict[str, Any]]) -> TaskValues:
    if not item.prompt and not item.field_name:
        errors.append({"loc": [*loc, "prompt"], "msg": "A task needs a prompt or a field_name.", "type": "missing"})
    if item.is_gold and parse_gold(item.gold_answer) is None:
        verdicts = ", ".join(Verdict)
        message = f'A gold answer is one of {verdicts}, or the JSON text of {{"verdict": …, "corrected_value": …}}.'
        errors.append({"loc": [*loc, "gold_answer"], "msg": message, "type": "gold_answer"})
    values = read_subject(item, loc, errors)
    values |= {"calculation_id": item.calculation_id, "n_required": item.n_required, "is_gold": item.is_gold}
    return {**values, "gold_answer": item.gold_answer if item.is_gold else None}


def create_tasks(
    connection: Connection, campaign: CampaignRow, wanted: Iterable[TaskValues], now: datetime, rng: random.Random
) -> list[str]:
    """Makes the tasks, in order; answers their ids. Call it in a `store.write()` block.

    They enter the queue at the campaign's insert round: before anybody has begun, several imports still sort together
    by sheet and confidence. A gold task becomes an item with one copy; like any honeypot it asks for as many votes as
    its campaign's ordinary tasks do.
    """
    rows = [
        {**_BLANK, **values, "sheet": sheet_key(values["part_revision_id"], values["drawing_bbox"])}
        for values in wanted
    ]
    _assign_places(connection, campaign, rows, rng)
    for row in rows:
        row["created_at"] = now
        del row["sheet"], row["error_type"]  # the latter is known to the item alone, which nobody is ever shown
    if rows:
        connection.execute(insert(tasks), rows)
    return [row["id"] for row in rows]


def create_from_predictions(
    connection: Connection, campaign: CampaignRow, wanted: Iterable[TaskValues], now: datetime, rng: random.Random
) -> list[str]:
    """The same, of predictions: what they are about is copied inside the database, and does not come here.

    `wanted` are `prediction_number`, what decides the place in the queue (`sheet`, `predicted_confidence`), of gold
    `is_gold`, `gold_answer` and `error_type`, and `predicted_value` where it is not the prediction's own.
    """
    blank = {**_BLANK, "created_at": stored_instant(now)}
    rows = [{**blank, **values} for values in wanted]
    _assign_places(connection, campaign, rows, rng)
    for row in rows:
        if row["predicted_value"] is not None:
            row["predicted_value"] = stored_json(row["predicted_value"])
    if rows:
        execute_many(connection, _COPY, [f"new_{name}" for name in _GIVEN], map(itemgetter(*_GIVEN), rows))
    return [row["id"] for row in rows]


def _assign_places(connection: Connection, campaign: CampaignRow, rows: list[TaskValues], rng: random.Random) -> None:
    """Gives the tasks their ids and places in the queue; their gold items are stored, and the campaign counts all."""
    if not rows:
        return
    lock_order(connection, campaign.id)
    state = connection.execute(_STATE.where(campaigns.c.id == campaign.id)).one()
    sheets = _number_sheets(connection, campaign.id, dict.fromkeys(row["sheet"] for row in rows))
    campaign_id, votes = campaign.id, campaign.target_redundancy
    n_tasks, insert_round = state.n_tasks, state.insert_round
    items: list[dict[str, Any]] = []
    for row, name in zip(rows, new_ids(len(rows)), strict=True):
        row["id"], row["campaign_id"] = name, campaign_id
        row["sheet_seq"] = sheet = sheets[row["sheet"]]
        row["place"] = sort_key(sheet, row["predicted_confidence"], n_tasks)
        if row["is_gold"]:
            shuffle = shuffle_position(state.n_gold_items + len(items))
            item = {"id": new_id(), "campaign_id": campaign_id, "sheet_seq": sheet, "shuffle": shuffle}
            items.append({**item, "error_type": row["error_type"]})
            row["gold_item_id"], row["n_required"] = item["id"], votes
        else:
            row["rank"] = f"{insert_round}.{row['place']}"
            row["n_required"] = row["n_required"] or votes
            n_tasks += 1
    _place_among_ordinary(connection, campaign_id, insert_round, rows, rng)
    if items:
        connection.execute(insert(gold_items), items)
    n_new = n_tasks - state.n_tasks
    grown = {"n_tasks": campaigns.c.n_tasks + n_new, "n_gold_items": campaigns.c.n_gold_items + len(items)}
    connection.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(**grown))


def _place_among_ordinary(
    connection: Connection, campaign_id: str, insert_round: str, rows: list[TaskValues], rng: random.Random
) -> None:
    """Gold without a confidence takes the place of any ordinary task of its sheet: its own would be the last."""
    gold_rows = [row for row in rows if row["is_gold"] and row["predicted_confidence"] is None]
    if not gold_rows:
        return
    wanted = {row["sheet_seq"] for row in gold_rows}
    places: dict[int, list[str]] = {sheet: [] for sheet in wanted}
    for row in rows:
        if row["sheet_seq"] in wanted and not row["is_gold"]:
            places[row["sheet_seq"]].append(row["place"])
    for sheet in wanted:
        if not places[sheet]:
            begins = f"{insert_round}.{sheet:08x}."
            here = {"campaign": campaign_id, "begins": begins, "ends": begins + END}
            places[sheet] = [Rank.parse(rank).place for rank in connection.execute(_RANKS, here).scalars()]
    for row in gold_rows:
        if places[row["sheet_seq"]]:
            row["place"] = rng.choice(places[row["sheet_seq"]])


def _number_sheets(connection: Connection, campaign_id: str, wanted: Iterable[str]) -> dict[str, int]:
    """The number of each sheet, in the order in which sheets first came into the campaign."""
    here = task_sheets.c.campaign_id == campaign_id
    known: dict[str, int] = {}
    names = list(wanted)
    for some in chunks(names):
        rows = connection.execute(_SHEETS, {"campaign": campaign_id, "sheets": some})
        known |= {row.sheet: row.sheet_seq for row in rows}
    last = connection.execute(select(func.max(task_sheets.c.sheet_seq)).where(here)).scalar()
    fresh = {sheet: number for number, sheet in enumerate((s for s in names if s not in known), (last or 0) + 1)}
    if fresh:
        new = [{"campaign_id": campaign_id, "sheet": sheet, "sheet_seq": n} for sheet, n in fresh.items()]
        connection.execute(insert(task_sheets), new)
    return known | fresh


_SHEETS = select(task_sheets).where(
    task_sheets.c.campaign_id == bindparam("campaign"), task_sheets.c.sheet.in_(bindparam("sheets", expanding=True))
)
_RANKS = (  # of the tasks of a sheet that wait in one round; enough of them to choose from
    select(tasks.c.rank)
    .where(
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.rank > bindparam("begins"),
        tasks.c.rank < bindparam("ends"),
    )
    .limit(500)
)
_STATE = select(campaigns.c.insert_round, campaigns.c.n_tasks, campaigns.c.n_gold_items).with_for_update(key_share=True)
_BLANK: dict[str, Any] = {
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
}
_GIVEN = (
    *("id", "campaign_id", "created_at", "n_required", "is_gold", "gold_item_id", "gold_answer", "sheet_seq", "place"),
    *("rank", "predicted_value"),
    "prediction_number",
)
_OF_PREDICTION = {
    **{column.name: predictions.c[column.name] for column in subject_columns()},
    "prediction_id": predictions.c.id,
    "calculation_id": predictions.c.calculation_id,
}


def _copied(name: str) -> ColumnElement[Any]:
    """What becomes of a column of `tasks`: given, or the prediction's, or the prediction's unless given."""
    given = bindparam(f"new_{name}", type_=tasks.c[name].type)
    if name not in _OF_PREDICTION:
        return given
    return func.coalesce(given, _OF_PREDICTION[name]) if name in _GIVEN else _OF_PREDICTION[name]


_COPIED = [*_OF_PREDICTION, *(name for name in _GIVEN[:-1] if name not in _OF_PREDICTION)]
_COPY = tasks.insert().from_select(
    _COPIED,
    select(*(_copied(name).label(name) for name in _COPIED)).where(
        predictions.c.number == bindparam("new_prediction_number", type_=predictions.c.number.type)
    ),
    include_defaults=False,
)
