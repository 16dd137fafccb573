"""Honeypots: tasks whose answer is known, served so that nobody can tell them from other work.

An *item* is a question with a known answer; each task row of it is a *copy*, and a copy is served to no more people
than an ordinary task would be. Copies have no rank: no claim of ordinary work ever takes one.

Ordinary work comes sheet by sheet, and on a sheet by rising confidence. A honeypot has a place in that order like
any task, and is *due* when the order has come past its place: so neither its sheet nor its confidence, nor what was
asked before it, tells it from its neighbours. Where the pool holds more than the campaign's `gold_fraction` g of all
questions, only the share of the items that makes g is ever due, the same ones for everybody; `thin` says which.

Where the pool holds too little, a voter falls behind: of his n tasks s were gold, and g·n − s is what he is *owed*.
Past a margin (`BEHIND`) any item may come, drawn for each claim with the chance `probability`; such a honeypot can
stand out by its sheet. A pool at least as rich as g needs none of them.

A ring of annotators who compare ids or questions must meet a honeypot as often as other work: ordinary tasks come
round by round, to everybody's first, then second person. So the copy served has been with as many people as the
ordinary task it stands in for, and an item gets a second copy only when nothing else is left.

A honeypot that was given back, or whose claim ran out, does not come to the same person again. Other work given back
waits for the next round, where somebody else may take it; whatever came back sooner, or more surely, would be gold.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, bindparam, exists, func, select

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.labeling import ServedTask
from gonogo.server.auth.principals import Voter
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.ordering import END, place_in
from gonogo.server.store.schema import gold_items, gold_servings, tasks, voters

CORRECTION_GAIN = 0.02
DEFICIT_MARGIN, DEFICIT_MARGIN_SHARE = 4.0, 0.02
"""Honeypots owed before one may come out of order, and how many more for each task served."""
SHUFFLE_RANGE = 2**31
GOLDEN_RATIO = (5**0.5 - 1) / 2
SEARCH_LIMIT = 100
"""Items that one search for a copy looks at, however large the pool: where none fits, the honeypot is owed."""
SPARE_COPIES = 1
"""Copies with room that `stock` keeps of each item."""

_STATE = (
    {"number", "id", "created_at", "n_people", "status", "submission_count", "agreement", "consensus_verdict"}
    | {"consensus_value", "posterior", "adjudicated", "resolved_at", "rank", "holder_id", "holder_kind", "claimed_at"}
    | {"claim_expires_at"}
)
_CONTENT = [column for column in tasks.c if column.name not in _STATE]
"""What all copies of an item share."""


def catch_up_probability(fraction: float, n_served: int, n_gold: int) -> float:
    """The chance that a honeypot comes out of order to a voter who was served so many too few."""
    wanted = fraction + CORRECTION_GAIN * (fraction * n_served - n_gold)
    return min(max(wanted, 0.0), max(min(2.5 * fraction, 0.95), fraction))


def due_threshold(fraction: float, n_tasks: int, n_items: int) -> int:
    """Up to which `shuffle` an item is ever due, so that `fraction` of all that is asked is gold."""
    return round((SHUFFLE_RANGE - 1) * min(1.0, fraction * n_tasks / ((1 - fraction) * n_items)))


def shuffle_position(number: int) -> int:
    """The place of the `number`-th item among the items: the first of any length leave no large gap.

    Multiples of the golden ratio, modulo 1 (Knuth, The Art of Computer Programming 3, 6.4, theorem S): so the items up
    to any `thin` are spread evenly over the order in which they came, sheet by sheet.
    """
    return int(number * GOLDEN_RATIO % 1 * SHUFFLE_RANGE)


def choose_honeypot(
    connection: Connection,
    campaign: Row[Any],
    voter: Voter,
    position: Row[Any],
    instead_of: Row[Any],
    now: datetime,
    rng: random.Random,
) -> Row[Any] | None:
    """The copy to serve (columns of a served task) before an ordinary task, if one is due or owed.

    The caller takes the lease. `position` is what `claims.position` gave.
    """
    if not campaign.n_gold_items or campaign.gold_fraction <= 0 or position.n_items_had >= campaign.n_gold_items:
        return None
    here = {"campaign": campaign.id, "voter": voter.id, "people": instead_of.n_people}
    found = _scheduled(connection, campaign, position, instead_of, here, rng) or _deficit(
        connection, campaign, position, here, now, rng
    )
    if found is not None:
        served = {"item": found.gold_item_id, "voter": voter.id, "campaign": campaign.id, "task": found.id}
        _SERVE.later(connection, served)
    return found


def add_spare_copies(connection: Connection, campaign_id: str, now: datetime, limit: int = 50) -> int:
    """Makes spare copies of items that run short of them; answers how many. So a claim seldom has to make one."""
    short = _SHORT.scalars(connection, {"campaign": campaign_id, "limit": limit})
    for item in short:
        _fresh_copy(connection, item, now)
    return len(short)


def record_unserved(connection: Connection, task: Row[Any], voter: Voter) -> None:
    """Notes that a voter answered a copy he was never served, so that the item does not come to him again."""
    served = _serving(task.gold_item_id, voter.id)
    if not connection.execute(select(served)).scalar():
        _record_serving(connection, task.campaign_id, task.gold_item_id, task.id, voter)


def _scheduled(
    connection: Connection,
    campaign: Row[Any],
    position: Row[Any],
    instead_of: Row[Any],
    here: dict[str, Any],
    rng: random.Random,
) -> Row[Any] | None:
    """A copy that the order has come past: what the last sheet still has, then this sheet's before `instead_of`."""
    last, sheet = position.last_sheet_seq, instead_of.sheet_seq
    places = [(sheet, place_in(instead_of.rank))]
    if last is not None and last != sheet:
        places.insert(0, (last, END))
    keep = due_threshold(campaign.gold_fraction, campaign.n_tasks, campaign.n_gold_items)
    for at_hand, place in places:
        values = {**here, "sheet": at_hand, "place": place, "keep": keep}
        found = _search(connection, _DUE, values, campaign, keep, rng)
        if found is not None:
            return found
    return None


