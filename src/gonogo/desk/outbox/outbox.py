"""Outbox: stores every answer in one SQLite file on this machine, before the screen shows it as saved, until it is
delivered.

A row is the exact request that will travel (method, path, body bytes, idempotency key), its address, the task as it
was shown, and its delivery state. Rows never change but in their state (a refused one that is retried also gets a new
key); a retry is byte-identical. A new answer for a refused one is a row of its own, and the refused one stays as
`REPLACED`. Several programs may work on one home: a row on a desk or being sent carries its owner, and is taken over
when that program has ended or its lease has expired.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

from gonogo.client.transport.requests import PreparedRequest, new_key
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import UNSENT, Decision, DeskTask, SendState
from gonogo.desk.core.serialize import decision_to_json, task_to_json
from gonogo.desk.outbox.database import OutboxFile
from gonogo.desk.outbox.kept_copy import keep_copy
from gonogo.desk.outbox.owner import is_running, process_id
from gonogo.desk.outbox.rows import Address, OutboxRow, row_from_sql
from gonogo.desk.outbox.schema import UNSETTLED, connect
from gonogo.json_types import JsonObject

T = TypeVar("T")
LEASE_SECONDS = 60.0
"""Longer than one request may take (30 s); after it another program may send the row."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Rows of one address by state; `amendments` of the unsent ones change an answer that was counted before."""

    on_desk: int = 0
    queued: int = 0
    sending: int = 0
    parked: int = 0
    amendments: int = 0

    @property
    def unsent(self) -> int:
        return self.on_desk + self.queued + self.sending


class NewAnswer(NamedTuple):
    """Answer to be stored; `replaces` is the number of the refused one that it is given for, else 0."""

    task: DeskTask
    decision: Decision
    request: PreparedRequest
    replaces: int = 0


