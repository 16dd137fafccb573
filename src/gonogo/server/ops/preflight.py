"""What `gonogo serve --check` looks at before anybody relies on the server."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from gonogo.server.store import migrate
from gonogo.server.store.engine import Store

OLDEST_POSTGRESQL = 13
_IN_RECOVERY = text("SELECT pg_is_in_recovery()")
_SKEW = 2.0
_SLOW = 0.05


@dataclass(frozen=True)
class PreflightFinding:
    """`level` is `ok`, `warning` (works, but) or `problem` (do not start); `text` says what and the next step."""

    level: Literal["ok", "warning", "problem"]
    text: str


def run_checks(store: Store, public_url: str | None, host: str) -> list[PreflightFinding]:
    """All findings; nothing is changed, and nothing is made."""
    found = list(_addresses(public_url, host))
    if store.url.get_backend_name() == "sqlite" and not Path(str(store.url.database)).exists():
        return [*found, *_new_file(Path(str(store.url.database)))]
    try:
        with store.read() as connection:
            found += _schema(connection)
            found += _postgresql(connection) if connection.dialect.name == "postgresql" else _sqlite(connection)
    except (SQLAlchemyError, OSError) as error:
        found.append(_closed("database", error))
        return found
    if store.replica_url is not None:
        found += _replica(store)
    return found


def _closed(what: str, error: Exception) -> PreflightFinding:
    kind = type(getattr(error, "orig", None) or error).__name__
    return PreflightFinding("problem", f"The {what} cannot be opened ({kind}): check its URL, and that it runs.")


def _new_file(path: Path) -> Iterator[PreflightFinding]:
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if os.access(folder, os.W_OK | os.X_OK):
        yield PreflightFinding("warning", f"{path} is not there yet; `gonogo db upgrade`, or a start, makes it.")
    else:
        yield PreflightFinding(
            "problem", f"{path} is not there, and {folder} cannot be written to: name another place."
        )


def _replica(store: Store) -> Iterator[PreflightFinding]:
    try:
        with store.report() as connection:
            found = migrate.version(connection)
            follows = connection.dialect.name == "postgresql" and connection.execute(_IN_RECOVERY).scalar()
    except (SQLAlchemyError, OSError) as error:
        yield _closed("read replica", error)
        return
    if found != migrate.HEAD:
        yield PreflightFinding(
            "problem", f"The read replica has schema {found or 'none'}: is it a replica of this database?"
        )
    elif follows:
        yield PreflightFinding("ok", "The read replica follows, with this release's schema.")
    else:
        yield PreflightFinding("warning", "The read database is no standby: it must hold what the database holds.")


def _addresses(public_url: str | None, host: str) -> Iterator[PreflightFinding]:
    local = host in ("127.0.0.1", "::1", "localhost")
    if public_url is None and not local:
        yield PreflightFinding("warning", "Without --public-url, magic links name the listening address: set it.")
    if public_url is not None and public_url.startswith("http://") and not local:
        yield PreflightFinding("warning", "The public URL is http: credentials travel in clear; put TLS in front.")


def _schema(connection: Connection) -> Iterator[PreflightFinding]:
    found = migrate.version(connection)
    if found == migrate.HEAD:
        yield PreflightFinding("ok", f"The schema is this release's ({found}).")
    elif found is None or migrate.is_older(found):
        yield PreflightFinding(
            "warning", f"The schema is {found or 'not there yet'}; `gonogo db upgrade`, or a start, brings it up."
        )
    else:
        yield PreflightFinding(
            "problem",
            f"The schema ({found}) is a newer release's, or a development version's before 0.1.0: "
            "install that release.",
        )


def _sqlite(connection: Connection) -> Iterator[PreflightFinding]:
    journal = connection.execute(text("PRAGMA journal_mode")).scalar()
    if journal == "wal":
        yield PreflightFinding("ok", "SQLite: WAL, and every commit is synced to disk.")
    else:
        yield PreflightFinding(
            "problem", f"SQLite cannot use WAL here ({journal}): use a local disk, not a network file system."
        )


def _postgresql(connection: Connection) -> Iterator[PreflightFinding]:
    def setting(name: str) -> Any:
        return connection.execute(text("SELECT current_setting(:name)"), {"name": name}).scalar()

    release = int(setting("server_version_num")) // 10_000
    level: Literal["ok", "problem"] = "ok" if release >= OLDEST_POSTGRESQL else "problem"
    yield PreflightFinding(level, f"PostgreSQL {release} (at least {OLDEST_POSTGRESQL}).")
    if setting("server_encoding") != "UTF8":
        yield PreflightFinding("problem", "The database is not UTF8: make it with ENCODING 'UTF8'.")
    if setting("synchronous_commit") == "off" or setting("fsync") == "off":
        yield PreflightFinding(
            "problem", "fsync or synchronous_commit is off: acknowledged verdicts could be lost. Switch it on."
        )
    clock: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    skew = abs(clock.timestamp() - time.time())
    if skew > _SKEW:
        yield PreflightFinding(
            "warning", f"The clocks of server and database differ by {skew:.0f} s: set up time synchronisation."
        )
    started = time.perf_counter()
    connection.execute(text("SELECT 1"))
    took = time.perf_counter() - started
    if took > _SLOW:
        yield PreflightFinding(
            "warning", f"One round trip to the database takes {took * 1000:.0f} ms: put the two closer together."
        )
