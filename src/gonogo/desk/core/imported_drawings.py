"""Imported drawings: the files of part revisions that an import of this machine named, for servers without drawings.

The import makes a part revision id of the drawing's bytes, so that the same drawing has the same id on every machine,
and a changed one another.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from gonogo.desk.core.state_store import StateStore

_NAMESPACE = uuid.UUID("6f1d2f0e-3a55-5f0e-9c56-0b7f4a0f6c11")
_KEY = "drawing "


class ImportedDrawing(NamedTuple):
    """Drawing of a part revision on this machine; `content` is the `revision_of` its bytes at the import."""

    part: str
    path: Path
    content: str


def revision_of(drawing: Path) -> str:
    """Returns the part revision id that stands for the bytes of a drawing. Raises `OSError`."""
    with drawing.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    return str(uuid.uuid5(_NAMESPACE, digest.hexdigest()))


def remember_drawings(store: StateStore, drawings: Iterable[tuple[str, ImportedDrawing]]) -> None:
    """Stores the drawing of each part revision. Raises `OSError`."""
    for revision, drawing in drawings:
        document = {"part": drawing.part, "path": str(drawing.path), "content": drawing.content}
        store.put(f"{_KEY}{revision}", document)


def drawing_of(store: StateStore, revision: str) -> ImportedDrawing | None:
    """Returns the drawing of a part revision; `None` where this machine imported none."""
    known = store.get(f"{_KEY}{revision}") or {}
    part, path, content = known.get("part"), known.get("path"), known.get("content")
    if not (isinstance(part, str) and isinstance(path, str) and isinstance(content, str)):
        return None
    return ImportedDrawing(part, Path(path), content)
