"""Pinned connection: keeps one database connection open for the thread of an event loop, which writes all the time.

Taking a connection from the pool, and BEGIN and COMMIT by SQLAlchemy, cost more than most writes. On SQLite a pool also
costs reads: a write by one connection empties the page cache of the others. Figures: `docs/design/performance.md`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gonogo.server.store.compiled_statements import flush, translated
from gonogo.server.store.deferred_writes import drop_deferred
from gonogo.server.store.dialects import dialect_of

PINNED = "gonogo_pinned"
"""Key in the `info` of a pinned connection, which drops its cached audit row after a rollback (`forget_audit_head`)."""
LAST_AUDITED = "gonogo_last_audited"
"""Key in the `info` of a pinned connection: the last audit row written on it, including uncommitted ones."""


class PinnedConnection:
    """A connection for one thread; opened when used, and again after it broke."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(gonogo_pinned=True)
        self._connection: Connection | None = None
        self._in_transaction = False

    def get(self) -> Connection:
        """The connection; on SQLite also for queries outside any transaction."""
        if self._connection is None or self._connection.invalidated:
            self._connection = self._engine.connect()
            self._connection.info[PINNED] = True
        return self._connection

    @contextmanager
    def transaction(self, *, commit: bool = True) -> Iterator[Connection]:
        """A write transaction, begun and ended on the driver's connection; an exception rolls it back.

        Without `commit` it stays open for the method `commit`.
        """
        if self._in_transaction:
            raise RuntimeError("this thread is in a write transaction already: hand its connection in")
        connection = self.get()
        self._in_transaction = True
        try:
            dialect_of(connection).begin_on_driver(connection)
            yield connection
            flush(connection)
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error) from error
        except BaseException:
            self._roll_back(connection)
            raise
        if commit:
            self.commit()

    def commit(self) -> None:
        """Commits the transaction; another thread may do this."""
        connection = self.get()
        try:
            if connection.in_transaction():  # a statement by SQLAlchemy began a transaction of its own as well
                connection.commit()
            else:
                connection.connection.commit()
        except connection.dialect.loaded_dbapi.Error as error:
            raise self._failed(connection, error) from error
        except BaseException:
            self._roll_back(connection)
            raise
        self._in_transaction = False

    def close(self) -> None:
        """Closes the connection; its engine may be disposed already."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not connection.invalidated:
            connection.info.pop(PINNED, None)
            forget_audit_head(connection)
            connection.detach()
        connection.close()

    def _failed(self, connection: Connection, error: Exception) -> BaseException:
        """SQLAlchemy's form of an error of the driver, after a rollback."""
        wrapped = translated(connection, error, "transaction")
        self._roll_back(connection)
        return wrapped

    def _roll_back(self, connection: Connection) -> None:
        """Rolls back; closes a connection that cannot."""
        self._in_transaction = False
        try:
            forget_audit_head(connection)
            drop_deferred(connection)
            connection.rollback()  # also after a failed commit, which leaves SQLAlchemy's transaction in the way
            if not connection.invalidated:
                connection.connection.rollback()
        except (SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
            self._connection = None
            connection.invalidate()
            connection.close()


def forget_audit_head(connection: Connection, *_savepoint: object) -> None:
    """Drops the cached last audit row of a connection; called after any rollback, which may have undone the row."""
    if not connection.invalidated:
        connection.info.pop(LAST_AUDITED, None)
