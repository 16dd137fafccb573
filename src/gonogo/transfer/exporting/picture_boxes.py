"""Picture sizes and boxes of an export: reads the sizes of the drawings' pictures, and the boxes of the records."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gonogo.schemas.counted_nouns import counted
from gonogo.transfer.exporting.registry import Record

Size = tuple[int, int]


class PictureSizes:
    """Width and height of the pictures in a folder; each file is opened once."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._sizes: dict[str, Size | None] = {}

    def size(self, name: str | None) -> Size | None:
        """Size in pixels; `None` if there is no such picture (a PDF has none)."""
        if self._folder is None or not name:
            return None
        if name not in self._sizes:
            self._sizes[name] = _read_size(self._folder / Path(name).name) or _read_size(self._folder / name)
        return self._sizes[name]


def _read_size(path: Path) -> Size | None:
    from PIL import Image, UnidentifiedImageError  # heavy, and needed with --drawings only

    try:
        with Image.open(path) as picture:  # reads the head only
            return picture.size
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None


def record_corners(record: Record) -> list[float] | None:
    """The record's box as x0, y0, x1, y1, in the unit of the record."""
    box = record.get("drawing_bbox")
    return [float(number) for number in box[:4]] if box and len(box) >= 4 else None


def is_fraction(box: Sequence[float]) -> bool:
    """True for a box in fractions of the page."""
    return all(0 <= number <= 1 for number in box)


def box_notes(n_without_box: int, unit: str) -> list[str]:
    """The note on tasks whose box could not be given in `unit`, if there are any."""
    if not n_without_box:
        return []
    have = "has" if n_without_box == 1 else "have"
    return [
        f"{counted(n_without_box, 'task')} {have} no box that could be given in {unit}; "
        "--drawings names the folder of the pictures."
    ]
