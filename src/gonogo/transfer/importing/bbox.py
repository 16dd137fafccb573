"""Bounding box of an imported record: checks it against the drawing and converts it to the API's form."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from gonogo.transfer.importing.drawings_folder import PDF, PIXEL_IMAGES

UNITS: Final = ("px", "pt", "norm")
ROUNDING: Final = 1e-6
"""A fraction of 1.0000001 is rounding, and is clamped."""
MAX_PAGE: Final = 100_000

_NUMBERS: Final = frozenset({int, float})


def bbox_problem(box: object, unit: object, media_type: str) -> str:
    """Returns why `box` in `unit` marks no place on a drawing of this media type (`""` when unknown); `""` if it does.

    The wire has no unit: four numbers within 0…1 are fractions of the page, others are units of the drawing itself.
    So a unit that is not the drawing's own, and a box that would be taken for fractions, must not go in.
    """
    if not isinstance(box, list) or len(box) != 4 or not _NUMBERS.issuperset(map(type, box)):
        return "bbox must be four numbers, [x0, y0, x1, y1]"
    if unit not in UNITS:
        return f"unknown bbox_unit {unit!r}; it is px, pt or norm" if unit is not None else "bbox without bbox_unit"
    if not all(map(math.isfinite, box)):
        return "bbox has a number that is not finite"
    if unit == "norm":
        within = min(box) >= -ROUNDING and max(box) <= 1 + ROUNDING
        return "" if within else "bbox in norm must lie within 0…1"
    return _place_problem(box, unit) or _unit_problem(unit, media_type)


def _place_problem(box: Sequence[float], unit: str) -> str:
    if min(box) >= -0.01 and max(box) <= 1.01:  # a little wider than what readers take for fractions
        return f"bbox lies within 1 {unit} of the corner; if it is in fractions of the page, bbox_unit is norm"
    x0, y0, x1, y1 = box
    return "bbox lies off the page" if (x0 <= 0 and x1 <= 0) or (y0 <= 0 and y1 <= 0) else ""


def _unit_problem(unit: str, media_type: str) -> str:
    if unit == "px" and media_type == PDF:
        return "bbox_unit px for a PDF, which has no pixels; give pt or norm"
    if unit == "pt" and media_type in PIXEL_IMAGES:
        return "bbox_unit pt for an image, which has no points; give px or norm"
    return ""


def drawing_bbox(box: Sequence[float], unit: str, page: int) -> list[float] | None:
    """A checked box as the wire's `drawing_bbox`: corners in order, and the page as a fifth number when it is not 1.

    Returns `None` for an empty box.
    """
    if unit == "norm":
        box = [min(max(number, 0.0), 1.0) for number in box]
    x0, y0, x1, y1 = map(float, box)
    if x0 == x1 or y0 == y1:
        return None
    corners = [x0 if x0 < x1 else x1, y0 if y0 < y1 else y1, x1 if x0 < x1 else x0, y1 if y0 < y1 else y0]
    return [*corners, float(page)] if page > 1 else corners


def corners_of_size(box: Sequence[float]) -> list[float]:
    """x, y, width, height as two corners."""
    x, y, width, height = box
    return [x, y, x + width, y + height]
