"""Task order of a campaign: gives each open task a rank, and puts new ones ahead of every annotator's position.

A task can be claimed exactly while its `rank` is set. Every voter walks through the ranks of a campaign once, forwards:
a claim takes the first rank after the voter's cursor that the voter has not voted on, and moves the cursor there. So a
claim costs the same however many tasks there are and however many of them the voter has done.

**Nothing that a voter may still do ever lies behind the cursor.** A task that becomes available (a new one, one that
needs another vote, one whose claim ended) enters at the campaign's `insert_round`, which is always greater than the
round of any cursor: when a cursor first enters round r, `insert_round` becomes r + 1 (`advance_insert_round`).

    round      0         1         2         3
               ├─────────┼─────────┼─────────┼───────→
    cursors       ↑ Bo      ↑ Ana
    insert_round                   ↑ where tasks enter

With one writer at a time (SQLite) this alone is enough. With concurrent writers (PostgreSQL) it takes two rules:

- A transaction that puts a task into the order holds the campaign's order lock *shared* (`lock_order`), from before it
  reads `insert_round` until it has committed. One that moves a cursor into a round not below `insert_round` holds the
  lock *exclusively*, and looks for its task after it has the lock. Claims in lower rounds need no lock.
- A cursor does not move over a task that it skipped because another transaction had it: that one may roll back.

Locks are always taken in this order: the voter's row, the order lock, the campaign's row, tasks.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, case, null, select

from gonogo.schemas.enums import TaskStatus
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import campaigns, tasks

END = "~"
"""Text behind every rank and every place."""
_SEQUENCE_DIGITS = 10
_NO_CONFIDENCE = 100_001
"""Sorts predictions without a confidence after all that have one."""
_ORDER_LOCKS = 7_460
"""Space of these locks among the advisory locks of the server."""


class Rank(NamedTuple):
    """Rank of an open task: round and place, written as text that is compared byte by byte.

        0000000a.00000003.048000.0000001234
        └─round┘ └─sheet┘ └conf┘ └sequence┘
         8 hex    8 hex    6 dec   10 dec
                 └──────── place ─────────┘

    The round is the campaign's `insert_round` when the task entered. The place (`sort_key`) changes when a
    campaign begins to mix its sheets, or ends it: then a random number stands where the sheet does; and with the
    confidence, when a newer prediction replaces that of a task. Gold has the place before an ordinary task
    (`place_before`).
    """

    round: int
    place: str

    @classmethod
    def parse(cls, text: str) -> Rank:
        """The rank that `text` writes."""
        round_text, _, place = text.partition(".")
        return cls(int(round_text, 16), place)

    def format(self) -> str:
        """The text of this rank."""
        return f"{round_text(self.round)}.{self.place}"


def round_text(number: int) -> str:
    """A round as it stands in ranks and in `campaigns.insert_round`."""
    return f"{number:08x}"


def confidence_level(confidence: float | None) -> int:
    """A confidence as it stands in a place: predictions without one come last."""
    return _NO_CONFIDENCE if confidence is None else round(confidence * 100_000)


def sort_key(sheet: int, confidence: float | None, sequence: int) -> str:
    """A task's place within any round: by sheet, then lowest confidence, then oldest. Unique in its campaign.

    `sheet` is the number of its sheet, or a random number where the campaign mixes its sheets.
    """
    level = confidence_level(confidence)
    return f"{sheet:08x}.{level:06d}.{sequence:0{_SEQUENCE_DIGITS}d}"


def confidence_level_of(place: str) -> int:
    """The confidence in a place, as `confidence_level` gives it."""
    return int(place.split(".", 2)[1])


def with_level(place: str, sheet: int, level: int) -> str:
    """An ordinary task's place with another sheet and confidence; its age stays."""
    return f"{sheet:08x}.{level:06d}.{place[-_SEQUENCE_DIGITS:]}"


def place_before(place: str, token: str) -> str:
    """A place between `place` and the one before it, for gold; `token` tells it from others that stand there."""
    head, sequence = place[:-_SEQUENCE_DIGITS], place[-_SEQUENCE_DIGITS:]
    previous = f"{int(sequence) - 1:0{_SEQUENCE_DIGITS}d}" if sequence.strip("0") else "-"  # "-" sorts before digits
    return f"{head}{previous}.{token}"


# --- statements --------------------------------------------------------------------------------------------

_wants_votes = (tasks.c.status == TaskStatus.OPEN) & (tasks.c.submission_count < tasks.c.n_required)
REMOVE_IF_COMPLETE = CompiledStatement(
    tasks.update()
    .where(tasks.c.id == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .values(rank=case((_wants_votes, tasks.c.rank), else_=null()))
)
"""Takes a task out of the order if it needs no more votes."""

_insert_round = select(campaigns.c.insert_round).where(campaigns.c.id == tasks.c.campaign_id).scalar_subquery()
RANK_AT_INSERT_ROUND = _insert_round.op("||")(".").op("||")(tasks.c.place)
"""The rank of a task that becomes available."""
_ENQUEUE = CompiledStatement(
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.status == TaskStatus.OPEN,
        tasks.c.submission_count < tasks.c.n_required,
        tasks.c.holder_id.is_(None),
        tasks.c.rank.is_(None),
    )
    .values(rank=RANK_AT_INSERT_ROUND)
)
_RAISE_INSERT_ROUND = CompiledStatement(
    campaigns.update()
    .where(campaigns.c.id == bindparam("campaign"), campaigns.c.insert_round < bindparam("following"))
    .values(insert_round=bindparam("following"))
)


# --- operations --------------------------------------------------------------------------------------------


def lock_order(connection: Connection, campaign_id: str, *, exclusive: bool = False) -> None:
    """Takes the campaign's order lock until the transaction ends; no operation where writers exclude each other."""
    # Two campaigns with the same number wait for each other now and then, nothing worse.
    number = zlib.crc32(campaign_id.encode()) - 2**31
    dialect_of(connection).lock(connection, _ORDER_LOCKS, number, shared=not exclusive)


def advance_insert_round(connection: Connection, campaign_id: str, insert_round: str, rank: str) -> None:
    """Keeps `insert_round` ahead of a cursor that moves to `rank`."""
    following = round_text(Rank.parse(rank).round + 1)
    if following > insert_round:
        _RAISE_INSERT_ROUND.run(connection, {"campaign": campaign_id, "following": following})


def enqueue(connection: Connection, campaign_id: str, task_id: str) -> None:
    """Makes a task available at the insert round, if it is open, wants votes and is free; else no operation."""
    _ENQUEUE.run(connection, {"task": task_id, "campaign": campaign_id})


def reconcile(connection: Connection, campaign_id: str, task_ids: Iterable[str]) -> None:
    """Puts tasks whose status may have changed into the order, or takes them out, as they now need votes or not."""
    for task_id in task_ids:
        REMOVE_IF_COMPLETE.run(connection, {"task": task_id, "campaign": campaign_id})
        enqueue(connection, campaign_id, task_id)