class Outbox:
    """Rows of one home. Every method is one short transaction; those that write return after the fsync.

    All raise `OutboxError`. A damaged file is set aside, its readable rows are copied into a new one, and
    `notices` says so in words; no file is ever deleted. `owner` names this program, `alive` checks another's name.
    """

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], float] = time.time,
        owner: str | None = None,
        alive: Callable[[str], bool] = is_running,
        connect: Callable[[Path], sqlite3.Connection] = connect,
    ) -> None:
        self._file = OutboxFile(path, wall, connect)
        self._wall = wall
        self._alive = alive
        self._connect = connect
        self.owner = owner or process_id()

    def background(self) -> Outbox:
        """Returns the same outbox on a second connection, so that the sender's commits never hold up a key press."""
        return Outbox(self._file.path, wall=self._wall, owner=self.owner, alive=self._alive, connect=self._connect)

    @property
    def notices(self) -> list[str]:
        """Sentences about repairs of a damaged file, oldest first; the reader removes what it has shown."""
        return self._file.notices

    def close(self) -> None:
        """Closes the file for good, after a transaction of another thread has ended."""
        self._file.close()

    # --- the desk's side -----------------------------------------------------------------------------

    def add(
        self, address: Address, task: DeskTask, decision: Decision, request: PreparedRequest, *, replaces: int = 0
    ) -> int:
        """Stores one answer; returns its number when it is on the disk. It is `ON_DESK` until it is released.

        `replaces`: number of the refused answer that this one is given for; that is `REPLACED` from then on.
        """
        return self.add_all(address, [NewAnswer(task, decision, request, replaces)])[0]

    def add_all(self, address: Address, answers: Sequence[NewAnswer]) -> list[int]:
        """Stores answers that were given at once, all or none; returns their numbers when they are on the disk."""
        rows = [(self._values(address, answer), answer) for answer in answers]

        def insert(db: sqlite3.Connection) -> list[int]:
            return [_insert(db, values, answer) for values, answer in rows]

        return self._file.write(insert)

    def _values(self, address: Address, answer: NewAnswer) -> tuple[object, ...]:
        task, request = answer.task, answer.request
        return (
            address.base_url,
            address.annotator,
            task.campaign_id,
            task.id,
            request.method,
            request.path,
            request.content_type,
            request.body,
            request.idempotency_key,
            json.dumps(task_to_json(task), ensure_ascii=False),
            json.dumps(decision_to_json(answer.decision), ensure_ascii=False),
            self._wall(),
            SendState.ON_DESK,
            self.owner,
        )

    def withdraw(self, *numbers: int) -> bool:
        """Removes answers that are still on this desk, all or none; false when one has left. What they replaced is
        back.
        """

        def remove(db: sqlite3.Connection) -> bool:
            places = ",".join("?" * len(numbers))
            sql = f"SELECT id, task_id FROM verdict WHERE state = ? AND owner = ? AND id IN ({places})"  # noqa: S608
            rows = db.execute(sql, (SendState.ON_DESK, self.owner, *numbers)).fetchall()
            if len(rows) < len(numbers):
                return False
            for number, task_id in rows:
                db.execute("DELETE FROM verdict WHERE id = ?", (number,))
                sql = "UPDATE verdict SET state = ?, response = NULL WHERE task_id = ? AND state = ? AND response = ?"
                db.execute(sql, (SendState.PARKED, task_id, SendState.REPLACED, str(number)))
            return True

        return self._file.write(remove)

    def requeue_owned(self) -> None:
        """Queues, at the end of a run, the answers on this desk and those being sent, for the next sender.

        What is not delivered then is copied into a second file, in case something empties the outbox.
        """
        unlocked = "owner = NULL, lease_until = NULL"
        sql = f"UPDATE verdict SET state = ?, {unlocked} WHERE {UNSETTLED} AND owner = ? AND state IN (?, ?)"  # noqa: S608
        values = (SendState.QUEUED, self.owner, SendState.ON_DESK, SendState.SENDING)
        self._file.write(lambda db: db.execute(sql, values))
        self._keep_copy()

    # --- the sender's side ---------------------------------------------------------------------------

    def release(self, numbers: Sequence[int]) -> None:
        """Queues answers of this desk for sending; they can no longer be withdrawn."""
        if numbers:
            self._file.write(lambda db: self._release(db, numbers))

    def adopt(self) -> int:
        """Queues what ended programs left on their desk or half sent; returns the number of rows."""
        return self._file.write(self._adopt)

    def collect(self, address: Address, released: Sequence[int] = ()) -> int:
        """Releases `released`, adopts orphans; returns how many rows of `address` wait or are being sent."""

        def work(db: sqlite3.Connection) -> Counts:
            self._release(db, released)
            self._adopt(db)
            return _counts(db, address)

        counts = self._file.write(work)
        return counts.queued + counts.sending

    def claim(self, address: Address, *, released: Sequence[int] = (), skip: Iterable[int] = ()) -> OutboxRow | None:
        """Takes the oldest waiting row of `address`, now `SENDING` by us; `None` if none waits or one is being sent.

        `released` is queued first, and orphans are adopted, in the same transaction. `skip`: rows that failed by
        themselves a moment ago.
        """
        where, values = _of(address)
        now, skipped = self._wall(), list(skip)
        places = ",".join("?" * len(skipped))
        busy = f"SELECT 1 FROM verdict WHERE {where} AND {UNSETTLED} AND state = ? AND lease_until BETWEEN ? AND ?"  # noqa: S608
        oldest = (
            f"SELECT id FROM verdict WHERE {where} AND {UNSETTLED} AND state IN (?, ?)"  # noqa: S608
            f" AND id NOT IN ({places}) ORDER BY id LIMIT 1"
        )
        take = "UPDATE verdict SET state = ?, owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?"

        def work(db: sqlite3.Connection) -> sqlite3.Row | None:
            self._release(db, released)
            self._adopt(db)
            if db.execute(busy, (*values, SendState.SENDING, now, now + LEASE_SECONDS)).fetchone():
                return None
            waiting = db.execute(oldest, (*values, SendState.QUEUED, SendState.SENDING, *skipped)).fetchone()
            if waiting is None:
                return None
            db.execute(take, (SendState.SENDING, self.owner, now + LEASE_SECONDS, waiting[0]))
            row: sqlite3.Row = db.execute("SELECT * FROM verdict WHERE id = ?", (waiting[0],)).fetchone()
            return row

        row = self._file.write(work)
        return row_from_sql(row) if row is not None else None

    def finish(self, number: int, state: SendState, detail: str = "", response: str | None = None) -> None:
        """Stores the outcome of a row that was being sent: `SENT`, `LATE`, `PARKED`, or `QUEUED` for another try."""
        settled = None if state is SendState.QUEUED else self._wall()
        sql = (
            "UPDATE verdict SET state = ?, detail = ?, response = ?, settled_at = ?, owner = NULL, lease_until = NULL"
            " WHERE id = ? AND state = ?"
        )
        values = (state, detail, response, settled, number, SendState.SENDING)
        self._file.write(lambda db: db.execute(sql, values))

    def retry_parked(self, numbers: Sequence[int]) -> int:
        """Queues parked answers once more; returns how many of `numbers` were parked.

        Under a new key, as the server has refused the old one and may remember that; and as a first try, so that
        "answered already" is not taken for a lost receipt of our own.
        """
        sql = (
            "UPDATE verdict SET state = ?, detail = '', response = NULL, settled_at = NULL, attempts = 0,"
            " idempotency_key = ? WHERE id = ? AND state = ?"
        )

        def work(db: sqlite3.Connection) -> int:
            return sum(
                db.execute(sql, (SendState.QUEUED, new_key(), number, SendState.PARKED)).rowcount for number in numbers
            )

        return self._file.write(work)

    def _release(self, db: sqlite3.Connection, numbers: Sequence[int]) -> None:
        if numbers:
            places = ",".join("?" * len(numbers))
            sql = f"UPDATE verdict SET state = ?, owner = NULL WHERE state = ? AND owner = ? AND id IN ({places})"  # noqa: S608
            db.execute(sql, (SendState.QUEUED, SendState.ON_DESK, self.owner, *numbers))

    def _adopt(self, db: sqlite3.Connection) -> int:
        states = (SendState.ON_DESK, SendState.SENDING)
        sql = f"SELECT DISTINCT owner FROM verdict WHERE {UNSETTLED} AND state IN (?, ?) AND owner IS NOT NULL"  # noqa: S608
        owners = [row[0] for row in db.execute(sql, states)]
        ended = [owner for owner in owners if owner != self.owner and not self._alive(owner)]
        update = f"UPDATE verdict SET state = ?, owner = NULL WHERE {UNSETTLED} AND owner = ? AND state IN (?, ?)"  # noqa: S608
        return sum(db.execute(update, (SendState.QUEUED, owner, *states)).rowcount for owner in ended)

    # --- reading -------------------------------------------------------------------------------------

    def counts(self, address: Address) -> Counts:
        return self._file.read(lambda db: _counts(db, address))

    def totals(self) -> dict[tuple[str, str], int]:
        """Returns how many answers wait or are on a desk, by base URL and annotator; parked ones do not wait."""
        sql = (
            f"SELECT base_url, annotator, count(*) FROM verdict WHERE {UNSETTLED} AND state != 'parked'"  # noqa: S608
            " GROUP BY base_url, annotator"
        )
        return {(row[0], row[1]): row[2] for row in self._file.read(lambda db: db.execute(sql).fetchall())}

    def answer_to(self, address: Address, task_id: str) -> OutboxRow | None:
        """Returns this login's latest answer to the task; `None` if there is none."""
        sql = "SELECT * FROM verdict WHERE task_id = ? AND base_url = ? AND annotator = ? ORDER BY id DESC LIMIT 1"
        values = (task_id, address.base_url, address.annotator)
        row = self._file.read(lambda db: db.execute(sql, values).fetchone())
        return row_from_sql(row) if row is not None else None

    def delivered_otherwise(self, row: OutboxRow) -> bool:
        """Returns whether an earlier answer to the task of `row` was delivered with another body."""
        sql = (
            "SELECT 1 FROM verdict WHERE task_id = ? AND base_url = ? AND annotator = ? AND id < ? AND state IN (?, ?)"
            " AND body != ? LIMIT 1"
        )
        values = (row.task_id, row.address.base_url, row.address.annotator, row.id)
        states = (SendState.SENT, SendState.LATE)
        return self._file.read(lambda db: db.execute(sql, (*values, *states, row.request.body)).fetchone()) is not None

    def get(self, number: int) -> OutboxRow | None:
        row = self._file.read(lambda db: db.execute("SELECT * FROM verdict WHERE id = ?", (number,)).fetchone())
        return row_from_sql(row) if row is not None else None

    def history(
        self, address: Address | None = None, *, since: float = 0.0, limit: int = 1_000_000, unsettled: bool = False
    ) -> list[OutboxRow]:
        """Returns answers, newest first: of one login or all, given after `since`, or only those not delivered."""
        where, values = _of(address) if address else ("1", ())
        if unsettled:
            where += f" AND {UNSETTLED}"
        sql = f"SELECT * FROM verdict WHERE {where} AND decided_at >= ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [
            row_from_sql(row) for row in self._file.read(lambda db: db.execute(sql, (*values, since, limit)).fetchall())
        ]

    def export(self) -> Iterator[JsonObject]:
        """Yields all rows, oldest first, as JSON objects; bodies as the text that travels."""
        for row in reversed(self.history()):
            yield {
                "id": row.id,
                "base_url": row.address.base_url,
                "annotator": row.address.annotator,
                "campaign_id": row.address.campaign_id,
                "task_id": row.task_id,
                "state": row.state.value,
                "detail": row.detail,
                "attempts": row.attempts,
                "decided_at": row.decided_at,
                "settled_at": row.settled_at,
                "request": {
                    "method": row.request.method,
                    "path": row.request.path,
                    "idempotency_key": row.request.idempotency_key,
                    "content_type": row.request.content_type,
                    "body": row.request.body.decode("utf-8", "replace"),
                },
                "task": task_to_json(row.task),
                "decision": decision_to_json(row.decision),
            }

    # --- deleting ------------------------------------------------------------------------------------

    def drop(self, number: int) -> bool:
        """Deletes one answer, unless it is on a desk or being sent; only a person may ask for it."""
        sql = "DELETE FROM verdict WHERE id = ? AND state NOT IN (?, ?)"
        gone = self._file.write(lambda db: db.execute(sql, (number, SendState.ON_DESK, SendState.SENDING)).rowcount) > 0
        self._keep_copy()
        return gone

    def prune(self, before: float) -> int:
        """Deletes answers that were delivered or replaced before `before`; returns how many."""
        sql = "DELETE FROM verdict WHERE state IN (?, ?, ?) AND settled_at < ?"
        over = (SendState.SENT, SendState.LATE, SendState.REPLACED)
        return self._file.write(lambda db: db.execute(sql, (*over, before)).rowcount)

    def _keep_copy(self) -> None:
        with contextlib.suppress(OutboxError):  # the answers are in the outbox; the earlier copy stays
            self._file.read(lambda db: keep_copy(db, self._file.path))


