"""PostgreSQL statements in few round trips, by psycopg's pipeline mode.

A round trip costs as much as the statement. So a statement that gives nothing back is deferred until one that does, or
until the commit; they go out, and are answered, together. The order never changes.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, Cursor
from psycopg.pq import TransactionStatus

Values = dict[str, Any]


class StatementPipeline:
    """Prepared statements of one connection."""

    def __init__(self, driver: Connection[Any]) -> None:
        self._driver = driver
        self._deferred: list[tuple[str, Values]] = []

    def defer(self, sql: str, values: Values) -> None:
        """Sends the statement together with the next one; its error is raised then."""
        self._deferred.append((sql, values))

    def execute(self, sql: str, values: Values) -> Cursor[Any]:
        """Executes the deferred statements and this one; returns its cursor, ready to fetch from."""
        if not self._deferred and self._driver.info.transaction_status != TransactionStatus.IDLE:
            return self._driver.execute(sql, values, prepare=True)
        with self._driver.pipeline():  # with the BEGIN that psycopg sends first
            self._send_deferred()
            return self._driver.execute(sql, values, prepare=True)

    def flush(self) -> None:
        """Executes the deferred statements."""
        if self._deferred:
            with self._driver.pipeline():
                self._send_deferred()

    def commit(self) -> None:
        """Executes the deferred statements and commits."""
        if not self._deferred:
            self._driver.commit()
            return
        with self._driver.pipeline():
            self._send_deferred()
            self._driver.commit()

    def discard(self) -> None:
        """Forgets the deferred statements, for a rollback."""
        self._deferred.clear()

    def _send_deferred(self) -> None:
        deferred, self._deferred = self._deferred, []
        for sql, values in deferred:
            self._driver.execute(sql, values, prepare=True)
