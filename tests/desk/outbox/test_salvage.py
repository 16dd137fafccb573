"""Rows read from pages without SQLite are the rows that SQLite wrote, and damage costs only the pages it hit."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gonogo.desk.outbox.salvage import Value, salvage_rows

VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40),
    st.binary(max_size=40),
    st.integers(400, 20_000).map(lambda size: b"\xa5" * size),
)
ROWS = st.lists(st.tuples(VALUES, VALUES), min_size=1, max_size=40)


def written(folder: Path, rows: list[tuple[Value, Value]], page_size: int, *, in_wal: bool) -> tuple[bytes, bytes]:
    """Bytes of the file and of the WAL after SQLite has written `rows` with ids from 1."""
    path = folder / "x.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(f"PRAGMA page_size={page_size}")
        db.execute(f"PRAGMA journal_mode={'wal' if in_wal else 'delete'}")
        db.execute("PRAGMA wal_autocheckpoint=0")
        db.execute("CREATE TABLE other (a)")
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
        db.execute("INSERT INTO other VALUES (7)")
        for row in rows:
            db.execute("INSERT INTO t (a, b) VALUES (?, ?)", row)
        wal = Path(f"{path}-wal")
        return path.read_bytes(), wal.read_bytes() if wal.exists() else b""


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, page_size=st.sampled_from([512, 1024, 4096]), in_wal=st.booleans())
@example(rows=[(b"x" * 20_000, "end")], page_size=512, in_wal=True)
@example(rows=[(0, 1), (-1, None)], page_size=4096, in_wal=False)
@example(rows=[(b"x" * size, None) for size in range(440, 1_100)], page_size=512, in_wal=False)
def test_what_sqlite_wrote_is_read(rows: list[tuple[Value, Value]], page_size: int, in_wal: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, wal = written(Path(folder), rows, page_size, in_wal=in_wal)
    assert salvage_rows(file, wal, 3) == {number: (number, *row) for number, row in enumerate(rows, 1)}


def test_rows_of_any_number_are_read(tmp_path: Path) -> None:
    numbers = [1, 127, 128, 16_383, 16_384, 2_097_152, 2**35, 2**56 - 1, 2**56, 2**62 + 1]
    with closing(sqlite3.connect(tmp_path / "x.sqlite", isolation_level=None)) as db:
        db.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)")
        db.executemany("INSERT INTO t VALUES (?, ?, 'b')", [(number, number) for number in numbers])
    read = salvage_rows((tmp_path / "x.sqlite").read_bytes(), b"", 3)
    assert read == {number: (number, number, "b") for number in numbers}


@pytest.mark.parametrize("head", [bytes(32), bytes(8) + (512).to_bytes(4, "big") + bytes(20)])
def test_a_wal_whose_head_is_lost_is_read(tmp_path: Path, head: bytes) -> None:
    file, wal = written(tmp_path, [(f"row {number}", number) for number in range(30)], 4096, in_wal=True)
    read = salvage_rows(file, head + wal[32:], 3)
    assert read == {number: (number, f"row {number - 1}", number - 1) for number in range(1, 31)}


@settings(max_examples=60, deadline=None)
@given(rows=ROWS, data=st.data())
def test_damage_never_fails_and_costs_only_its_pages(rows: list[tuple[Value, Value]], data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file, _ = written(Path(folder), rows, 512, in_wal=False)
    page = data.draw(st.integers(0, len(file) // 512 - 1))
    damaged = file[: page * 512] + os.urandom(512) + file[page * 512 + 512 :]
    true = {number: (number, *row) for number, row in enumerate(rows, 1)}
    read = salvage_rows(damaged, b"", 3)
    small = [number for number, row in true.items() if all(not isinstance(v, bytes) or len(v) < 400 for v in row)]
    wrong = [number for number in small if read.get(number) != true[number]]
    assert len(wrong) <= 512 // 5  # what fits on one page of rows


@settings(max_examples=100, deadline=None)
@given(file=st.binary(max_size=9000), wal=st.binary(max_size=9000))
def test_any_bytes_are_taken(file: bytes, wal: bytes) -> None:
    salvage_rows(file, wal, 20)
    salvage_rows(b"\r\0\0\xff\xff\0\0\0" + file, b"\x37\x7f\x06\x82" + wal, 20)
