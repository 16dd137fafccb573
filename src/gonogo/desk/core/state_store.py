"""State store: a key-value database that keeps the identity and the held tasks between two runs; answers are in the
outbox.

Small JSON documents by key in one SQLite file, so that several programs may work on one home. The server can tell
all of it again, so a damaged file is set aside and ignored.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from gonogo.desk.core.paths import private_file

T = TypeVar("T")


class StateStore:
    """Store of JSON documents by key. Reading never raises; writing raises `OSError` when the disk refuses."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def get(self, key: str) -> dict[str, Any] | None:
        """Returns a document; `None` when there is none, or the file is damaged."""
        if self._connection is None and not self._path.exists():
            return None
        try:
            row = self._run(lambda db: db.execute("SELECT document FROM memory WHERE key = ?", (key,)).fetchone())
            document = json.loads(row[0]) if row else None
        except (OSError, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def put(self, key: str, document: Mapping[str, object]) -> None:
        """Stores a document."""
        text = json.dumps(document, ensure_ascii=False)
        self._run(lambda db: db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, text)))

    def change(self, key: str, change: Callable[[dict[str, Any] | None], Mapping[str, object] | None]) -> None:
        """Replaces a document by the result of `change`, with no other program in between; `None` removes it."""

        def work(db: sqlite3.Connection) -> None:
            db.execute("BEGIN IMMEDIATE")
            try:
                row = db.execute("SELECT document FROM memory WHERE key = ?", (key,)).fetchone()
                changed = change(json.loads(row[0]) if row else None)
                if changed is None:
                    db.execute("DELETE FROM memory WHERE key = ?", (key,))
                else:
                    text = json.dumps(changed, ensure_ascii=False)
                    db.execute("INSERT OR REPLACE INTO memory VALUES (?, ?)", (key, text))
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise

        self._run(work)

    def drop(self, key: str) -> None:
        """Removes a document, if there is one."""
        self._run(lambda db: db.execute("DELETE FROM memory WHERE key = ?", (key,)))

    def close(self) -> None:
        """Closes the file; it is opened again at the next use."""
        if self._connection is not None:
            connection, self._connection = self._connection, None
            connection.close()

    def _run(self, work: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return work(self._open())
        except sqlite3.OperationalError as error:
            raise OSError(f"{self._path.name}: {error}") from error
        except sqlite3.DatabaseError:
            self._set_aside()
        try:
            return work(self._open())
        except sqlite3.Error as error:
            raise OSError(f"{self._path.name}: {error}") from error

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            private_file(self._path)
            connection = sqlite3.connect(self._path, timeout=2.0, isolation_level=None)
            try:
                connection.execute("PRAGMA journal_mode=wal")
                connection.execute("PRAGMA synchronous=NORMAL")
                connection.execute("CREATE TABLE IF NOT EXISTS memory (key TEXT PRIMARY KEY, document TEXT NOT NULL)")
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _set_aside(self) -> None:
        self.close()
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{self._path}{ending}", f"{self._path}.damaged{ending}")
