"""Which files of a watched folder are whole, over any sequence of writes and looks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.transfer.importing.watching.incoming import DRAWINGS_SECONDS, SETTLE_SECONDS, IncomingFiles


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def names(files: list[Path]) -> list[str]:
    return [file.name for file in files]


def test_a_file_is_taken_when_it_rests_and_not_before(tmp_path: Path) -> None:
    clock = Clock()
    incoming = IncomingFiles(tmp_path, clock=clock)
    file = tmp_path / "a.jsonl"
    file.write_bytes(b"half")
    assert incoming.look() == []
    clock.now += SETTLE_SECONDS - 0.1
    file.write_bytes(b"half and more")
    assert incoming.look() == []
    clock.now += SETTLE_SECONDS - 0.1
    assert incoming.look() == []
    clock.now += 0.2
    assert incoming.look() == [file]


@given(steps=st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=20))
def test_no_file_is_taken_within_the_time_after_its_last_change(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[float, bool]]
) -> None:
    clock = Clock()
    file = tmp_path_factory.mktemp("in") / "a.jsonl"
    file.write_bytes(b"x")
    incoming = IncomingFiles(file.parent, clock=clock)
    incoming.look()
    changed = 0.0
    for seconds, grows in steps:
        clock.now += seconds
        if grows:
            file.write_bytes(file.read_bytes() + b"x")
            changed = clock.now
        if incoming.look():
            assert clock.now - changed >= SETTLE_SECONDS
        else:
            assert clock.now - changed < 2 * SETTLE_SECONDS + 3  # the look that saw the change may have come late


def test_unfinished_hidden_empty_and_strange_names_are_passed_by(tmp_path: Path) -> None:
    for name in ("a.jsonl.part", "b.tmp", ".c.jsonl", "~d.csv", "e.jsonl~", "f.csv.CRDOWNLOAD", "notes.txt", "p.png"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "folder.jsonl").mkdir()
    os.symlink("/etc/hostname", tmp_path / "link.jsonl")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "good.CSV").write_bytes(b"x")
    clock = Clock()
    incoming = IncomingFiles(tmp_path, clock=clock)
    any_name = IncomingFiles(tmp_path, any_suffix=True, clock=clock)
    assert incoming.look() == any_name.look() == []
    clock.now += SETTLE_SECONDS
    assert names(incoming.look()) == ["good.CSV"]
    assert names(sorted(incoming.ignored)) == ["notes.txt"]
    assert names(any_name.look()) == ["good.CSV", "notes.txt"]


def test_files_wait_for_a_drawing_that_is_being_written_but_not_for_ever(tmp_path: Path) -> None:
    clock = Clock()
    incoming = IncomingFiles(tmp_path, clock=clock)
    (tmp_path / "a.jsonl").write_bytes(b"x")
    drawing = tmp_path / "a.png"
    while clock.now < DRAWINGS_SECONDS:
        drawing.write_bytes(b"x" * int(clock.now + 1))
        assert incoming.look() == []
        clock.now += 1
    drawing.write_bytes(b"y")
    assert names(incoming.look()) == ["a.jsonl"]
    (tmp_path / "b.jsonl").write_bytes(b"x")
    incoming.look()
    clock.now += SETTLE_SECONDS
    assert names(incoming.look()) == ["a.jsonl", "b.jsonl"]
