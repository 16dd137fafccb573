"""Move of drawings: copies all files to another place, makes that the database's place, then deletes the old copies.

Servers go on meanwhile: uploads land in the old place until the switch, which finds them, and in the new one after it.
A move that was cut off is repeated with the same target; what was copied is checked, not copied again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import func, select

from gonogo.server.drawing_places.intact import read_all, require_digest
from gonogo.server.drawing_places.place import DamagedDrawingError, DrawingPlace, PlaceError
from gonogo.server.drawing_places.remembered import (
    DrawingPlaces,
    RememberedPlace,
    files_of,
    lock,
    remembered,
    write_remembered,
)
from gonogo.server.drawing_places.unused_files import delete_marked
from gonogo.server.store import audit
from gonogo.server.store.schema import drawing_files, drawings
from gonogo.server.store.typed_rows import fetch_all

Progress = Callable[[str, int, int], None]


class FileRow(NamedTuple):
    """A stored file: digest, size, and the media type of a drawing that uses it."""

    sha256: str
    size_bytes: int
    content_type: str | None


class MovePlan(NamedTuple):
    """What a move will do: from where to where, and how many files and bytes.

    Equal places: the drawings lie there already, and are only checked.
    """

    source: str
    target: str
    files: int
    size: int


@dataclass(slots=True)
class MoveReport:
    """What a move did. `damaged`: digests of files that are missing or changed in the source."""

    copied: int = 0
    present: int = 0
    damaged: list[str] = field(default_factory=list)


class DrawingMove:
    """One move to `target`. Raises `PlaceError` for a target that can't be used, and where an earlier move is open."""

    def __init__(self, places: DrawingPlaces, target: str) -> None:
        self._places = places
        self._target = places.open(target)
        with places.store.read() as connection:
            row, stored = remembered(connection), files_of(connection)
        switched = row.url == self._target.url
        if row.earlier_url is not None and not switched and row.earlier_url != self._target.url:
            raise PlaceError(
                f"An earlier move to {row.url} isn't finished: copies still lie in {row.earlier_url}.",
                f"Finish it first: gonogo db move-drawings '{row.url}'",
            )
        self._source = places.open((row.earlier_url or row.url) if switched else row.url)
        self.plan = MovePlan(self._source.url, self._target.url, stored.number, stored.size)

    def copy(self, now: datetime, progress: Progress, *, skip_damaged: bool = False) -> MoveReport:
        """Copies and checks all files, then makes the target the place of the drawings.

        With damaged files it makes the target that only if `skip_damaged`. Raises `PlaceError`.
        """
        delete_marked(self._places)
        with self._places.store.read() as connection:
            row = remembered(connection)
        marker = self._places.prepare(self._target, row)
        report, copied = MoveReport(), set[str]()
        while (skip_damaged or not report.damaged) and not self._switch(copied, marker, now):
            with self._places.store.read() as connection:
                missing = [file for file in fetch_all(connection, _FILES, FileRow) if file.sha256 not in copied]
            for number, file in enumerate(missing, 1):
                self._copy_one(file, report)
                copied.add(file.sha256)
                progress("drawings", number, len(missing))
        return report

    def delete_copies(self, progress: Progress) -> int:
        """Deletes the files in the old place; returns how many. `copy` has checked those in the new one.

        Deletes nothing where both URLs lead to the same files: what looks like copies are the drawings.
        """
        names: list[str] = []
        if not _share_files(self._source, self._target):
            with self._places.store.read() as connection:
                names = list(connection.execute(select(drawing_files.c.sha256)).scalars())
        for number, sha256 in enumerate(names, 1):
            self._source.delete(sha256)
            progress("old copies", number, len(names))
        with self._places.store.write() as connection:
            row = lock(connection, alone=True)
            write_remembered(connection, row._replace(earlier_url=None))
        return len(names)

    def _copy_one(self, file: FileRow, report: MoveReport) -> None:
        if _is_whole(self._target, file):
            report.present += 1
            return
        content = b"".join(read_all(self._source, file.sha256, file.size_bytes))
        if hashlib.sha256(content).hexdigest() != file.sha256:
            report.damaged.append(file.sha256)
            return
        self._target.put(file.sha256, content, file.content_type or "application/octet-stream")
        require_digest(self._target, file.sha256, file.size_bytes)
        report.copied += 1

    def _switch(self, copied: set[str], marker: str | None, now: datetime) -> bool:
        """Makes the target the place of the drawings, unless a file is missing there; returns whether it did."""
        with self._places.store.write() as connection:
            row = lock(connection, alone=True)  # uploads wait, so that none is missed
            if any(name not in copied for name in connection.execute(select(drawing_files.c.sha256)).scalars()):
                return False
            if row.url == self._target.url:
                return True
            write_remembered(connection, RememberedPlace(self._target.url, marker, row.url))
            content = {"from": row.url, "to": self._target.url, "files": len(copied)}
            audit.append(connection, "move_drawings", now, actor="server", content=content)
        return True


_FILES: Final = (
    select(drawing_files.c.sha256, drawing_files.c.size_bytes, func.min(drawings.c.content_type).label("content_type"))
    .outerjoin(drawings, drawings.c.sha256 == drawing_files.c.sha256)
    .group_by(drawing_files.c.sha256, drawing_files.c.size_bytes)
    .order_by(drawing_files.c.sha256)
)


def _share_files(place: DrawingPlace, other: DrawingPlace) -> bool:
    """True if two URLs lead to the same files, as by a symbolic link, a second host name or an option like `sign=no`.

    The URLs can't tell, so a file is put into `other` and looked for in `place`.
    """
    content = secrets.token_bytes(32)
    name = hashlib.sha256(content).hexdigest()
    try:
        other.put(name, content, "application/octet-stream")
        return place.read(name, 0, len(content)) == content  # `stat` refuses a folder that was removed since
    finally:
        other.delete(name)


def _is_whole(place: DrawingPlace, file: FileRow) -> bool:
    stat = place.stat(file.sha256)
    if stat is None or stat.size != file.size_bytes:
        return False
    try:
        require_digest(place, file.sha256, file.size_bytes)
    except DamagedDrawingError:
        return False
    return True
