"""Remembered place: the database names the one place of its drawings, so that all its servers and commands agree.

A marker, a random text that stands in the database and in the place, tells the right folder from an unmounted one.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select, update

from gonogo.server.drawing_places.database import DatabasePlace
from gonogo.server.drawing_places.folder import FolderPlace
from gonogo.server.drawing_places.object_store import ObjectStorePlace
from gonogo.server.drawing_places.place import MARKER_NAME, DrawingPlace, PlaceError, WrongPlaceError
from gonogo.server.drawing_places.place_url import (
    DATABASE_URL,
    BucketUrl,
    DatabaseUrl,
    FolderUrl,
    parse_place_url,
)
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import drawing_files, drawing_place
from gonogo.server.store.typed_rows import fetch_one


class RememberedPlace(NamedTuple):
    """Row of `drawing_place`."""

    url: str
    marker: str | None
    earlier_url: str | None


class DrawingPlaces:
    """Places of one database's drawings, opened once a process. Safe for threads."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._opened: dict[str, DrawingPlace] = {}

    def open(self, url: str) -> DrawingPlace:
        """The place at a URL; nothing is asked of it yet. Raises `PlaceError`."""
        try:
            parsed = parse_place_url(url)
        except ValueError as error:
            raise PlaceError(str(error)) from None
        place = self._opened.get(str(parsed))
        if place is None:
            place = self._opened[str(parsed)] = self._open(parsed)
        return place

    def current(self, connection: Connection) -> DrawingPlace:
        """The place that the database names."""
        return self.open(remembered(connection).url)

    def require_reachable(self) -> DrawingPlace:
        """The place that the database names. Raises `PlaceError` unless it is there, and is the right one."""
        with self.store.read() as connection:
            row = remembered(connection)
        place = self.open(row.url)
        if place.url != DATABASE_URL and place.read_marker() != row.marker:
            raise WrongPlaceError(
                f"The drawings of this database aren't in {place.url}.",
                f"Is its disk mounted, or the endpoint another one? The right place has a file {MARKER_NAME}.",
            )
        return place

    def choose(self, url: str | None, now: datetime) -> str:
        """Settles on a place for a server that starts; returns its URL. `None` takes the remembered one.

        A database without drawings takes any place and remembers it. Raises `PlaceError` if the drawings lie elsewhere,
        or a new place is another database's or can't be used; the remembered one is not asked.
        """
        with self.store.read() as connection:
            row, stored = remembered(connection), connection.execute(_ANY_FILE).scalar() is not None
        if url is None:
            return row.url
        place = self.open(url)
        if place.url == row.url:
            pass
        elif stored:
            raise lies_elsewhere(row.url, place.url)
        else:
            self._remember(place, row, now)
        return place.url

    def prepare(self, place: DrawingPlace, row: RememberedPlace) -> str | None:
        """Makes a place ready for this database's drawings; returns the marker. Raises `WrongPlaceError`."""
        if place.url == DATABASE_URL:
            return row.marker
        marker, present = row.marker or self._new_marker(), place.read_marker()
        if present not in (None, marker):
            raise WrongPlaceError(
                f"{place.url} holds the drawings of another database.", "Name an empty folder or prefix."
            )
        if present is None:
            place.write_marker(marker)
        return marker

    def _remember(self, place: DrawingPlace, row: RememberedPlace, now: datetime) -> None:
        """Makes `place` the place of a database without drawings."""
        marker = self.prepare(place, row)
        with self.store.write() as connection:
            # Another server may have begun to store drawings meanwhile.
            lock(connection, alone=True)
            if connection.execute(_ANY_FILE).scalar() is not None and remembered(connection).url != place.url:
                raise WrongPlaceError("Another server has just stored drawings elsewhere.", "Start this one again.")
            write_remembered(connection, RememberedPlace(place.url, marker, None))
            audit.append(connection, "choose_drawing_place", now, actor="server", content={"url": place.url})

    def _new_marker(self) -> str:
        """A marker that is in the database before it is in a place: a crash between the two repeats only the latter."""
        with self.store.write() as connection:
            row = lock(connection, alone=True)
            marker = row.marker or secrets.token_hex(16)
            write_remembered(connection, row._replace(marker=marker))
        return marker

    def _open(self, url: DatabaseUrl | FolderUrl | BucketUrl) -> DrawingPlace:
        if isinstance(url, FolderUrl):
            return FolderPlace(url)
        if isinstance(url, BucketUrl):
            return ObjectStorePlace(url)
        return DatabasePlace(self.store)


def remembered(connection: Connection) -> RememberedPlace:
    """What the database says about the place of its drawings."""
    return fetch_one(connection, _REMEMBERED, RememberedPlace)


def lock(connection: Connection, *, alone: bool = False) -> RememberedPlace:
    """The same, and nobody changes it until the transaction ends. `alone` waits for all others that hold the lock."""
    return fetch_one(connection, _LOCKED_ALONE if alone else _LOCKED, RememberedPlace)


def write_remembered(connection: Connection, row: RememberedPlace) -> None:
    """Changes what the database says; the transaction holds the lock alone."""
    connection.execute(_WRITE, row._asdict())


def lies_elsewhere(url: str, wanted: str) -> WrongPlaceError:
    """The refusal of a server that is started with another place than the drawings lie in."""
    place = "the database" if url == DATABASE_URL else url
    return WrongPlaceError(
        f"The drawings of this database lie in {place}, not in {wanted}.",
        f"Start the server without --drawings, or move them: gonogo db move-drawings '{wanted}'",
    )


def describe(error: PlaceError) -> str:
    """The sentence and its next step."""
    return f"{error} {error.next_step}".strip()


class StoredFiles(NamedTuple):
    """Number and bytes of the drawings' files, and the place that they lie in."""

    url: str
    number: int
    size: int


def files_of(connection: Connection) -> StoredFiles:
    """How many files a database's drawings are, and where they lie."""
    number, size = connection.execute(_TOTALS).one()
    return StoredFiles(remembered(connection).url, int(number), int(size))


_REMEMBERED: Final = select(drawing_place.c.url, drawing_place.c.marker, drawing_place.c.earlier_url)
_LOCKED: Final = _REMEMBERED.with_for_update(read=True)
_LOCKED_ALONE: Final = _REMEMBERED.with_for_update()
_WRITE: Final = update(drawing_place).values(
    url=bindparam("url"), marker=bindparam("marker"), earlier_url=bindparam("earlier_url")
)
_ANY_FILE: Final = select(drawing_files.c.sha256).limit(1)
_TOTALS: Final = select(func.count(), func.coalesce(func.sum(drawing_files.c.size_bytes), 0)).select_from(drawing_files)
