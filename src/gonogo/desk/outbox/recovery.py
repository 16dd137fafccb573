"""Recovery of a damaged outbox: sets the file aside, never deletes it, and copies its readable rows into a new one.

Rows come from the pages of the file and of its WAL, and from the kept copy of the last run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path

from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.kept_copy import rows_of_copy
from gonogo.desk.outbox.salvage import salvage_rows
from gonogo.desk.outbox.schema import (
    COLUMNS,
    UNSETTLED,
    LostFileError,
    connect,
    create,
    exclusive,
    install,
    rescued_path,
)

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT}
_SHORT_READ = sqlite3.SQLITE_IOERR_SHORT_READ
_STATE, _ATTEMPTS, _BODY = (COLUMNS.index(name) for name in ("state", "attempts", "body"))
_TEXTS = tuple(COLUMNS.index(name) for name in ("base_url", "annotator", "task_id", "path", "idempotency_key"))
_DELIVERED = (SendState.SENT, SendState.LATE, SendState.REPLACED)


def is_damage(error: sqlite3.Error) -> bool:
    """Returns whether the file itself is damaged or lost, as against full, locked or forbidden."""
    if isinstance(error, LostFileError):
        return True
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return False
    missing = code == sqlite3.SQLITE_ERROR and ("no such table" in str(error) or "no such column" in str(error))
    return missing or code == _SHORT_READ or (code & 0xFF) in _DAMAGE


@dataclass(frozen=True, slots=True)
class _Rescued:
    """Rows of a damaged outbox: how many could be read, and how many of them are still to be delivered."""

    rows: int
    unsent: int

    def sentence(self, aside: Path | None, *, emptied: bool) -> str:
        """Returns what happened, for the person; `aside` is the file that was kept."""
        kept = f" What was left is kept as {aside.name}." if emptied and aside else ""
        kept = f" It is kept as {aside.name}." if aside and not emptied else kept
        what = (
            "The outbox file had been emptied or deleted, not by gonogo." if emptied else "The outbox file was damaged."
        )
        read = f"{self.rows} of its answers could be read and taken over"
        read += f"; {self.unsent} of them still to be sent." if self.unsent else "."
        if not self.rows:
            read = "None of its answers could be read: those that were not sent are lost on this computer."
        return f"{what}{kept} {read} Work goes on with a new file."


def rescue(path: Path, now: float) -> str:
    """Moves the file at `path` (with its WAL) aside, copies its readable rows into a new one; returns what was done.

    Safe against several programs at once: only the first moves it. Raises `OSError` or `sqlite3.Error`.
    """
    with exclusive(path):
        if _works(path):
            return "The outbox was repaired by another gonogo on this home."
        emptied = not path.exists() or path.stat().st_size == 0
        rescued = rescued_path(path)
        if not rescued.exists():  # else a program was killed a few lines below
            install(create(path, _readable(path)), rescued)
        counts = _counts(rescued)
        aside = _set_aside(path, now)
        install(rescued, path)
    return counts.sentence(aside, emptied=emptied)


def _counts(file: Path) -> _Rescued:
    with contextlib.closing(sqlite3.connect(file)) as connection:
        sql = f"SELECT count(*), total({UNSETTLED}) FROM verdict"  # noqa: S608
        rows, unsent = connection.execute(sql).fetchone()
    return _Rescued(rows, int(unsent))


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


def _set_aside(path: Path, now: float) -> Path | None:
    """Renames the file and its WAL; returns the new name of what there was, the file's before the WAL's."""
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    for count in range(1000):
        aside = path.with_name(f"{path.stem}.damaged-{stamp}{f'-{count}' if count else ''}{path.suffix}")
        if not (aside.exists() or Path(f"{aside}-wal").exists()):
            break
    else:
        raise OSError(f"too many damaged files beside {path.name}")
    moved = [ending for ending in ("-wal", "-shm", "") if _moved(f"{path}{ending}", f"{aside}{ending}")]
    if "" in moved:
        return aside
    return Path(f"{aside}{moved[0]}") if moved else None


def _moved(path: str, new: str) -> bool:
    with contextlib.suppress(FileNotFoundError):
        os.rename(path, new)
        return True
    return False


def _readable(path: Path) -> list[tuple[object, ...]]:
    """Returns the readable rows, oldest first. Nothing is written: reading must not change the file that is kept."""
    read = salvage_rows(_bytes(path), _bytes(Path(f"{path}-wal")), len(COLUMNS))
    rows = rows_of_copy(path) | {number: row for number, row in read.items() if _usable(row)}
    return [_perhaps_sent(rows[number]) for number in sorted(rows)]


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _usable(row: tuple[object, ...]) -> bool:
    """Returns whether a row of a damaged file has usable values; the others stay in the file set aside."""
    texts = all(isinstance(row[at], str) and row[at] for at in _TEXTS)
    body = row[_BODY]
    if not (texts and row[_STATE] in set(SendState) and isinstance(body, bytes)):
        return False
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


def _perhaps_sent(row: tuple[object, ...]) -> tuple[object, ...]:
    """Returns the row as one that was tried before: its delivery may be what the damaged page had recorded.

    So "already submitted" counts as a lost receipt; the key is the same, so the server stores it once.
    """
    if row[_STATE] in _DELIVERED or row[_ATTEMPTS]:
        return row
    return (*row[:_ATTEMPTS], 1, *row[_ATTEMPTS + 1 :])
