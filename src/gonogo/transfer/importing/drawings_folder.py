"""Drawings folder of an import: finds the files that records name, and their media types."""

from __future__ import annotations

import errno
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final

MAX_DRAWING: Final = 50_000_000
"""Largest drawing in bytes that the server takes."""

DRAWING_SUFFIXES: Final = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".pdf", ".svg", ".dxf")
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"II+\0", "image/tiff"),
    (b"MM\0+", "image/tiff"),
)
_TEXT_FORMATS: Final = {".svg": "image/svg+xml", ".dxf": "image/vnd.dxf"}
PIXEL_IMAGES: Final = frozenset({"image/png", "image/jpeg", "image/tiff"})
PDF: Final = "application/pdf"


class DrawingFolder:
    """Drawings by name, each file opened once, and only its first kilobyte read."""

    def __init__(self, folder: Path) -> None:
        """Raises `NotADirectoryError` if there is no such folder."""
        if not folder.is_dir():
            raise NotADirectoryError(20, "This is not a folder of drawings", str(folder))
        self._folder = _resolved(folder)
        self._paths: dict[str, Path | str] = {}
        self._media_types: dict[Path, str] = {}

    def find(self, name: str) -> Path | str:
        """The path of the drawing `name`, or the reason why there is none."""
        if name not in self._paths:
            self._paths[name] = self._resolve(name)
        return self._paths[name]

    def media_type(self, path: Path) -> str:
        """Media type of a path that `find` returned."""
        return self._media_types[path]

    def _resolve(self, name: str) -> Path | str:
        if PurePosixPath(name).is_absolute() or PureWindowsPath(name).drive or "\\" in name:
            return f"drawing {name!r} must be relative to the drawings folder, with / between folders"
        try:
            path = _resolved(self._folder / name)
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
        media_type = media_type_of(head, path.suffix)
        if not media_type:
            return f"drawing {name!r} is no PNG, JPEG, TIFF, PDF, SVG or DXF, whatever its name says"
        self._media_types[path] = media_type
        return path


def media_type_of(head: bytes, suffix: str) -> str:
    """Media type by the first bytes; text formats by the name's ending; `""` for what no drawing is."""
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if b"%PDF-" in head:
        return PDF
    return _TEXT_FORMATS.get(suffix.lower(), "") if b"\0" not in head else ""


def _resolved(path: Path) -> Path:
    """Returns the path without symlinks. Raises `OSError`, also for links that lead in a circle (Python 3.11, 3.12)."""
    try:
        return path.resolve()
    except RuntimeError as error:
        raise OSError(errno.ELOOP, "Links that lead in a circle", str(path)) from error
