"""PDF drawings, rendered by PDFium region by region. Child process only."""

from __future__ import annotations

import ctypes
import io
import math
from pathlib import Path

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw
from numpy.typing import NDArray

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.render.bbox import FROM_TOP_LEFT
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.formats.pdf_lines import read_lines
from gonogo.sheets.render.formats.pdf_text import CharacterDirections, read_directions
from gonogo.sheets.render.rasterizer import Grey
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine

_LINES_MOST = 4000
_TEXT_MOST = 120
_FINE = 100  # PDFium converts places to whole pixels; so many to a point
_Corners = tuple[float, float, float, float]


class PdfPage:
    """Open PDF page; each region is rendered on request, so that lines are sharp at every zoom."""

    native = 300 / 72
    units = FROM_TOP_LEFT

    def __init__(self, page: pdfium.PdfPage) -> None:
        self._page = page
        self._text: pdfium.PdfTextPage | None = None
        self._directions: CharacterDirections | None = None
        self._read: dict[int, str] = {}
        self._lines: list[_Corners] = []
        self._places: NDArray[np.float64] = np.empty((0, 4))
        self.grain = math.inf  # PDFium draws a hairline one pixel wide at every scale
        self.width, self.height = page.get_size()

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        scale_x, scale_y = columns / region.width, rows / region.height
        grey = np.full((rows, columns), 255, np.uint8)
        bitmap = pdfium_raw.FPDFBitmap_CreateEx(
            columns, rows, pdfium_raw.FPDFBitmap_Gray, grey.ctypes.data_as(ctypes.c_void_p), columns
        )
        if not bitmap:
            raise MemoryError
        try:
            matrix = pdfium_raw.FS_MATRIX(scale_x, 0, 0, scale_y, -region.x * scale_x, -region.y * scale_y)
            clip = pdfium_raw.FS_RECTF(0, 0, columns, rows)
            flags = pdfium_raw.FPDF_GRAYSCALE | pdfium_raw.FPDF_ANNOT
            pdfium_raw.FPDF_RenderPageBitmapWithMatrix(bitmap, self._page.raw, matrix, clip, flags)
        finally:
            pdfium_raw.FPDFBitmap_Destroy(bitmap)
        return grey

    def text_direction(self, box: Rect) -> int | None:
        if self._directions is None:
            self._directions = read_directions(self._page, self._text_page())
        return self._directions.direction_in(box)

    def _text_page(self) -> pdfium.PdfTextPage:
        if self._text is None:
            self._text = self._page.get_textpage()
            self._lines, self._places = self._read_places(self._text)
        return self._text

    def text_near(self, box: Rect, reach: float, most: int) -> list[tuple[Rect, str]]:
        self._text_page()
        if not self._lines:
            return []
        x, y, width, height = self._places.T
        across = np.maximum(np.maximum(x - (box.x + box.width), box.x - (x + width)), 0)
        down = np.maximum(np.maximum(y - (box.y + box.height), box.y - (y + height)), 0)
        distance = np.hypot(across, down)
        order = [int(at) for at in np.argsort(distance, kind="stable")[:most] if distance[at] <= reach]
        return [(Rect(*self._places[at].tolist()), self._line(at)) for at in order]

    def _line(self, at: int) -> str:
        """Returns the text of one line, cached, because PDFium scans the whole page for it."""
        if at not in self._read and self._text is not None:
            self._read[at] = str(self._text.get_text_bounded(*self._lines[at]))[:_TEXT_MOST]
        return self._read.get(at, "")

    def _read_places(self, text: pdfium.PdfTextPage) -> tuple[list[_Corners], NDArray[np.float64]]:
        """Returns rectangles of text lines in the file (origin bottom left, before `/Rotate`), and on the page."""
        lines = [text.get_rect(index) for index in range(min(text.count_rects(), _LINES_MOST))]
        size = (round(self.width * _FINE), round(self.height * _FINE))
        x, y = ctypes.c_int(), ctypes.c_int()
        corners = np.empty((len(lines) * 2, 2))
        for at, corner in enumerate(corner for line in lines for corner in (line[:2], line[2:])):
            pdfium_raw.FPDF_PageToDevice(self._page.raw, 0, 0, *size, 0, *corner, x, y)
            corners[at] = x.value / _FINE, y.value / _FINE
        pairs = corners.reshape(-1, 2, 2)
        least = pairs.min(axis=1)
        return lines, np.hstack([least, pairs.max(axis=1) - least])

    def close(self) -> None:
        if self._text is not None:
            self._text.close()
        self._page.close()


class PdfDrawing:
    """Open PDF, with the page that was shown last."""

    without_text = "This PDF holds no text to search: it is a scan, or its letters are drawn as lines."

    def __init__(self, path: Path, limits: DrawingLimits) -> None:
        try:
            self._document = pdfium.PdfDocument(io.BytesIO(path.read_bytes()))
        except pdfium.PdfiumError as error:
            needs_password = "password" in str(error).lower()
            why = "is locked by a password" if needs_password else "is damaged: PDFium cannot open it"
            raise CannotShowError(f"The PDF drawing {why}.") from error
        self.n_pages = len(self._document)
        self.kept_bytes = path.stat().st_size
        self._pages: dict[int, PdfPage] = {}
        if self.n_pages > limits.pages:
            self.close()
            raise CannotShowError(f"The drawing has {self.n_pages} pages; gonogo opens at most {limits.pages}.")
        if not self.n_pages:
            self.close()
            raise CannotShowError("The PDF drawing has no page.")

    def page(self, number: int) -> PdfPage:
        if number not in self._pages:
            self._drop_pages()
            try:
                page = PdfPage(self._document[number - 1])
            except pdfium.PdfiumError as error:
                raise CannotShowError(f"Page {number} of the PDF drawing is damaged.") from error
            if not (page.width > 0 and page.height > 0):
                raise CannotShowError(f"Page {number} of the PDF drawing has no size.")
            self._pages[number] = page
        return self._pages[number]

    def text_lines(self, number: int, budget: ReadingBudget) -> list[TextLine]:
        """Reads a page beside the one that is shown. A page that cannot be read has no text."""
        try:
            page = self._document[number - 1]
        except pdfium.PdfiumError:
            return []
        try:
            return read_lines(page, number, budget)
        except pdfium.PdfiumError:
            return []
        finally:
            page.close()

    def close(self) -> None:
        self._drop_pages()
        self._document.close()

    def _drop_pages(self) -> None:
        for page in self._pages.values():
            page.close()
        self._pages.clear()