def _insert(db: sqlite3.Connection, values: tuple[object, ...], answer: NewAnswer) -> int:
    db.execute(
        "INSERT OR IGNORE INTO verdict (base_url, annotator, campaign_id, task_id, method, path, content_type,"
        " body, idempotency_key, task, decision, decided_at, state, owner)"
        " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
        values,
    )
    cursor = db.execute("SELECT id FROM verdict WHERE idempotency_key = ?", (answer.request.idempotency_key,))
    number = int(cursor.fetchone()[0])
    sql = "UPDATE verdict SET state = ?, response = ? WHERE id = ? AND state = ?"
    db.execute(sql, (SendState.REPLACED, str(number), answer.replaces, SendState.PARKED))
    return number


def _of(address: Address) -> tuple[str, tuple[str, ...]]:
    where, values = "base_url = ? AND annotator = ?", (address.base_url, address.annotator)
    if address.campaign_id is None:
        return where, values
    return where + " AND campaign_id = ?", (*values, address.campaign_id)


def _counts(db: sqlite3.Connection, address: Address) -> Counts:
    where, values = _of(address)
    changes = "sum(path LIKE '%/amend')"
    sql = f"SELECT state, count(*), {changes} FROM verdict WHERE {where} AND {UNSETTLED} GROUP BY state"  # noqa: S608
    rows = db.execute(sql, values).fetchall()
    by_state = {row[0]: row[1] for row in rows}
    amendments = sum(row[2] for row in rows if row[0] != SendState.PARKED)
    on_desk, queued, sending, parked = (by_state.get(state, 0) for state in (*UNSENT, SendState.PARKED))
    return Counts(on_desk, queued, sending, parked, amendments)
