"""Database dialects: implement all that SQLite and PostgreSQL do differently, one module each with the same functions.

    dialect_of(connection).lock(connection, ORDER_LOCKS, number)

Migrations and the partial indexes of the schema name both dialects where they stand.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Final, Literal, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Insert, Table, TextClause

from gonogo.server.store.dialects import postgresql, sqlite
from gonogo.server.store.dialects.engines import Engines

CheckLevel = Literal["ok", "warning", "problem"]


class DatabaseDialect(Protocol):
    """The interface of the two modules."""

    @property
    def CONCURRENT_WRITERS(self) -> bool:
        """True if several transactions write at the same time; else a write transaction excludes all others."""

    @property
    def RANDOM_UUID(self) -> ColumnElement[str]:
        """An expression for a fresh UUID of version 4, as `ids.new_id` makes them."""

    @property
    def WRITE_POSITION(self) -> TextClause | None:
        """A query for the position of the last write, named `position`; `None` without replication."""

    def open_engines(self, url: URL) -> Engines:
        """Opens the database. No connection is made yet."""

    def begin_on_driver(self, connection: Connection) -> None:
        """Begins a write transaction on the driver's own connection."""

    def has_replayed(self, replica: Connection, position: object) -> bool:
        """True if a replica shows all writes up to a position of its primary."""

    def is_standby(self, connection: Connection) -> bool:
        """True if the database follows another one."""

    def lock(self, connection: Connection, space: int, number: int, *, shared: bool = False) -> None:
        """Locks a number until the transaction ends; no operation where writers exclude each other anyway.

        `space` keeps the users of these locks apart: 7460 order of a campaign, 7461 audit chains, 7462 migrations.
        """

    def try_lock(self, connection: Connection, number: int) -> bool:
        """Locks a number of 64 bits until the transaction ends; false if another transaction holds it."""

    def last_case_change(self, connection: Connection, campaign_id: str) -> int:
        """The change counter up to which all changes of the campaign's cases are committed. Needs a write transaction.

        Triggers draw a number before their transaction commits, so a later number may become visible first.
        """

    def insert_ignore(self, table: Table, unique: Sequence[str]) -> Insert:
        """An INSERT that skips rows whose columns `unique` are in the table already."""

    def execute_many(
        self, connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> int:
        """Runs a statement for each row; see `bulk.execute_many`."""

    def current_time(self, connection: Connection) -> datetime:
        """The time of the database's own clock, aware."""

    def read_drawing(self, connection: Connection, sha256: str, start: int, size: int) -> bytes:
        """Part of a drawing's content, without reading the rest of it; empty if it is not there."""

    def write_on_trial(self, connection: Connection) -> None:
        """Writes a megabyte that goes with the transaction, where the room on the disk can't be read otherwise."""

    def undecodable_text(self, connection: Connection) -> AbstractContextManager[None]:
        """Within the block, text that is not UTF-8 is read with surrogates instead of an error."""

    def preflight(self, connection: Connection) -> Iterator[tuple[CheckLevel, str]]:
        """Checks the database's own settings before a server relies on them."""

    def dump(self, url: URL, target: Path) -> None:
        """Copies the database to the empty file `target`. Raises `BackupError`."""

    def load(self, source: Path, url: URL) -> None:
        """Fills the empty database at `url` from a copy. Raises `BackupError`."""


_DIALECTS: Final[dict[str, DatabaseDialect]] = {"sqlite": sqlite, "postgresql": postgresql}


def dialect_of(database: Connection | URL) -> DatabaseDialect:
    """The dialect of a connection or URL. Raises `ValueError` for an unknown one."""
    name = database.get_backend_name() if isinstance(database, URL) else database.dialect.name
    dialect = _DIALECTS.get(name)
    if dialect is None:
        raise ValueError(f"{name} is not supported: use PostgreSQL or SQLite.")
    return dialect
