"""Database place: the bytes lie in `drawing_files`, beside the rows. The default."""

from __future__ import annotations

from typing import Final

from sqlalchemy import bindparam, func, select

from gonogo.server.drawing_places.place import FileStat
from gonogo.server.drawing_places.place_url import DATABASE_URL
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import drawing_files

PIECE: Final = 1_000_000


class DatabasePlace:
    """Place of a database. New rows get their bytes with the transaction that inserts them; `put` fills an old row."""

    url = DATABASE_URL
    piece_bytes = PIECE

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, sha256: str, content: bytes, content_type: str) -> None:
        with self._store.write() as connection:
            connection.execute(_FILL, {"name": sha256, "content": content})

    def stat(self, sha256: str) -> FileStat | None:
        with self._store.read() as connection:
            size = connection.execute(_SIZE, {"name": sha256}).scalar()
        return FileStat(size, None) if size else None  # a row without bytes has them elsewhere

    def read(self, sha256: str, start: int, size: int) -> bytes:
        with self._store.read() as connection:
            return dialect_of(connection).read_drawing(connection, sha256, start, size)

    def delete(self, sha256: str) -> None:
        with self._store.write() as connection:
            connection.execute(_EMPTY, {"name": sha256})

    def sign(self, sha256: str, seconds: int, base_url: str) -> str | None:
        return None

    def read_marker(self) -> str | None:
        return None

    def write_marker(self, marker: str) -> None:
        pass


_FILL = drawing_files.update().where(drawing_files.c.sha256 == bindparam("name")).values(bytes=bindparam("content"))
_EMPTY = (
    drawing_files.update()
    .where(drawing_files.c.sha256 == bindparam("name"), func.length(drawing_files.c.bytes) > 0)
    .values(bytes=b"")
)
_SIZE = select(func.length(drawing_files.c.bytes)).where(drawing_files.c.sha256 == bindparam("name"))
