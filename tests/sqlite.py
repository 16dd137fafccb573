"""Empty SQLite databases with the schema in them: migrated once a process, then copied."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path

from gonogo.server.store.engine import Store


@functools.cache
def empty_database() -> Path:
    """A file that is copied, never opened; migrating takes ten times as long."""
    folder = Path(tempfile.mkdtemp(prefix="gonogo-sqlite-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(f"sqlite:///{folder / 'empty.db'}")
    store.upgrade()
    store.dispose()
    return folder / "empty.db"


def fresh_database(path: Path) -> str:
    """Puts a fresh database at `path`; returns its URL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(empty_database(), path)
    return f"sqlite:///{path}"
