"""PostgreSQL dialect: allows many writers at a time, with advisory locks and replicas; see `DatabaseDialect` for the
contracts.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Insert,
    Integer,
    Table,
    bindparam,
    create_engine,
    event,
    func,
    inspect,
    literal_column,
    select,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.pool import NullPool

from gonogo.server.store.compiled_statements import CompiledStatement, flush
from gonogo.server.store.deferred_writes import drop_deferred
from gonogo.server.store.dialects.engines import BUSY_TIMEOUT_MS, MAX_OVERFLOW, Engines
from gonogo.server.store.errors import BackupError

CONCURRENT_WRITERS: Final = True
RANDOM_UUID: Final[ColumnElement[str]] = literal_column("CAST(gen_random_uuid() AS TEXT)")
WRITE_POSITION: Final = text("SELECT pg_current_wal_lsn() AS position")
OLDEST_RELEASE: Final = 13
_CONNECTION: Final = {
    "application_name": "gonogo",
    "connect_timeout": 5,
    "client_encoding": "utf8",
    # Every statement of the queue has its index; a plan made while a table was empty must not scan it later on.
    "options": f"-c lock_timeout={BUSY_TIMEOUT_MS} -c jit=off -c enable_seqscan=off",
}
_MAX_CLOCK_SKEW: Final = 2.0
_SLOW_ROUND_TRIP: Final = 0.05

_space, _number = bindparam("space", type_=Integer), bindparam("number", type_=Integer)
_LOCK = CompiledStatement(select(func.pg_advisory_xact_lock(_space, _number)))
_LOCK_SHARED = CompiledStatement(select(func.pg_advisory_xact_lock_shared(_space, _number)))
_TRY_LOCK = CompiledStatement(select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger))))
_LOCK_CASES = text("SELECT pg_advisory_xact_lock(30, hashtext(:campaign))")
_PIECE = text("SELECT substring(bytes FROM :start FOR :size) FROM drawing_files WHERE sha256 = :sha256")
_LAST_CASE_CHANGE = text("SELECT last_value FROM case_changes")
_REPLAYED = text("SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(:position AS pg_lsn)")
_TRIAL = text(
    "CREATE TEMPORARY TABLE gonogo_trial ON COMMIT DROP AS"
    " SELECT repeat('x', 1000) AS filling FROM generate_series(1, 1000)"
)
_SETTING = text("SELECT current_setting(:name)")


def open_engines(url: URL) -> Engines:
    engine = create_engine(url, connect_args=_CONNECTION, pool_size=4, max_overflow=MAX_OVERFLOW, hide_parameters=True)
    event.listen(engine, "before_cursor_execute", flush)
    event.listen(engine, "commit", flush)
    event.listen(engine, "rollback", drop_deferred)
    reading = engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return Engines(engine, engine, reading, engine.execution_options(isolation_level="AUTOCOMMIT"))


def begin_on_driver(connection: Connection) -> None:
    pass  # psycopg begins with the first statement


def has_replayed(replica: Connection, position: object) -> bool:
    return bool(replica.execute(_REPLAYED, {"position": position}).scalar())


def is_standby(connection: Connection) -> bool:
    return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar())


def lock(connection: Connection, space: int, number: int, *, shared: bool = False) -> None:
    (_LOCK_SHARED if shared else _LOCK).run(connection, {"space": space, "number": number})


def try_lock(connection: Connection, number: int) -> bool:
    return bool(_TRY_LOCK.scalar(connection, {"number": number}))


def last_case_change(connection: Connection, campaign_id: str) -> int:
    # All writers of the campaign share this lock until they commit (migrations/triggers.py): whoever holds it
    # exclusively for a moment knows that all numbers drawn so far are committed.
    connection.execute(_LOCK_CASES, {"campaign": campaign_id})
    last: int = connection.execute(_LAST_CASE_CHANGE).scalar_one()
    return last


def insert_ignore(table: Table, unique: Sequence[str]) -> Insert:
    return postgresql.insert(table).on_conflict_do_nothing(index_elements=unique)


def execute_many(
    connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    named = [dict(zip(names, row, strict=True)) for row in rows]
    return connection.exec_driver_sql(str(compiled), named).rowcount


def current_time(connection: Connection) -> datetime:
    clock: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return clock


def read_drawing(connection: Connection, sha256: str, start: int, size: int) -> bytes:
    piece: bytes | None = connection.execute(_PIECE, {"sha256": sha256, "start": start + 1, "size": size}).scalar()
    return bytes(piece or b"")


def write_on_trial(connection: Connection) -> None:
    connection.execute(text("SET LOCAL temp_tablespaces = ''"))  # where the database itself lies
    connection.execute(_TRIAL)


def undecodable_text(connection: Connection) -> contextlib.nullcontext[None]:
    return contextlib.nullcontext()  # the database takes no other text


def preflight(connection: Connection) -> Iterator[tuple[Literal["ok", "warning", "problem"], str]]:
    def setting(name: str) -> str:
        value: str = connection.execute(_SETTING, {"name": name}).scalar_one()
        return value

    release = int(setting("server_version_num")) // 10_000
    yield "ok" if release >= OLDEST_RELEASE else "problem", f"PostgreSQL {release} (at least {OLDEST_RELEASE})."
    if setting("server_encoding") != "UTF8":
        yield "problem", "The database is not UTF8: make it with ENCODING 'UTF8'."
    if setting("synchronous_commit") == "off" or setting("fsync") == "off":
        yield "problem", "fsync or synchronous_commit is off: acknowledged verdicts could be lost. Switch it on."
    skew = abs(current_time(connection).timestamp() - time.time())
    if skew > _MAX_CLOCK_SKEW:
        yield "warning", f"The clocks of server and database differ by {skew:.0f} s: set up time synchronisation."
    started = time.perf_counter()
    connection.execute(text("SELECT 1"))
    seconds = time.perf_counter() - started
    if seconds > _SLOW_ROUND_TRIP:
        yield "warning", f"One round trip to the database takes {seconds * 1000:.0f} ms: put the two closer together."


def dump(url: URL, target: Path) -> None:
    _run_program("pg_dump", url, "--format=custom", "--no-owner", f"--file={target}")


def load(source: Path, url: URL) -> None:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        if inspect(connection).has_table("alembic_version"):
            raise BackupError("The database is not empty: make a new one with `createdb`, and restore into that.")
    options = ("--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={url.database}")
    _run_program("pg_restore", url, *options, str(source))


def _run_program(name: str, url: URL, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs; the connection travels in the environment, never in argv."""
    connection = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    environment = {**os.environ, **{key: str(value) for key, value in connection.items() if value}}
    try:
        done = subprocess.run([name, *arguments], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupError(f"{name} is not installed: install PostgreSQL's client programs.") from None
    if done.returncode:
        reason = done.stderr.strip().splitlines()[0] if done.stderr.strip() else "no reason given"
        raise BackupError(f"{name} failed: {reason}")
