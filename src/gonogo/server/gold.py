"""Honeypots: tasks whose answer is known, served so that nobody can tell them from other work.

An *item* is a question with a known answer; each task row of it is a *copy*, and a copy is served to no more people
than an ordinary task would be. Copies are never in the order of ordinary work: whether the next task is a honeypot is
drawn for each claim.

The draw is a Bernoulli trial with probability `g + PULL · (g·n − s)`, clipped, where g is the campaign's
`gold_fraction` and s of this voter's n tasks so far were gold. The second term pulls the served share towards g (s
stays within a few of g·n, whatever n), and is weak enough that one honeypot says little about when the next one
comes.

A ring of annotators who compare ids or questions must meet a honeypot as often as other work: ordinary tasks come
round by round, to everybody's first, then second person. So the copy served has been with as many people as the
ordinary task it stands in for, and an item gets a second copy only when nothing else is left.

A honeypot that was given back, or whose claim ran out, does not come to the same person again. Other work given back
waits for the next round, where somebody else may take it; whatever came back sooner, or more surely, would be gold.

Work comes sheet by sheet, so a honeypot of a sheet far away would stand out. Items of the sheet at hand are taken
first, then any where the sheet changes anyhow; in the middle of a sheet only when the share falls behind.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Row, Select, bindparam, exists, func, select

from gonogo.server.claims import Voter
from gonogo.server.store.prepared import Prepared
from gonogo.server.store.tables import gold_items, gold_servings, new_id, tasks, voters
from gonogo.wire.labeling import ServedTask
from gonogo.wire.vocabulary import TaskStatus

PULL = 0.02
BEHIND = 2.0
"""Honeypots owed before one may come from another sheet in the middle of this one."""
SHUFFLE = 2**31
LOOK_AT = 100
"""Items that one search for a copy looks at, however large the pool: where none fits, the honeypot is owed."""
SPARE = 1
"""Copies with room that `stock` keeps of each item."""

_STATE = (
    {"number", "id", "created_at", "n_people", "status", "submission_count", "agreement", "consensus_verdict"}
    | {"consensus_value", "posterior", "adjudicated", "resolved_at", "rank", "holder_id", "holder_kind", "claimed_at"}
    | {"claim_expires_at"}
)
_CONTENT = [column for column in tasks.c if column.name not in _STATE]
"""What all copies of an item share."""


def probability(fraction: float, n_served: int, n_gold: int) -> float:
    """The chance that the next task served is a honeypot, given what this voter was served so far."""
    if fraction <= 0:
        return 0.0
    wanted = fraction + PULL * (fraction * n_served - n_gold)
    return min(max(wanted, fraction / 4), max(min(2.5 * fraction, 0.95), fraction))


def pick(
    connection: Connection,
    campaign: Row[Any],
    voter: Voter,
    position: Row[Any],
    instead_of: Row[Any],
    now: datetime,
    rng: random.Random,
) -> Row[Any] | None:
    """The copy to serve (columns of a served task) instead of an ordinary task, if the draw says so.

    The caller takes the lease. `position` is what `claims.position` gave. A copy is looked for whatever the draw
    says: the time that a claim takes must not tell what came of it.
    """
    if not campaign.n_gold_items or campaign.gold_fraction <= 0:
        return None
    drawn = rng.random() < probability(campaign.gold_fraction, position.n_served, position.n_gold_served)
    sheet, people = instead_of.sheet_seq, instead_of.n_people
    found = _staged(connection, _LIKE, campaign, voter, position, sheet, rng, people)
    if found is None and _owed(campaign, position) > BEHIND:
        found = _staged(connection, _COPY, campaign, voter, position, sheet, rng)
    if not drawn:
        return None
    if found is None and _owed(campaign, position) <= BEHIND:
        return None  # made up for later, where it does not stand out
    if found is None:  # all copies are taken
        item = _staged(connection, _ITEM, campaign, voter, position, sheet, rng)
        if item is None:
            return None
        found = _fresh_copy(connection, item.id, now)
    served = {"item": found.gold_item_id, "voter": voter.id, "campaign": campaign.id, "task": found.id}
    _SERVE.later(connection, served)
    return found


def stock(connection: Connection, campaign_id: str, now: datetime, limit: int = 50) -> int:
    """Makes spare copies of items that run short of them; answers how many. So a claim seldom has to make one."""
    short = _SHORT.scalars(connection, {"campaign": campaign_id, "limit": limit})
    for item in short:
        _fresh_copy(connection, item, now)
    return len(short)


def book_unserved(connection: Connection, task: Row[Any], voter: Voter) -> None:
    """Notes that a voter answered a copy he was never served, so that the item does not come to him again."""
    served = _serving(task.gold_item_id, voter.id)
    if not connection.execute(select(served)).scalar():
        _note(connection, task.campaign_id, task.gold_item_id, task.id, voter)


def _staged(
    connection: Connection,
    queries: dict[tuple[bool, bool], Prepared],
    campaign: Row[Any],
    voter: Voter,
    position: Row[Any],
    sheet: int,
    rng: random.Random,
    people: int | None = None,
) -> Row[Any] | None:
    """Something the voter has not had: of the sheet at hand, of the last one, or of any; each from a random place."""
    if position.n_items_had >= campaign.n_gold_items:
        return None
    last = position.last_sheet_seq
    sheets = [sheet] if last is None or last == sheet else [sheet, last]
    stages = [(True, at_hand) for at_hand in sheets]
    if sheet != last or _owed(campaign, position) > BEHIND:
        stages.append((False, 0))
    here = {"campaign": campaign.id, "voter": voter.id, "start": rng.randrange(SHUFFLE)}
    if people is not None:
        here["people"] = people
    for on_sheet, at_hand in stages:
        values = {**here, "sheet": at_hand} if on_sheet else here
        for after in (True, False):
            found = queries[on_sheet, after].first(connection, values)
            if found is not None:
                return found
    return None


def _owed(campaign: Row[Any], position: Row[Any]) -> float:
    """How many honeypots the voter's share is behind."""
    return float(campaign.gold_fraction * position.n_served - position.n_gold_served)


