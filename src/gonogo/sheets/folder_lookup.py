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
        for path in _listing(folder):
            rank = _rank(path, names)
            if rank is not None and (best is None or rank < best[0]):
                best = (rank, path)
    return _located(best[1]) if best else None


def _rank(path: Path, names: list[str]) -> tuple[int, int, int] | None:
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        return None
    for place, name in enumerate(names):
        if name in (path.stem, path.name):
            return place, 0, _SUFFIXES.index(suffix)
        if name.casefold() in (path.stem.casefold(), path.name.casefold()):
            return place, 1, _SUFFIXES.index(suffix)
    return None


def _listing(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_file())
    except OSError:
        return []  # a folder that is away is as one without this drawing; the sentence says where was looked


def _located(path: Path) -> LocatedDrawing | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return LocatedDrawing(path, f"{path}|{stat.st_mtime_ns}|{stat.st_size}", title_from_filename(path.name))
