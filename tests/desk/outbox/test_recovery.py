"""A file that was damaged, emptied or deleted: its answers are read from its pages, its WAL and the kept copy."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.recovery import is_damage, rescue
from gonogo.desk.outbox.schema import copy_path, create, install, rescued_path
from tests.support.outbox_rows import ANN, put

COUNT = 20
NAMES = {f"a-{number}" for number in range(COUNT)}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


def left_by_a_kill(path: Path) -> None:
    """Answers of a program that was killed: they stand in the WAL."""
    program = [sys.executable, "-m", "tests.support.outbox_rows", str(path), "a"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(COUNT):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)


def left_by_a_quit(path: Path) -> None:
    """Answers of a program that was left in order: they stand in the file, and in the kept copy."""
    outbox = Outbox(path)
    for name in sorted(NAMES):
        put(outbox, name)
    outbox.requeue_owned()
    outbox.close()


def emptied(path: Path) -> None:
    path.write_bytes(b"")


def deleted(path: Path) -> None:
    path.unlink()


def _first_page_overwritten(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(os.urandom(4096))


def _first_half_zeroed(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(bytes(path.stat().st_size // 2))


def _all_overwritten(path: Path) -> None:
    path.write_bytes(os.urandom(path.stat().st_size))


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 3)


@pytest.mark.parametrize("leave", [left_by_a_kill, left_by_a_quit])
@pytest.mark.parametrize(
    "damage", [emptied, deleted, _first_page_overwritten, _first_half_zeroed, _all_overwritten, _cut]
)
def test_every_answer_is_taken_over_and_the_person_reads_it(
    path: Path, leave: Callable[[Path], None], damage: Callable[[Path], None]
) -> None:
    leave(path)
    damage(path)
    before = time.process_time()
    outbox = Outbox(path)
    outbox.adopt()
    rows = {row.task_id: row for row in outbox.history()}
    assert time.process_time() - before < 5
    assert rows.keys() >= NAMES
    assert {row.state for row in rows.values()} == {SendState.QUEUED}
    if leave is left_by_a_quit or damage in (emptied, deleted):  # else the WAL heals the file, and nothing is amiss
        (notice,) = outbox.notices
        assert f"{len(rows)} of them still to be sent" in notice
        assert ("emptied or deleted" in notice) == (damage in (emptied, deleted))
        kept = [path.parent / name for name in re.findall(r"kept as (\S+)\. ", notice)]
        assert all(file.exists() for file in kept)
        assert bool(kept) == (leave is left_by_a_kill or damage is not deleted)


def test_a_file_emptied_under_an_open_program_is_taken_over_too(path: Path) -> None:
    outbox = Outbox(path)
    put(outbox, "before")
    emptied(path)
    for number in range(3):
        put(outbox, f"after-{number}")
    outbox.close()
    again = Outbox(path)
    assert {row.task_id for row in again.history()} == {"before", "after-0", "after-1", "after-2"}
    assert outbox.notices or again.notices


def test_a_file_is_set_aside_with_its_wal_and_nothing_of_it_meets_the_new_one(path: Path) -> None:
    left_by_a_kill(path)
    wal = Path(f"{path}-wal").read_bytes()
    emptied(path)
    outbox = Outbox(path)
    n_rows = len(outbox.history())
    (aside,) = path.parent.glob("outbox.damaged-*.sqlite")
    assert Path(f"{aside}-wal").read_bytes() == wal
    outbox.close()
    aside.unlink()
    assert len(Outbox(path).history()) == n_rows >= COUNT


def test_a_row_without_an_address_or_a_body_stays_in_the_file_set_aside(path: Path) -> None:
    left_by_a_quit(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE verdict SET base_url = '' WHERE task_id = 'a-3'")
        db.execute("UPDATE verdict SET annotator = X'00' WHERE task_id = 'a-4'")
        db.execute("UPDATE verdict SET body = 'text' WHERE task_id = 'a-5'")
        db.execute("UPDATE verdict SET body = X'5B5D' WHERE task_id = 'a-6'")  # a list
        db.execute("UPDATE verdict SET state = 'lost' WHERE task_id = 'a-7'")
    _first_page_overwritten(path)
    copy_path(path).unlink()
    outbox = Outbox(path)
    assert {row.task_id for row in outbox.history()} == NAMES - {f"a-{number}" for number in range(3, 8)}
    (aside,) = path.parent.glob("outbox.damaged-*.sqlite")
    assert b"a-3" in aside.read_bytes()


@pytest.mark.parametrize(
    ("sql", "damaged"),
    [
        ("SELEC 1", False),  # an error of ours must not set a healthy file aside
        ("INSERT INTO t VALUES (1)", False),
        ("SELECT a FROM lost", True),
        ("SELECT lost FROM t", True),
    ],
)
def test_only_errors_of_the_file_are_damage(sql: str, damaged: bool) -> None:
    with closing(sqlite3.connect(":memory:")) as db:
        db.execute("CREATE TABLE t (a UNIQUE)")
        db.execute("INSERT INTO t VALUES (1)")
        with pytest.raises(sqlite3.Error) as caught:
            db.execute(sql)
    assert is_damage(caught.value) == damaged


def test_the_second_of_two_programs_leaves_the_repaired_file_alone(path: Path) -> None:
    left_by_a_quit(path)
    before = path.read_bytes()
    assert rescue(path, 0.0) == "The outbox was repaired by another gonogo on this home."
    assert path.read_bytes() == before
    assert list(path.parent.glob("*damaged*")) == []


def test_an_answer_that_was_taken_back_stays_back(path: Path) -> None:
    outbox = Outbox(path)
    for number in range(30):
        put(outbox, f"kept-{number}", size=900)
        outbox.withdraw(put(outbox, f"undone-{number}", size=900))
    outbox.close()
    _first_page_overwritten(path)
    assert {row.task_id for row in Outbox(path).history()} == {f"kept-{number}" for number in range(30)}


def test_the_kept_copy_holds_what_is_not_delivered_and_goes_with_it(path: Path) -> None:
    outbox = Outbox(path)
    outbox.release([put(outbox, "sent"), put(outbox, "waits")])
    claimed = outbox.claim(ANN)
    assert claimed is not None
    outbox.finish(claimed.id, SendState.SENT)
    outbox.requeue_owned()
    assert [row.task_id for row in Outbox(copy_path(path)).history()] == ["waits"]
    assert copy_path(path).stat().st_mode & 0o777 == 0o600
    assert outbox.drop(outbox.history()[0].id)
    assert not copy_path(path).exists()


def test_a_taken_over_answer_that_had_arrived_is_no_second_answer(path: Path) -> None:
    """Its delivery may be what the damaged page had recorded: "already submitted" is then a lost receipt."""
    left_by_a_quit(path)
    emptied(path)
    claimed = Outbox(path).claim(ANN)
    assert claimed is not None
    assert claimed.attempts > 1


def test_a_recovery_that_was_killed_is_finished(path: Path) -> None:
    left_by_a_quit(path)
    emptied(path)
    install(create(path), rescued_path(path))  # complete, and not yet in its place
    outbox = Outbox(path)
    assert outbox.history() == []
    assert outbox.notices
    assert not rescued_path(path).exists()


def test_a_new_home_has_nothing_to_say(path: Path) -> None:
    outbox = Outbox(path)
    put(outbox, "a")
    assert outbox.notices == []
    assert {file.name for file in path.parent.iterdir()} == {
        "outbox.lock",
        "outbox.sqlite",
        "outbox.sqlite-shm",
        "outbox.sqlite-wal",
    }
