"""Database of the server: one `Store` a process, transactions as context managers.

    with store.write() as connection: ...

Never `await` inside such a block: handlers run on one event loop, and a second handler that waits for the same
lock would stop the loop that has to free it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import URL, Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from gonogo.server.store import migrate
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.connections import PinnedConnection, forget_audit_head
from gonogo.server.store.dialects import dialect_of

BUSY_TIMEOUT_MS = 5000
_POSTGRESQL = {
    "application_name": "gonogo",
    "connect_timeout": 5,
    "client_encoding": "utf8",
    # Every statement of the queue has its index; a plan made while a table was empty must not scan it later on.
    "options": f"-c lock_timeout={BUSY_TIMEOUT_MS} -c jit=off -c enable_seqscan=off",
}


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
        self._engines: _Engines | None = None
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

    def query_one(self, query: Executable | CompiledStatement, values: dict[str, Any] | None = None) -> Any:
        """Returns the first row of one query, or `None`, at the least cost. Retries once after a lost connection."""
        try:
            return self._query_one(query, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._query_one(query, values)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back by an exception. It does not nest."""
        pinned = self._pinned()
        if pinned is not None:
            with pinned.transaction() as connection:
                yield connection
            return
        with self._open().writing.begin() as connection:
            yield connection

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While the block lasts, this thread keeps its connection; for the thread of an event loop."""
        pinned = self._local.pinned = PinnedConnection(self.engine)
        try:
            yield
        finally:
            self._local.pinned = None
            pinned.close()

    def upgrade(self) -> None:
        """Brings the schema to this release's; safe to call at every start, and by several processes at once.

        Raises `migrate.SchemaError` if this release does not know the schema of the database.
        """
        with self.read() as connection:
            if migrate.version(connection) == migrate.HEAD:
                return
        with self.write() as connection:
            dialect_of(connection).lock(connection, 7_462, 0)  # several workers may start at once
            if migrate.version(connection) != migrate.HEAD:
                migrate.upgrade(connection)

    def dispose(self) -> None:
        """Closes all connections; the store opens itself again when used."""
        if self._replica is not None:
            self._replica.dispose()
        if self._engines is not None:
            self._engines.pool.dispose()
            self._engines = None

    def _query_one(self, query: Executable | CompiledStatement, values: dict[str, Any] | None) -> Any:
        pinned = self._pinned()
        if pinned is not None and isinstance(query, CompiledStatement) and self.url.get_backend_name() == "sqlite":
            return query.first(pinned.get(), values or {})
        with self._open().autocommit.connect() as connection:
            if isinstance(query, CompiledStatement):
                return query.first(connection, values or {})
            return connection.execute(query, values).first()

    def _pinned(self) -> PinnedConnection | None:
        pinned: PinnedConnection | None = getattr(self._local, "pinned", None)
        return pinned

    def _open(self) -> _Engines:
        if self._engines is None:
            on_postgresql = self.url.get_backend_name() == "postgresql"
            self._engines = _open_postgresql(self.url) if on_postgresql else _open_sqlite(self.url)
        return self._engines


class _Engines(NamedTuple):
    """One pool of connections, by what a connection is used for."""

    pool: Engine
    writing: Engine
    reading: Engine
    autocommit: Engine


def _open_postgresql(url: URL) -> _Engines:
    engine = create_engine(url, connect_args=_POSTGRESQL, pool_size=4, hide_parameters=True)
    event.listen(engine, "rollback_savepoint", forget_audit_head)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return _Engines(engine, engine, reading, engine.execution_options(isolation_level="AUTOCOMMIT"))


def _open_sqlite(url: URL) -> _Engines:
    _make_private(Path(str(url.database)))
    arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, connect_args=arguments, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "rollback_savepoint", forget_audit_head)
    return _Engines(engine, engine.execution_options(gonogo_writes=True), engine, engine)


def _with_driver(url: str) -> str:
    """The URL with psycopg 3 as the driver for `postgresql://`."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _make_private(path: Path) -> None:
    """Creates an empty file with mode 0600; SQLite's side files inherit the mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins: the driver itself starts transactions too late
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("gonogo_pinned"):  # `PinnedConnection` begins
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("gonogo_writes") else "BEGIN")
