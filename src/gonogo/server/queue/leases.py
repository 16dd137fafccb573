"""Leases: who holds which task, until when, and what happens when a claim ends without an answer."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, exists, false, null, select, text, true

from gonogo.schemas.enums import TaskStatus
from gonogo.server.auth.principals import Voter
from gonogo.server.scoring.consensus_store import rescore_task
from gonogo.server.store import audit
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.ordering import enqueue, lock_order
from gonogo.server.store.schema import discounted_votes, submissions, tasks, voters

MAX_CLAIMS = 5
"""Claims one voter may hold in a campaign."""
EXPIRY_BATCH = 50
"""Claims that ran out, taken back by one request; keeps every request short."""


def lock_cursor(connection: Connection, campaign_id: str, voter: Voter, now: datetime) -> Row[Any]:
    """The voter's row of `voters`, made on his first visit, and locked: his requests come one after the other.

    It has the columns of `position_at`.
    """
    here = {"campaign": campaign_id, "voter": voter.id, "now": now}
    row = _LOCK_CURSOR.first(connection, here)
    if row is None:
        _INSERT_CURSOR.run(connection, here)
        row = _LOCK_CURSOR.one(connection, here)
    return row


def expire(connection: Connection, campaign_id: str, now: datetime, limit: int = EXPIRY_BATCH) -> int:
    """Takes back claims that ran out, oldest first; answers how many (at most `limit`)."""
    lock_order(connection, campaign_id, alone=True)
    expired = _EXPIRED.all(connection, {"campaign": campaign_id, "now": now, "limit": limit})
    for task in expired:
        release(connection, task, now)
        ended = {"task_id": task.id, "campaign_id": campaign_id}
        audit.append(connection, "claim_ended", now, actor=task.holder_id, content=ended)
    return len(expired)


def acquire(connection: Connection, task_id: str, voter: Voter, now: datetime, minutes: int) -> datetime:
    """Gives the task to `voter`; answers when the claim runs out. The task must be free."""
    until = now + timedelta(minutes=minutes)
    values = {"task": task_id, "voter": voter.id, "kind": voter.kind, "now": now, "until": until}
    if _ACQUIRE.run(connection, values) != 1:
        raise RuntimeError("a task that somebody holds was about to be handed out again")
    return until


def release(connection: Connection, task: Row[Any], now: datetime) -> None:
    """Ends the claim on `task` (columns of `HELD`) without an answer, and makes the task available again."""
    _RELEASE.run(connection, {"task": task.id})
    if task.status == TaskStatus.OPEN and not _count_late_votes(connection, task, now):
        enqueue(connection, task.id)


def renew(connection: Connection, task: Row[Any], campaign: Row[Any], voter: Voter, now: datetime) -> datetime | None:
    """A fresh lease on a task the voter holds, or held until now with nobody after him; else `None`."""
    if task.holder_id != voter.id or campaign.status != "open":
        return None
    until = now + timedelta(minutes=campaign.lease_minutes)
    renewed = _RENEW.run(connection, {"task": task.id, "voter": voter.id, "until": until})
    return until if renewed else None


def release_if_held(connection: Connection, task: Row[Any], voter: Voter, now: datetime) -> None:
    """Gives a task back unanswered; nothing happens if the voter does not hold it."""
    lock_order(connection, task.campaign_id)
    held = _LOCK_TASK.one(connection, {"task": task.id})
    if held.holder_id == voter.id:
        release(connection, held, now)


def end_claims(connection: Connection, now: datetime, *, campaign_id: str, voter_id: str | None = None) -> None:
    """Ends all claims of a campaign, or one voter's there."""
    lock_order(connection, campaign_id, alone=True)
    query = select(*LEASE_COLUMNS).where(tasks.c.campaign_id == campaign_id, tasks.c.holder_id.is_not(None))
    if voter_id is not None:
        query = query.where(tasks.c.holder_id == voter_id)
    for task in connection.execute(query.with_for_update()).all():
        release(connection, task, now)


def _count_late_votes(connection: Connection, task: Row[Any], now: datetime) -> bool:
    """Counts verdicts that were kept aside because somebody held the last place; true if none is needed now.

    What a lead discounted stays out of the count. Without this, a task whose late voter may not vote again, and whose
    holder gave up, could wait for ever.
    """
    discounted = exists().where(discounted_votes.c.submission_id == submissions.c.id)
    aside = (submissions.c.task_id == task.id, submissions.c.counted == false(), ~discounted)
    query = select(submissions.c.id).where(*aside)
    room = task.n_required - task.submission_count
    kept = list(connection.execute(query.order_by(submissions.c.number).limit(room)).scalars())
    if kept:
        connection.execute(submissions.update().where(submissions.c.id.in_(kept)).values(counted=true()))
        counted = task.submission_count + len(kept)
        connection.execute(tasks.update().where(tasks.c.id == task.id).values(submission_count=counted))
        rescore_task(connection, task.id, now)
    return bool(len(kept) == room)


def cursor_columns(campaign_id: ColumnElement[str]) -> list[ColumnElement[Any]]:
    """What a claim asks of the row of `voters` in this campaign, and whether any claim there ran out before `:now`."""
    held = tasks.alias("held")
    ran_out = exists().where(held.c.campaign_id == campaign_id, held.c.claim_expires_at <= bindparam("now"))
    wanted = ("cursor", "last_sheet_seq", "n_served", "n_gold_served")
    more = (voters.c.n_gold_items.label("n_items_had"), ran_out.label("any_expired"))
    return [*(voters.c[name] for name in wanted), *more]


_LOCK_CURSOR = CompiledStatement(
    select(*cursor_columns(bindparam("campaign")))
    .where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
    .with_for_update(of=voters)
)
_INSERT_CURSOR = CompiledStatement(
    text(
        "INSERT INTO voters (campaign_id, voter_id) VALUES (:campaign, :voter)"
        " ON CONFLICT (campaign_id, voter_id) DO NOTHING"
    )
)

LEASE_COLUMNS = [
    tasks.c[name]
    for name in (
        "id",
        "campaign_id",
        "status",
        "n_required",
        "submission_count",
        "is_gold",
        "gold_item_id",
        "holder_id",
        "claimed_at",
        "claim_expires_at",
        "rank",
    )
]
"""What these functions need to know of a task."""

_EXPIRED = CompiledStatement(
    select(*LEASE_COLUMNS)
    .where(tasks.c.campaign_id == bindparam("campaign"), tasks.c.claim_expires_at <= bindparam("now"))
    .order_by(tasks.c.claim_expires_at)
    .limit(bindparam("limit"))
    .with_for_update(skip_locked=True)
)
_LOCK_TASK = CompiledStatement(select(*LEASE_COLUMNS).where(tasks.c.id == bindparam("task")).with_for_update())
_ACQUIRE = CompiledStatement(
    tasks.update()
    .where(tasks.c.id == bindparam("task"), tasks.c.holder_id.is_(None))
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
    .where(tasks.c.id == bindparam("task"), tasks.c.holder_id == bindparam("voter"))
    .values(claim_expires_at=bindparam("until"))
)
NO_HOLDER = {"holder_id": null(), "holder_kind": null(), "claimed_at": null(), "claim_expires_at": null()}
_RELEASE = CompiledStatement(tasks.update().where(tasks.c.id == bindparam("task")).values(**NO_HOLDER))
