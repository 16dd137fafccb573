"""Opening of drawings: detects the file type by content and chooses the module that reads it. Child process only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Protocol

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.file_type import FileType, sniff
from gonogo.sheets.render.formats.images import ImageDrawing
from gonogo.sheets.render.rasterizer import DrawingPage
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine


class Drawing(Protocol):
    """Open drawing. `kept_bytes` is the memory that it costs to keep it open."""

    n_pages: int
    without_text: str
    """Sentence for a drawing of this kind that has no text to search."""

    @property
    def kept_bytes(self) -> int: ...

    def page(self, number: int) -> DrawingPage: ...

    def text_lines(self, number: int, budget: ReadingBudget) -> list[TextLine]:
        """Returns the text of a page, as far as `budget` allows; none where the file holds none as text."""

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
        raise CannotShowError("The drawing's file is gone.", retry=True) from error
    except OSError as error:
        raise CannotShowError(f"The drawing's file cannot be read ({error.strerror}).") from error
    kind = sniff(head)
    if kind not in FileType.displayable():
        raise CannotShowError(kind.refusal(head))
    return _open_as(kind, path, limits)


def _open_as(kind: FileType, path: Path, limits: DrawingLimits) -> Drawing:
    """Loads the library of this kind with its first drawing, because they are large."""
    if kind is FileType.PDF:
        from gonogo.sheets.render.formats.pdf import PdfDrawing

        return PdfDrawing(path, limits)
    if kind in (FileType.SVG, FileType.DXF):
        return _open_vector(kind, path, limits)
    return ImageDrawing(path, kind, limits)


def _open_vector(kind: FileType, path: Path, limits: DrawingLimits) -> Drawing:
    """Opens a kind whose library is in the extra `cad`, so that it may be missing."""
    try:
        if kind is FileType.SVG:
            from gonogo.sheets.render.formats.svg import open_svg

            return open_svg(path, limits)
        # ezdxf keeps a list of the fonts on disk; this process must not write, nor harm another program's list.
        os.environ["XDG_CACHE_HOME"] = os.devnull
        from gonogo.sheets.render.formats.dxf import open_dxf

        return open_dxf(path, limits)
    except ImportError as error:
        raise _missing_extra(kind.name) from error


def _missing_extra(kind: str) -> CannotShowError:
    """Returns the error for a drawing whose library is not installed."""
    return CannotShowError(
        f"The drawing is a {kind} file, and the part of gonogo that shows those is not installed.",
        next_step="Install it with: pip install ezdxf resvg-py. Until then judge from the text, or answer unsure.",
    )
