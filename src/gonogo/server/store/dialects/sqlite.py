"""SQLite dialect: allows one writer at a time, for which the others wait; see `DatabaseDialect` for the contracts."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import Final, Literal, cast

from sqlalchemy import URL, ColumnElement, Connection, Insert, Table, create_engine, event, literal_column, text
from sqlalchemy.dialects import sqlite

from gonogo.server.store.dialects.engines import BUSY_TIMEOUT_MS, MAX_OVERFLOW, Engines
from gonogo.server.store.errors import BackupError

CONCURRENT_WRITERS: Final = False
RANDOM_UUID: Final[ColumnElement[str]] = literal_column(
    "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-' ||"
    " substr('89ab', 1 + abs(random() % 4), 1) || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))"
)
WRITE_POSITION: Final = None
ROWS_PER_STATEMENT: Final = 50
"""Rows that one `INSERT … SELECT` takes. SQLite keeps every page that a statement with triggers changes, in case the
statement fails: with one statement a row this costs more than all the rest."""
_CACHE_KIB: Final = 12_000
"""Page cache during bulk writes. Ids are random, so some thousand rows change as many pages; with the usual 2 MB
SQLite would write and read most of them repeatedly before the commit."""


def open_engines(url: URL) -> Engines:
    _make_private(Path(str(url.database)))
    arguments = {"check_same_thread": False, "timeout": BUSY_TIMEOUT_MS / 1000}
    engine = create_engine(url, connect_args=arguments, max_overflow=MAX_OVERFLOW, hide_parameters=True)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return Engines(engine, engine.execution_options(gonogo_writes=True), engine, engine)


def begin_on_driver(connection: Connection) -> None:
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.execute("BEGIN IMMEDIATE")


def has_replayed(replica: Connection, position: object) -> bool:
    return False


def is_standby(connection: Connection) -> bool:
    return False


def lock(connection: Connection, space: int, number: int, *, shared: bool = False) -> None:
    pass


def try_lock(connection: Connection, number: int) -> bool:
    return True


def last_case_change(connection: Connection, campaign_id: str) -> int:
    query = text("SELECT COALESCE(MAX(seq), 0) FROM cases WHERE campaign_id = :campaign")
    last: int = connection.execute(query, {"campaign": campaign_id}).scalar_one()
    return last


def insert_ignore(table: Table, unique: Sequence[str]) -> Insert:
    return sqlite.insert(table).on_conflict_do_nothing(index_elements=unique)


def execute_many(
    connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    order = compiled.positiontup
    assert order is not None  # the driver's parameters are positional
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    if statement.select is not None:
        return _insert_select_many(connection, str(compiled), order, names, rows)
    values = list(map(itemgetter(*(names.index(name) for name in order)), rows))
    return connection.exec_driver_sql(str(compiled), values).rowcount if values else 0


def _insert_select_many(
    connection: Connection, sql: str, order: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Runs an `INSERT … SELECT … FROM` for many rows a statement.

    The rows become a table `given` beside the one that the statement selects from; its parameters, in the order
    `order`, become columns of that table.
    """
    head, _, select = sql.partition(" SELECT ")
    pieces = select.replace("\nFROM ", "\nFROM given CROSS JOIN ", 1).split("?")
    source = "".join(f"{piece}given.{name}" for piece, name in zip(pieces, order, strict=False)) + pieces[-1]
    columns, marks = ", ".join(names), f"({', '.join('?' * len(names))})"
    total, size, statement = 0, 0, ""
    remaining = iter(rows)
    while batch := list(islice(remaining, ROWS_PER_STATEMENT)):
        if len(batch) != size:
            size = len(batch)
            statement = f"WITH given ({columns}) AS (VALUES {', '.join([marks] * size)}) {head} SELECT {source}"
        total += connection.exec_driver_sql(statement, tuple(chain.from_iterable(batch))).rowcount
    return total


def current_time(connection: Connection) -> datetime:
    return datetime.now(UTC)  # the database has the clock of this machine


def read_drawing(connection: Connection, sha256: str, start: int, size: int) -> bytes:
    row = connection.execute(text("SELECT rowid FROM drawing_files WHERE sha256 = :sha256"), {"sha256": sha256}).first()
    if row is None:
        return b""
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    with driver.blobopen("drawing_files", "bytes", row.rowid, readonly=True) as blob:  # `substr` reads all of it
        blob.seek(min(start, len(blob)))
        return blob.read(size)


def write_on_trial(connection: Connection) -> None:
    pass  # the file's disk is at hand: `/readyz` reads what is free on it


@contextlib.contextmanager
def undecodable_text(connection: Connection) -> Iterator[None]:
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.text_factory = lambda stored: stored.decode("utf-8", "surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


def preflight(connection: Connection) -> Iterator[tuple[Literal["ok", "problem"], str]]:
    journal = connection.execute(text("PRAGMA journal_mode")).scalar()
    if journal == "wal":
        yield "ok", "SQLite: WAL, and every commit is synced to disk."
    else:
        yield "problem", f"SQLite cannot use WAL here ({journal}): use a local disk, not a network file system."


def dump(url: URL, target: Path) -> None:
    _copy(Path(str(url.database)), target)


def load(source: Path, url: URL) -> None:
    target = Path(str(url.database))
    if target.exists() and target.stat().st_size:
        raise BackupError(f"{target} is not empty: restore into a new file, then start the server with it.")
    _make_private(target)
    _copy(source, target)


def _make_private(path: Path) -> None:
    """Creates an empty file with mode 0600; SQLite's side files inherit the mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _configure(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # `_begin` begins: the driver itself starts transactions too late
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("gonogo_pinned"):  # `PinnedConnection` begins
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("gonogo_writes") else "BEGIN")


def _copy(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        try:
            # In one step: in pieces it would restart after each commit of others. Nobody waits, the journal is a WAL.
            old.backup(new)
            (state,) = new.execute("PRAGMA quick_check").fetchone()
            has_schema = new.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BackupError(f"{source} cannot be read as a gonogo database: {error}") from error
    if state != "ok" or not has_schema:
        target.unlink(missing_ok=True)
        raise BackupError(f"{source} is not a whole gonogo database ({state}).")
