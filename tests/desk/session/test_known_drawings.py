"""Drawings by part revision on this machine: the very bytes that were imported, or a sentence."""

from __future__ import annotations

from pathlib import Path

import pytest

from gonogo.desk.core.imported_drawings import ImportedDrawing, remember_drawings, revision_of
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.session.known_drawings import KnownDrawings
from gonogo.sheets.drawing_limits import CannotShowError


@pytest.fixture
def drawing(tmp_path: Path) -> Path:
    path = tmp_path / "scans" / "0001.png"
    path.parent.mkdir()
    path.write_bytes(b"\x89PNG\r\n\x1a\n bracket")
    return path


@pytest.fixture
def memory(tmp_path: Path, drawing: Path) -> Path:
    """The memory of a machine that imported the drawing as part `bracket`."""
    path = tmp_path / "desk.sqlite"
    store = StateStore(path)
    content = revision_of(drawing)
    remember_drawings(store, [(content, ImportedDrawing("bracket", drawing, content))])
    store.close()
    return path


def test_an_imported_drawing_has_its_part_as_title(memory: Path, drawing: Path) -> None:
    located = KnownDrawings(memory, ()).find(revision_of(drawing))
    assert located is not None
    assert (located.path, located.title) == (drawing, "bracket")


def test_a_changed_drawing_is_not_shown_for_the_old_one(memory: Path, drawing: Path) -> None:
    revision = revision_of(drawing)
    drawing.write_bytes(b"\x89PNG\r\n\x1a\n bracket, changed")
    with pytest.raises(CannotShowError, match="bracket was moved or changed") as refused:
        KnownDrawings(memory, ()).find(revision)
    assert str(drawing) in refused.value.next_step


def test_another_machine_knows_a_copy_by_its_bytes(tmp_path: Path, drawing: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n plate")
    (folder / "renamed.png").write_bytes(drawing.read_bytes())
    located = KnownDrawings(tmp_path / "empty.sqlite", (folder,)).find(revision_of(drawing))
    assert located is not None
    assert located.path.name == "renamed.png"


def test_other_revisions_are_left_to_the_server(tmp_path: Path, memory: Path, drawing: Path) -> None:
    known = KnownDrawings(memory, (drawing.parent,))
    assert known.find("3fa85f64-5717-4562-b3fc-2c963f66afa6") is None
    assert known.find("env_0815") is None
    assert not (tmp_path / "empty.sqlite").exists()
