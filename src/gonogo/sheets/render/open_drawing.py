"""Opening of drawings by file type, detected from the content. Child process only."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.file_type import FileType, sniff
from gonogo.sheets.render.dxf import open_dxf
from gonogo.sheets.render.images import ImageDrawing
from gonogo.sheets.render.rasterizer import DrawingPage
from gonogo.sheets.render.svg import open_svg


class Drawing(Protocol):
    """Open drawing. `kept_bytes` is the memory that it costs to keep it open."""

    n_pages: int

    @property
    def kept_bytes(self) -> int: ...

    def page(self, number: int) -> DrawingPage: ...

    def close(self) -> None: ...


def open_drawing(path: Path, limits: DrawingLimits) -> Drawing:
    """Opens the drawing at `path` by its content.

    Raises:
        CannotShowError: it is not a drawing that can be read within the limits.
    """
    try:
        with path.open("rb") as file:
            head = file.read(2048)
    except FileNotFoundError as error:
        raise CannotShowError("The drawing's file is not there any more.", retry=True) from error
    except OSError as error:
        raise CannotShowError(f"The drawing's file cannot be read ({error.strerror}).") from error
    kind = sniff(head)
    if kind not in FileType.displayable():
        raise CannotShowError(kind.refusal(head))
    return _open_as(kind, path, limits)


def _open_as(kind: FileType, path: Path, limits: DrawingLimits) -> Drawing:
    if kind is FileType.PDF:
        # PDFium is large; it is loaded with the first PDF.
        from gonogo.sheets.render.pdf import PdfDrawing

        return PdfDrawing(path, limits)
    if kind is FileType.SVG:
        return open_svg(path, limits)
    if kind is FileType.DXF:
        return open_dxf(path, limits)
    return ImageDrawing(path, kind, limits)
