"""Copies of a database made while it is in use, and the way back."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
from pathlib import Path

from sqlalchemy import URL

from gonogo.server.store.engine import Store
from gonogo.server.store.migrate import version


class BackupError(RuntimeError):
    """A backup or restore that did not work; the message says what to do."""


def backup(store: Store, target: Path) -> int:
    """Writes a copy to the new file `target`, readable by its owner only; answers its size in bytes.

    SQLite: a database file that opens as it is. PostgreSQL: `pg_dump`'s custom format (its programs must be here).
    """
    if target.exists():
        raise BackupError(f"{target} exists already: name a new file.")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        if store.url.get_backend_name() == "sqlite":
            _copy(Path(str(store.url.database)), target)
        else:
            _program("pg_dump", store.url, "--format=custom", "--no-owner", f"--file={target}")
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def restore(source: Path, store: Store) -> str:
    """Fills the empty database of `store` from a backup; answers the schema's version.

    Raises `BackupError` when there is something in it already, or the backup is none.
    """
    if not source.is_file():
        raise BackupError(f"{source} is not a file.")
    if store.url.get_backend_name() == "sqlite":
        target = Path(str(store.url.database))
        if target.exists() and target.stat().st_size:
            raise BackupError(f"{target} is not empty: restore into a new file, then start the server with it.")
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
        _copy(source, target)
    else:
        with store.read() as connection:
            if version(connection) is not None:
                raise BackupError("The database is not empty: make a new one with `createdb`, and restore into that.")
        _program("pg_restore", store.url, "--no-owner", "--exit-on-error", "--single-transaction", str(source))
    with store.read() as connection:
        return str(version(connection))


def _copy(source: Path, target: Path) -> None:
    with (
        contextlib.closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        try:
            old.backup(new)  # in one go: in pieces it would begin again after each commit; nobody waits, it is WAL
            (state,) = new.execute("PRAGMA quick_check").fetchone()
            known = new.execute("SELECT count(*) FROM sqlite_master WHERE name = 'alembic_version'").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise BackupError(f"{source} cannot be read as a gonogo database: {error}") from error
    if state != "ok" or not known:
        target.unlink(missing_ok=True)
        raise BackupError(f"{source} is not a whole gonogo database ({state}).")


def _program(name: str, url: URL, *arguments: str) -> None:
    """Runs one of PostgreSQL's programs; the connection travels in the environment, never in argv."""
    place = {
        "PGHOST": url.host or url.query.get("host"),
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGSSLMODE": url.query.get("sslmode"),
    }
    environment = {**os.environ, **{key: str(value) for key, value in place.items() if value}}
    to = [f"--dbname={url.database}"] if name == "pg_restore" else []
    try:
        done = subprocess.run([name, *to, *arguments], env=environment, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise BackupError(f"{name} is not installed: install PostgreSQL's client programs.") from None
    if done.returncode:
        raise BackupError(
            f"{name} failed: {done.stderr.strip().splitlines()[0] if done.stderr.strip() else 'no reason given'}"
        )
