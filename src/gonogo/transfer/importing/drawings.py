"""The drawings an import names: found inside one folder, looked at just enough to know what they are."""

from __future__ import annotations

import math
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final

MAX_DRAWING: Final = 50_000_000
"""Largest drawing in bytes, as the server takes it."""

_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_TEXTUAL: Final = {".svg": "image/svg+xml", ".dxf": "image/vnd.dxf"}
_PIXELS: Final = frozenset({"image/png", "image/jpeg", "image/tiff"})
PDF: Final = "application/pdf"
_NUMBERS: Final = frozenset({int, float})
ROUNDING: Final = 1e-6
"""A fraction of 1.0000001 is rounding, and is put right."""


class ImportDrawings:
    """The drawings folder. Each file is looked at once."""

    def __init__(self, folder: Path) -> None:
        """Raises `NotADirectoryError` when there is no such folder."""
        if not folder.is_dir():
            raise NotADirectoryError(20, "This is not a folder of drawings", str(folder))
        self._folder = folder.resolve()
        self._found: dict[str, Path | str] = {}
        self._kinds: dict[Path, str] = {}

    def find(self, name: str) -> Path | str:
        """The file `name` in the folder, or the reason why there is none."""
        if name not in self._found:
            self._found[name] = self._look(name)
        return self._found[name]

    def kind(self, path: Path) -> str:
        """Media type of a file that `find` gave."""
        return self._kinds[path]

    def _look(self, name: str) -> Path | str:
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\\" in name:
            return f"drawing {name!r} must be relative to the drawings folder, with / between folders"
        try:
            path = (self._folder / name).resolve()
            if not path.is_relative_to(self._folder):
                return f"drawing {name!r} lies outside the drawings folder"
            if not path.is_file():
                return f"drawing {name!r} is not in {self._folder}"
            size = path.stat().st_size
            with path.open("rb") as file:
                head = file.read(1024)
        except (OSError, ValueError) as error:  # ValueError: a name no file system takes
            return f"drawing {name!r} cannot be read: {getattr(error, 'strerror', None) or error}"
        if not size:
            return f"drawing {name!r} is empty"
        if size > MAX_DRAWING:
            return f"drawing {name!r} is larger than {MAX_DRAWING // 1_000_000} MB"
        kind = content_type(head, path.suffix)
        if not kind:
            return f"drawing {name!r} is no PNG, JPEG, TIFF, PDF, SVG or DXF, whatever its name says"
        self._kinds[path] = kind
        return path


def content_type(head: bytes, suffix: str) -> str:
    """Media type by the first bytes; text formats by the name's ending; `""` for what no drawing is."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if b"%PDF-" in head:
        return PDF
    return _TEXTUAL.get(suffix.lower(), "") if b"\0" not in head else ""


def bbox_problem(box: Any, unit: Any, kind: str) -> str:
    """Why `box` in `unit` marks no place on a drawing of media type `kind` (`""` when unknown); `""` when it does.

    The wire has no unit: four numbers within 0…1 are fractions of the page, others are units of the drawing itself.
    So a unit that is not the drawing's own, and a box that would be taken for fractions, must not go in.
    """
    if not isinstance(box, list) or len(box) != 4 or not _NUMBERS.issuperset(map(type, box)):
        return "bbox must be four numbers, [x0, y0, x1, y1]"
    if unit not in ("px", "pt", "norm"):
        return f"unknown bbox_unit {unit!r}; it is px, pt or norm" if unit is not None else "bbox without bbox_unit"
    if not all(map(math.isfinite, box)):
        return "bbox has a number that is not finite"
    least, most = min(box), max(box)
    if unit == "norm":
        return "" if least >= -ROUNDING and most <= 1 + ROUNDING else "bbox in norm must lie within 0…1"
    if least >= -0.01 and most <= 1.01:  # a little wider than what readers take for fractions
        return f"bbox lies within 1 {unit} of the corner; if it is in fractions of the page, bbox_unit is norm"
    if (box[0] <= 0 and box[2] <= 0) or (box[1] <= 0 and box[3] <= 0):
        return "bbox lies off the page"
    if unit == "px" and kind == PDF:
        return "bbox_unit px for a PDF, which has no pixels; give pt or norm"
    if unit == "pt" and kind in _PIXELS:
        return "bbox_unit pt for an image, which has no points; give px or norm"
    return ""
