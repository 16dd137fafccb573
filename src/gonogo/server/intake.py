"""New tasks into a campaign's queue, gold among them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from gonogo.server.consensus.decide import parse_gold
from gonogo.server.gold import SHUFFLE
from gonogo.server.order import enter, place, rank_at
from gonogo.server.store.tables import campaigns, gold_items, new_id, task_sheets, tasks
from gonogo.server.subjects import sheet_of, subject
from gonogo.wire.labeling import LabelingTaskCreate
from gonogo.wire.vocabulary import Verdict

TaskValues = dict[str, Any]
"""Columns of a task to be made: those of its subject, and `n_required`, `is_gold`, `gold_answer`, where set
`prediction_id`, `calculation_id` and `error_type` (of a honeypot whose prediction was made wrong)."""


def read_tasks(wanted: Sequence[LabelingTaskCreate], errors: list[dict[str, Any]]) -> list[TaskValues]:
    """What a create-tasks body asks for; what is wrong with it is added to `errors`."""
    return [_read(item, ("body", "tasks", index), errors) for index, item in enumerate(wanted)]


def _read(item: LabelingTaskCreate, loc: tuple[str | int, ...], errors: list[dict[str, Any]]) -> TaskValues:
    if not item.prompt and not item.field_name:
        errors.append({"loc": [*loc, "prompt"], "msg": "A task needs a prompt or a field_name.", "type": "missing"})
    if item.is_gold and parse_gold(item.gold_answer) is None:
        verdicts = ", ".join(Verdict)
        message = f'A gold answer is one of {verdicts}, or the JSON text of {{"verdict": …, "corrected_value": …}}.'
        errors.append({"loc": [*loc, "gold_answer"], "msg": message, "type": "gold_answer"})
    values = subject(item, loc, errors)
    values |= {"calculation_id": item.calculation_id, "n_required": item.n_required, "is_gold": item.is_gold}
    return {**values, "gold_answer": item.gold_answer if item.is_gold else None}


def create_tasks(
    connection: Connection, campaign: Row[Any], wanted: Iterable[TaskValues], now: datetime, rng: random.Random
) -> list[str]:
    """Makes the tasks, in order; answers their ids. Call it in a `store.write()` block.

    They enter the queue at the campaign's insert round: before anybody has begun, several imports still sort together
    by sheet and confidence. A gold task becomes an item with one copy; like any honeypot it asks for as many votes as
    its campaign's ordinary tasks do.
    """
    made = list(wanted)
    if not made:
        return []
    enter(connection, campaign.id)
    state = connection.execute(_STATE.where(campaigns.c.id == campaign.id)).one()
    sheets = _sheet_numbers(connection, campaign.id, made)
    n_ordinary, items = 0, []
    rows: list[dict[str, Any]] = []
    for values in made:
        sheet = sheets[sheet_of(values["part_revision_id"], values["drawing_bbox"])]
        row = {**_BLANK, **values, "id": new_id(), "campaign_id": campaign.id, "created_at": now, "sheet_seq": sheet}
        if row["is_gold"]:
            item = {"id": new_id(), "campaign_id": campaign.id, "sheet_seq": sheet, "shuffle": rng.randrange(SHUFFLE)}
            item["error_type"] = row["error_type"]
            items.append(item)
            row |= {"gold_item_id": item["id"], "n_required": campaign.target_redundancy}
        else:
            row["place"] = place(sheet, row["predicted_confidence"], state.n_tasks + n_ordinary)
            row["rank"] = rank_at(state.insert_round, row["place"])
            n_ordinary += 1
        del row["error_type"]  # known to the item alone, which nobody is ever shown
        row["n_required"] = row["n_required"] or campaign.target_redundancy
        rows.append(row)
    if items:
        connection.execute(insert(gold_items), items)
    connection.execute(insert(tasks), rows)
    grown = {"n_tasks": campaigns.c.n_tasks + n_ordinary, "n_gold_items": campaigns.c.n_gold_items + len(items)}
    connection.execute(campaigns.update().where(campaigns.c.id == campaign.id).values(**grown))
    return [row["id"] for row in rows]


def _sheet_numbers(connection: Connection, campaign_id: str, made: list[TaskValues]) -> dict[str, int]:
    """The number of each sheet, in the order in which sheets first came into the campaign."""
    wanted = dict.fromkeys(sheet_of(values["part_revision_id"], values["drawing_bbox"]) for values in made)
    here = task_sheets.c.campaign_id == campaign_id
    known: dict[str, int] = {}
    names = list(wanted)
    for start in range(0, len(names), 500):
        part = task_sheets.c.sheet.in_(names[start : start + 500])
        known |= {row.sheet: row.sheet_seq for row in connection.execute(select(task_sheets).where(here, part))}
    last = connection.execute(select(func.max(task_sheets.c.sheet_seq)).where(here)).scalar()
    fresh = {sheet: number for number, sheet in enumerate((s for s in names if s not in known), (last or 0) + 1)}
    if fresh:
        rows = [{"campaign_id": campaign_id, "sheet": sheet, "sheet_seq": n} for sheet, n in fresh.items()]
        connection.execute(insert(task_sheets), rows)
    return known | fresh


_STATE = select(campaigns.c.insert_round, campaigns.c.n_tasks).with_for_update(key_share=True)
_BLANK: dict[str, Any] = {
    "prediction_id": None,
    "calculation_id": None,
    "gold_item_id": None,
    "gold_answer": None,
    "error_type": None,
    "place": "",
    "rank": None,
}