def _deficit(
    connection: Connection,
    campaign: Row[Any],
    position: Row[Any],
    here: dict[str, Any],
    now: datetime,
    rng: random.Random,
) -> Row[Any] | None:
    """A copy of any item for who is too far behind; a new one when all are taken."""
    fraction, served, n_gold = campaign.gold_fraction, position.n_served, position.n_gold_served
    if (
        fraction * served - n_gold <= DEFICIT_MARGIN + DEFICIT_MARGIN_SHARE * served
        or rng.random() >= catch_up_probability(fraction, served, n_gold)
    ):
        return None
    for queries in (_LIKE, _COPY):
        found = _search(connection, queries, here, campaign, SHUFFLE_RANGE - 1, rng)
        if found is not None:
            return found
    item = _search(connection, _ITEM, here, campaign, SHUFFLE_RANGE - 1, rng)
    return None if item is None else _fresh_copy(connection, item.id, now)


def _search(
    connection: Connection,
    queries: tuple[CompiledStatement, CompiledStatement],
    values: dict[str, Any],
    campaign: Row[Any],
    keep: int,
    rng: random.Random,
) -> Row[Any] | None:
    """What a search finds from a random item on, or before it; a small pool is seen whole from its first."""
    start = rng.randrange(keep + 1) if campaign.n_gold_items > SEARCH_LIMIT else 0
    found = queries[0].first(connection, {**values, "start": start})
    if found is None and start:
        found = queries[1].first(connection, {**values, "start": start})
    return found


def _fresh_copy(connection: Connection, item: str, now: datetime) -> Row[Any]:
    copy = new_id()
    _COPY_ITEM.run(connection, {"copy": copy, "now": now, "item": item})
    return _COPY_BY_ID.one(connection, {"copy": copy})


