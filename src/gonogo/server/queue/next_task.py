"""The next task for a voter, and the queue explained to him."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, exists, func, null, select

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.gonogo_api import HeldByOthers, QueueView
from gonogo.schemas.labeling import ServedTask
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import honeypots, leases
from gonogo.server.serialize import instant
from gonogo.server.store import ordering
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import campaigns, submissions, tasks, voters


@dataclass(frozen=True)
class Claim:
    """A task now held by the caller: columns of `SERVED`, and when the claim runs out."""

    task: Row[Any]
    expires_at: datetime


def next_task(
    connection: Connection,
    campaign: Row[Any],
    voter: Voter,
    now: datetime,
    rng: random.Random,
    position: Row[Any] | None = None,
) -> Claim | None:
    """Claims a task for `voter`; `None` when nothing is left for him. Call it in a `store.write()` block.

    `campaign` is the row as it is in this transaction, `position` what `claims.position` gave, if it was asked. A
    voter who holds `claims.MAX_HELD` tasks gets the oldest of them again, on a fresh lease.
    """
    if campaign.status != CampaignStatus.OPEN:
        return None
    if position is None:
        position = leases.lock_cursor(connection, campaign.id, voter, now)
    if position.any_expired:
        _expire(connection, campaign, voter, position, now)
    candidate = _candidate(connection, campaign, voter, position)
    if candidate is None or candidate.n_held >= leases.MAX_CLAIMS:
        again = _renew_oldest(connection, campaign, voter, now)
        if again is not None or candidate is None:
            return again
    honeypot = honeypots.choose_honeypot(connection, campaign, voter, position, candidate, now, rng)
    task = candidate if honeypot is None else honeypot
    until = leases.acquire(connection, task.id, voter, now, campaign.lease_minutes)
    # A cursor never moves over a task that somebody else is just taking: he may fail.
    skipped = candidate.first_rank is not None and candidate.first_rank < candidate.rank
    moved = {
        "cursor": position.cursor if honeypot or skipped else candidate.rank,
        "gold": int(honeypot is not None),
        "sheet": candidate.sheet_seq,
    }
    _MOVE_CURSOR.later(connection, {"campaign": campaign.id, "voter": voter.id, **moved})
    return Claim(task, until)


def queue_view(
    connection: Connection, campaign: Row[Any], voter: Voter, now: datetime, *, reviews: bool = False
) -> QueueView:
    """The queue as `voter` may know it; what waits for an expert only for who `reviews`.

    An annotator who saw that number move by his own answer would know which question had settled, and gold settles
    in another way.

    Gold shows in no number: `left_for_me` expects the campaign's share of honeypots on top of ordinary work, so that
    answering either kind takes one from it; `in_review` and what others hold count both kinds alike.
    """
    here = {"campaign": campaign.id, "voter": voter.id}
    position = _POSITION.first(connection, here)
    cursor, done, gold_done = (position.cursor, position.n_done, position.n_gold_done) if position else ("", 0, 0)
    held = _HELD_KINDS.scalars(connection, {**here, "now": now})
    ordinary = held.count(False)
    is_open = campaign.status == CampaignStatus.OPEN
    if is_open:
        ordinary += _COUNT_AHEAD.scalar(connection, {**here, "cursor": cursor})
        ordinary -= _COUNT_OWN_AHEAD.scalar(connection, {**here, "cursor": cursor})
    others = _HELD_BY_OTHERS.one(connection, {**here, "now": now})
    return QueueView(
        campaign_id=campaign.id,
        campaign_name=campaign.name,
        campaign_status=campaign.status,
        left_for_me=_count_left(campaign, ordinary, len(held), done, gold_done),
        held_by_me=len(held),
        done_by_me=done,
        held_by_others=HeldByOthers(n_tasks=others.n_tasks, until=instant(others.until)),
        in_review=_IN_REVIEW.scalar(connection, here) if reviews else 0,
        guideline=campaign.guideline,
    )


def _expire(connection: Connection, campaign: Row[Any], voter: Voter, position: Row[Any], now: datetime) -> None:
    """Takes back claims that ran out: a few, or as many as it takes to find something for the voter."""
    while leases.expire(connection, campaign.id, now) == leases.EXPIRY_BATCH:
        if _first_ahead(connection, campaign, voter, position) is not None:
            break


def _renew_oldest(connection: Connection, campaign: Row[Any], voter: Voter, now: datetime) -> Claim | None:
    """The oldest of the voter's tasks, if he holds as many as he may."""
    held = _OLDEST_HELD.all(connection, {"campaign": campaign.id, "voter": voter.id})
    if len(held) < leases.MAX_CLAIMS:
        return None
    until = leases.renew(connection, held[0], campaign, voter, now)
    return None if until is None else Claim(_served(connection, held[0].id), until)


