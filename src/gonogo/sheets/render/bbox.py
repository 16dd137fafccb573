"""Bounding boxes: checks a task's `drawing_bbox` and converts it to fractions of a page. Pure.

The rules are those of the contract's decisions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from gonogo.sheets.models import Box

_FRACTION_SLACK = 1e-6  # a fraction of 1.0000001 is rounding, not the second pixel


@dataclass(frozen=True, slots=True)
class Units:
    """Coordinate system of a drawing: its origin, and whether y points up."""

    x: float = 0.0
    y: float = 0.0
    y_up: bool = False


FROM_TOP_LEFT = Units()


@dataclass(frozen=True, slots=True)
class Placed:
    """Box on its page, with notes in words about what had to be corrected."""

    box: Box
    notes: tuple[str, ...] = ()


def page_number(raw: Sequence[float] | None) -> int | str:
    """Returns the page of a box (its fifth number, from 1; 1 when absent), or a sentence why it has none."""
    if raw is None or len(raw) != 5:
        return 1
    page = raw[4]
    if not math.isfinite(page) or page != int(page) or page < 1:
        return f"The task's box names page {page:g}; pages are counted 1, 2, 3."
    return int(page)


def drawing_bbox(raw: Sequence[float], width: float, height: float, units: Units = FROM_TOP_LEFT) -> Placed | str:
    """Returns `raw` in fractions of a page of `width` × `height`, or a sentence why it cannot be used.

    All four numbers within 0…1 are fractions of the page; otherwise they are the drawing's own units (pixels of an
    image, points of a PDF: origin top left; drawing units of a DXF: y up, see `units`). Swapped
    corners are put in order, a box that reaches over the edge is clipped, and the notes say so.
    """
    if len(raw) not in (4, 5):
        return f"The task's box has {len(raw)} numbers; a box has four, and a page as a fifth."
    page = page_number(raw)
    if isinstance(page, str):
        return page
    corners = [float(number) for number in raw[:4]]
    if not all(math.isfinite(number) for number in corners):
        return "The task's box has a number that is not finite."
    x0, y0, x1, y1 = corners
    notes = ["box was the wrong way round"] if x0 > x1 or y0 > y1 else []
    x0, x1 = min(x0, x1), max(x0, x1)
    y0, y1 = min(y0, y1), max(y0, y1)
    if not all(-_FRACTION_SLACK <= number <= 1 + _FRACTION_SLACK for number in (x0, y0, x1, y1)):
        x0, x1 = (x0 - units.x) / width, (x1 - units.x) / width
        y0, y1 = (y0 - units.y) / height, (y1 - units.y) / height
        if units.y_up:
            y0, y1 = 1 - y1, 1 - y0
    return _clipped(x0, y0, x1, y1, page, notes)


def _clipped(x0: float, y0: float, x1: float, y1: float, page: int, notes: list[str]) -> Placed | str:
    if x0 >= x1 or y0 >= y1:
        return "The task's box is empty."
    cut = Box(max(x0, 0.0), max(y0, 0.0), min(x1, 1.0), min(y1, 1.0), page)
    if cut.width <= 0 or cut.height <= 0:
        return "The task's box lies off the page."
    if cut.width < (x1 - x0) * 0.999 or cut.height < (y1 - y0) * 0.999:
        notes.append("box reached over the page's edge and was cut")
    return Placed(cut, tuple(notes))
