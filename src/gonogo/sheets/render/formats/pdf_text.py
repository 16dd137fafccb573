"""PDF text: directions of the characters that a PDF holds as text. Child process only."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass

import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw
from numpy.typing import NDArray

from gonogo.sheets.render.crop import Rect

_CHARACTERS_MOST = 10_000  # some 25 ms; a sheet with more is measured by its ink
_FINE = 100  # PDFium converts places to whole pixels; so many to a point
_AGREE = 0.8  # of the characters in a box
_ALIKE = 2  # degrees


@dataclass(frozen=True, slots=True)
class CharacterDirections:
    """Characters of a page: the middle of each (on the page, from the top left), and its direction.

    Directions are degrees counter-clockwise, as the page is meant to be read.
    """

    middles: NDArray[np.float64]
    degrees: NDArray[np.intp]

    def direction_in(self, box: Rect) -> int | None:
        """Returns the direction of the text in `box`, −179 … 180; `None` without text, or with several directions."""
        x, y = self.middles.T
        inside = (x > box.x) & (x < box.x + box.width) & (y > box.y) & (y < box.y + box.height)
        degrees = self.degrees[inside]
        if not degrees.size:
            return None
        usual = int(np.bincount(degrees % 360).argmax())
        alike = np.abs((degrees - usual + 180) % 360 - 180) <= _ALIKE
        return (usual + 179) % 360 - 179 if alike.mean() >= _AGREE else None


def read_directions(page: pdfium.PdfPage, text: pdfium.PdfTextPage) -> CharacterDirections:
    """Reads all characters that can be seen; none when there are too many.

    Text that a scanner's program laid invisibly over a picture is no evidence: it is often written upright.
    """
    count = text.count_chars()
    middles: list[tuple[float, float]] = []
    degrees: list[int] = []
    left, right, bottom, top = (ctypes.c_double() for _ in range(4))
    x, y = ctypes.c_int(), ctypes.c_int()
    size = [round(side * _FINE) for side in page.get_size()]
    turned = page.get_rotation()
    for at in range(count if count <= _CHARACTERS_MOST else 0):
        if chr(pdfium_raw.FPDFText_GetUnicode(text.raw, at)).isspace() or not is_visible(text, at):
            continue
        angle = pdfium_raw.FPDFText_GetCharAngle(text.raw, at)  # in radians, clockwise, before the page is turned
        if angle < 0 or not pdfium_raw.FPDFText_GetCharBox(text.raw, at, left, right, bottom, top):
            continue
        middle = (left.value + right.value) / 2, (bottom.value + top.value) / 2
        pdfium_raw.FPDF_PageToDevice(page.raw, 0, 0, *size, 0, *middle, x, y)
        middles.append((x.value / _FINE, y.value / _FINE))
        degrees.append(round(-math.degrees(angle) - turned) % 360)
    return CharacterDirections(np.array(middles, np.float64).reshape(-1, 2), np.array(degrees, np.intp))


def is_visible(text: pdfium.PdfTextPage, at: int) -> bool:
    """Returns whether a character is drawn, not laid invisibly over a picture."""
    shown = pdfium_raw.FPDFText_GetTextObject(text.raw, at)
    return bool(shown) and pdfium_raw.FPDFTextObj_GetTextRenderMode(shown) != pdfium_raw.FPDF_TEXTRENDERMODE_INVISIBLE