def _candidate(connection: Connection, campaign: Row[Any], voter: Voter, position: Row[Any]) -> Row[Any] | None:
    """The ordinary task that is the voter's turn, locked; `None` when nothing is left for him.

    Where many write at once, rounds below the insert round are searched without a lock of the order; see `order`.
    """
    ahead = {"campaign": campaign.id, "voter": voter.id, "cursor": position.cursor}
    if not dialect_of(connection).CONCURRENT_WRITERS:
        candidate = _FIRST_TASK.first(connection, {**ahead, "end": ordering.END})
        insert_round = campaign.insert_round
    else:
        candidate = _FIRST_UNLOCKED_TASK.first(connection, {**ahead, "end": campaign.insert_round})
        if candidate is not None:
            return candidate
        last = _LAST_RANK.scalar(connection, {"campaign": campaign.id})
        if last is None or last <= position.cursor:
            return None
        ordering.lock_order(connection, campaign.id, alone=True)
        insert_round = _INSERT_ROUND.scalar(connection, {"campaign": campaign.id})
        candidate = _FIRST_UNLOCKED_TASK.first(connection, {**ahead, "end": ordering.END})
    if candidate is not None:
        ordering.advance_insert_round(connection, campaign.id, insert_round, candidate.rank)
    elif _first_ahead(connection, campaign, voter, position) is None:
        _skip_to_end(connection, campaign, insert_round, voter, position.cursor)
    return candidate


def _first_ahead(connection: Connection, campaign: Row[Any], voter: Voter, position: Row[Any]) -> str | None:
    """The rank of the first task ahead that the voter has not answered, be it locked by others."""
    ahead = {"campaign": campaign.id, "voter": voter.id, "cursor": position.cursor, "end": ordering.END}
    found: str | None = _FIRST.scalar(connection, ahead)
    return found


def _skip_to_end(connection: Connection, campaign: Row[Any], insert_round: str, voter: Voter, cursor: str) -> None:
    """All that is left he has voted on: passes it for good, so that asking again costs nothing."""
    last = _LAST_RANK.scalar(connection, {"campaign": campaign.id})
    if last is not None and last > cursor:
        ordering.advance_insert_round(connection, campaign.id, insert_round, last)
        mine = (voters.c.campaign_id == campaign.id) & (voters.c.voter_id == voter.id)
        connection.execute(voters.update().where(mine).values(cursor=last))


def _served(connection: Connection, task_id: str) -> Row[Any]:
    return _SERVED_BY_ID.one(connection, {"task": task_id})


def _count_left(campaign: Row[Any], ordinary: int, held: int, done: int, gold_done: int) -> int:
    """What is left for a voter, honeypots to come included. One answer of either kind takes one from it."""
    if campaign.status != CampaignStatus.OPEN:
        return 0
    if ordinary == 0:
        return held
    work = ordinary + done - gold_done
    share = campaign.gold_fraction / (1 - campaign.gold_fraction)
    expected: int = min(round(work * share), campaign.n_gold_items)
    return max(work + expected - done, held, 1)


SERVED_COLUMNS = [tasks.c[name] for name in ServedTask.model_fields]
"""The columns of a served task (its `status` is then replaced by the constant `open`)."""

_QUEUE_COLUMNS = [*SERVED_COLUMNS, tasks.c.rank, tasks.c.sheet_seq, tasks.c.n_people]
_own_vote = exists().where(submissions.c.task_id == tasks.c.id, submissions.c.voter_id == bindparam("voter"))
_in_campaign = tasks.c.campaign_id == bindparam("campaign")
_ahead = and_(_in_campaign, tasks.c.rank > bindparam("cursor"))

