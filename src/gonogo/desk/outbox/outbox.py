"""The outbox: every answer lies here, on the disk, before the screen calls it saved.

One SQLite file a home. A row is the exact request that will travel (method, path, body bytes, idempotency key), for
whom and where to, the task as it was shown, and what became of it. Rows are never changed but in their state (a
refused one that is to be tried again also gets a new key); a retry is byte-identical. An answer given anew for a
refused one is a row of its own, and the refused one stays as `REPLACED`. Several programs may work on
one home: a row on a desk or on its way carries the mark of the program that has it, and is taken over when that
program is gone or its lease has run out.
"""

from __future__ import annotations

import json
import sqlite3
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from gonogo.client.requests import PreparedRequest
from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState
from gonogo.desk.core.serialize import decision_from_json, decision_to_json, task_from_json, task_to_json
from gonogo.desk.outbox.database import OutboxFile
from gonogo.desk.outbox.owner import is_running, process_id
from gonogo.desk.outbox.schema import connect

T = TypeVar("T")
LEASE_SECONDS = 60.0
"""Longer than one request may take (30 s); after it another program may send the row."""

UNSENT = (SendState.ON_DESK, SendState.QUEUED, SendState.SENDING)


@dataclass(frozen=True, slots=True)
class Address:
    """For whom and where to: one login's rows are never sent under another. `campaign_id` `None`: any campaign."""

    base_url: str
    annotator: str
    campaign_id: str | None = None


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """One row. `decided_at` and `settled_at` are seconds since 1970; `attempts` counts the one under way.

    `response`: of a refused one the reason's code, where another answer would change nothing; of a replaced one the
    number of the row that came instead.
    """

    id: int
    address: Address
    task_id: str
    request: PreparedRequest = field(repr=False)
    task: DeskTask
    decision: Decision
    decided_at: float
    state: SendState
    detail: str
    attempts: int
    settled_at: float | None
    response: str | None = None

    def decided(self) -> Decided:
        ruling = not self.request.path.endswith("/submit")  # given on another screen, from other evidence
        final = self.state is not SendState.PARKED or bool(self.response) or ruling
        return Decided(self.task, self.decision, self.state, self.detail, self.id, final)


@dataclass(frozen=True, slots=True)
class Counts:
    on_desk: int = 0
    queued: int = 0
    sending: int = 0
    parked: int = 0

    @property
    def unsent(self) -> int:
        return self.on_desk + self.queued + self.sending


