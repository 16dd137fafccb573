"""One interface, three places: what is put is read, in pieces, and nothing else is there."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert

from gonogo.server.drawing_places.folder import FolderPlace
from gonogo.server.drawing_places.intact import DigestChecks, read_all
from gonogo.server.drawing_places.object_store import ObjectStorePlace
from gonogo.server.drawing_places.place import DamagedDrawingError, DrawingPlace, PlaceAwayError, PlaceError
from gonogo.server.drawing_places.place_url import FolderUrl
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.store.schema import drawing_files
from tests.server.house import House
from tests.support.object_store import KEY, SECRET, S3Server
from tests.support.small_disk import mounted

CONTENT = os.urandom(2_500_000)
NAME = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def places(house: House) -> DrawingPlaces:
    with house.store.write() as connection:  # as an upload makes it: bytes elsewhere
        connection.execute(insert(drawing_files).values(sha256=NAME, size_bytes=len(CONTENT), bytes=b""))
    return DrawingPlaces(house.store)


@pytest.fixture
def place(places: DrawingPlaces, place_url: str) -> DrawingPlace:
    opened = places.open(place_url)
    opened.write_marker("marker")
    return opened


def test_a_file_is_put_read_in_pieces_and_deleted(place: DrawingPlace) -> None:
    assert place.stat(NAME) is None
    assert place.read(NAME, 0, 10) == b""
    place.put(NAME, CONTENT, "image/png")
    stat = place.stat(NAME)
    assert stat is not None
    assert stat.size == len(CONTENT)
    assert b"".join(read_all(place, NAME, len(CONTENT))) == CONTENT
    assert place.read(NAME, 1_000_000, 17) == CONTENT[1_000_000:1_000_017]
    assert place.read(NAME, len(CONTENT) - 3, 100) == CONTENT[-3:]
    place.put(NAME, CONTENT, "image/png")  # again
    place.delete(NAME)
    place.delete(NAME)
    assert place.stat(NAME) is None


def test_no_name_leads_out_of_a_place(house: House, folder: Path, s3: S3Server) -> None:
    places = DrawingPlaces(house.store)
    for url in (folder.as_uri(), s3.url):
        place = places.open(url)
        place.write_marker("marker")
        for name in ("../../etc/passwd", "/etc/passwd", "", "a" * 63, "A" * 64, f"{NAME}\n", f"../{NAME}"):
            with pytest.raises(ValueError, match="SHA-256"):
                place.put(name, b"x", "image/png")
            for call in (place.stat, place.delete):
                with pytest.raises(ValueError, match="SHA-256"):
                    call(name)
            with pytest.raises(ValueError, match="SHA-256"):
                place.read(name, 0, 1)


def test_a_changed_file_is_noticed_and_a_right_one_is_read_once(folder: Path, house: House) -> None:
    place = DrawingPlaces(house.store).open(folder.as_uri())
    place.write_marker("marker")
    place.put(NAME, CONTENT, "image/png")
    checks = DigestChecks()
    checks.require_intact(place, NAME, len(CONTENT))
    file = folder / NAME[:2] / NAME
    assert (file.stat().st_mode & 0o777, folder.stat().st_mode & 0o777) == (0o600, 0o700)
    file.write_bytes(CONTENT[:-1] + bytes([CONTENT[-1] ^ 1]))
    with pytest.raises(DamagedDrawingError, match="was changed"):
        checks.require_intact(place, NAME, len(CONTENT))
    file.write_bytes(CONTENT[:100])
    with pytest.raises(DamagedDrawingError, match="has 100 bytes, not 2500000"):
        checks.require_intact(place, NAME, len(CONTENT))
    file.unlink()
    with pytest.raises(DamagedDrawingError, match="is missing"):
        checks.require_intact(place, NAME, len(CONTENT))
    file.symlink_to("/etc/passwd")
    with pytest.raises(PlaceError):
        checks.require_intact(place, NAME, len(CONTENT))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder of a file system of one megabyte; needs the right to mount one."""
    with mounted(tmp_path / "disk", megabytes=1) as disk:
        yield disk


def test_a_full_disk_leaves_nothing_half_written(small_disk: Path) -> None:
    place = FolderPlace(FolderUrl(str(small_disk / "drawings")))
    place.write_marker("marker")
    with pytest.raises(PlaceAwayError, match=r"is full\.$"):
        place.put(NAME, CONTENT, "image/png")
    assert place.stat(NAME) is None
    assert [path for path in small_disk.rglob("*") if path.is_file()] == [small_disk / "drawings/gonogo-drawings.txt"]


