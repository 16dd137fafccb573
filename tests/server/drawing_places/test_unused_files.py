"""Deletion of old drawings in their place: a used file stays, and the next round finishes what the place cut off."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, func, select

from gonogo.server.drawing_places import unused_files
from gonogo.server.drawing_places.folder import FolderPlace
from gonogo.server.drawing_places.place import DrawingPlace, PlaceAwayError
from gonogo.server.drawing_places.place_url import FolderUrl
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.errors import ApiError
from gonogo.server.ops import maintenance
from gonogo.server.settings import ServerSettings
from gonogo.server.store.schema import drawing_deletions, drawing_files
from gonogo.server.tasks.drawings import DrawingUpload, put_files, store_drawings
from tests.server.house import House
from tests.support.object_store import S3Server

PNG = b"\x89PNG\r\n\x1a\n"
NAME = hashlib.sha256(PNG).hexdigest()
UPLOAD = [DrawingUpload("part", "", PNG)]
SETTINGS = ServerSettings(database_url="unused", keep_drawings_days=10)


def add(house: House, upload: list[DrawingUpload] = UPLOAD) -> None:
    placed = put_files(DrawingPlaces(house.store), upload)
    with house.store.write() as connection:
        store_drawings(connection, house.lead.org_id, upload, house.now, placed)


def count(house: House) -> tuple[int, int]:
    with house.store.read() as connection:
        files, marked = (
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (drawing_files, drawing_deletions)
        )
    return files, marked


def test_an_old_drawing_goes_from_its_place(house: House, place_url: str) -> None:
    places = DrawingPlaces(house.store)
    places.choose(place_url, house.now)
    add(house)
    house.pass_time(days=9)
    assert maintenance.run_once(house.store, SETTINGS, house.now)["drawings"] == 0
    house.pass_time(days=2)
    assert maintenance.preview(house.store, SETTINGS, house.now)["drawings"] == 1
    assert places.open(place_url).stat(NAME) is not None
    assert maintenance.run_once(house.store, SETTINGS, house.now)["drawings"] == 1
    assert places.open(place_url).stat(NAME) is None
    assert count(house) == (0, 0)
    add(house)  # it may come again
    assert places.open(place_url).stat(NAME) is not None


def test_a_place_that_is_away_is_cleaned_later_and_nobody_uploads_in_between(house: House, s3: S3Server) -> None:
    places = DrawingPlaces(house.store)
    places.choose(s3.url, house.now)
    add(house)
    house.pass_time(days=11)
    s3.stop()
    with pytest.raises(PlaceAwayError):
        maintenance.run_once(house.store, SETTINGS, house.now)
    assert count(house) == (1, 1)
    s3.start()
    with pytest.raises(ApiError, match="is being deleted") as refused:
        add(house)
    assert refused.value.status == 503
    assert maintenance.run_once(house.store, SETTINGS, house.now)["drawings"] == 0
    assert count(house) == (0, 0)
    assert places.open(s3.url).stat(NAME) is None
    add(house)
    assert count(house) == (1, 0)


def test_an_upload_that_a_deletion_overtakes_is_asked_to_come_again(house: House, place_url: str) -> None:
    places = DrawingPlaces(house.store)
    places.choose(place_url, house.now)
    add(house)
    placed = put_files(places, UPLOAD)
    maintenance.delete_unused_drawings(house.store, house.now + timedelta(days=1), house.now)
    for _step in ("marked", "deleted"):
        if place_url == "database:" and _step == "deleted":
            break  # the bytes come with the transaction
        with pytest.raises(ApiError, match="is being deleted"), house.store.write() as connection:
            store_drawings(connection, house.lead.org_id, UPLOAD, house.now, placed)
        maintenance.run_once(house.store, SETTINGS, house.now)
    add(house)
    assert places.open(place_url).stat(NAME) is not None


def test_a_deletion_waits_for_an_upload_that_uses_the_file(postgres_house: House, folder: Path) -> None:
    house = postgres_house
    places = DrawingPlaces(house.store)
    places.choose(folder.as_uri(), house.now)
    add(house)
    house.pass_time(days=11)
    other = [DrawingUpload("another part", "", PNG)]
    placed = put_files(places, other)
    begun = threading.Event()

    def prune() -> None:
        begun.set()
        maintenance.run_once(house.store, SETTINGS, house.now)

    thread = threading.Thread(target=prune)
    with house.store.write() as connection:
        store_drawings(connection, house.lead.org_id, other, house.now, placed)
        thread.start()
        assert begun.wait(10)
        thread.join(0.3)
        assert thread.is_alive()  # it waits for this transaction
    thread.join(30)
    assert places.open(folder.as_uri()).stat(NAME) is not None
    assert count(house) == (1, 0)


class OvertakenPlaces(DrawingPlaces):
    """Places of a worker that another one overtakes at its first deletion."""

    def __init__(self, house: House, others: Callable[[], None]) -> None:
        super().__init__(house.store)
        self._others = others

    def current(self, connection: Connection) -> DrawingPlace:
        place = super().current(connection)
        return OvertakenPlace(Path(urlsplit(place.url).path), self._others)


class OvertakenPlace(FolderPlace):
    def __init__(self, folder: Path, others: Callable[[], None]) -> None:
        super().__init__(FolderUrl(str(folder)))
        self._others: Callable[[], None] | None = others

    def delete(self, sha256: str) -> None:
        super().delete(sha256)
        others, self._others = self._others, None
        if others is not None:
            others()


def test_a_worker_that_another_one_overtakes_deletes_no_file_that_came_again(house: House, tmp_path: Path) -> None:
    places = DrawingPlaces(house.store)
    place = places.open(places.choose((tmp_path / "drawings").as_uri(), house.now))
    uploads = [DrawingUpload(f"part {number}", "", PNG + bytes([number])) for number in range(3)]
    add(house, uploads)
    maintenance.delete_unused_drawings(house.store, house.now + timedelta(days=1), house.now)
    assert count(house) == (3, 3)

    def others() -> None:
        assert unused_files.delete_marked(places) == 3
        add(house, uploads)

    assert unused_files.delete_marked(OvertakenPlaces(house, others)) == 1
    assert count(house) == (3, 0)
    came_again = [place.stat(hashlib.sha256(upload.content).hexdigest()) is not None for upload in uploads]
    assert came_again == [True, True, True]
