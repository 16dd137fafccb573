"""A file that was damaged, emptied or deleted: its answers are read from its pages, its WAL and the kept copy."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Outbox
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
    before = time.monotonic()
    outbox = Outbox(path)
    outbox.adopt()
    rows = {row.task_id: row for row in outbox.history()}
    assert time.monotonic() - before < 5
    assert rows.keys() >= NAMES
    assert {row.state for row in rows.values()} == {SendState.QUEUED}
    if leave is left_by_a_quit or damage in (emptied, deleted):  # else the WAL heals the file, and nothing is amiss
        (notice,) = outbox.notices
        assert f"{len(rows)} of them are still to be sent" in notice
        assert ("emptied or deleted" in notice) == (damage in (emptied, deleted))


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
