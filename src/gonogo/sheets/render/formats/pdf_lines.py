"""PDF lines: the text layer of a PDF page as lines with the place of each character. Child process only."""

from __future__ import annotations

import ctypes

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw
from numpy.typing import NDArray

from gonogo.sheets.render.formats.pdf_text import is_visible
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine, split_lines

_FINE = 100_000  # PDFium converts places to whole pixels; so many to the page's width
_BATCH = 1_000


def read_lines(page: pdfium.PdfPage, number: int, budget: ReadingBudget) -> list[TextLine]:
    """Returns the lines of a page, as far as `budget` allows. The page stays open."""
    text = page.get_textpage()
    try:
        characters, corners, visible = _read(text, budget)
    finally:
        text.close()
    width, height = page.get_size()
    return split_lines(characters, _on_page(page, corners), visible, number, height / width)


def _read(text: pdfium.PdfTextPage, budget: ReadingBudget) -> tuple[str, NDArray[np.float64], NDArray[np.bool_]]:
    """Returns characters, their left, bottom, right and top in the file, and whether each can be seen."""
    characters: list[str] = []
    corners: list[tuple[float, float, float, float]] = []
    visible: list[bool] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    count, start = text.count_chars(), 0
    while start < count and (batch := budget.take(min(_BATCH, count - start))):
        for at in range(start, start + batch):
            code = pdfium_raw.FPDFText_GetUnicode(text.raw, at)
            character = chr(code) if 0 < code < 0x110000 else "\ufffd"
            characters.append("\ufffd" if "\ud800" <= character <= "\udfff" else character)
            has_place = pdfium_raw.FPDFText_GetCharBox(text.raw, at, left, right, bottom, top)
            corners.append((left.value, bottom.value, right.value, top.value) if has_place else (0.0, 0.0, 0.0, 0.0))
            visible.append(character.isspace() or is_visible(text, at))
        start += batch
    return "".join(characters), np.array(corners, np.float64).reshape(-1, 4), np.array(visible, np.bool_)


def _on_page(page: pdfium.PdfPage, corners: NDArray[np.float64]) -> NDArray[np.float32]:
    """Returns left, top, right and bottom in fractions of the page as it is shown, cut at its edges."""
    far = max(page.get_size())
    origin, across, up = (_fractions(page, *point) for point in ((0.0, 0.0), (far, 0.0), (0.0, far)))
    matrix = np.array([(across - origin) / far, (up - origin) / far])
    ends = np.stack([corners[:, :2], corners[:, 2:]]) @ matrix + origin
    both = np.hstack([ends.min(axis=0), ends.max(axis=0)])
    places: NDArray[np.float32] = np.nan_to_num(both, nan=0.0, posinf=0.0, neginf=0.0).clip(0, 1).astype(np.float32)
    return places


def _fractions(page: pdfium.PdfPage, x: float, y: float) -> NDArray[np.float64]:
    shown_x, shown_y = ctypes.c_int(), ctypes.c_int()
    pdfium_raw.FPDF_PageToDevice(page.raw, 0, 0, _FINE, _FINE, 0, x, y, shown_x, shown_y)
    return np.array([shown_x.value / _FINE, shown_y.value / _FINE])
