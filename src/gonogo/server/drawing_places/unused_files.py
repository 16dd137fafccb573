"""Unused files: those of deleted drawings are marked first, then deleted in their place, then forgotten.

A marked file can't be uploaded until it is forgotten, so nothing is deleted that a new drawing uses. When the work ends
half way, the next round goes on with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from sqlalchemy import Connection, delete, select

from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.store.bulk_insert import chunks
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import drawing_deletions, drawing_files, drawings

CHUNK: Final = 10
"""Files of one transaction: each may be tens of megabytes."""


def mark(connection: Connection, files: Iterable[str]) -> None:
    """Marks those of `files` that no drawing uses. The transaction holds the lock of the drawings' place alone."""
    unused = set(files)
    unused -= set(connection.execute(select(drawings.c.sha256).where(drawings.c.sha256.in_(unused))).scalars())
    if unused:
        connection.execute(drawing_deletions.insert(), [{"sha256": sha256} for sha256 in sorted(unused)])


def delete_marked(places: DrawingPlaces) -> int:
    """Deletes all marked files; returns how many. Raises `PlaceError`: what is left stays marked.

    Workers may do it at the same time. Each asks again before each file: another one may have finished with it, and an
    upload may have brought it back.
    """
    with places.store.read() as connection:
        marked = list(connection.execute(select(drawing_deletions.c.sha256)).scalars())
        place = places.current(connection) if marked else None
    n_deleted = 0
    for some in chunks(marked, CHUNK):
        assert place is not None
        for sha256 in some:
            if _is_marked(places.store, sha256):
                place.delete(sha256)
                n_deleted += 1
        still_marked = select(drawing_deletions.c.sha256).where(drawing_deletions.c.sha256.in_(some))
        with places.store.write() as connection:
            connection.execute(delete(drawing_files).where(drawing_files.c.sha256.in_(still_marked)))
            connection.execute(delete(drawing_deletions).where(drawing_deletions.c.sha256.in_(some)))
    return n_deleted


def _is_marked(store: Store, sha256: str) -> bool:
    with store.read() as connection:
        query = select(drawing_deletions.c.sha256).where(drawing_deletions.c.sha256 == sha256)
        return connection.execute(query).first() is not None