class Outbox(OutboxFile):
    """The rows of one home. Every method is one short transaction; those that write return after the fsync.

    All raise `OutboxError`. A damaged file is set aside, its readable rows are copied into a new one, and
    `notices` says so in words; no file is ever deleted.
    """

    def __init__(
        self,
        path: Path,
        *,
        wall: Callable[[], float] = time.time,
        mark: str | None = None,
        alive: Callable[[str], bool] = is_running,
        connect: Callable[[Path], sqlite3.Connection] = connect,
    ) -> None:
        super().__init__(path, wall, connect)
        self.mark = mark or process_id()
        self._alive = alive

    # --- the desk's side -----------------------------------------------------------------------------

    def add(
        self, address: Address, task: DeskTask, decision: Decision, request: PreparedRequest, *, replaces: int = 0
    ) -> int:
        """Journal one answer; its number when it is on the disk. It is `ON_DESK` until `leave_desk`.

        `replaces`: the refused answer that it was given for anew, which is `REPLACED` from then on.
        """
        values = (
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
            json.dumps(decision_to_json(decision), ensure_ascii=False),
            self._wall(),
            SendState.ON_DESK,
            self.mark,
        )

        def insert(db: sqlite3.Connection) -> int:
            db.execute(
                "INSERT OR IGNORE INTO verdict (base_url, annotator, campaign_id, task_id, method, path, content_type,"
                " body, idempotency_key, task, decision, decided_at, state, owner)"
                " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                values,
            )
            found = db.execute("SELECT id FROM verdict WHERE idempotency_key = ?", (request.idempotency_key,))
            number = int(found.fetchone()[0])
            sql = "UPDATE verdict SET state = ?, response = ? WHERE id = ? AND state = ?"
            db.execute(sql, (SendState.REPLACED, str(number), replaces, SendState.PARKED))
            return number

        return self._write(insert)

    def take_back(self, number: int) -> bool:
        """Remove an answer that is still on this desk; false when it has already left. What it replaced is back."""

        def remove(db: sqlite3.Connection) -> bool:
            task = db.execute("SELECT task_id FROM verdict WHERE id = ?", (number,)).fetchone()
            sql = "DELETE FROM verdict WHERE id = ? AND state = ? AND owner = ?"
            gone = db.execute(sql, (number, SendState.ON_DESK, self.mark)).rowcount > 0
            if gone:
                sql = "UPDATE verdict SET state = ?, response = NULL WHERE task_id = ? AND state = ? AND response = ?"
                db.execute(sql, (SendState.PARKED, task[0], SendState.REPLACED, str(number)))
            return gone

        return self._write(remove)

    def leave_desk(self, numbers: Sequence[int]) -> None:
        """These answers can no longer be taken back: they are ready to be sent."""
        if numbers:
            chosen = ",".join("?" * len(numbers))
            sql = f"UPDATE verdict SET state = ?, owner = NULL WHERE state = ? AND owner = ? AND id IN ({chosen})"  # noqa: S608
            values = (SendState.QUEUED, SendState.ON_DESK, self.mark, *numbers)
            self._write(lambda db: db.execute(sql, values))

    def leave_all(self) -> None:
        """At the end of a run: whatever lies on this desk or was on its way waits for the next sender."""
        sql = "UPDATE verdict SET state = ?, owner = NULL, lease_until = NULL WHERE owner = ? AND state IN (?, ?)"
        values = (SendState.QUEUED, self.mark, SendState.ON_DESK, SendState.SENDING)
        self._write(lambda db: db.execute(sql, values))

    # --- the sender's side ---------------------------------------------------------------------------

    def adopt(self) -> int:
        """Take over what programs that are gone left on their desk or on its way; how many rows that were."""

        def take(db: sqlite3.Connection) -> int:
            sql = "SELECT DISTINCT owner FROM verdict WHERE state IN (?, ?) AND owner IS NOT NULL"
            owners = [row[0] for row in db.execute(sql, (SendState.ON_DESK, SendState.SENDING))]
            gone = [owner for owner in owners if owner != self.mark and not self._alive(owner)]
            update = "UPDATE verdict SET state = ?, owner = NULL WHERE owner = ? AND state IN (?, ?)"
            return sum(
                db.execute(update, (SendState.QUEUED, owner, SendState.ON_DESK, SendState.SENDING)).rowcount
                for owner in gone
            )

        return self._write(take)

    def claim(self, address: Address, skip: Iterable[int] = ()) -> OutboxRow | None:
        """The oldest row that waits for this login, now `SENDING` by us; `None` if there is none, or one is on its way.

        `skip`: rows that were tried lately and failed by themselves.
        """
        where, values = _of(address)
        now, passed = self._wall(), list(skip)

        def take(db: sqlite3.Connection) -> sqlite3.Row | None:
            busy = f"SELECT 1 FROM verdict WHERE {where} AND state = ? AND lease_until BETWEEN ? AND ?"  # noqa: S608
            if db.execute(busy, (*values, SendState.SENDING, now, now + LEASE_SECONDS)).fetchone():
                return None
            holes = ",".join("?" * len(passed))
            oldest = (
                f"SELECT id FROM verdict WHERE {where} AND state IN (?, ?) AND id NOT IN ({holes})"  # noqa: S608
                " ORDER BY id LIMIT 1"
            )
            found = db.execute(oldest, (*values, SendState.QUEUED, SendState.SENDING, *passed)).fetchone()
            if found is None:
                return None
            sql = "UPDATE verdict SET state = ?, owner = ?, lease_until = ?, attempts = attempts + 1 WHERE id = ?"
            db.execute(sql, (SendState.SENDING, self.mark, now + LEASE_SECONDS, found[0]))
            row: sqlite3.Row = db.execute("SELECT * FROM verdict WHERE id = ?", (found[0],)).fetchone()
            return row

        row = self._write(take)
        return _verdict(row) if row is not None else None

    def finish(self, number: int, state: SendState, detail: str = "", response: str | None = None) -> None:
        """What became of a row that was on its way: `SENT`, `LATE`, `PARKED`, or `QUEUED` for another try."""
        settled = None if state is SendState.QUEUED else self._wall()
        sql = (
            "UPDATE verdict SET state = ?, detail = ?, response = ?, settled_at = ?, owner = NULL, lease_until = NULL"
            " WHERE id = ? AND state = ?"
        )
        self._write(lambda db: db.execute(sql, (state, detail, response, settled, number, SendState.SENDING)))

    def requeue(self, numbers: Sequence[int]) -> int:
        """Parked answers that are to be tried again; how many that were.

        Under a new key, as the server has refused the old one and may remember that; and as a first try, so that
        "answered already" is not taken for a lost receipt of our own.
        """
        sql = (
            "UPDATE verdict SET state = ?, detail = '', response = NULL, settled_at = NULL, attempts = 0,"
            " idempotency_key = ?"
            " WHERE id = ? AND state = ?"
        )

        def again(db: sqlite3.Connection) -> int:
            values = [(SendState.QUEUED, str(uuid.uuid4()), number, SendState.PARKED) for number in numbers]
            return sum(db.execute(sql, one).rowcount for one in values)

        return self._write(again)

    # --- looking -------------------------------------------------------------------------------------

    def counts(self, address: Address) -> Counts:
        where, values = _of(address)
        sql = (
            f"SELECT state, count(*) FROM verdict WHERE {where}"  # noqa: S608
            " AND state IN ('on desk', 'queued', 'sending', 'parked') GROUP BY state"
        )
        found = {row[0]: row[1] for row in self._read(lambda db: db.execute(sql, values).fetchall())}
        return Counts(*(found.get(state, 0) for state in (*UNSENT, SendState.PARKED)))

    def totals(self) -> dict[tuple[str, str], int]:
        """How many answers wait or are on a desk, by base URL and annotator; parked ones do not wait."""
        sql = (
            "SELECT base_url, annotator, count(*) FROM verdict WHERE state IN ('on desk', 'queued', 'sending')"
            " GROUP BY base_url, annotator"
        )
        return {(row[0], row[1]): row[2] for row in self._read(lambda db: db.execute(sql).fetchall())}

    def answer_to(self, address: Address, task_id: str) -> OutboxRow | None:
        """This login's latest answer to the task, and what became of it; `None` if there is none."""
        sql = "SELECT * FROM verdict WHERE task_id = ? AND base_url = ? AND annotator = ? ORDER BY id DESC LIMIT 1"
        values = (task_id, address.base_url, address.annotator)
        row = self._read(lambda db: db.execute(sql, values).fetchone())
        return _verdict(row) if row is not None else None

    def get(self, number: int) -> OutboxRow | None:
        row = self._read(lambda db: db.execute("SELECT * FROM verdict WHERE id = ?", (number,)).fetchone())
        return _verdict(row) if row is not None else None

    def history(
        self, address: Address | None = None, *, since: float = 0.0, limit: int = 1_000_000, unsettled: bool = False
    ) -> list[OutboxRow]:
        """Answers, newest first: of one login or all, given after `since`, or only those not yet with the server."""
        where, values = _of(address) if address else ("1", ())
        if unsettled:
            where += " AND state IN ('on desk', 'queued', 'sending', 'parked')"
        sql = f"SELECT * FROM verdict WHERE {where} AND decided_at >= ? ORDER BY id DESC LIMIT ?"  # noqa: S608
        return [_verdict(row) for row in self._read(lambda db: db.execute(sql, (*values, since, limit)).fetchall())]

    def export(self) -> Iterator[dict[str, Any]]:
        """Everything that is here, oldest first, as JSON objects; bodies as the text that travels."""
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

    # --- removing ------------------------------------------------------------------------------------

    def drop(self, number: int) -> bool:
        """Throw one answer away for good, unless it is on its way or on a desk; a person must have asked for it."""
        sql = "DELETE FROM verdict WHERE id = ? AND state NOT IN (?, ?)"
        return self._write(lambda db: db.execute(sql, (number, SendState.ON_DESK, SendState.SENDING)).rowcount) > 0

    def prune(self, before: float) -> int:
        """Forget answers the server has had since `before`, and replaced ones as old; how many that were."""
        sql = "DELETE FROM verdict WHERE state IN (?, ?, ?) AND settled_at < ?"
        over = (SendState.SENT, SendState.LATE, SendState.REPLACED)
        return self._write(lambda db: db.execute(sql, (*over, before)).rowcount)


