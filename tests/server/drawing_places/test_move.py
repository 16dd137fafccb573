"""Moves between the three places: nothing is lost, whatever ends them half way, and nothing goes unasked."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from gonogo.server.drawing_places.intact import require_digest
from gonogo.server.drawing_places.move import DrawingMove
from gonogo.server.drawing_places.place import PlaceAwayError, PlaceError
from gonogo.server.drawing_places.remembered import DrawingPlaces, remembered
from gonogo.server.errors import ApiError
from gonogo.server.store.schema import audit_log, drawing_files
from gonogo.server.tasks.drawings import DrawingUpload, put_files, store_drawings
from tests.server.house import House
from tests.support.object_store import KEY, SECRET, S3Server

PNG = b"\x89PNG\r\n\x1a\n"
CONTENTS = {f"part {number}": PNG + os.urandom(100 + number) for number in range(12)}


def silent(_work: str, _done: int, _total: int) -> None:
    pass


def add(house: House, contents: dict[str, bytes] = CONTENTS) -> None:
    """As an upload does it."""
    uploads = [DrawingUpload(part, "", content) for part, content in contents.items()]
    placed = put_files(DrawingPlaces(house.store), uploads)
    with house.store.write() as connection:
        store_drawings(connection, house.lead.org_id, uploads, house.now, placed)


def move(house: House, url: str) -> DrawingMove:
    return DrawingMove(DrawingPlaces(house.store), url)


def require_all_in(house: House, url: str, contents: dict[str, bytes] = CONTENTS) -> None:
    places = DrawingPlaces(house.store)
    with house.store.read() as connection:
        assert remembered(connection).url == places.open(url).url
    for content in contents.values():
        require_digest(places.open(url), hashlib.sha256(content).hexdigest(), len(content))


def bytes_in_database(house: House) -> int:
    with house.store.read() as connection:
        return int(connection.execute(select(func.sum(func.length(drawing_files.c.bytes)))).scalar_one())


@pytest.mark.slow
def test_from_place_to_place_and_back_nothing_is_lost(house: House, folder: Path, s3: S3Server) -> None:
    add(house)
    whole = bytes_in_database(house)
    for url in (folder.as_uri(), s3.url, "database:", s3.url, folder.as_uri(), "database:"):
        moving = move(house, url)
        assert moving.copy(house.now, silent).copied == len(CONTENTS)
        require_all_in(house, url)
        assert moving.delete_copies(silent) == len(CONTENTS)
        require_all_in(house, url)
        assert bytes_in_database(house) == (whole if url == "database:" else 0)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == ["gonogo-drawings.txt"]
    with house.store.read() as connection:
        moves = connection.execute(select(audit_log.c.content).where(audit_log.c.action == "move_drawings")).scalars()
        assert len(list(moves)) == 6


def test_a_move_that_was_cut_off_goes_on_where_it_was(house: House, folder: Path, s3: S3Server) -> None:
    add(house)

    def cut(_work: str, done: int, _total: int) -> None:
        if done == 5:
            s3.stop()

    with pytest.raises(PlaceAwayError):
        move(house, s3.url).copy(house.now, cut)
    require_all_in(house, "database:")
    s3.start()
    again = move(house, s3.url)
    report = again.copy(house.now, silent)
    assert (report.present, report.copied) == (5, 7)
    with pytest.raises(PlaceError, match=r"An earlier move to s3://.* isn't finished: copies still lie in database:"):
        move(house, folder.as_uri())
    finish = move(house, s3.url)  # a new process: the old copies are still known
    assert finish.plan.source == "database:"
    assert finish.copy(house.now, silent).present == 12
    finish.delete_copies(silent)
    assert move(house, s3.url).plan.source == finish.plan.target
    assert bytes_in_database(house) == 0


def test_what_is_uploaded_meanwhile_is_moved_too(house: House, folder: Path) -> None:
    add(house)
    late = {"late": PNG + b"late", "later": PNG + b"later"}

    def upload(_work: str, done: int, total: int) -> None:
        if (done, total) == (12, 12):
            add(house, {"late": late["late"]})
        if (done, total) == (1, 1):
            add(house, {"later": late["later"]})

    moving = move(house, folder.as_uri())
    assert moving.copy(house.now, upload).copied == 14
    moving.delete_copies(silent)
    require_all_in(house, folder.as_uri(), CONTENTS | late)


def test_an_upload_that_the_switch_overtakes_is_asked_to_come_again(house: House, folder: Path) -> None:
    add(house)
    upload = [DrawingUpload("slow", "", PNG + b"slow")]
    placed = put_files(DrawingPlaces(house.store), upload)
    move(house, folder.as_uri()).copy(house.now, silent)
    with pytest.raises(ApiError, match="are being moved") as refused, house.store.write() as connection:
        store_drawings(connection, house.lead.org_id, upload, house.now, placed)
    assert refused.value.status == 503
    add(house, {"slow": PNG + b"slow"})
    require_all_in(house, folder.as_uri(), CONTENTS | {"slow": PNG + b"slow"})


@pytest.mark.parametrize("harm", ["missing", "changed"])
def test_a_damaged_drawing_stops_the_switch_and_is_named(house: House, folder: Path, tmp_path: Path, harm: str) -> None:
    add(house)
    move(house, folder.as_uri()).copy(house.now, silent)
    move(house, folder.as_uri()).delete_copies(silent)
    name = hashlib.sha256(CONTENTS["part 3"]).hexdigest()
    file = folder / name[:2] / name
    file.unlink() if harm == "missing" else file.write_bytes(b"x" * file.stat().st_size)
    goal = (tmp_path / "other").as_uri()
    report = move(house, goal).copy(house.now, silent)
    assert (report.damaged, report.copied) == ([name], 11)
    with house.store.read() as connection:
        assert remembered(connection).url == DrawingPlaces(house.store).open(folder.as_uri()).url
    report = move(house, goal).copy(house.now, silent, skip_damaged=True)
    assert (report.damaged, report.present) == ([name], 11)
    with house.store.read() as connection:
        assert remembered(connection).url == DrawingPlaces(house.store).open(goal).url


Gonogo = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def gonogo(house: House, tmp_path: Path) -> Gonogo:
    home = tmp_path / "home"
    home.mkdir()
    url = house.store.url.render_as_string(hide_password=False)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "GONOGO_HOME": str(home), "GONOGO_DATABASE_URL": url}
        command = [sys.executable, "-m", "gonogo", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=environment, timeout=120, check=False, stdin=subprocess.DEVNULL
        )

    return run


@pytest.mark.slow
def test_the_command_says_asks_and_counts(house: House, folder: Path, gonogo: Gonogo) -> None:
    add(house)
    goal = folder.as_uri()
    unasked = gonogo("db", "move-drawings", goal)
    assert unasked.returncode == 2
    assert "say --yes or --keep-copies" in unasked.stderr
    planned = gonogo("db", "move-drawings", goal, "--dry-run", "--json")
    assert json.loads(planned.stdout) == {
        "source": "database:",
        "target": goal.replace(" ", "%20"),
        "files": 12,
        "size": sum(map(len, CONTENTS.values())),
    }
    assert not folder.exists()
    kept = gonogo("db", "move-drawings", goal, "--keep-copies")
    assert kept.returncode == 0, kept.stderr
    assert "12 copied, 0 were there" in kept.stderr
    assert bytes_in_database(house) > 0
    done = json.loads(gonogo("db", "move-drawings", goal, "--yes", "--json").stdout)
    assert (done["copied"], done["present"], done["damaged"], done["deleted"]) == (0, 12, [], 12)
    assert bytes_in_database(house) == 0
    require_all_in(house, goal)
    checked = gonogo("db", "move-drawings", goal, "--yes")
    assert "they lie in file:///" in checked.stderr
    assert "Delete" not in checked.stderr
    backup = gonogo("db", "backup", str(folder.parent / "backup"))
    assert backup.returncode == 0, backup.stderr
    assert "It does not hold the 12 drawings" in backup.stderr
    assert goal in backup.stderr
    refused = gonogo("serve", "--port", "0", "--drawings", "file:///elsewhere")
    assert refused.returncode == 1
    assert "lie in" in refused.stderr
    assert "not in file:///elsewhere" in refused.stderr
    assert "gonogo db move-drawings 'file:///elsewhere'" in refused.stderr
    assert "Drawings lie in file:///" in gonogo("serve", "--check").stdout
    (folder / "gonogo-drawings.txt").rename(folder / "other.txt")
    lost = gonogo("serve", "--check")
    assert lost.returncode == 1
    assert "aren't in file:///" in lost.stdout
    assert gonogo("serve", "--port", "0").returncode == 1


@pytest.mark.slow
def test_a_secret_never_shows(sqlite_house: House, gonogo: Gonogo, s3: S3Server) -> None:
    house = sqlite_house
    add(house)
    bad = gonogo("db", "move-drawings", f"s3://{KEY}:{SECRET}@bucket/x", "--yes")
    s3.refuse_keys(True)
    refused = gonogo("db", "move-drawings", s3.url, "--yes")
    s3.refuse_keys(False)
    s3.stop()
    down = gonogo("db", "move-drawings", s3.url, "--yes")
    assert [run.returncode for run in (bad, refused, down)] == [1, 1, 1]
    assert "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in bad.stderr
    assert "doesn't let the server" in refused.stderr
    assert "can't be reached" in down.stderr
    for run in (bad, refused, down):
        assert KEY not in run.stderr + run.stdout
        assert SECRET not in run.stderr + run.stdout
        assert "Traceback" not in run.stderr


def test_a_place_by_another_name_loses_nothing(house: House, folder: Path, tmp_path: Path, s3: S3Server) -> None:
    add(house)
    alias = tmp_path / "alias"
    alias.symlink_to(folder)
    unsigned = f"{s3.url}{'&' if '?' in s3.url else '?'}sign=no"
    for url in (folder.as_uri(), alias.as_uri(), s3.url, unsigned):
        moving = move(house, url)
        moving.copy(house.now, silent)
        same = url in (alias.as_uri(), unsigned)
        assert moving.delete_copies(silent) == (0 if same else len(CONTENTS))
        require_all_in(house, url)
        assert move(house, url).plan.source == moving.plan.target  # nothing is left to do


def test_an_old_folder_that_somebody_removed_ends_the_move(house: House, folder: Path, tmp_path: Path) -> None:
    add(house)
    for url in (folder.as_uri(), (tmp_path / "other").as_uri()):
        move(house, url).copy(house.now, silent)
        if url == folder.as_uri():
            move(house, url).delete_copies(silent)
    shutil.rmtree(folder)
    move(house, url).delete_copies(silent)
    require_all_in(house, url)
    assert move(house, url).plan.source == url
