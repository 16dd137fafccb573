"""Pinned connections: the two that the thread of an event loop keeps, because it writes all the time.

To take a connection from the pool and to begin by SQLAlchemy costs more than most writes; `docs/design/performance.md`
has the figure. `Store.write` and `Store.query_one` use pinned connections where the thread has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from gonogo.server.store.compiled import discard_deferred, pipeline_of, translated

PINNED = "gonogo_pinned"
"""Key in the `info` of a pinned connection, which drops its cached audit row after a rollback (`forget_audit_head`)."""
LAST_AUDITED = "gonogo_last_audited"
"""Key in the `info` of a pinned connection: the last audit row written on it, including uncommitted ones."""


class PinnedConnections:
    """One connection that writes and one that reads; opened when used, and again after one broke."""

    def __init__(self, engine: Engine, reader: Engine | None) -> None:
        """`reader` makes connections in autocommit mode. With `None` the writer reads as well.

        On SQLite it does: what one connection writes empties the page cache of every other one.
        """
        self._engines = (engine.execution_options(gonogo_pinned=True), reader)
        self._writer: Connection | None = None
        self._reader: Connection | None = None
        self._in_transaction = False

    def reader(self) -> Connection:
        """The connection for single queries outside any transaction."""
        engine = self._engines[1]
        if engine is None:
            return self._open_writer()
        if self._reader is None or self._reader.invalidated:
            self._reader = engine.connect()
        return self._reader

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """A write transaction, begun and ended on the driver's connection; an exception rolls it back."""
        if self._in_transaction:
            raise RuntimeError("this thread is in a write transaction already: hand its connection in")
        connection = self._open_writer()
        errors = connection.dialect.loaded_dbapi.Error
        self._in_transaction = True
        try:
            self._begin(connection)
            yield connection
            self._commit(connection)
        except errors as error:
            wrapped = translated(connection, error, "transaction")
            self._roll_back(connection)
            raise wrapped from error
        except BaseException:
            self._roll_back(connection)
            raise
        finally:
            self._in_transaction = False

    def close(self) -> None:
        """Closes both; their engine may be disposed already."""
        for connection in (self._writer, self._reader):
            if connection is not None:
                if not connection.invalidated:
                    connection.info.pop(PINNED, None)
                    forget_audit_head(connection)
                    connection.detach()
                connection.close()
        self._writer = self._reader = None

    def _open_writer(self) -> Connection:
        if self._writer is None or self._writer.invalidated:
            self._writer = self._engines[0].connect()
            self._writer.info[PINNED] = True
        return self._writer

    def _begin(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":  # psycopg begins by itself
            driver: Any = connection.connection.driver_connection
            driver.execute("BEGIN IMMEDIATE")

    def _commit(self, connection: Connection) -> None:
        if connection.in_transaction():  # a statement by SQLAlchemy began a transaction of its own as well
            connection.commit()
        elif connection.dialect.name == "postgresql":
            pipeline_of(connection).commit()
        else:
            connection.connection.commit()

    def _roll_back(self, connection: Connection) -> None:
        """Rolls back; closes a connection that cannot."""
        try:
            forget_audit_head(connection)
            discard_deferred(connection)
            connection.rollback()  # also after a failed commit, which leaves SQLAlchemy's transaction in the way
            if not connection.invalidated:
                connection.connection.rollback()
        except (SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
            self._writer = None
            connection.invalidate()
            connection.close()


def forget_audit_head(connection: Connection, *_savepoint: object) -> None:
    """Drops the cached last audit row of a connection; called after any rollback, which may have undone the row."""
    if not connection.invalidated:
        connection.info.pop(LAST_AUDITED, None)