def _of(address: Address) -> tuple[str, tuple[str, ...]]:
    where, values = "base_url = ? AND annotator = ?", (address.base_url, address.annotator)
    if address.campaign_id is None:
        return where, values
    return where + " AND campaign_id = ?", (*values, address.campaign_id)


def _verdict(row: sqlite3.Row) -> OutboxRow:
    return OutboxRow(
        id=row["id"],
        address=Address(row["base_url"], row["annotator"], row["campaign_id"]),
        task_id=row["task_id"],
        request=PreparedRequest(
            row["method"], row["path"], bytes(row["body"]), row["idempotency_key"], row["content_type"]
        ),
        task=_or(DeskTask(row["task_id"], row["campaign_id"], "", None), task_from_json, row["task"]),
        decision=_or(Decision("?"), decision_from_json, row["decision"]),
        decided_at=row["decided_at"],
        state=SendState(row["state"]),
        detail=row["detail"],
        attempts=row["attempts"],
        settled_at=row["settled_at"],
        response=row["response"],
    )


def _or(instead: T, read: Callable[[dict[str, Any]], T], text: str) -> T:
    """What `read` makes of a JSON text; `instead` when its bytes have gone bad (the request may still be whole)."""
    try:
        return read(json.loads(text))
    except (ValueError, KeyError, TypeError, AttributeError):
        return instead
