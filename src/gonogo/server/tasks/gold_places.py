"""Gold places: puts honeypots into a campaign's order, as `gold_plan` chooses.

New tasks get their share of gold at once (`place_gold`). The whole order is planned anew (`replan`) when the first
gold comes to tasks that are there already, when a pool that was too small has grown, and when gold begins to stand out
on its sheets. A plan moves only copies that nobody has been served.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, func, null, or_, select

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, gold_items, tasks
from gonogo.server.store.task_order import Rank, confidence_level, confidence_level_of, lock_order, place_before
from gonogo.server.store.typed_rows import AnySelect, fetch_all, fetch_one
from gonogo.server.tasks import gold_plan
from gonogo.server.tasks.gold_plan import GoldItem, GoldPlan, Slot
from gonogo.server.tasks.subject import SUBJECT_COLUMNS

SPARE_SHARE = 0.005
"""Share of the tasks whose gold may be missing before the order is planned anew."""
POOL_GROWTH = 1.5
"""Growth of a pool that is too small, after which the order is planned anew."""
SHEET_KEYS = 2**32

TaskValues = dict[str, Any]
"""Columns of a task to be made, by name; besides those of `tasks` the keys `sheet` and `error_type`."""


# --- statements --------------------------------------------------------------------------------------------


class GoldState(NamedTuple):
    """What a campaign knows of its gold, read under its lock."""

    id: str
    gold_fraction: float
    insert_round: str
    n_tasks: int
    n_gold_items: int
    n_gold_planned: int
    n_gold_placed: int
    mixes_sheets: bool


class RankedTask(NamedTuple):
    """A task in the order, or one that comes back to it: `rank` is `None` while somebody holds it."""

    number: int
    rank: str | None
    place: str
    sheet_seq: int
    is_gold: bool


_GOLD_STATE = select(*(campaigns.c[name] for name in GoldState._fields)).with_for_update(key_share=True)
_never_served = and_(
    tasks.c.is_gold,
    tasks.c.status == TaskStatus.OPEN,
    tasks.c.n_people == 0,
    tasks.c.submission_count == 0,
    tasks.c.holder_id.is_(None),
)
_in_order = select(*(tasks.c[name] for name in RankedTask._fields)).where(
    tasks.c.campaign_id == bindparam("campaign"), tasks.c.status == TaskStatus.OPEN
)
_RANKED = _in_order.where(tasks.c.rank.is_not(None)).order_by(tasks.c.rank)
_COMING_BACK = _in_order.where(tasks.c.rank.is_(None), or_(~tasks.c.is_gold, tasks.c.n_people > 0))
_UNRANK = tasks.update().where(tasks.c.campaign_id == bindparam("campaign"), tasks.c.rank.is_not(None), _never_served)
_n_served_copies = select(func.count()).where(tasks.c.gold_item_id == gold_items.c.id, ~_never_served).scalar_subquery()
_COUNT_COPIES = gold_items.update().where(gold_items.c.campaign_id == bindparam("campaign"))
_confidence = (  # of the newest copy: an update of the predictions may have passed by the others
    select(tasks.c.predicted_confidence)
    .where(tasks.c.gold_item_id == gold_items.c.id)
    .order_by(tasks.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_CANDIDATES = (
    select(gold_items.c.id, gold_items.c.sheet_seq, gold_items.c.n_copies, _confidence.label("confidence"))
    .where(gold_items.c.campaign_id == bindparam("campaign"))
    .order_by(gold_items.c.n_copies, gold_items.c.shuffle)
)
_SPARE = CompiledStatement(
    select(tasks.c.id)
    .where(tasks.c.gold_item_id == bindparam("item"), tasks.c.rank.is_(None), _never_served)
    .order_by(tasks.c.number)
    .limit(1)
)
_SHARED = (
    *("campaign_id", "prediction_id", "calculation_id", *SUBJECT_COLUMNS, "other_readings"),
    *("n_required", "is_gold", "gold_item_id", "gold_answer", "sheet_seq", "place"),
)
_shared = [tasks.c[name] for name in _SHARED]  # columns that all copies of an item share
_own = {
    "id": bindparam("copy", type_=tasks.c.id.type),
    "created_at": bindparam("now", type_=tasks.c.created_at.type),
}
_INSERT_COPY = CompiledStatement(
    tasks.insert().from_select(
        [*_own, *(column.name for column in _shared)],
        select(*_own.values(), *_shared)
        .where(tasks.c.gold_item_id == bindparam("item"))
        .order_by(tasks.c.number.desc())
        .limit(1),
    )
)
_COPY_NUMBER = select(tasks.c.number).where(tasks.c.id == bindparam("copy"))
_PLACE_COPY = CompiledStatement(
    tasks.update().where(tasks.c.id == bindparam("copy")).values(place=bindparam("to_place"), rank=bindparam("to_rank"))
)
_COUNT_COPY = CompiledStatement(
    gold_items.update().where(gold_items.c.id == bindparam("item")).values(n_copies=gold_items.c.n_copies + 1)
)
_MOVE = (  # on PostgreSQL somebody may have claimed or released it since it was read
    tasks.update()
    .where(tasks.c.number == bindparam("task"))
    .values(place=bindparam("to_place"), rank=case((tasks.c.rank.is_(None), null()), else_=bindparam("to_rank")))
)
_UNPLANNED = select(campaigns.c.id).where(
    campaigns.c.status == CampaignStatus.OPEN,
    campaigns.c.gold_fraction > 0,
    campaigns.c.n_tasks > 0,
    campaigns.c.n_gold_items > campaigns.c.n_gold_planned,
    # A pool that was rich enough takes new items as a reserve.
    campaigns.c.n_gold_planned * (1 - campaigns.c.gold_fraction) < campaigns.c.gold_fraction * campaigns.c.n_tasks,
)


# --- new tasks ---------------------------------------------------------------------------------------------


def sheet_keys(rows: Sequence[tuple[int, int]], rng: random.Random) -> list[int]:
    """Random numbers that stand for the sheet in the places of tasks given as (sheet, confidence level).

    The sheets are mixed; tasks of one sheet keep rising by confidence.
    """
    by_sheet: dict[int, list[int]] = {}
    for index, (sheet, _level) in enumerate(rows):
        by_sheet.setdefault(sheet, []).append(index)
    keys = [0] * len(rows)
    for indexes in by_sheet.values():
        drawn = sorted(rng.randrange(SHEET_KEYS) for _task in indexes)
        for key, index in zip(drawn, sorted(indexes, key=lambda i: rows[i][1]), strict=True):
            keys[index] = key
    return keys


def place_gold(
    connection: Connection, campaign_id: str, rows: Sequence[TaskValues], now: datetime, rng: random.Random
) -> None:
    """Puts gold into the order, after the tasks `rows` were created and counted in the campaign.

    The caller holds the campaign's order lock.
    """
    state = _state(connection, campaign_id)
    n_new = sum(not row["is_gold"] for row in rows)
    if not state.n_tasks or not state.n_gold_items or state.gold_fraction <= 0:
        return
    is_planned = state.n_gold_planned > 0 and not _has_outgrown_plan(state, n_new, len(rows) - n_new)
    if not (is_planned and _place_among_new(connection, state, rows, now, rng)):
        replan(connection, campaign_id, now, rng)


def _has_outgrown_plan(state: GoldState, n_new: int, n_new_gold: int) -> bool:
    """Whether the pool was too small, and has grown since the last plan."""
    needed = gold_plan.gold_ratio(state.gold_fraction) * (state.n_tasks - n_new)
    was_poor = state.n_gold_items - n_new_gold < needed
    return was_poor and n_new_gold > 0 and state.n_gold_items >= POOL_GROWTH * state.n_gold_planned


def _place_among_new(
    connection: Connection, state: GoldState, rows: Sequence[TaskValues], now: datetime, rng: random.Random
) -> bool:
    """Gives the new tasks their share of gold; false if the whole order has to be planned anew."""
    new = sorted((row["rank"], row["sheet_seq"]) for row in rows if not row["is_gold"])
    ratio = gold_plan.gold_ratio(state.gold_fraction)
    owed = ratio * (state.n_tasks - len(new)) - state.n_gold_placed
    due = ratio * len(new)
    # A small request makes up for little of what is owed: gold must not come in bursts.
    correction = max(min(owed * min(1.0, len(new) / 100), 0.25 * due), -due)
    n_wanted = gold_plan.round_at_random(due + correction, rng) if new else 0
    slots = [_slot(rank, sheet) for rank, sheet in new]
    if state.mixes_sheets:
        candidates = _candidates(connection, _CANDIDATES.limit(n_wanted), state.id)
        plan = GoldPlan(True, gold_plan.plan_anywhere(len(slots), candidates, n_wanted, rng))
    else:
        on_sheets = gold_items.c.sheet_seq.in_({slot.sheet for slot in slots})
        candidates = _candidates(connection, _CANDIDATES.where(on_sheets), state.id)
        placed = gold_plan.plan_on_sheets(slots, candidates, n_wanted, rng, n_spare=n_wanted)
        if placed is None or owed + due - len(placed) > _n_spare(state.n_tasks):
            return False
        plan = GoldPlan(False, placed)
    _carry_out(connection, plan, [rank for rank, _sheet in new], candidates, now)
    counted = campaigns.update().where(campaigns.c.id == state.id)
    connection.execute(counted.values(n_gold_placed=campaigns.c.n_gold_placed + len(plan.placements)))
    return True


def _n_spare(n_tasks: int) -> int:
    return max(2, int(SPARE_SHARE * n_tasks))


# --- the whole order ---------------------------------------------------------------------------------------


def replan(connection: Connection, campaign_id: str, now: datetime, rng: random.Random) -> int:
    """Plans the gold of the whole order anew; returns how many copies were placed.

    The caller holds the campaign's order lock, in a write transaction.
    """
    state = _state(connection, campaign_id)
    params = {"campaign": campaign_id}
    connection.execute(_UNRANK.values(rank=null()), params)
    connection.execute(_COUNT_COPIES.values(n_copies=_n_served_copies), params)
    ranked = fetch_all(connection, _RANKED, RankedTask, params)
    ordinary = [(str(task.rank), task.sheet_seq) for task in ranked if not task.is_gold]
    n_served = len(ranked) - len(ordinary)
    n_due = gold_plan.gold_ratio(state.gold_fraction) * len(ordinary) - n_served
    candidates = _candidates(connection, _CANDIDATES, campaign_id)
    # If the sheets are mixed now and will not be, all tasks come into one round.
    one_round = state.insert_round if state.mixes_sheets else None
    slots = sorted(_slot(rank, sheet, one_round) for rank, sheet in ordinary)
    n_wanted = gold_plan.round_at_random(n_due, rng)
    plan = gold_plan.plan_gold(slots, candidates, n_wanted, rng, n_spare=int(SPARE_SHARE * state.n_tasks))
    if plan.mixes_sheets != state.mixes_sheets:
        ranked = _reorder(connection, state, ranked, rng, mix=plan.mixes_sheets)
    ranks = sorted(str(task.rank) for task in ranked if not task.is_gold)
    _carry_out(connection, plan, ranks, candidates, now)
    planned = campaigns.update().where(campaigns.c.id == campaign_id)
    n_placed = round(gold_plan.gold_ratio(state.gold_fraction) * state.n_tasks)
    changes = {"n_gold_planned": state.n_gold_items, "n_gold_placed": n_placed, "mixes_sheets": plan.mixes_sheets}
    connection.execute(planned.values(**changes))
    return len(plan.placements)


def _reorder(
    connection: Connection, state: GoldState, ranked: Sequence[RankedTask], rng: random.Random, *, mix: bool
) -> list[RankedTask]:
    """Gives all open tasks new places, mixed or by sheet, in the insert round; returns those in the order."""
    everything = [*ranked, *fetch_all(connection, _COMING_BACK, RankedTask, {"campaign": state.id})]
    sheets = [task.sheet_seq for task in everything]
    if mix:
        sheets = sheet_keys([(task.sheet_seq, confidence_level_of(task.place)) for task in everything], rng)
    moved: list[RankedTask] = []
    params: list[dict[str, object]] = []
    for task, sheet in zip(everything, sheets, strict=True):
        place = f"{sheet:08x}{task.place[8:]}"
        rank = f"{state.insert_round}.{place}"
        params.append({"task": task.number, "to_place": place, "to_rank": rank})
        if task.rank is not None:
            moved.append(task._replace(place=place, rank=rank))
    if params:
        connection.execute(_MOVE, params)
    return moved


def insert_copy(connection: Connection, item_id: str, now: datetime) -> tuple[int, str]:
    """Makes a copy like the item's newest one, outside the order; returns its number and id."""
    copy_id = new_id()
    _INSERT_COPY.run(connection, {"copy": copy_id, "now": now, "item": item_id})
    return connection.execute(_COPY_NUMBER, {"copy": copy_id}).scalar_one(), copy_id


