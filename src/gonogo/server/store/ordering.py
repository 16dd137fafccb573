"""The order in which a campaign's tasks are to be had.

A task may be claimed exactly while its `rank` is set. A rank is text, compared byte by byte:

    <round, 8 hex digits>.<sheet, 8 hex>.<confidence, 6 digits>.<sequence, 10 digits>

Everybody walks through the ranks of a campaign once, and forwards: a claim takes the first rank behind the voter's
cursor that he has not voted on, and moves the cursor there. So a claim costs the same however many tasks there are
and however many of them he has done.

**Nothing a voter may still do ever lies behind his cursor.** What becomes available (a new task, a task that needs
one more vote, a claim that was given back or ran out) enters at the campaign's `insert_round`, and this is always
greater than the round of any cursor: when a cursor first enters round r, `insert_round` becomes r + 1 (`note_passed`).

On SQLite one writer at a time keeps this true. On PostgreSQL, where many write at once, it takes two rules:
- Whoever puts a task into the order holds the campaign's order lock *together* with others (`enter`), from before
  it reads `insert_round` until it has committed. Whoever moves a cursor into a round that is not below `insert_round`
  holds the lock *alone*, and looks for its task after it has the lock. Claims in rounds below need no lock.
- A cursor does not move over a task that it skipped because another transaction had it: that one may roll back.
Locks are always taken in this order: the voter's row, the order lock, the campaign's row, tasks.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

from sqlalchemy import Connection, bindparam, case, false, null, select

from gonogo.schemas.enums import TaskStatus
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import campaigns, tasks

_ROUND = 8
END = "~"
"""Behind every place, and every rank."""
_NO_CONFIDENCE = 100_001
"""Predictions without a confidence come after all that have one."""


def sort_key(sheet_seq: int, confidence: float | None, sequence: int) -> str:
    """A task's place within any round: by sheet, then lowest confidence, then oldest. Unique in its campaign."""
    level = _NO_CONFIDENCE if confidence is None else round(confidence * 100_000)
    return f"{sheet_seq:08x}.{level:06d}.{sequence:010d}"


def rank_at(insert_round: str, task_place: str) -> str:
    return f"{insert_round}.{task_place}"


def place_in(rank: str) -> str:
    """The place of the task with this rank."""
    return rank[_ROUND + 1 :]


def lock_order(connection: Connection, campaign_id: str, *, alone: bool = False) -> None:
    """Takes the campaign's order lock until the transaction ends; nothing to do where writers are alone anyhow."""
    # Two campaigns with the same number wait for each other now and then, nothing worse.
    number = zlib.crc32(campaign_id.encode()) - 2**31
    dialect_of(connection).lock(connection, _LOCK_SPACE, number, shared=not alone)


def advance_insert_round(connection: Connection, campaign_id: str, insert_round: str, rank: str) -> None:
    """Keeps `insert_round` ahead of a cursor that moves to `rank`."""
    following = f"{int(rank[:_ROUND], 16) + 1:08x}"
    if following > insert_round:
        _RAISE_INSERT_ROUND.later(connection, {"campaign": campaign_id, "following": following})


def enqueue(connection: Connection, task_id: str) -> None:
    """Makes a task available at the insert round, if it is open, wants votes, is free and not gold; else nothing."""
    _ENQUEUE.run(connection, {"task": task_id})


def reconcile(connection: Connection, task_ids: Iterable[str]) -> None:
    """Puts tasks whose status may have changed into the order, or takes them out, as they now need votes or not."""
    for task_id in task_ids:
        REMOVE_IF_COMPLETE.run(connection, {"task": task_id})
        enqueue(connection, task_id)


_wants_more = (tasks.c.status == TaskStatus.OPEN) & (tasks.c.submission_count < tasks.c.n_required)
REMOVE_IF_COMPLETE = CompiledStatement(
    tasks.update().where(tasks.c.id == bindparam("task")).values(rank=case((_wants_more, tasks.c.rank), else_=null()))
)
"""Takes a task out of the order if it needs no more votes."""

_INSERT_ROUND = select(campaigns.c.insert_round).where(campaigns.c.id == tasks.c.campaign_id).scalar_subquery()
RANK_AT_INSERT_ROUND = _INSERT_ROUND.op("||")(".").op("||")(tasks.c.place)
"""The rank of a task that becomes available: at the insert round."""
_ENQUEUE = CompiledStatement(
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.status == TaskStatus.OPEN,
        tasks.c.submission_count < tasks.c.n_required,
        tasks.c.is_gold == false(),
        tasks.c.holder_id.is_(None),
        tasks.c.rank.is_(None),
    )
    .values(rank=RANK_AT_INSERT_ROUND)
)
_LOCK_SPACE = 7_460
_RAISE_INSERT_ROUND = CompiledStatement(
    campaigns.update()
    .where(campaigns.c.id == bindparam("campaign"), campaigns.c.insert_round < bindparam("following"))
    .values(insert_round=bindparam("following"))
)
