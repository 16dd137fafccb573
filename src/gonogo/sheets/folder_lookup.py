"""Lookup of drawings in local folders, by revision id or part name. Blocking: call it in a thread."""

from __future__ import annotations

import os
from pathlib import Path

from gonogo.sheets.cache import LocatedDrawing
from gonogo.sheets.filename_title import title_from_filename
from gonogo.sheets.models import SheetRef

# Images first: boxes in pixels only fit the image they were read from, and a wrong place is worse than a soft one.
_SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pdf", ".dxf", ".svg")


def find_in_folders(folders: tuple[Path, ...], ref: SheetRef) -> LocatedDrawing | None:
    """Returns the file that is named after the revision or the part, the exact spelling before another case.

    Names are compared with what the folder lists and never joined to its path, so a part called `../x` finds nothing.
    """
    names = [name for name in (ref.part_revision_id, ref.part) if name]
    best: tuple[tuple[int, int, int], Path] | None = None
    for folder in folders:
        for path in drawings_in(folder):
            rank = _rank(path, names)
            if rank is not None and (best is None or rank < best[0]):
                best = (rank, path)
    return drawing_at(best[1]) if best else None


def _rank(path: Path, names: list[str]) -> tuple[int, int, int] | None:
    suffix = path.suffix.lower()
    for place, name in enumerate(names):
        if name in (path.stem, path.name):
            return place, 0, _SUFFIXES.index(suffix)
        if name.casefold() in (path.stem.casefold(), path.name.casefold()):
            return place, 1, _SUFFIXES.index(suffix)
    return None


def drawings_in(folder: Path) -> list[Path]:
    """Returns the drawings in a folder, by their names' endings."""
    try:
        with os.scandir(folder) as entries:
            files = sorted(Path(entry.path) for entry in entries if entry.is_file())
            return [path for path in files if path.suffix.lower() in _SUFFIXES]
    except OSError:
        return []  # a folder that is away is as one without this drawing; the sentence says where was looked


def drawing_at(path: Path, title: str | None = None) -> LocatedDrawing | None:
    """Returns the drawing in a file; `None` if the file is away. `title` is the name of the part, where it is known."""
    try:
        stat = path.stat()
    except OSError:
        return None
    return LocatedDrawing(path, f"{path}|{stat.st_mtime_ns}|{stat.st_size}", title or title_from_filename(path.name))
