"""Next task: chooses the next task of a voter and claims it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, and_, bindparam, exists, func, null, select

from gonogo.schemas.enums import CampaignStatus, VotePolicy
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import honeypots, leases
from gonogo.server.queue.rows import SERVED_COLUMNS, HeldTask, QueueCampaign, QueuedTask, ServedRow, VoterCursor
from gonogo.server.store import task_order
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import annotator_scores, campaigns, help_requests, submissions, tasks, voters

# --- queries -----------------------------------------------------------------------------------------------

_in_campaign = tasks.c.campaign_id == bindparam("campaign")


def _is_on(table: FromClause, task: FromClause) -> ColumnElement[bool]:
    """Condition: the voter has a row on the task in `table`."""
    on_task = (table.c.campaign_id == task.c.campaign_id, table.c.task_id == task.c.id)
    return exists().where(*on_task, table.c.voter_id == bindparam("voter"))


_ordinary = tasks.alias("ordinary")
_first_ordinary = (
    select(_ordinary.c.rank)
    .where(
        _ordinary.c.campaign_id == bindparam("campaign"),
        _ordinary.c.rank > bindparam("cursor"),
        _ordinary.c.rank < bindparam("end"),
        _ordinary.c.gold_item_id.is_(None),
        ~_is_on(submissions, _ordinary),
        ~_is_on(help_requests, _ordinary),
    )
    .order_by(_ordinary.c.rank)
    .limit(1)
)
_FIRST_RANK = CompiledStatement(_first_ordinary)
_first_rank = _first_ordinary.scalar_subquery()
_ahead = and_(
    _in_campaign,
    tasks.c.rank > bindparam("cursor"),
    tasks.c.rank < bindparam("end"),
    ~_is_on(submissions, tasks),
    ~_is_on(help_requests, tasks),
    # Gold ends with the ordinary work. Both are asked of ordinary tasks, too, so that they take the same time.
    ~honeypots.met_by_voter(tasks),
    _first_rank.is_not(None),
)
_all_scores = annotator_scores.alias("all_scores")
_own_claims = tasks.alias("own_claims")
_n_held = (
    select(func.count())
    .where(_own_claims.c.campaign_id == bindparam("campaign"), _own_claims.c.holder_id == bindparam("voter"))
    .scalar_subquery()
    .label("n_held")
)
_queued = [*SERVED_COLUMNS, tasks.c.rank]
_FIRST_TASK = CompiledQuery(
    select(*_queued, null().label("first_rank"), _n_held).where(_ahead).order_by(tasks.c.rank).limit(1), QueuedTask
)
_FIRST_UNLOCKED_TASK = CompiledQuery(
    select(*_queued, _first_rank.label("first_rank"), _n_held)
    .where(_ahead)
    .order_by(tasks.c.rank)
    .limit(1)
    .with_for_update(skip_locked=True, of=tasks),
    QueuedTask,
)
_INSERT_ROUND = CompiledStatement(select(campaigns.c.insert_round).where(campaigns.c.id == bindparam("campaign")))
_LAST_RANK = CompiledStatement(select(func.max(tasks.c.rank)).where(_in_campaign, tasks.c.rank.is_not(None)))
_TASK_AHEAD = select(*SERVED_COLUMNS).where(tasks.c.id == bindparam("task"), _ahead)
TASK_AHEAD = CompiledQuery(_TASK_AHEAD, ServedRow)
"""One task, if the voter may claim it next, where one transaction writes at a time."""
UNLOCKED_TASK_AHEAD = CompiledQuery(_TASK_AHEAD.with_for_update(skip_locked=True, of=tasks), ServedRow)
"""The same, locked, where transactions write concurrently."""
_SERVED_TASK = CompiledQuery(select(*SERVED_COLUMNS).where(tasks.c.id == bindparam("task")), ServedRow)
_OLDEST_HELD = CompiledQuery(
    select(tasks.c.id, tasks.c.holder_id)
    .where(_in_campaign, tasks.c.holder_id == bindparam("voter"))
    .order_by(tasks.c.claimed_at, tasks.c.number)
    .limit(bindparam("limit")),
    HeldTask,
)
_mean_reliability = (
    select(func.avg(_all_scores.c.reliability))
    .where(_all_scores.c.campaign_id == bindparam("campaign"))
    .scalar_subquery()
)
_IS_THOROUGH = CompiledStatement(
    select((annotator_scores.c.reliability >= _mean_reliability).label("is_thorough")).where(
        annotator_scores.c.campaign_id == bindparam("campaign"), annotator_scores.c.voter_id == bindparam("voter")
    )
)
_MOVE_CURSOR = CompiledStatement(
    voters.update()
    .where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
    .values(cursor=bindparam("cursor"), n_served=voters.c.n_served + 1)
)


# --- the claim ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claim:
    """A task that the caller now holds, and when the claim expires."""

    task: QueuedTask | ServedRow
    expires_at: datetime


class ClaimStep(NamedTuple):
    """A claim, the voter's cursor after it, and how many claims the voter holds then."""

    claim: Claim
    cursor: str
    n_held: int


