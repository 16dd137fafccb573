"""The database: one `Store` a process, transactions as context managers.

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
from typing import Any

from sqlalchemy import Connection, Engine, Executable, create_engine, event, make_url
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from gonogo.server.store import migrate
from gonogo.server.store.compiled import CompiledStatement, settle, translated, unsettle, wire_of
from gonogo.server.store.dialects import dialect_of

BUSY_TIMEOUT_MS = 5000
KEPT = "gonogo_kept"
"""In the `info` of a connection that its thread keeps, and that forgets what was rolled back (`forget`)."""
LAST_AUDITED = "gonogo_last_audited"
"""In the `info` of a kept connection: the last audit row it wrote, be it in the transaction that is still open."""
_POSTGRESQL = {
    "application_name": "gonogo",
    "connect_timeout": 5,
    "client_encoding": "utf8",
    "prepare_threshold": None,  # psycopg would forget ours with its own
    # Every statement of the queue has its index; a plan made while a table was empty must not scan it later on.
    "options": f"-c lock_timeout={BUSY_TIMEOUT_MS} -c jit=off -c enable_seqscan=off",
}


class Store:
    """A database by URL: `sqlite:////folder/file.db` or `postgresql+psycopg://…`; opened on first use.

    SQLite: WAL, `synchronous=FULL` (an acknowledged verdict survives a power cut), foreign keys on, and writers
    queue for at most five seconds, then `sqlalchemy.exc.OperationalError`.
    """

    def __init__(self, url: str, *, replica: str | None = None) -> None:
        """`replica` is the URL of a copy that follows this database a little behind; `report` reads there."""
        self.url = make_url(_with_driver(url))
        self._replica = None if replica is None else Store(replica)
        if self.url.get_backend_name() == "sqlite" and not self.url.database:
            raise ValueError("An in-memory SQLite database cannot be shared by connections: name a file.")
        self._engine: Engine | None = None
        self._writer: Engine | None = None
        self._reader: Engine | None = None
        self._looker: Engine | None = None
        self._local = threading.local()

    def __repr__(self) -> str:
        return f"Store({self.url.render_as_string(hide_password=True)!r})"

    @property
    def engine(self) -> Engine:
        if self._engine is None:
            self._engine = self._open()
            self._writer = self._engine.execution_options(gonogo_writes=True)
            self._reader = self._looker = self._engine
            if self.url.get_backend_name() == "postgresql":
                self._reader = self._engine.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
                self._looker = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A consistent view; it never waits for writers."""
        unit = self._unit()
        if unit is not None:
            yield unit
            return
        _ = self.engine
        assert self._reader is not None
        with self._reader.begin() as connection:
            yield connection

    @contextmanager
    def report(self) -> Iterator[Connection]:
        """A consistent view for what may be seconds old and is much to read: on the replica, if there is one."""
        source = self._replica if self._replica is not None and self._unit() is None else self
        with source.read() as connection:
            yield connection

    @property
    def replica_url(self) -> str | None:
        """With its password."""
        return None if self._replica is None else self._replica.url.render_as_string(hide_password=False)

    def look(self, query: Executable | CompiledStatement, values: dict[str, Any] | None = None) -> Any:
        """The first row of one query, the cheapest way. Tries again when the database was restarted meanwhile."""
        unit = self._unit()
        if unit is not None:
            return _first(unit, query, values)
        try:
            return self._look(query, values)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            return self._look(query, values)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction, committed at the end of the block, rolled back by an exception."""
        unit = self._unit()
        if unit is not None:
            with self._inner(unit):
                yield unit
            return
        kept = self._kept()
        if kept is not None:
            with kept.transaction() as connection:
                yield connection
            return
        _ = self.engine
        assert self._writer is not None
        with self._writer.begin() as connection:
            yield connection

    @contextmanager
    def resident(self) -> Iterator[None]:
        """While the block lasts, this thread keeps its connections: to take one costs more than most writes.

        For the thread of an event loop, which writes all the time.
        """
        self._local.kept = Kept(self)
        try:
            yield
        finally:
            kept, self._local.kept = self._local.kept, None
            kept.close()

    @contextmanager
    def unit(self, *, savepoints: bool = True) -> Iterator[Connection]:
        """A write transaction that the `read` and `write` blocks inside it, in the same thread, are part of.

        An inner `write` block that ends in an exception leaves nothing behind; what it wrote is durable when the
        unit ends. Units do not nest. Without `savepoints` (they cost two statements a block) such a block spoils the
        unit: `spoiled` says so, and its owner must end it by an exception.
        """
        with self.write() as connection:
            self._local.connection = connection
            self._local.savepoints = savepoints
            self._local.spoiled = False
            try:
                yield connection
            finally:
                self._local.connection = None

    @property
    def spoiled(self) -> bool:
        """Whether a block inside the unit without savepoints, open or just ended, failed."""
        return bool(getattr(self._local, "spoiled", False))

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
        if self._engine is not None:
            self._engine.dispose()
            self._engine = self._writer = self._reader = self._looker = None

    def _unit(self) -> Connection | None:
        connection: Connection | None = getattr(self._local, "connection", None)
        return connection

    @contextmanager
    def _inner(self, unit: Connection) -> Iterator[None]:
        if self._local.savepoints:
            with unit.begin_nested():
                yield
            return
        try:
            yield
        except BaseException:
            self._local.spoiled = True
            raise

    def _look(self, query: Executable | CompiledStatement, values: dict[str, Any] | None) -> Any:
        kept = self._kept()
        if kept is not None and isinstance(query, CompiledStatement):
            return query.first(kept.looker(), values or {})
        with self.looking().connect() as connection:
            return _first(connection, query, values)

    def _kept(self) -> Kept | None:
        kept: Kept | None = getattr(self._local, "kept", None)
        return kept

    def looking(self) -> Engine:
        """The engine whose connections read outside any transaction."""
        _ = self.engine
        assert self._looker is not None
        return self._looker

    def _open(self) -> Engine:
        if self.url.get_backend_name() != "sqlite":
            engine = create_engine(self.url, connect_args=_POSTGRESQL, pool_size=4, hide_parameters=True)
            event.listen(engine, "rollback_savepoint", forget)
            for happens in ("before_cursor_execute", "savepoint", "release_savepoint", "commit"):
                event.listen(engine, happens, settle)
            for happens in ("rollback", "rollback_savepoint"):
                event.listen(engine, happens, unsettle)
            return engine
        _make_private(Path(str(self.url.database)))
        arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
        engine = create_engine(self.url, connect_args=arguments, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "rollback_savepoint", forget)
        return engine


class Kept:
    """The connections that one thread keeps: one writes, the other looks. Opened when used, again if one broke."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._writer: Connection | None = None
        self._looker: Connection | None = None

    def looker(self) -> Connection:
        """On SQLite the writer: what one connection writes empties the page cache of every other one."""
        if self._store.url.get_backend_name() == "sqlite":
            return self._open_writer()
        if self._looker is None or self._looker.invalidated:
            self._looker = self._store.looking().connect()
        return self._looker

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Begun and ended on the driver's connection; SQLAlchemy's own transactions cost five times as much."""
        with self.undoing() as connection:
            driver: Any = connection.connection.driver_connection
            if connection.dialect.name == "sqlite":
                driver.execute("BEGIN IMMEDIATE")
            yield connection
            if connection.in_transaction():  # somebody used SQLAlchemy, which began one of its own
                connection.commit()
            elif connection.dialect.name == "postgresql":
                wire_of(connection).commit()
            else:
                driver.commit()

    @contextmanager
    def undoing(self) -> Iterator[Connection]:
        """The connection that writes; an exception in the block rolls its transaction back."""
        connection = self._open_writer()
        errors = connection.dialect.loaded_dbapi.Error
        try:
            yield connection
        except errors as error:
            wrapped = translated(connection, error, "transaction")
            self._roll_back(connection)
            raise wrapped from error
        except BaseException:
            self._roll_back(connection)
            raise

    def _open_writer(self) -> Connection:
        if self._writer is None or self._writer.invalidated:
            self._writer = self._store.engine.execution_options(gonogo_kept=True).connect()
            self._writer.info[KEPT] = True
        return self._writer

    def close(self) -> None:
        for connection in (self._writer, self._looker):
            if connection is not None:
                if not connection.invalidated:
                    connection.info.pop(KEPT, None)
                    forget(connection)
                    connection.detach()  # its pool may be gone
                connection.close()
        self._writer = self._looker = None

    def _roll_back(self, connection: Connection) -> None:
        """Back to where the transaction began; a connection that cannot go there is closed."""
        try:
            forget(connection)
            unsettle(connection)
            connection.rollback()  # also one whose commit failed: it is no longer active, and in the way all the same
            if not connection.invalidated:
                connection.connection.rollback()
        except (SQLAlchemyError, connection.dialect.loaded_dbapi.Error):
            self._writer = None
            connection.invalidate()
            connection.close()


def forget(connection: Connection, *_savepoint: object) -> None:
    """To be called when anything was rolled back: what is remembered of the transaction may no longer be so."""
    if not connection.invalidated:
        connection.info.pop(LAST_AUDITED, None)


def _first(connection: Connection, query: Executable | CompiledStatement, values: dict[str, Any] | None) -> Any:
    if isinstance(query, CompiledStatement):
        return query.first(connection, values or {})
    return connection.execute(query, values).first()


def _with_driver(url: str) -> str:
    """`postgresql://` means psycopg 3 here."""
    for scheme in ("postgresql://", "postgres://"):
        if url.startswith(scheme):
            return "postgresql+psycopg://" + url.removeprefix(scheme)
    return url


def _make_private(path: Path) -> None:
    """Makes an empty file that only its owner reads; SQLite's side files inherit that."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own rules start transactions too late
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("gonogo_kept"):  # its keeper begins
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("gonogo_writes") else "BEGIN")
