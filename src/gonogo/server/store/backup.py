"""Backup and restore: copies a database in use, and fills an empty database from a copy."""

from __future__ import annotations

import os
from pathlib import Path

from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.errors import BackupError
from gonogo.server.store.migrate import version


def backup(store: Store, target: Path) -> int:
    """Writes a copy to the new file `target`, readable by its owner only; returns its size in bytes.

    SQLite: a database file that opens as it is. PostgreSQL: `pg_dump`'s custom format (its programs must be
    installed). Raises `BackupError`.
    """
    if target.exists():
        raise BackupError(f"{target} exists already: name a new file.")
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        dialect_of(store.url).dump(store.url, target)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return target.stat().st_size


def restore(source: Path, store: Store) -> str:
    """Fills the empty database of `store` from a backup; returns the version of its schema.

    Raises `BackupError` if the database is not empty, or the file is no backup.
    """
    if not source.is_file():
        raise BackupError(f"{source} is not a file.")
    dialect_of(store.url).load(source, store.url)
    with store.read() as connection:
        return str(version(connection))
