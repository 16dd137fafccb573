"""Honeypots: tasks whose answer is known, served so that nobody can tell them from other work.

An *item* is a question with a known answer; each task row of it is a *copy*, and a copy is served to no more people
than an ordinary task would be. Copies are never in the order of ordinary work: whether the next task is a honeypot is
drawn for each claim.

The draw is a Bernoulli trial with probability `g + PULL · (g·n − s)`, clipped, where g is the campaign's
`gold_fraction` and s of this voter's n tasks so far were gold. The second term pulls the served share towards g (s
stays within a few of g·n, whatever n), and is weak enough that one honeypot says little about when the next one
comes.

Work comes sheet by sheet, so a honeypot of a sheet far away would stand out. Items of the sheet at hand are taken
first, then any where the sheet changes anyhow; in the middle of a sheet only when the share falls behind.
"""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, false, literal, select

from gonogo.server.claims import Voter
from gonogo.server.store.tables import gold_items, gold_servings, new_id, submissions, tasks, voters
from gonogo.wire.vocabulary import TaskStatus

PULL = 0.02
BEHIND = 2.0
"""Honeypots owed before one may come from another sheet in the middle of this one."""
SHUFFLE = 2**31

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
    sheet: int,
    now: datetime,
    rng: random.Random,
) -> str | None:
    """The honeypot to serve instead of ordinary work on `sheet`: a task id, or `None`.

    `position` is the voter's row of `voters`. The served copy is booked for him; the caller takes the lease.
    """
    if not campaign.n_gold_items:
        return None
    if rng.random() >= probability(campaign.gold_fraction, position.n_served, position.n_gold_served):
        return None
    again = _given_back(connection, campaign.id, voter)
    if again is not None or position.n_gold_items >= campaign.n_gold_items:
        return again
    item = _new_item(connection, campaign, voter, position, sheet, rng)
    return None if item is None else _book(connection, campaign, voter, item, now)


def book_unserved(connection: Connection, task: Row[Any], voter: Voter) -> None:
    """Notes that a voter answered a copy he was never served, so that the item does not come to him again."""
    served = _serving(task.gold_item_id, voter.id)
    if not connection.execute(select(served)).scalar():
        _note(connection, task.campaign_id, task.gold_item_id, task.id, voter)


def _new_item(
    connection: Connection, campaign: Row[Any], voter: Voter, position: Row[Any], sheet: int, rng: random.Random
) -> str | None:
    unseen = select(gold_items.c.id).where(
        gold_items.c.campaign_id == campaign.id, ~_serving(gold_items.c.id, voter.id)
    )
    last = position.last_sheet_seq
    for at_hand in {sheet: None, last: None}:
        found = _from_random_start(connection, unseen.where(gold_items.c.sheet_seq == at_hand), rng)
        if found is not None:
            return found
    owed = campaign.gold_fraction * position.n_served - position.n_gold_served
    if sheet != last or owed > BEHIND:
        return _from_random_start(connection, unseen, rng)
    return None


def _from_random_start(connection: Connection, unseen: Any, rng: random.Random) -> str | None:
    start = rng.randrange(SHUFFLE)
    for part in (gold_items.c.shuffle >= start, gold_items.c.shuffle < start):
        found: str | None = connection.execute(unseen.where(part).order_by(gold_items.c.shuffle).limit(1)).scalar()
        if found is not None:
            return found
    return None


def _given_back(connection: Connection, campaign_id: str, voter: Voter) -> str | None:
    """A copy this voter once gave back, if it still wants an answer and nobody has it."""
    query = (
        select(tasks.c.id, tasks.c.gold_item_id)
        .join(gold_servings, gold_servings.c.task_id == tasks.c.id)
        .where(
            gold_servings.c.campaign_id == campaign_id,
            gold_servings.c.voter_id == voter.id,
            gold_servings.c.returned,
            *_free(),
            ~exists().where(submissions.c.task_id == tasks.c.id, submissions.c.voter_id == voter.id),
        )
        .limit(1)
    )
    found = connection.execute(query).first()
    if found is None:
        return None
    mine = (gold_servings.c.gold_item_id == found.gold_item_id) & (gold_servings.c.voter_id == voter.id)
    connection.execute(gold_servings.update().where(mine).values(returned=false()))
    return str(found.id)


def _book(connection: Connection, campaign: Row[Any], voter: Voter, item: str, now: datetime) -> str:
    """A copy of `item` that has room for one more person; a fresh one when all are taken."""
    roomy = select(tasks.c.id).where(tasks.c.gold_item_id == item, tasks.c.n_people < tasks.c.n_required, *_free())
    copy: str | None = connection.execute(roomy.order_by(tasks.c.number).limit(1)).scalar()
    if copy is None:
        copy = _fresh_copy(connection, item, now)
    _note(connection, campaign.id, item, copy, voter)
    return copy


def _fresh_copy(connection: Connection, item: str, now: datetime) -> str:
    copy = new_id()
    own = {"id": literal(copy), "created_at": literal(now, tasks.c.created_at.type)}
    original = select(*own.values(), *_CONTENT).where(tasks.c.gold_item_id == item).order_by(tasks.c.number).limit(1)
    names = [*own, *(column.name for column in _CONTENT)]
    connection.execute(tasks.insert().from_select(names, original))
    return copy


def _note(connection: Connection, campaign_id: str, item: str, task_id: str, voter: Voter) -> None:
    served = {"gold_item_id": item, "voter_id": voter.id, "campaign_id": campaign_id, "task_id": task_id}
    connection.execute(gold_servings.insert().values(**served))
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(n_people=tasks.c.n_people + 1))
    mine = (voters.c.campaign_id == campaign_id) & (voters.c.voter_id == voter.id)
    connection.execute(voters.update().where(mine).values(n_gold_items=voters.c.n_gold_items + 1))


def _serving(item: Any, voter_id: str) -> Any:
    return exists().where(gold_servings.c.gold_item_id == item, gold_servings.c.voter_id == voter_id)


def _free() -> tuple[Any, ...]:
    return (
        tasks.c.holder_id.is_(None),
        tasks.c.status == TaskStatus.OPEN,
        tasks.c.submission_count < tasks.c.n_required,
    )
