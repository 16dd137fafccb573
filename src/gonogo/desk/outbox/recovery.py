"""A damaged outbox: set aside, never deleted; whatever can be read of it goes into a new file."""

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
    """Whether the file itself is broken, as against full, locked or forbidden."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    missing = code == sqlite3.SQLITE_ERROR and ("no such table" in str(error) or "no such column" in str(error))
    return missing or (code & 0xFF) in _DAMAGE


def rescue(path: Path, now: float) -> str:
    """Move the file at `path` (with its WAL) aside and copy its readable rows into a new one; what was done, in words.

    Safe against several programs at once: only the first moves it. Raises `OSError` or `sqlite3.Error`.
    """
    with _only_one(path.with_suffix(".lock")):
        if _works(path):
            return "The outbox was repaired by another gonogo on this home."
        aside = _aside(path, now)
        for ending in ("", "-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{path}{ending}", f"{aside}{ending}")
        rows = list(_readable(aside))
        saved = _fill(path, rows)
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
    """The rows that can be read, oldest first: one by one, because one bad page ends a whole query.

    Works on a copy: looking must not change what is kept.
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
                    if row is not None and _whole(row):
                        yield row


def _whole(row: tuple[object, ...]) -> bool:
    """Whether a row of a damaged file has what its columns are for; the others stay in the file set aside."""
    found = dict(zip(COLUMNS, row, strict=True))
    return found["state"] in set(SendState) and isinstance(found["body"], bytes) and isinstance(found["task_id"], str)


def _highest(connection: sqlite3.Connection) -> int:
    for sql in (
        "SELECT max(id) FROM verdict",
        "SELECT seq FROM sqlite_sequence WHERE name = 'verdict'",
        "SELECT max(rowid) FROM verdict INDEXED BY verdict_task",
    ):
        with contextlib.suppress(sqlite3.Error):
            found = connection.execute(sql).fetchone()
            if found and found[0]:
                return min(int(found[0]), 1_000_000)
    return 0


def _fill(path: Path, rows: list[tuple[object, ...]]) -> int:
    connection = connect(path)
    holes = ",".join("?" * len(COLUMNS))
    saved = 0
    with contextlib.closing(connection):
        connection.execute("BEGIN IMMEDIATE")
        for row in rows:
            with contextlib.suppress(sqlite3.IntegrityError):
                sql = f"INSERT INTO verdict ({', '.join(COLUMNS)}) VALUES ({holes})"  # noqa: S608
                connection.execute(sql, row)
                saved += 1
        connection.execute("COMMIT")
    return saved


@contextlib.contextmanager
def _only_one(path: Path) -> Iterator[None]:
    """Hold `path` against other programs on this machine; without file locks (Windows) it is best effort."""
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
