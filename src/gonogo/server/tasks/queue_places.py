"""Queue places: give new tasks their place in the campaign's order, and update the campaign's counters."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, func, insert, select

from gonogo.server.store.bulk_insert import chunks
from gonogo.server.store.ids import new_id, new_ids
from gonogo.server.store.schema import campaigns, gold_items, task_sheets
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.task_order import confidence_level, lock_order, sort_key
from gonogo.server.store.typed_rows import fetch_one
from gonogo.server.tasks.gold_places import TaskValues, sheet_keys

SHUFFLE_RANGE = 2**31
"""Positions in the pool are 0 … `SHUFFLE_RANGE` − 1."""
GOLDEN_RATIO = (5**0.5 - 1) / 2


class OrderState(NamedTuple):
    """The state of a campaign's order, read under its lock."""

    insert_round: str
    n_tasks: int
    n_gold_items: int
    mixes_sheets: bool


ORDER_STATE = select(*(campaigns.c[name] for name in OrderState._fields)).with_for_update(key_share=True)
_SHEETS = select(task_sheets).where(
    task_sheets.c.campaign_id == bindparam("campaign"), task_sheets.c.sheet.in_(bindparam("sheets", expanding=True))
)


def assign_places(connection: Connection, campaign: CampaignRow, rows: list[TaskValues], rng: random.Random) -> None:
    """Gives the tasks ids, places and ranks, stores their gold items, and counts them in the campaign.

    Tasks enter at the campaign's insert round: until somebody has begun, several imports sort together by sheet and
    confidence, or mixed where the campaign mixes its sheets. Gold gets its rank afterwards (`gold_places`). It asks for
    as many votes as the campaign's ordinary tasks do.
    """
    if not rows:
        return
    lock_order(connection, campaign.id)
    state = fetch_one(connection, ORDER_STATE.where(campaigns.c.id == campaign.id), OrderState)
    sheets = _number_sheets(connection, campaign.id, dict.fromkeys(row["sheet"] for row in rows))
    keys = _mixed_keys(rows, sheets, rng) if state.mixes_sheets else None
    n_tasks = state.n_tasks
    items: list[TaskValues] = []
    for index, (row, task_id) in enumerate(zip(rows, new_ids(len(rows)), strict=True)):
        row["id"], row["campaign_id"] = task_id, campaign.id
        row["sheet_seq"] = sheet = sheets[row["sheet"]]
        row["place"] = sort_key(sheet if keys is None else keys[index], row["predicted_confidence"], n_tasks)
        if row["is_gold"]:
            items.append(_gold_item(campaign.id, row, shuffle_position(state.n_gold_items + len(items))))
            row["gold_item_id"], row["n_required"] = items[-1]["id"], campaign.target_redundancy
        else:
            row["rank"] = f"{state.insert_round}.{row['place']}"  # `Rank.format`, inlined for a million rows
            row["n_required"] = row["n_required"] or campaign.target_redundancy
            n_tasks += 1
    if items:
        connection.execute(insert(gold_items), items)
    _count(connection, campaign.id, n_tasks - state.n_tasks, len(items))


def _mixed_keys(rows: list[TaskValues], sheets: Mapping[str, int], rng: random.Random) -> list[int]:
    return sheet_keys([(sheets[row["sheet"]], confidence_level(row["predicted_confidence"])) for row in rows], rng)


def shuffle_position(number: int) -> int:
    """Pool position of the `number`-th item; the first items of any length leave no large gap.

    Multiples of the golden ratio, modulo 1 (Knuth, The Art of Computer Programming 3, 6.4, theorem S).
    """
    return int(number * GOLDEN_RATIO % 1 * SHUFFLE_RANGE)


def _gold_item(campaign_id: str, row: TaskValues, shuffle: int) -> TaskValues:
    return {
        "id": new_id(),
        "campaign_id": campaign_id,
        "sheet_seq": row["sheet_seq"],
        "shuffle": shuffle,
        "error_type": row["error_type"],
    }


def _count(connection: Connection, campaign_id: str, n_tasks: int, n_items: int) -> None:
    grown = {"n_tasks": campaigns.c.n_tasks + n_tasks, "n_gold_items": campaigns.c.n_gold_items + n_items}
    connection.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(**grown))


def _number_sheets(connection: Connection, campaign_id: str, sheets: Iterable[str]) -> dict[str, int]:
    """The number of each sheet, in the order in which sheets first came into the campaign."""
    names = list(sheets)
    known: dict[str, int] = {}
    for chunk in chunks(names):
        rows = connection.execute(_SHEETS, {"campaign": campaign_id, "sheets": chunk})
        known |= {row.sheet: row.sheet_seq for row in rows}
    in_campaign = task_sheets.c.campaign_id == campaign_id
    last = connection.execute(select(func.max(task_sheets.c.sheet_seq)).where(in_campaign)).scalar()
    missing = (sheet for sheet in names if sheet not in known)
    added = {sheet: number for number, sheet in enumerate(missing, (last or 0) + 1)}
    if added:
        rows_to_insert = [{"campaign_id": campaign_id, "sheet": sheet, "sheet_seq": n} for sheet, n in added.items()]
        connection.execute(insert(task_sheets), rows_to_insert)
    return known | added
