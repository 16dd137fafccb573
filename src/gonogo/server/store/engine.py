"""Database store of the server: opens the database, one `Store` a process, and gives transactions as context managers.

    with store.write() as connection: ...

Never `await` inside such a block: handlers run on one event loop, and a second handler that waits for the same
lock would stop the loop that has to free it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import NamedTuple, overload

from sqlalchemy import Connection, Engine, Executable, event, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import ConnectionPoolEntry, QueuePool

from gonogo.server.store import migrate
from gonogo.server.store.compiled_statements import Columns, CompiledQuery, RowT, Values
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.dialects.engines import MAX_OVERFLOW, Engines
from gonogo.server.store.errors import StoreClosedError
from gonogo.server.store.pinned_connection import PinnedConnection, forget_audit_head


class ConnectionCounts(NamedTuple):
    """Database connections of one process: in use, open (idle ones too), and the most that may be open."""

    in_use: int
    is_open: int
    limit: int


class Store:
    """Database by URL: `sqlite:////folder/file.db` or `postgresql+psycopg://…`; opened on first use.

    SQLite: WAL, `synchronous=FULL` (an acknowledged verdict survives a power cut), foreign keys on, and writers
    queue for at most five seconds, then `sqlalchemy.exc.OperationalError`.
    """

    def __init__(self, url: str, *, replica: str | None = None) -> None:
        """`replica` is the URL of a copy that follows this database a little behind; `report` reads there."""
        self.url = make_url(_with_driver(url))
        self._replica = None if replica is None else Store(replica)
        if self.url.get_backend_name() == "sqlite" and not self.url.database:
            raise ValueError("An in-memory SQLite database cannot be shared by connections: name a file.")
        self._engines: Engines | None = None
        self._closed = False
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"Store({self.url.render_as_string(hide_password=True)!r})"

    @property
    def engine(self) -> Engine:
        """The pool of connections."""
        return self._open().pool

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A read transaction with a consistent view; it never waits for writers."""
        with self._open().reading.begin() as connection:
            yield connection

    @contextmanager
    def report(self) -> Iterator[Connection]:
        """A consistent view for long reads that may be seconds old: on the replica, if there is one."""
        with (self._replica or self).read() as connection:
            yield connection

    @property
    def replica_url(self) -> str | None:
        """The URL of the replica, with its password."""
        return None if self._replica is None else self._replica.url.render_as_string(hide_password=False)

    def connections(self) -> ConnectionCounts:
        """How many connections this process has; opens none."""
        pool = None if self._engines is None else self._engines.pool.pool
        if not isinstance(pool, QueuePool):
            return ConnectionCounts(0, 0, 0)
        in_use = pool.checkedout()
        return ConnectionCounts(in_use, in_use + pool.checkedin(), pool.size() + MAX_OVERFLOW)

    @property
    def replica(self) -> Store | None:
        """The store of the replica."""
        return self._replica

    @overload
    def query_one(self, query: CompiledQuery[RowT], values: Values | None = None) -> RowT | None: ...
    @overload
    def query_one(self, query: Executable, values: Values | None = None) -> Columns | None: ...
    def query_one(self, query: Executable | CompiledQuery[RowT], values: Values | None = None) -> Columns | None:
        """Returns the first row of one query, or `None`, at the least cost. Retries once after a lost connection."""
        try:
            return self._query_one(query, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._query_one(query, values)

    def write_on_trial(self) -> None:
        """Writes a megabyte and takes it back, on PostgreSQL; fails as any write where the disk is full."""
        with self.engine.connect() as connection:
            dialect_of(connection).write_on_trial(connection)

    def write(self) -> AbstractContextManager[Connection]:
        """A write transaction: committed at the end of the block, rolled back by an exception. It does not nest."""
        pinned = self._pinned()
        return self._open().writing.begin() if pinned is None else pinned.transaction()

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While the block lasts, this thread keeps its connections; for the thread of an event loop.

        `query_one` has one of its own on PostgreSQL, in autocommit; on SQLite it would empty the writer's page cache.
        """
        pinned = self._local.pinned = self._local.queries = PinnedConnection(self.engine)
        if dialect_of(self.url).CONCURRENT_WRITERS:
            self._local.queries = PinnedConnection(self._open().autocommit)
        try:
            yield
        finally:
            self._local.queries.close()
            pinned.close()
            self._local.pinned = self._local.queries = None

    def upgrade(self) -> None:
        """Brings the schema to this release's; safe to call at every start, and by several processes at once.

        Raises `migrate.SchemaError` if this release does not know the schema of the database.
        """
        self._closed = False
        if self._replica is not None:
            self._replica._closed = False
        with self.read() as connection:
            if migrate.version(connection) == migrate.HEAD:
                return
        with self.write() as connection:
            dialect_of(connection).lock(connection, 7_462, 0)  # several workers may start at once
            if migrate.version(connection) != migrate.HEAD:
                migrate.upgrade(connection)

    def close(self) -> None:
        """Closes all connections for good: a thread that still works for an ended server opens no new ones.

        Only `upgrade`, with which a server starts, opens the store again.
        """
        self._closed = True
        if self._replica is not None:
            self._replica.close()
        self.dispose()

    def dispose(self) -> None:
        """Closes all connections; the store opens itself again when used.

        A connection that a thread is still using is closed when the thread returns it.
        """
        if self._replica is not None:
            self._replica.dispose()
        if self._engines is not None:
            event.listen(self._engines.pool.pool, "checkin", _close_returned)
            self._engines.pool.dispose()
            self._engines = None

    def _query_one(self, query: Executable | CompiledQuery[RowT], values: Values | None) -> Columns | None:
        queries: PinnedConnection | None = getattr(self._local, "queries", None)
        if queries is not None and isinstance(query, CompiledQuery):
            return query.first(queries.get(), values or {})
        with self._open().autocommit.connect() as connection:
            if isinstance(query, CompiledQuery):
                return query.first(connection, values or {})
            return connection.execute(query, values).first()

    def _pinned(self) -> PinnedConnection | None:
        pinned: PinnedConnection | None = getattr(self._local, "pinned", None)
        return pinned

    def _open(self) -> Engines:
        if self._closed:
            raise StoreClosedError("The server that this store belonged to has ended.")
        if self._engines is None:
            self._engines = dialect_of(self.url).open_engines(self.url)
            event.listen(self._engines.pool, "rollback_savepoint", forget_audit_head)
        return self._engines


def _close_returned(_connection: object, record: ConnectionPoolEntry) -> None:
    """Closes a connection that returns to a pool after its end, where only the collector would find it."""
    record.invalidate()


def _with_driver(url: str) -> str:
    """The URL with psycopg 3 as the driver for `postgresql://`."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url
