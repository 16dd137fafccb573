"""Recovery of a damaged outbox: sets the file aside, never deletes it, and copies its readable rows into a new one."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.schema import COLUMNS, connect

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_MAGIC = b"SQLite format 3\x00"


def is_damage(error: sqlite3.Error) -> bool:
    """Returns whether the file itself is damaged, as against full, locked or forbidden."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    missing = code == sqlite3.SQLITE_ERROR and ("no such table" in str(error) or "no such column" in str(error))
    return missing or (code & 0xFF) in _DAMAGE


def rescue(path: Path, now: float) -> str:
    """Moves the file at `path` (with its WAL) aside, copies its readable rows into a new one; returns what was done.

    Safe against several programs at once: only the first moves it. Raises `OSError` or `sqlite3.Error`.
    """
    with _exclusive(path.with_suffix(".lock")):
        if _works(path):
            return "The outbox was repaired by another gonogo on this home."
        aside = _aside(path, now)
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{ending}", f"{aside}{ending}")
        rows = list(_readable(aside))
        saved = _insert(path, rows)
    return (
        f"The outbox file was damaged. It is kept as {aside.name}; {saved} of its answers could be read and were taken "
        "over. Work goes on with a new file."
    )


def _works(path: Path) -> bool:
    try:
        connection = connect(path)
    except (sqlite3.Error, OSError):
        return False
    try:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok")
    except sqlite3.Error:
        return False
    finally:
        connection.close()


def _aside(path: Path, now: float) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    for count in range(1000):
        name = path.with_name(f"{path.stem}.damaged-{stamp}{f'-{count}' if count else ''}{path.suffix}")
        if not name.exists():
            return name
    raise OSError(f"too many damaged files beside {path.name}")


def _readable(path: Path) -> Iterator[tuple[object, ...]]:
    """Yields the readable rows, oldest first: one by one, because one bad page ends a whole query.

    Works on a copy: reading must not change the file that is kept.
    """
    columns = ", ".join(COLUMNS)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder, contextlib.suppress(OSError, sqlite3.Error):
        copy = Path(folder) / path.name
        for ending in ("", "-wal"):
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(f"{path}{ending}", f"{copy}{ending}")
        with copy.open("r+b") as file:  # the first bytes are a fixed text; the rest may be whole
            file.write(_MAGIC)
        with contextlib.closing(sqlite3.connect(copy)) as connection:
            connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
            for number in range(1, _highest(connection) + 1):
                with contextlib.suppress(sqlite3.Error):
                    sql = f"SELECT {columns} FROM verdict WHERE id = ?"  # noqa: S608
                    row = connection.execute(sql, (number,)).fetchone()
                    if row is not None and _usable(row):
                        yield row


def _usable(row: tuple[object, ...]) -> bool:
    """Returns whether a row of a damaged file has usable values; the others stay in the file set aside."""
    values = dict(zip(COLUMNS, row, strict=True))
    texts = values["state"] in set(SendState) and isinstance(values["task_id"], str)
    return texts and isinstance(values["body"], bytes)


def _highest(connection: sqlite3.Connection) -> int:
    for sql in (
        "SELECT max(id) FROM verdict",
        "SELECT seq FROM sqlite_sequence WHERE name = 'verdict'",
        "SELECT max(rowid) FROM verdict INDEXED BY verdict_task",
    ):
        with contextlib.suppress(sqlite3.Error):
            row = connection.execute(sql).fetchone()
            if row and row[0]:
                return min(int(row[0]), 1_000_000)
    return 0


def _insert(path: Path, rows: list[tuple[object, ...]]) -> int:
    connection = connect(path)
    places = ",".join("?" * len(COLUMNS))
    saved = 0
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            with contextlib.suppress(sqlite3.IntegrityError):
                sql = f"INSERT INTO verdict ({', '.join(COLUMNS)}) VALUES ({places})"  # noqa: S608
                connection.execute(sql, row)
                saved += 1
        connection.execute("COMMIT")
    return saved


@contextlib.contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    """Holds `path` against other programs on this machine; best effort without file locks (Windows)."""
    handle = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        try:
            import fcntl
        except ImportError:
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