def plan_late(connection: Connection, campaign_id: str, now: datetime, rng: random.Random) -> int:
    """Plans the gold of a campaign outside of a request that adds some; returns how many copies were placed."""
    lock_order(connection, campaign_id)
    return replan(connection, campaign_id, now, rng)


def unplanned_campaigns(connection: Connection) -> list[str]:
    """Ids of campaigns with gold that the last plan did not know: of an earlier release, or added one by one."""
    return list(connection.execute(_UNPLANNED).scalars())


# --- parts -------------------------------------------------------------------------------------------------


def _state(connection: Connection, campaign_id: str) -> GoldState:
    return fetch_one(connection, _GOLD_STATE.where(campaigns.c.id == campaign_id), GoldState)


def _slot(rank: str, sheet: int, round_: str | None = None) -> Slot:
    own_round, _, place = rank.partition(".")
    return Slot(round_ or own_round, sheet, confidence_level_of(place))


class _GoldItemRow(NamedTuple):
    id: str
    sheet_seq: int
    n_copies: int
    confidence: float | None


def _candidates(connection: Connection, query: AnySelect, campaign_id: str) -> list[GoldItem]:
    rows = fetch_all(connection, query, _GoldItemRow, {"campaign": campaign_id})
    return [
        GoldItem(
            row.id, row.sheet_seq, row.n_copies, None if row.confidence is None else confidence_level(row.confidence)
        )
        for row in rows
    ]


def _carry_out(
    connection: Connection, plan: GoldPlan, ranks: Sequence[str], candidates: Sequence[GoldItem], now: datetime
) -> None:
    """Puts the planned copies into the order before the ordinary tasks of `ranks`."""
    for placement in plan.placements:
        item_id, rank = candidates[placement.candidate].id, Rank.parse(ranks[placement.slot])
        copy_id = _SPARE.scalar(connection, {"item": item_id})
        if copy_id is None:
            _number, copy_id = insert_copy(connection, item_id, now)
        place = place_before(rank.place, secrets.token_hex(6))
        to_rank = Rank(rank.round, place).format()
        _PLACE_COPY.run(connection, {"copy": copy_id, "to_place": place, "to_rank": to_rank})
        _COUNT_COPY.run(connection, {"item": item_id})
