"""Changed places: moves tasks whose confidence was changed to where the order has it now, and the gold beside them."""

from __future__ import annotations

import random
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from gonogo.server.store.schema import campaigns, tasks
from gonogo.server.store.task_order import confidence_level, confidence_level_of, lock_order, with_level
from gonogo.server.store.typed_rows import fetch_all, fetch_one
from gonogo.server.tasks.gold_places import replan, sheet_keys
from gonogo.server.tasks.queue_places import ORDER_STATE, OrderState


class _RankedTask(NamedTuple):
    number: int
    place: str
    sheet_seq: int
    predicted_confidence: float | None


_RANKED = (
    select(*(tasks.c[name] for name in _RankedTask._fields))
    .where(tasks.c.campaign_id == bindparam("campaign"), tasks.c.rank.is_not(None), tasks.c.gold_item_id.is_(None))
    .order_by(tasks.c.rank)
)
_MOVE = (
    tasks.update()
    .where(tasks.c.number == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .where(tasks.c.rank.is_not(None))  # nobody claimed it meanwhile
    .values(place=bindparam("to_place"), rank=bindparam("to_rank"))
)


def follow_confidences(connection: Connection, campaign_id: str, now: datetime, rng: random.Random) -> int:
    """Puts each task in the order where its confidence belongs, in the insert round; returns how many moved.

    The insert round lies ahead of all cursors, so nobody's next tasks are passed over. Gold is planned anew: left where
    it was it would come in a run of its own.
    """
    lock_order(connection, campaign_id)
    state = fetch_one(connection, ORDER_STATE.where(campaigns.c.id == campaign_id), OrderState)
    ranked = fetch_all(connection, _RANKED, _RankedTask, {"campaign": campaign_id})
    moved = [task for task in ranked if confidence_level_of(task.place) != confidence_level(task.predicted_confidence)]
    if not moved:
        return 0
    levels = [confidence_level(task.predicted_confidence) for task in moved]
    sheets = [task.sheet_seq for task in moved]
    keys = sheet_keys(list(zip(sheets, levels, strict=True)), rng) if state.mixes_sheets else sheets
    places = [with_level(task.place, key, level) for task, key, level in zip(moved, keys, levels, strict=True)]
    params = [
        {"task": task.number, "campaign": campaign_id, "to_place": place, "to_rank": f"{state.insert_round}.{place}"}
        for task, place in zip(moved, places, strict=True)
    ]
    connection.execute(_MOVE, params)
    if state.n_gold_items:
        replan(connection, campaign_id, now, rng)
    return len(moved)