def _fresh_copy(connection: Connection, item: str, now: datetime) -> Row[Any]:
    copy = new_id()
    _COPY_ITEM.run(connection, {"copy": copy, "now": now, "item": item})
    return _COPY_BY_ID.one(connection, {"copy": copy})


def _note(connection: Connection, campaign_id: str, item: str, task_id: str, voter: Voter) -> None:
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


def _items(*, on_sheet: bool, after: bool) -> Select[Any]:
    """Items of one sheet or any, from a random place on or before it, in the order of their places."""
    start: BindParameter[int] = bindparam("start")
    here = [_in_campaign, gold_items.c.shuffle >= start if after else gold_items.c.shuffle < start]
    if on_sheet:
        here.append(gold_items.c.sheet_seq == bindparam("sheet"))
    return select(gold_items.c.id, gold_items.c.shuffle).where(*here).order_by(gold_items.c.shuffle)


def _copies(items: Select[Any], *like: ColumnElement[bool]) -> Select[Any]:
    """A copy with room of one of the first of `items` that the voter has not had."""
    near = items.limit(LOOK_AT).subquery("near")
    return (
        select(*_COLUMNS)
        .join(near, near.c.id == tasks.c.gold_item_id)
        .where(~_serving(near.c.id, bindparam("voter")), _ROOM, *_FREE, *like)
        .limit(1)
        .with_for_update(skip_locked=True, of=tasks)
    )


def _queries(made: Callable[[Select[Any]], Select[Any]]) -> dict[tuple[bool, bool], Prepared]:
    """A statement over `_items`, by (`on_sheet`, `after`)."""
    sides = itertools.product((True, False), repeat=2)
    return {(sheet, after): Prepared(made(_items(on_sheet=sheet, after=after))) for sheet, after in sides}


_ITEM = _queries(lambda items: items.where(~_serving(gold_items.c.id, bindparam("voter"))).limit(1))
_COPY = _queries(_copies)
_LIKE = _queries(lambda items: _copies(items, tasks.c.n_people == bindparam("people")))
_SERVE = Prepared(
    gold_servings.insert().values(
        gold_item_id=bindparam("item"),
        voter_id=bindparam("voter"),
        campaign_id=bindparam("campaign"),
        task_id=bindparam("task"),
    )
)
_own = {"id": bindparam("copy", type_=tasks.c.id.type), "created_at": bindparam("now", type_=tasks.c.created_at.type)}
_COPY_ITEM = Prepared(
    tasks.insert().from_select(
        [*_own, *(column.name for column in _CONTENT)],
        select(*_own.values(), *_CONTENT)
        .where(tasks.c.gold_item_id == bindparam("item"))
        .order_by(tasks.c.number)
        .limit(1),
    )
)
_COPY_BY_ID = Prepared(select(*_COLUMNS).where(tasks.c.id == bindparam("copy")))
_wanted = (tasks.c.status == TaskStatus.OPEN, tasks.c.submission_count < tasks.c.n_required)
_spare = select(func.count()).where(tasks.c.gold_item_id == gold_items.c.id, _ROOM, *_wanted).scalar_subquery()
_SHORT = Prepared(select(gold_items.c.id).where(_in_campaign, _spare < SPARE).limit(bindparam("limit")))
