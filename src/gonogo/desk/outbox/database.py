"""Database connection of the outbox: runs short transactions, one at a time, and recovers a damaged file."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gonogo.desk.core.errors import OutboxError, disk_refused

T = TypeVar("T")


class OutboxFile:
    """Connection to the outbox file, opened at the first use. `notices` describes how a damaged file was repaired."""

    def __init__(self, path: Path, wall: Callable[[], float], connect: Callable[[Path], sqlite3.Connection]) -> None:
        self.path = path
        self.notices: list[str] = []
        self._wall = wall
        self._connect = connect
        self._connection: sqlite3.Connection | None = None
        self._inode = 0
        self._using = threading.Lock()
        self._closed = False

    def close(self) -> None:
        """Closes the file for good. Waits for a transaction of another thread, which still uses the connection."""
        with self._using:
            self._closed = True
            self._disconnect()

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` in one transaction; returns its result after the commit. Raises `OutboxError`."""

        def transaction(db: sqlite3.Connection) -> T:
            db.execute("BEGIN IMMEDIATE")
            try:
                result = work(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
            return result

        result = self._with_file(transaction)
        if self._moved_away():  # another program has set a damaged file aside while we wrote into it
            result = self._with_file(transaction, reopen=True)
        return result

    def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Runs `work` without a transaction of its own; returns its result. Raises `OutboxError`."""
        return self._with_file(work)

    def _with_file(self, work: Callable[[sqlite3.Connection], T], *, reopen: bool = False) -> T:
        """Runs `work` on the file; once more on a new file if this one turns out to be damaged."""
        with self._using:
            if self._closed:
                raise OutboxError("The outbox is closed.", "Start gonogo again.")
            if reopen:
                self._disconnect()
            try:
                return work(self._open())
            except (sqlite3.Error, OSError) as error:
                from gonogo.desk.outbox.recovery import is_damage, rescue  # deferred: needed for a damaged file only

                if not (isinstance(error, sqlite3.Error) and is_damage(error)):
                    raise disk_refused(error) from error
            try:
                self._disconnect()
                self.notices.append(rescue(self.path, self._wall()))
                return work(self._open())
            except (sqlite3.Error, OSError) as error:
                raise disk_refused(error) from error

    def _disconnect(self) -> None:
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = self._connect(self.path)
            self._inode = self.path.stat().st_ino
        return self._connection

    def _moved_away(self) -> bool:
        try:
            return self.path.stat().st_ino != self._inode
        except OSError:
            return True