def next_task(
    connection: Connection,
    campaign: QueueCampaign,
    voter: Voter,
    now: datetime,
    cursor: VoterCursor | None = None,
) -> Claim | None:
    """Claims a task for `voter`, in a write transaction; `None` when nothing is left.

    A voter who holds `leases.MAX_CLAIMS` tasks gets the oldest of them again, on a fresh lease.

    Args:
        connection: A write transaction.
        campaign: The campaign as it is in this transaction.
        voter: The caller.
        now: The instant of the request.
        cursor: What `leases.lock_cursor` returned, if the caller has locked it already.
    """
    step = claim_step(connection, campaign, voter, now, cursor)
    return None if step is None else step.claim


def claim_step(
    connection: Connection,
    campaign: QueueCampaign,
    voter: Voter,
    now: datetime,
    cursor: VoterCursor | None = None,
    *,
    most_held: int = leases.MAX_CLAIMS,
) -> ClaimStep | None:
    """`next_task`, with the voter's position after it. `most_held` is the number of claims that the voter may hold."""
    if campaign.status != CampaignStatus.OPEN:
        return None
    if cursor is None:
        cursor = leases.lock_cursor(connection, campaign.id, voter, now)
    if cursor.any_expired:
        _expire(connection, campaign, voter, cursor, now)
    doubtful = _doubtful_task(connection, campaign, voter, cursor)
    task = doubtful or _next_queued(connection, campaign, voter, cursor)
    if task is None or task.n_held >= most_held:
        renewed = _renew_oldest(connection, campaign, voter, now, most_held)
        if renewed is not None:
            return ClaimStep(renewed, cursor.cursor, most_held)
        if task is None:
            return None
    # A cursor never moves over a task that another transaction is just claiming: that one may roll back.
    skipped = task.first_rank is not None and task.first_rank < task.rank
    position = cursor.cursor if skipped or doubtful is not None else task.rank
    return ClaimStep(acquire(connection, campaign, task, voter, position, now), position, task.n_held + 1)


def acquire(
    connection: Connection,
    campaign: QueueCampaign,
    task: QueuedTask | ServedRow,
    voter: Voter,
    position: str,
    now: datetime,
) -> Claim:
    """Leases `task`, which the search locked, to the voter, whose cursor is at `position` then."""
    expires_at = leases.acquire(connection, campaign, task.id, voter, now)
    if campaign.n_gold_items:
        honeypots.record_serving(connection, campaign.id, task.id, voter)
    _MOVE_CURSOR.later(connection, {"campaign": campaign.id, "voter": voter.id, "cursor": position})
    return Claim(task, expires_at)


def _expire(connection: Connection, campaign: QueueCampaign, voter: Voter, cursor: VoterCursor, now: datetime) -> None:
    """Ends expired claims: one batch, or as many as it takes to find something for the voter."""
    while leases.expire(connection, campaign.id, now) == leases.EXPIRY_BATCH:
        if _first_ahead(connection, campaign, voter, cursor) is not None:
            break


def _renew_oldest(
    connection: Connection, campaign: QueueCampaign, voter: Voter, now: datetime, most_held: int
) -> Claim | None:
    """The oldest of the voter's claims, if there are as many as allowed."""
    held = _OLDEST_HELD.all(connection, {"campaign": campaign.id, "voter": voter.id, "limit": most_held})
    if len(held) < most_held:
        return None
    expires_at = leases.renew(connection, held[0], campaign, voter, now)
    return None if expires_at is None else Claim(_SERVED_TASK.one(connection, {"task": held[0].id}), expires_at)


