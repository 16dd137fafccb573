"""Crop: chooses the part of the page that a view shows. Pure geometry in page units, origin top left, y down.

*Turned* means: as the reader sees it, after the rotation. A pane is measured in cell widths: `columns` wide and
`rows * cell_ratio` high. A scale is cell widths per page unit.
"""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.sheets.models import Box, Level, PictureRequest
from gonogo.sheets.picture_modes import PICTURE_MODES

_TEXT_IN_BOX = 0.72  # digits take about this share of a single-line box's height
_TEXT_LEAST = 0.25  # a measured height below this share is dirt or dashes
_BOX_WIDTH = 1 / 3  # of the pane: what a box gets when its text is readable at that
_BOX_WIDTH_MOST = 0.9
_BOX_HEIGHT_MOST = 0.75
_TEXT_GROWTH = 1.35  # a short box would fill its third with huge digits; beyond this context is worth more
_TALL = 1.4  # boxes this much higher than wide may hold vertical text
_MAGNIFICATION_MOST = 400.0
_SHEET_FILL = 0.98


@dataclass(frozen=True, slots=True)
class Rect:
    """Rectangle by its corner and size."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class CropView:
    """Part of the turned page that fills the pane; it may reach over the page's edge."""

    rect: Rect
    page_width: float
    page_height: float
    rotation: int
    magnification: float

    @property
    def shown(self) -> Rect:
        """The part of `rect` that lies on the page."""
        x0, y0 = max(self.rect.x, 0.0), max(self.rect.y, 0.0)
        x1 = min(self.rect.x + self.rect.width, self.page_width)
        y1 = min(self.rect.y + self.rect.height, self.page_height)
        return Rect(x0, y0, x1 - x0, y1 - y0)


def is_tall(box: Box, width: float, height: float) -> bool:
    """Returns whether a box on a page of `width` × `height` is high and narrow enough for vertical text."""
    return box.height * height > _TALL * box.width * width


def rotate_box(box: Box, rotation: int) -> Box:
    """Returns the box on the page turned clockwise by `rotation` degrees, in fractions of the turned page."""
    if rotation == 90:
        return Box(1 - box.y1, box.x0, 1 - box.y0, box.x1, box.page)
    if rotation == 180:
        return Box(1 - box.x1, 1 - box.y1, 1 - box.x0, 1 - box.y0, box.page)
    if rotation == 270:
        return Box(box.y0, 1 - box.x1, box.y1, 1 - box.x0, box.page)
    return box


def rotate_box_back(box: Box, rotation: int) -> Box:
    """Inverts `rotate_box`."""
    return rotate_box(box, (360 - rotation) % 360)


def fit_view(
    request: PictureRequest, box: Box | None, width: float, height: float, rotation: int, text: float | None = None
) -> CropView:
    """Returns the view for a request on a page of `width` × `height` (not turned); `box` in fractions of it.

    `text` is the height of the characters in the box, in page units, when it was measured.
    """
    if rotation in (90, 270):
        width, height = height, width
    pane_width, pane_height = float(request.columns), request.rows * request.cell_ratio
    whole = min(pane_width / width, pane_height / height) * _SHEET_FILL
    turned = rotate_box(box, rotation) if box else None
    target = rect_of_box(turned, width, height) if turned else None
    scale = _scale(request, target, whole, (pane_width, pane_height), text)
    scale = min(max(scale * request.zoom, whole), whole * _MAGNIFICATION_MOST)
    view_width, view_height = pane_width / scale, pane_height / scale
    centre = (width / 2, height / 2)
    if target is not None and request.level is not Level.SHEET:
        centre = (target.x + target.width / 2, target.y + target.height / 2)
    x = _place_on_page(centre[0] + request.pan_x * view_width, view_width, width)
    y = _place_on_page(centre[1] + request.pan_y * view_height, view_height, height)
    return CropView(Rect(x, y, view_width, view_height), width, height, rotation, scale / whole)


def rect_of_box(box: Box, width: float, height: float) -> Rect:
    """Returns the box in units of a page of `width` × `height`."""
    return Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)


def _scale(
    request: PictureRequest, box: Rect | None, whole: float, pane: tuple[float, float], text: float | None
) -> float:
    if box is None or request.level is Level.SHEET:
        return whole
    detail = max(detail_scale(request, box, pane, text), whole)
    if request.level is Level.VIEW:
        return min(whole * 3.0, max(detail * 0.5, whole))
    return detail


def detail_scale(request: PictureRequest, box: Rect, pane: tuple[float, float], text: float | None = None) -> float:
    """Returns the scale at which the text of `box` is readable in a pane (size in cell widths) and the box fits well.

    Text of unknown height is taken to fill a box of one line.
    """
    side = min(box.width, box.height)
    text = min(max(text or side * _TEXT_IN_BOX, side * _TEXT_LEAST), max(box.width, box.height))
    readable = PICTURE_MODES[request.mode].text_rows * request.cell_ratio / text
    third = pane[0] * _BOX_WIDTH / box.width
    scale = min(max(third, readable), readable * _TEXT_GROWTH)
    return min(scale, pane[0] * _BOX_WIDTH_MOST / box.width, pane[1] * _BOX_HEIGHT_MOST / box.height)


def _place_on_page(centre: float, size: float, page: float) -> float:
    """Returns the start of a stretch of `size`: around `centre`, kept on the page if it fits, else centred on it."""
    if size >= page:
        return (page - size) / 2
    return min(max(centre - size / 2, 0.0), page - size)