_mine = and_(_ahead, tasks.c.rank < bindparam("end"), ~_own_vote)
_FIRST = CompiledStatement(select(tasks.c.rank).where(_mine).order_by(tasks.c.rank).limit(1))
_others = tasks.alias("others")
_first_rank = (
    select(_others.c.rank)
    .where(
        _others.c.campaign_id == bindparam("campaign"),
        _others.c.rank > bindparam("cursor"),
        _others.c.rank < bindparam("end"),
        ~exists().where(submissions.c.task_id == _others.c.id, submissions.c.voter_id == bindparam("voter")),
    )
    .order_by(_others.c.rank)
    .limit(1)
    .scalar_subquery()
)
_own_claims = tasks.alias("own_claims")
_n_held = (
    select(func.count())
    .where(_own_claims.c.campaign_id == bindparam("campaign"), _own_claims.c.holder_id == bindparam("voter"))
    .scalar_subquery()
    .label("n_held")
)
_FIRST_TASK = CompiledStatement(
    select(*_QUEUE_COLUMNS, null().label("first_rank"), _n_held).where(_mine).order_by(tasks.c.rank).limit(1)
)
_FIRST_UNLOCKED_TASK = CompiledStatement(
    select(*_QUEUE_COLUMNS, _first_rank.label("first_rank"), _n_held)
    .where(_mine)
    .order_by(tasks.c.rank)
    .limit(1)
    .with_for_update(skip_locked=True, of=tasks)
)
_INSERT_ROUND = CompiledStatement(select(campaigns.c.insert_round).where(campaigns.c.id == bindparam("campaign")))
_SERVED_BY_ID = CompiledStatement(select(*_QUEUE_COLUMNS).where(tasks.c.id == bindparam("task")))
_LAST_RANK = CompiledStatement(select(func.max(tasks.c.rank)).where(_in_campaign, tasks.c.rank.is_not(None)))
_OLDEST_HELD = CompiledStatement(
    select(tasks.c.id, tasks.c.holder_id)
    .where(_in_campaign, tasks.c.holder_id == bindparam("voter"))
    .order_by(tasks.c.claimed_at, tasks.c.number)
    .limit(leases.MAX_CLAIMS)
)
_MOVE_CURSOR = CompiledStatement(
    voters.update()
    .where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
    .values(
        cursor=bindparam("cursor"),
        last_sheet_seq=bindparam("sheet"),
        n_served=voters.c.n_served + 1,
        n_gold_served=voters.c.n_gold_served + bindparam("gold"),
        n_gold_items=voters.c.n_gold_items + bindparam("gold"),
    )
)
_POSITION = CompiledStatement(
    select(voters).where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
)

# The numbers of `standing`. They walk indexes, not tasks; none of them is on the way of a claim.
_COUNT_AHEAD = CompiledStatement(select(func.count()).select_from(tasks).where(_ahead))
_COUNT_OWN_AHEAD = CompiledStatement(
    select(func.count())
    .select_from(submissions)
    .join(tasks, tasks.c.id == submissions.c.task_id)
    .where(
        submissions.c.campaign_id == bindparam("campaign"),
        submissions.c.voter_id == bindparam("voter"),
        tasks.c.rank > bindparam("cursor"),
    )
)
_live = tasks.c.claim_expires_at > bindparam("now")
_HELD_KINDS = CompiledStatement(
    select(tasks.c.is_gold).where(_in_campaign, tasks.c.holder_id == bindparam("voter"), _live)
)
_HELD_BY_OTHERS = CompiledStatement(
    select(func.count().label("n_tasks"), func.max(tasks.c.claim_expires_at).label("until")).where(
        _in_campaign,
        tasks.c.holder_id.is_not(None),
        tasks.c.holder_id != bindparam("voter"),
        _live,
        tasks.c.status == TaskStatus.OPEN,
        ~_own_vote,
    )
)
_IN_REVIEW = CompiledStatement(
    select(func.count()).select_from(tasks).where(_in_campaign, tasks.c.status == TaskStatus.IN_REVIEW)
)
