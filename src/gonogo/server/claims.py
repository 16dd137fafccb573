"""Leases on tasks, and the order in which tasks are to be had.

A task may be claimed exactly while its `rank` is set. A rank is text, compared byte by byte:

    <round, 8 hex digits>.<sheet, 8 hex>.<confidence, 6 digits>.<sequence, 10 digits>

Everybody walks through the ranks of a campaign once, and forwards: a claim takes the first rank behind the voter's
cursor that he has not voted on, and moves the cursor there. So a claim costs the same however many tasks there are
and however many of them he has done.

**Nothing a voter may still do ever lies behind his cursor.** What becomes available (a new task, a task that needs
one more vote, a claim that was given back or ran out) enters at the campaign's `insert_round`, and this is always
greater than the round of any cursor: when a cursor first enters round r, `insert_round` becomes r + 1 (`note_passed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, false, null, select, true

from gonogo.server.store.tables import campaigns, gold_servings, submissions, tasks
from gonogo.wire.vocabulary import TaskStatus

MAX_HELD = 5
"""Claims one voter may hold in a campaign."""
SWEEP_LIMIT = 50
"""Claims that ran out, taken back by one request; keeps every request short."""

_ROUND = 8
_NO_CONFIDENCE = 100_001
"""Predictions without a confidence come after all that have one."""


@dataclass(frozen=True)
class Voter:
    """Who answers: an annotator account, or a user with an API key."""

    id: str
    kind: Literal["annotator", "user"]


def place(sheet_seq: int, confidence: float | None, sequence: int) -> str:
    """A task's place within any round: by sheet, then lowest confidence, then oldest. Unique in its campaign."""
    level = _NO_CONFIDENCE if confidence is None else round(confidence * 100_000)
    return f"{sheet_seq:08x}.{level:06d}.{sequence:010d}"


def rank_at(insert_round: str, task_place: str) -> str:
    return f"{insert_round}.{task_place}"


def note_passed(connection: Connection, campaign_id: str, insert_round: str, rank: str) -> None:
    """Keeps `insert_round` ahead of a cursor that moves to `rank`."""
    following = f"{int(rank[:_ROUND], 16) + 1:08x}"
    if following > insert_round:
        connection.execute(_BUMP, {"campaign": campaign_id, "following": following})


def sweep(connection: Connection, campaign_id: str, now: datetime, limit: int = SWEEP_LIMIT) -> int:
    """Takes back claims that ran out, oldest first; answers how many (at most `limit`)."""
    expired = connection.execute(_EXPIRED, {"campaign": campaign_id, "now": now, "limit": limit}).all()
    for task in expired:
        give_back(connection, task, now)
    return len(expired)


def lease(connection: Connection, task_id: str, voter: Voter, now: datetime, minutes: int) -> datetime:
    """Gives the task to `voter`; answers when the claim runs out. The task must be free."""
    until = now + timedelta(minutes=minutes)
    values = {"task": task_id, "voter": voter.id, "kind": voter.kind, "now": now, "until": until}
    if connection.execute(_LEASE, values).rowcount != 1:
        raise RuntimeError("a task that somebody holds was about to be handed out again")
    return until


def give_back(connection: Connection, task: Row[Any], now: datetime) -> None:
    """Ends the claim on `task` (columns of `HELD`) without an answer, and makes the task available again."""
    connection.execute(_END_LEASE, {"task": task.id})
    if task.is_gold:
        connection.execute(_RETURN_GOLD, {"item": task.gold_item_id, "voter": task.holder_id})
    if task.status == TaskStatus.OPEN and not _count_kept(connection, task, now):
        requeue(connection, task.id)


def requeue(connection: Connection, task_id: str) -> None:
    """Makes a free, open task that needs votes available at the campaign's insert round. Gold never is."""
    connection.execute(_REQUEUE, {"task": task_id})


def renew(connection: Connection, task: Row[Any], campaign: Row[Any], voter: Voter, now: datetime) -> datetime | None:
    """A fresh lease on a task the voter holds, or held until now with nobody after him; else `None`."""
    if task.holder_id != voter.id or campaign.status != "open":
        return None
    until = now + timedelta(minutes=campaign.lease_minutes)
    connection.execute(tasks.update().where(tasks.c.id == task.id).values(claim_expires_at=until))
    return until


def release(connection: Connection, task: Row[Any], voter: Voter, now: datetime) -> None:
    """Gives a task back unanswered; nothing happens if the voter does not hold it."""
    if task.holder_id == voter.id:
        give_back(connection, task, now)


def end_claims(connection: Connection, now: datetime, *, campaign_id: str, voter_id: str | None = None) -> None:
    """Ends all claims of a campaign, or one voter's there."""
    query = select(*HELD).where(tasks.c.campaign_id == campaign_id, tasks.c.holder_id.is_not(None))
    if voter_id is not None:
        query = query.where(tasks.c.holder_id == voter_id)
    for task in connection.execute(query).all():
        give_back(connection, task, now)


def _count_kept(connection: Connection, task: Row[Any], now: datetime) -> bool:
    """Counts verdicts that were kept aside because somebody held the last place; true if none is needed now.

    Without this, a task whose late voter may not vote again, and whose holder gave up, could wait for ever.
    """
    query = select(submissions.c.id).where(submissions.c.task_id == task.id, submissions.c.counted == false())
    room = task.n_required - task.submission_count
    kept = list(connection.execute(query.order_by(submissions.c.number).limit(room)).scalars())
    if kept:
        from gonogo.server.scoring import refresh_task

        connection.execute(submissions.update().where(submissions.c.id.in_(kept)).values(counted=true()))
        counted = task.submission_count + len(kept)
        connection.execute(tasks.update().where(tasks.c.id == task.id).values(submission_count=counted))
        refresh_task(connection, task.id, now)
    return bool(len(kept) == room)


HELD = [
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

_EXPIRED = (
    select(*HELD)
    .where(tasks.c.campaign_id == bindparam("campaign"), tasks.c.claim_expires_at <= bindparam("now"))
    .order_by(tasks.c.claim_expires_at)
    .limit(bindparam("limit"))
)
_LEASE = (
    tasks.update()
    .where(tasks.c.id == bindparam("task"), tasks.c.holder_id.is_(None))
    .values(
        rank=null(),
        holder_id=bindparam("voter"),
        holder_kind=bindparam("kind"),
        claimed_at=bindparam("now"),
        claim_expires_at=bindparam("until"),
    )
)
_NOBODY = {"holder_id": null(), "holder_kind": null(), "claimed_at": null(), "claim_expires_at": null()}
_END_LEASE = tasks.update().where(tasks.c.id == bindparam("task")).values(**_NOBODY)
_RETURN_GOLD = (
    gold_servings.update()
    .where(gold_servings.c.gold_item_id == bindparam("item"), gold_servings.c.voter_id == bindparam("voter"))
    .values(returned=true())
)
_INSERT_ROUND = select(campaigns.c.insert_round).where(campaigns.c.id == tasks.c.campaign_id).scalar_subquery()
_REQUEUE = (
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.status == TaskStatus.OPEN,
        tasks.c.submission_count < tasks.c.n_required,
        tasks.c.is_gold == false(),
        tasks.c.holder_id.is_(None),
    )
    .values(rank=_INSERT_ROUND.op("||")(".").op("||")(tasks.c.place))
)
_BUMP = (
    campaigns.update()
    .where(campaigns.c.id == bindparam("campaign"), campaigns.c.insert_round < bindparam("following"))
    .values(insert_round=bindparam("following"))
)
