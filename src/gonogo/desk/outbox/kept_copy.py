"""Kept copy: a second file with the answers that had not been delivered when the last run ended.

The outbox is one file, and another program may empty or delete it. Recovery then reads this copy.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from gonogo.desk.outbox.schema import COLUMNS, UNSETTLED, copy_path, create, install


def keep_copy(connection: sqlite3.Connection, path: Path) -> None:
    """Replaces the kept copy of the outbox at `path` by its unsettled rows; removes it when there are none.

    Raises `OSError` or `sqlite3.Error`; the earlier copy is then still there.
    """
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM verdict WHERE {UNSETTLED}").fetchall()  # noqa: S608
    copy = copy_path(path)
    if not rows:
        copy.unlink(missing_ok=True)
        return
    fresh = create(copy, [tuple(row) for row in rows])
    install(fresh, copy)


def rows_of_copy(path: Path) -> dict[int, tuple[object, ...]]:
    """Returns the rows of the kept copy by id; none if there is no copy, or it can't be read."""
    copy = copy_path(path)
    if not copy.exists():
        return {}
    try:
        with closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM verdict").fetchall()  # noqa: S608
    except sqlite3.Error:
        return {}
    return {row[0]: tuple(row) for row in rows}
