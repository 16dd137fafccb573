"""SQLite schema of the outbox: creates its tables and sets the pragmas that make commits durable."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from gonogo.desk.core.paths import private_file, sync_folder

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


def connect(path: Path) -> sqlite3.Connection:
    """Opens the outbox at `path` (created with mode 0600 if missing). Raises `OSError` or `sqlite3.Error`."""
    private_file(path)
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
    """
    mode = "delete" if on_network(path.parent.resolve(), _mounts()) else "wal"
    before = connection.execute("PRAGMA journal_mode").fetchone()[0]
    actual = connection.execute(f"PRAGMA journal_mode={mode}").fetchone()[0]
    connection.execute(f"PRAGMA synchronous={'FULL' if actual == 'wal' else 'EXTRA'}")
    connection.executescript(SCHEMA)
    if actual != before:
        sync(path.parent)
