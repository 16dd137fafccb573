"""Leases: record which voter holds which task until when, and end claims without an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, false, null, or_, select, text, true

from gonogo.schemas.enums import LARGEST_GROUP, CampaignStatus, TaskStatus
from gonogo.server.auth.principals import Voter
from gonogo.server.queue.rows import HeldTask, QueueCampaign, VoterCursor
from gonogo.server.scoring.task_scoring import rescore_task
from gonogo.server.store import audit
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import discounted_votes, submissions, tasks, voters
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.task_order import enqueue, lock_order
from gonogo.server.store.typed_rows import AnyColumn, fetch_all

MAX_CLAIMS = 5
"""Claims that one voter may hold in a campaign."""
MAX_GROUPED_CLAIMS = 3 * LARGEST_GROUP
"""The same where equal values are asked together: the page on the screen, the one before, and the next."""
LONGEST_LEASE = timedelta(minutes=60)
"""Longest lease that a campaign may set."""
CLOCK_SLACK = timedelta(minutes=2)
"""Difference of clocks that is no error: of the workers' machines, and of the database's."""
EXPIRY_BATCH = 50
"""Expired claims that one request ends; keeps every request short."""


# --- queries -----------------------------------------------------------------------------------------------


class LeasedTask(NamedTuple):
    """A task as the end of its claim reads it."""

    id: str
    campaign_id: str
    status: str
    n_required: int
    submission_count: int
    holder_id: str | None


def cursor_columns(campaign_id: ColumnElement[str]) -> list[AnyColumn]:
    """The columns of `VoterCursor`, over `voters`; they need the parameter `now`."""
    held = tasks.alias("held")
    any_expired = exists().where(held.c.campaign_id == campaign_id, held.c.claim_expires_at <= bindparam("now"))
    return [
        voters.c.cursor,
        any_expired.label("any_expired"),
    ]


_LEASE_COLUMNS = [tasks.c[name] for name in LeasedTask._fields]
_LOCK_CURSOR = CompiledQuery(
    select(*cursor_columns(bindparam("campaign")))
    .where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
    .with_for_update(of=voters),
    VoterCursor,
)
_INSERT_CURSOR = CompiledStatement(
    text(
        "INSERT INTO voters (campaign_id, voter_id) VALUES (:campaign, :voter)"
        " ON CONFLICT (campaign_id, voter_id) DO NOTHING"
    )
)
_EXPIRED = CompiledQuery(
    select(*_LEASE_COLUMNS)
    .where(tasks.c.campaign_id == bindparam("campaign"), tasks.c.claim_expires_at <= bindparam("now"))
    .order_by(tasks.c.claim_expires_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True),
    LeasedTask,
)
_LOCK_TASK = CompiledQuery(
    select(*_LEASE_COLUMNS)
    .where(tasks.c.id == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .with_for_update(),
    LeasedTask,
)
_ACQUIRE = CompiledStatement(
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.holder_id.is_(None),
    )
    .values(
        rank=null(),
        holder_id=bindparam("voter"),
        holder_kind=bindparam("kind"),
        claimed_at=bindparam("now"),
        claim_expires_at=bindparam("until"),
        n_people=tasks.c.n_people + 1,
    )
)
_RENEW = CompiledStatement(
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.holder_id == bindparam("voter"),
    )
    .values(claim_expires_at=bindparam("until"))
)
NO_HOLDER = {"holder_id": null(), "holder_kind": null(), "claimed_at": null(), "claim_expires_at": null()}
"""Column values of a task that nobody holds."""
_RELEASE = CompiledStatement(
    tasks.update()
    .where(tasks.c.id == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .values(**NO_HOLDER)
)


# --- the voter's cursor ------------------------------------------------------------------------------------


def lock_cursor(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> VoterCursor:
    """The voter's cursor, made on the first visit and locked, so that a voter's requests run one after the other."""
    params = {"campaign": campaign_id, "voter": voter.id, "now": now}
    cursor = _LOCK_CURSOR.first(connection, params)
    if cursor is None:
        _INSERT_CURSOR.run(connection, params)
        cursor = _LOCK_CURSOR.one(connection, params)
    return cursor


# --- begin and renew ---------------------------------------------------------------------------------------


def acquire(connection: Connection, campaign: QueueCampaign, task_id: str, voter: Voter, now: datetime) -> datetime:
    """Leases a task that nobody holds to the voter; returns when the claim expires.

    The search for the task locked it, or the transaction excludes all others: so it is still free.
    """
    expires_at = now + timedelta(minutes=campaign.lease_minutes)
    params = {
        "task": task_id,
        "campaign": campaign.id,
        "voter": voter.id,
        "kind": voter.kind,
        "now": now,
        "until": expires_at,
    }
    _ACQUIRE.later(connection, params)
    return expires_at


def renew(
    connection: Connection, task: TaskRow | HeldTask, campaign: QueueCampaign, voter: Voter, now: datetime
) -> datetime | None:
    """A fresh lease on a task that the voter holds, expired or not; `None` if the voter doesn't hold it."""
    if task.holder_id != voter.id or campaign.status != CampaignStatus.OPEN:
        return None
    expires_at = now + timedelta(minutes=campaign.lease_minutes)
    renewed = _RENEW.run(connection, {"task": task.id, "campaign": campaign.id, "voter": voter.id, "until": expires_at})
    return expires_at if renewed else None