def _doubtful_task(
    connection: Connection, campaign: QueueCampaign, voter: Voter, cursor: VoterCursor
) -> QueuedTask | None:
    """Where votes follow the risk, a task that waits in a later round, for voters of at least average reliability.

    So the next vote on a doubtful task comes from a thorough person soon, while others go on with new tasks; they reach
    it, too, if nobody took it. The cursor stays where it is, so nothing is passed over and no order lock is needed.
    """
    if campaign.votes != VotePolicy.BY_RISK:
        return None
    if not _IS_THOROUGH.scalar(connection, {"campaign": campaign.id, "voter": voter.id}):
        return None
    this_round = task_order.Rank.parse(cursor.cursor).round if cursor.cursor else 0
    params = {**_ahead_params(campaign, voter, cursor), "cursor": task_order.round_text(this_round + 1)}
    search = _FIRST_UNLOCKED_TASK if dialect_of(connection).CONCURRENT_WRITERS else _FIRST_TASK
    return search.first(connection, params)


def _next_queued(
    connection: Connection, campaign: QueueCampaign, voter: Voter, cursor: VoterCursor
) -> QueuedTask | None:
    """The voter's next task, gold or not, locked; `None` when no ordinary work is left."""
    if dialect_of(connection).CONCURRENT_WRITERS:
        return _next_of_many_writers(connection, campaign, voter, cursor)
    task = _FIRST_TASK.first(connection, _ahead_params(campaign, voter, cursor))
    return _after_search(connection, campaign, voter, cursor, task, campaign.insert_round)


def _next_of_many_writers(
    connection: Connection, campaign: QueueCampaign, voter: Voter, cursor: VoterCursor
) -> QueuedTask | None:
    """The same where transactions write concurrently: rounds below the insert round need no order lock."""
    params = _ahead_params(campaign, voter, cursor)
    task = _FIRST_UNLOCKED_TASK.first(connection, {**params, "end": campaign.insert_round})
    if task is not None:
        return task
    last_rank = _LAST_RANK.scalar(connection, {"campaign": campaign.id})
    if last_rank is None or last_rank <= cursor.cursor:
        return None
    task_order.lock_order(connection, campaign.id, exclusive=True)
    insert_round = _INSERT_ROUND.scalar(connection, {"campaign": campaign.id})
    task = _FIRST_UNLOCKED_TASK.first(connection, params)
    return _after_search(connection, campaign, voter, cursor, task, insert_round)


def _after_search(
    connection: Connection,
    campaign: QueueCampaign,
    voter: Voter,
    cursor: VoterCursor,
    task: QueuedTask | None,
    insert_round: str,
) -> QueuedTask | None:
    """Keeps the insert round ahead of the cursor's next move; returns the task."""
    if task is not None:
        task_order.advance_insert_round(connection, campaign.id, insert_round, task.rank)
    elif _first_ahead(connection, campaign, voter, cursor) is None:
        _skip_to_end(connection, campaign, insert_round, voter, cursor.cursor)
    return task


def _ahead_params(campaign: QueueCampaign, voter: Voter, cursor: VoterCursor) -> dict[str, str]:
    return ahead_params(campaign.id, voter, cursor.cursor)


def ahead_params(campaign_id: str, voter: Voter, cursor: str) -> dict[str, str]:
    """Parameters of the queries of what lies ahead of `cursor`."""
    return {"campaign": campaign_id, "voter": voter.id, "cursor": cursor, "end": task_order.END}


def _first_ahead(connection: Connection, campaign: QueueCampaign, voter: Voter, cursor: VoterCursor) -> str | None:
    """The rank of the first ordinary task ahead that the voter has not answered, locked by others or not."""
    rank: str | None = _FIRST_RANK.scalar(connection, _ahead_params(campaign, voter, cursor))
    return rank


def _skip_to_end(connection: Connection, campaign: QueueCampaign, insert_round: str, voter: Voter, cursor: str) -> None:
    """Moves the cursor past all that the voter has answered, so that the next request costs nothing."""
    last_rank = _LAST_RANK.scalar(connection, {"campaign": campaign.id})
    if last_rank is not None and last_rank > cursor:
        task_order.advance_insert_round(connection, campaign.id, insert_round, last_rank)
        own_cursor = (voters.c.campaign_id == campaign.id) & (voters.c.voter_id == voter.id)
        connection.execute(voters.update().where(own_cursor).values(cursor=last_rank))