def test_a_folder_that_is_gone_is_said_and_not_made_anew(folder: Path) -> None:
    place = FolderPlace(FolderUrl(str(folder)))
    with pytest.raises(PlaceAwayError, match="isn't there"):
        place.put(NAME, CONTENT, "image/png")
    with pytest.raises(PlaceAwayError, match="isn't there"):
        place.stat(NAME)
    assert not folder.exists()


@pytest.mark.skipif(not os.path.exists("/proc/self"), reason="needs a folder that not even root may write")
def test_a_folder_that_may_not_be_written_is_said() -> None:
    place = FolderPlace(FolderUrl("/proc/gonogo-drawings"))
    with pytest.raises(PlaceAwayError, match=r"can't be used|may not write"):
        place.write_marker("marker")


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("refused", "doesn't let the server write in s3://"),
        ("no bucket", "There is no bucket s3://other-bucket"),
        ("no keys", "has no credentials for s3://"),
        ("down", "can't be reached"),
    ],
)
def test_an_object_store_that_does_not_serve_is_a_sentence_without_secrets(
    s3: S3Server, house: House, monkeypatch: pytest.MonkeyPatch, state: str, sentence: str
) -> None:
    url = s3.url.replace(s3.bucket, "other-bucket") if state == "no bucket" else s3.url
    if state == "no keys":
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    place = DrawingPlaces(house.store).open(url)
    if state == "refused":
        s3.refuse_keys(True)
    if state == "down":
        s3.stop()
    try:
        with pytest.raises(PlaceAwayError, match=sentence) as refused:
            place.put(NAME, CONTENT, "image/png")
    finally:
        if state == "refused":
            s3.refuse_keys(False)
    shown = f"{refused.value!r} {refused.value} {refused.value.next_step} {refused.value.__cause__} {place!r}"
    assert KEY not in shown
    assert SECRET not in shown
    assert refused.value.__suppress_context__


def test_an_object_store_that_goes_down_while_a_file_is_sent_has_none_of_it(s3: S3Server, house: House) -> None:
    place = DrawingPlaces(house.store).open(s3.url)
    s3.stop()
    with pytest.raises(PlaceAwayError):
        place.put(NAME, CONTENT, "image/png")
    s3.start()
    assert place.stat(NAME) is None
    place.put(NAME, CONTENT, "image/png")
    assert b"".join(read_all(place, NAME, len(CONTENT))) == CONTENT


@pytest.mark.parametrize(
    ("endpoint", "sign", "base", "direct"),
    [
        ("http://127.0.0.1:1", "yes", "http://127.0.0.1:8000", True),
        ("http://127.0.0.1:1", "yes", "https://label.example.com", False),
        ("http://minio:9000", "yes", "https://label.example.com", False),
        ("http://minio:9000", "yes", "http://127.0.0.1:8000", False),
        ("https://minio.example.com", "yes", "https://label.example.com", True),
        ("https://minio.example.com", "no", "https://label.example.com", False),
    ],
)
def test_a_signed_address_is_one_that_the_client_would_follow(
    house: House, monkeypatch: pytest.MonkeyPatch, endpoint: str, sign: str, base: str, direct: bool
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    place = DrawingPlaces(house.store).open(f"s3://drawings?endpoint={endpoint}&sign={sign}")
    assert isinstance(place, ObjectStorePlace)
    url = place.sign(NAME, 900, base)
    assert (url is not None) is direct
    if url is not None:
        assert url.startswith(f"{endpoint}/drawings/{NAME[:2]}/{NAME}?")
        assert "X-Amz-Expires=900" in url
        assert SECRET not in url


def test_without_the_extra_the_command_that_installs_it_is_said(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("obstore", "obstore.store", "obstore.exceptions"):
        monkeypatch.setitem(sys.modules, name, None)  # as if it were not installed
    with pytest.raises(PlaceError, match="need the package obstore") as refused:
        DrawingPlaces(house.store).open("s3://drawings")
    assert refused.value.next_step == "pip install obstore"


_WRITE_UNTIL_KILLED = """
import hashlib, os, sys
from gonogo.server.drawing_places.folder import FolderPlace
from gonogo.server.drawing_places.place_url import FolderUrl
place = FolderPlace(FolderUrl(sys.argv[1]))
place.write_marker("marker")
while True:
    content = os.urandom(3_000_000)
    place.put(hashlib.sha256(content).hexdigest(), content, "image/png")
    print("put", flush=True)
"""


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_only_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "drawings"
    for _kill in range(4):
        command = [sys.executable, "-c", _WRITE_UNTIL_KILLED, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            for _file in range(3):
                assert writer.stdout.readline() == b"put\n"
            writer.kill()
    files = [file for file in folder.glob("??/[0-9a-f]*") if file.is_file()]
    assert len(files) >= 12
    assert [file.name for file in files] == [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