def _record_serving(connection: Connection, campaign_id: str, item: str, task_id: str, voter: Voter) -> None:
    served = {"gold_item_id": item, "voter_id": voter.id, "campaign_id": campaign_id, "task_id": task_id}
    connection.execute(gold_servings.insert(), served)
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(n_people=tasks.c.n_people + 1))
    mine = (voters.c.campaign_id == campaign_id) & (voters.c.voter_id == voter.id)
    connection.execute(voters.update().where(mine).values(n_gold_items=voters.c.n_gold_items + 1))


def _serving(item: Any, voter_id: Any) -> Any:
    return exists().where(gold_servings.c.gold_item_id == item, gold_servings.c.voter_id == voter_id)


_FREE = (
    tasks.c.holder_id.is_(None),
    tasks.c.status == TaskStatus.OPEN,
    tasks.c.submission_count < tasks.c.n_required,
)
_ROOM = tasks.c.n_people < tasks.c.n_required
_COLUMNS = [*(tasks.c[name] for name in ServedTask.model_fields), tasks.c.gold_item_id]
_in_campaign = gold_items.c.campaign_id == bindparam("campaign")


def _items(*, after: bool) -> Select[Any]:
    """Items of the pool, from a random one on or before it, in their random order."""
    start: BindParameter[int] = bindparam("start")
    here = [_in_campaign, gold_items.c.shuffle >= start if after else gold_items.c.shuffle < start]
    return select(gold_items.c.id, gold_items.c.shuffle).where(*here).order_by(gold_items.c.shuffle)


def _copies(items: Select[Any], *like: ColumnElement[bool]) -> Select[Any]:
    """A copy with room of one of the first of `items` that the voter has not had."""
    near = items.limit(SEARCH_LIMIT).subquery("near")
    return (
        select(*_COLUMNS)
        .join(near, near.c.id == tasks.c.gold_item_id)
        .where(~_serving(near.c.id, bindparam("voter")), _ROOM, *_FREE, *like)
        .limit(1)
        .with_for_update(skip_locked=True, of=tasks)
    )


def _both(made: Callable[[Select[Any]], Select[Any]]) -> tuple[CompiledStatement, CompiledStatement]:
    """A statement over the items from a random one on, and the same over those before it."""
    return CompiledStatement(made(_items(after=True))), CompiledStatement(made(_items(after=False)))


_alike = tasks.c.n_people == bindparam("people")
_ever_due = (gold_items.c.sheet_seq == bindparam("sheet"), gold_items.c.shuffle <= bindparam("keep"))
_DUE = _both(lambda items: _copies(items.where(*_ever_due), _alike, tasks.c.place < bindparam("place")))
_ITEM = _both(lambda items: items.where(~_serving(gold_items.c.id, bindparam("voter"))).limit(1))
_COPY = _both(_copies)
_LIKE = _both(lambda items: _copies(items, _alike))
_SERVE = CompiledStatement(
    gold_servings.insert().values(
        gold_item_id=bindparam("item"),
        voter_id=bindparam("voter"),
        campaign_id=bindparam("campaign"),
        task_id=bindparam("task"),
    )
)
_own = {"id": bindparam("copy", type_=tasks.c.id.type), "created_at": bindparam("now", type_=tasks.c.created_at.type)}
_COPY_ITEM = CompiledStatement(
    tasks.insert().from_select(
        [*_own, *(column.name for column in _CONTENT)],
        select(*_own.values(), *_CONTENT)
        .where(tasks.c.gold_item_id == bindparam("item"))
        .order_by(tasks.c.number)
        .limit(1),
    )
)
_COPY_BY_ID = CompiledStatement(select(*_COLUMNS).where(tasks.c.id == bindparam("copy")))
_wanted = (tasks.c.status == TaskStatus.OPEN, tasks.c.submission_count < tasks.c.n_required)
_spare = select(func.count()).where(tasks.c.gold_item_id == gold_items.c.id, _ROOM, *_wanted).scalar_subquery()
_SHORT = CompiledStatement(select(gold_items.c.id).where(_in_campaign, _spare < SPARE_COPIES).limit(bindparam("limit")))