# --- end without an answer ---------------------------------------------------------------------------------


def release_if_held(connection: Connection, task: TaskRow, voter: Voter, now: datetime) -> None:
    """Ends the voter's claim on the task; no operation if the voter doesn't hold it."""
    lock_order(connection, task.campaign_id)
    leased = _LOCK_TASK.one(connection, {"task": task.id, "campaign": task.campaign_id})
    if leased.holder_id == voter.id:
        _release(connection, leased, now)


def end_claims(connection: Connection, now: datetime, *, campaign_id: str, voter_id: str | None = None) -> None:
    """Ends all claims of a campaign, or those of one voter there."""
    lock_order(connection, campaign_id, exclusive=True)
    query = select(*_LEASE_COLUMNS).where(tasks.c.campaign_id == campaign_id, tasks.c.holder_id.is_not(None))
    if voter_id is not None:
        query = query.where(tasks.c.holder_id == voter_id)
    for task in fetch_all(connection, query.with_for_update(), LeasedTask):
        _release(connection, task, now)


def expire(connection: Connection, campaign_id: str, now: datetime, limit: int = EXPIRY_BATCH) -> int:
    """Ends expired claims of a campaign, oldest first; returns how many (at most `limit`)."""
    lock_order(connection, campaign_id, exclusive=True)
    expired = _EXPIRED.all(connection, {"campaign": campaign_id, "now": now, "limit": limit})
    for task in expired:
        _expire(connection, task, now)
    return len(expired)


def expire_claim(connection: Connection, campaign_id: str, task_id: str, now: datetime) -> None:
    """Ends the expired claim on one task. The caller holds the campaign's order lock."""
    _expire(connection, _LOCK_TASK.one(connection, {"task": task_id, "campaign": campaign_id}), now)


def end_claims_ahead(connection: Connection, now: datetime, limit: int = EXPIRY_BATCH) -> int:
    """Ends claims that were taken or renewed while a clock was ahead, at most `limit`; returns how many.

    Their time would come only when the clock gets there again. What counts as ahead is ahead of this server's clock and
    of the database's: a worker whose own clock is behind ends nobody's claim.
    """
    later = max(now, dialect_of(connection).current_time(connection)) + CLOCK_SLACK
    ahead = or_(tasks.c.claimed_at > later, tasks.c.claim_expires_at > later + LONGEST_LEASE)
    query = select(tasks.c.id, tasks.c.campaign_id).where(tasks.c.holder_id.is_not(None), ahead).limit(limit)
    rows = connection.execute(query.order_by(tasks.c.campaign_id)).all()
    for campaign_id in sorted({row.campaign_id for row in rows}):
        lock_order(connection, campaign_id, exclusive=True)
    for row in rows:
        expire_claim(connection, row.campaign_id, row.id, now)
    return len(rows)


def _expire(connection: Connection, task: LeasedTask, now: datetime) -> None:
    _release(connection, task, now)
    content = {"task_id": task.id, "campaign_id": task.campaign_id}
    audit.append(connection, "claim_ended", now, actor=str(task.holder_id), content=content)


def _release(connection: Connection, task: LeasedTask, now: datetime) -> None:
    """Ends the claim on `task` and makes the task available again, if it still needs a vote."""
    _RELEASE.run(connection, {"task": task.id, "campaign": task.campaign_id})
    if task.status == TaskStatus.OPEN and not _count_late_votes(connection, task, now):
        enqueue(connection, task.campaign_id, task.id)


def _count_late_votes(connection: Connection, task: LeasedTask, now: datetime) -> bool:
    """Counts votes that were stored uncounted because a claim reserved the last place; true if none is needed now.

    Without this, a task whose late voter may not vote again, and whose holder gave up, could wait for ever. Votes that
    a lead discounted stay uncounted.
    """
    discounted = exists().where(
        discounted_votes.c.submission_id == submissions.c.id,
        discounted_votes.c.campaign_id == submissions.c.campaign_id,
    )
    of_task = (submissions.c.task_id == task.id, submissions.c.campaign_id == task.campaign_id)
    uncounted = (*of_task, submissions.c.counted == false(), ~discounted)
    n_missing = task.n_required - task.submission_count
    query = select(submissions.c.id).where(*uncounted).order_by(submissions.c.number).limit(n_missing)
    late_votes = list(connection.execute(query).scalars())
    if late_votes:
        connection.execute(
            submissions.update().where(*of_task, submissions.c.id.in_(late_votes)).values(counted=true())
        )
        in_campaign = (tasks.c.id == task.id, tasks.c.campaign_id == task.campaign_id)
        n_counted = task.submission_count + len(late_votes)
        connection.execute(tasks.update().where(*in_campaign).values(submission_count=n_counted))
        rescore_task(connection, task.id, now)
    return len(late_votes) == n_missing
