"""SQLite schema of the outbox: creates its tables and sets the pragmas that make commits durable."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from gonogo.desk.core.paths import private_file, private_folder, sync_folder

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment,unused-ignore]

SCHEMA = """
CREATE TABLE IF NOT EXISTS verdict (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  base_url TEXT NOT NULL,
  annotator TEXT NOT NULL,
  campaign_id TEXT NOT NULL,
  task_id TEXT NOT NULL,
  method TEXT NOT NULL,
  path TEXT NOT NULL,
  content_type TEXT NOT NULL,
  body BLOB NOT NULL,
  idempotency_key TEXT NOT NULL UNIQUE,
  task TEXT NOT NULL,
  decision TEXT NOT NULL,
  decided_at REAL NOT NULL,
  state TEXT NOT NULL,
  detail TEXT NOT NULL DEFAULT '',
  attempts INTEGER NOT NULL DEFAULT 0,
  owner TEXT,
  lease_until REAL,
  settled_at REAL,
  response TEXT
);
CREATE INDEX IF NOT EXISTS verdict_unsent ON verdict (base_url, annotator, state, id)
  WHERE state IN ('on desk', 'queued', 'sending', 'parked');
CREATE INDEX IF NOT EXISTS verdict_task ON verdict (task_id);
"""

UNSETTLED = "state IN ('on desk', 'queued', 'sending', 'parked')"
"""The condition of the partial index, word for word: SQLite uses the index only where it recognises it."""

COLUMNS = (
    "id",
    "base_url",
    "annotator",
    "campaign_id",
    "task_id",
    "method",
    "path",
    "content_type",
    "body",
    "idempotency_key",
    "task",
    "decision",
    "decided_at",
    "state",
    "detail",
    "attempts",
    "owner",
    "lease_until",
    "settled_at",
    "response",
)

_NETWORK_FILE_SYSTEMS = {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "fuse.sshfs", "fuse.glusterfs"}


def on_network(folder: Path, mounts: str) -> bool:
    """Returns whether `folder` lies on a network file system. `mounts` is the text of `/proc/mounts`."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or str(folder) == point or str(folder).startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind in _NETWORK_FILE_SYSTEMS


def _mounts() -> str:
    try:
        return Path("/proc/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


class LostFileError(sqlite3.DatabaseError):
    """Error of an outbox that is empty or missing although it held answers: something else has emptied it."""


def copy_path(path: Path) -> Path:
    """Returns the path of the kept copy: the undelivered answers as the last run left them (see `kept_copy`)."""
    return path.with_name(f"{path.stem}.kept{path.suffix}")


def rescued_path(path: Path) -> Path:
    """Returns the path of a complete new file, for the moment of a recovery in which the damaged one is moved."""
    return path.with_suffix(".rescued")


def exists(path: Path) -> bool:
    """Returns whether there is an outbox at `path`, or what is left of one."""
    left = (Path(f"{path}-wal"), copy_path(path), rescued_path(path))
    return path.exists() or any(file.exists() and file.stat().st_size > 0 for file in left)


@dataclass(frozen=True, slots=True)
class Disk:
    """Disk under an outbox: opens a file and sets it up, renames one over another, syncs a folder."""

    open: Callable[[Path], sqlite3.Connection]
    rename: Callable[[Path, Path], object]
    sync_folder: Callable[[Path], None]


def connect(path: Path, disk: Disk | None = None) -> sqlite3.Connection:
    """Opens the outbox at `path`, created with mode 0600 if there is none. `disk` is another one, for tests.

    An empty file is never a new one: `create` installs a file only when it is complete. Raises `OSError`,
    `sqlite3.Error`, and `LostFileError` before SQLite sees an emptied file, whose WAL it would delete.
    """
    if not exists(path):
        with exclusive(path):
            if not exists(path):
                install(create(path, disk=disk), path, disk)
    if not path.exists() or path.stat().st_size == 0:
        raise LostFileError("the outbox is empty or missing, but held answers")
    return (disk or DISK).open(path)


def create(path: Path, rows: Iterable[Sequence[object]] = (), *, disk: Disk | None = None) -> Path:
    """Makes a complete outbox file with `rows` beside `path`, on the disk, and returns it. See `install`.

    Rows whose id or key is there already are left out. Raises `OSError` or `sqlite3.Error`.
    """
    fresh = path.with_suffix(".new")
    for ending in ("", "-wal", "-shm"):
        Path(f"{fresh}{ending}").unlink(missing_ok=True)
    places = ",".join("?" * len(COLUMNS))
    sql = f"INSERT OR IGNORE INTO verdict ({', '.join(COLUMNS)}) VALUES ({places})"  # noqa: S608
    private_file(fresh)
    with contextlib.closing((disk or DISK).open(fresh)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(sql, rows)
        connection.execute("COMMIT")
    return fresh


def install(fresh: Path, path: Path, disk: Disk | None = None) -> None:
    """Puts a file made by `create` in its place, which survives a power cut. Raises `OSError`."""
    disk = disk or DISK
    disk.rename(fresh, path)
    disk.sync_folder(path.parent)


@contextlib.contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Holds the outbox at `path` against other programs on this machine; best effort without file locks (Windows)."""
    private_folder(path.parent)
    handle = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o600)
    try:
        if fcntl is not None:
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=5.0, isolation_level=None, check_same_thread=False)
    try:
        connection.row_factory = sqlite3.Row
        set_up(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def set_up(connection: sqlite3.Connection, path: Path, *, sync: Callable[[Path], None] = sync_folder) -> None:
    """Sets the pragmas for durable commits on `connection`, and creates missing tables.

    WAL with `synchronous=FULL`: the simulated power cuts of SQLite lost acknowledged rows with NORMAL and none with
    FULL. WAL needs shared memory, so on a network file system it is DELETE with `synchronous=EXTRA`.
    The folder is synced once: a journal left from the change to WAL could come back and undo everything.
    `secure_delete`: an answer that was taken back must not come back from a page that recovery reads.
    """
    mode = "delete" if on_network(path.parent.resolve(), _mounts()) else "wal"
    before = connection.execute("PRAGMA journal_mode").fetchone()[0]
    actual = connection.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
    connection.execute(f"PRAGMA synchronous={'FULL' if actual == 'wal' else 'EXTRA'}")
    connection.execute("PRAGMA secure_delete=ON")
    connection.executescript(SCHEMA)
    if actual != before:
        sync(path.parent)


DISK = Disk(_open, Path.replace, sync_folder)
"""Disk of this computer."""
