"""Crop: chooses which part of the page a view shows, from the box and the zoom. Pure geometry in page units, origin top
left, y down.

*Turned* means: as the reader sees it, after the rotation. A pane is measured in cell widths: `columns` wide and
`rows * cell_ratio` high. A scale is cell widths per page unit.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from gonogo.sheets.models import Box, Level, PictureRequest
from gonogo.sheets.picture_modes import PICTURE_MODES, PictureMode

_TEXT_IN_BOX = 0.72  # digits take about this share of a single-line box's height
_TEXT_LEAST = 0.25  # a measured height below this share is dirt or dashes
_BESIDE_BOX = 3.0  # columns of the pane that a long box leaves free, for its frame
_BESIDE_TEXT = 1.0  # columns that stay free beside long text, so that its ends are seen to be its ends
_BOX_WIDTH_LEAST = 0.8  # of a very narrow pane
_BOX_HEIGHT, _BOX_HEIGHT_MOST = 0.75, 1.0  # of the pane: for text that is large enough at that, and for any
_TEXT_GROWTH = 1.35  # of the rows at which text is readable: what it gets in a small pane
_TEXT_GROWTH_MOST = 2.0  # … and in a large one
_TEXT_OF_PANE = 0.25  # of the rows of a large pane
_MAGNIFICATION_MOST = 400.0
_SHEET_FILL = 0.98
_PLACE_FILL = 0.94
_PLACE_FAIR = 5.0  # of the whole sheet

SUBPIXELS_LEAST = (
    8.2  # height of a character in cells below which it can't be read: eight, and what is measured too much
)
_AIM = 1.06  # of that height: what small text gets where there is room, as it may be measured a little too high
_ROWS_LEAST = 0.7  # the same in real pixels, in rows of cells
_STRIPS_MOST = 4
_NEARLY = 0.95  # of the readable height: a text in one piece at 7.8 sub-pixels is read sooner than a cut one at more
_GAIN_LEAST = 1.15  # what another strip must gain in height: a cut text costs attention
MARGIN = 0.1  # of the text's height, left and right of the ink in strips
_OVERLAP = 0.85  # of the text's height: a character stands in both strips
_HEIGHT_MOST = 1.0  # of a strip's rows, for the ink
BETWEEN_STRIPS = 1  # rows, for their marks


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


def nearest_quarter(rotation: int) -> int:
    """Returns the nearest of 0, 90, 180 and 270 degrees."""
    return (rotation + 45) % 360 // 90 * 90


def turned_size(width: float, height: float, rotation: int) -> tuple[float, float]:
    """Returns width and height of a page after it was turned: those of the rectangle around it."""
    if rotation % 180 == 90:
        return height, width
    if rotation % 180 == 0:
        return width, height
    cos, sin = abs(math.cos(math.radians(rotation))), abs(math.sin(math.radians(rotation)))
    return width * cos + height * sin, width * sin + height * cos


def turn_point(x: float, y: float, width: float, height: float, rotation: int) -> tuple[float, float]:
    """Returns a point of a page of `width` × `height` on the page turned clockwise by `rotation`."""
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    turned_width, turned_height = turned_size(width, height, rotation)
    x, y = x - width / 2, y - height / 2
    return cos * x - sin * y + turned_width / 2, sin * x + cos * y + turned_height / 2


def turn_point_back(x: float, y: float, width: float, height: float, rotation: int) -> tuple[float, float]:
    """Inverts `turn_point`; `width` and `height` are those of the page before it was turned."""
    turned_width, turned_height = turned_size(width, height, rotation)
    cos, sin = math.cos(math.radians(rotation)), math.sin(math.radians(rotation))
    x, y = x - turned_width / 2, y - turned_height / 2
    return cos * x + sin * y + width / 2, cos * y - sin * x + height / 2


def turned_corners(box: Box, width: float, height: float, rotation: int) -> tuple[tuple[float, float], ...]:
    """Returns the four corners of the box on the turned page, in its units, going round: the outline of the box."""
    x0, x1, y0, y1 = box.x0 * width, box.x1 * width, box.y0 * height, box.y1 * height
    return tuple(turn_point(x, y, width, height, rotation) for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


def turned_rect(box: Box, width: float, height: float, rotation: int) -> Rect:
    """Returns the rectangle around the box on the turned page, in its units."""
    if rotation % 90 == 0:
        return rect_of_box(rotate_box(box, rotation), *turned_size(width, height, rotation))
    return rect_around(turned_corners(box, width, height, rotation))


def rect_around(points: Iterable[tuple[float, float]]) -> Rect:
    """Returns the smallest upright rectangle that holds all points."""
    xs, ys = zip(*points, strict=True)
    return Rect(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))


def shown_on_page(view: CropView, width: float, height: float, page: int) -> Box:
    """Returns the part of the page (not turned, `width` × `height`) around what the view shows, in fractions of it."""
    part, whole = view.shown, (view.page_width, view.page_height)
    if view.rotation % 90 == 0:
        x0, y0, x1, y1 = part.x, part.y, part.x + part.width, part.y + part.height
        return rotate_box_back(Box(x0 / whole[0], y0 / whole[1], x1 / whole[0], y1 / whole[1], page), view.rotation)
    around = rect_around(corners_on_page(part, width, height, view.rotation))
    x0, y0 = max(around.x / width, 0.0), max(around.y / height, 0.0)
    x1, y1 = (around.x + around.width) / width, (around.y + around.height) / height
    return Box(x0, y0, min(x1, 1.0), min(y1, 1.0), page)


def corners_on_page(rect: Rect, width: float, height: float, rotation: int) -> tuple[tuple[float, float], ...]:
    """Returns the corners of a rectangle of the turned page, on the page before it was turned, from top left round."""
    right, below = rect.x + rect.width, rect.y + rect.height
    corners = ((rect.x, rect.y), (right, rect.y), (right, below), (rect.x, below))
    return tuple(turn_point_back(x, y, width, height, rotation) for x, y in corners)


def fit_view(
    request: PictureRequest,
    box: Box | None,
    width: float,
    height: float,
    rotation: int,
    text: float | None = None,
    ink: Rect | None = None,
    least: float | None = None,
) -> CropView:
    """Returns the view for a request on a page of `width` × `height` (not turned); `box` in fractions of it.

    `text` is the height of the characters in the box, in page units, when it was measured, and `least` that of the
    smallest, where some are clearly smaller (limits). `ink` is the rectangle of
    slanted text on the turned page: it is shown in place of the rectangle around the box, which is far larger.
    """
    target = turned_rect(box, width, height, rotation) if box else None
    if target is not None and ink is not None:
        target = ink
    width, height = turned_size(width, height, rotation)
    pane_width, pane_height = float(request.columns), request.rows * request.cell_ratio
    whole = min(pane_width / width, pane_height / height) * _SHEET_FILL
    scale = _scale(request, target, whole, (pane_width, pane_height), text, least)
    scale = min(max(scale * request.zoom, whole), whole * _MAGNIFICATION_MOST)
    view_width, view_height = pane_width / scale, pane_height / scale
    centre = (width / 2, height / 2)
    if target is not None and (request.level is not Level.SHEET or request.zoom > 1):
        centre = (target.x + target.width / 2, target.y + target.height / 2)
    x = _place_on_page(centre[0] + request.pan_x * view_width, view_width, width)
    y = _place_on_page(centre[1] + request.pan_y * view_height, view_height, height)
    return CropView(Rect(x, y, view_width, view_height), width, height, rotation, scale / whole)


def rect_of_box(box: Box, width: float, height: float) -> Rect:
    """Returns the box in units of a page of `width` × `height`."""
    return Rect(box.x0 * width, box.y0 * height, box.width * width, box.height * height)


def _scale(
    request: PictureRequest,
    box: Rect | None,
    whole: float,
    pane: tuple[float, float],
    text: float | None,
    least: float | None,
) -> float:
    if box is None or request.level is Level.SHEET:
        return whole
    if request.level is Level.PLACE:
        return _place_scale(request, box, whole, pane, text, least)
    detail = max(detail_scale(request, box, pane, text, least), whole)
    if request.level is Level.VIEW:
        return min(whole * 3.0, max(detail * 0.5, whole))
    # Zooming and moving begin at the size that the text has in strips.
    return max(best_strips(request, box, text, least)[1], whole) if is_moved(request) else detail


def _place_scale(
    request: PictureRequest, box: Rect, whole: float, pane: tuple[float, float], text: float | None, least: float | None
) -> float:
    """Returns the scale at which all of `box` is seen, and its text is no larger than reading takes.

    The text of a block of lines is often measured too high, so that a block is shown in a fair size whatever it says.
    """
    fitting = min(pane[0] / box.width, pane[1] / box.height) * _PLACE_FILL
    readable = _scale_needed(request, box, text, least) * _AIM if text else 0.0
    return max(min(fitting, max(readable, whole * _PLACE_FAIR)), whole)


def detail_scale(
    request: PictureRequest,
    box: Rect,
    pane: tuple[float, float],
    text: float | None = None,
    least: float | None = None,
) -> float:
    """Returns the scale at which the text of `box` is as large as a pane (size in cell widths) allows.

    The height of the text decides, not the width of the box, so that like questions are shown alike; a long box only
    limits it. Text of unknown height is taken to fill a box of one line.
    """
    height = text_height_in(box, text)
    needed = _scale_needed(request, box, text, least)
    largest = max(text_rows_most(request, pane) * request.cell_ratio / height, needed * _AIM)
    widest = max(pane[0] - _BESIDE_BOX, pane[0] * _BOX_WIDTH_LEAST) / box.width
    scale = min(largest, widest, pane[1] * _BOX_HEIGHT / box.height)
    if scale < needed:  # then the box takes all the room that there is
        scale = min(needed * _AIM, (pane[0] - _BESIDE_TEXT) / box.width, pane[1] * _BOX_HEIGHT_MOST / box.height)
    return scale


def _scale_needed(request: PictureRequest, box: Rect, text: float | None, least: float | None) -> float:
    """Returns the scale at which the smallest characters of `box` can be read."""
    return _rows_least(request.mode) * request.cell_ratio / text_height_in(box, least or text)


def best_strips(
    request: PictureRequest, box: Rect, text: float | None, least: float | None = None
) -> tuple[int, float]:
    """Returns the number of strips, and the scale of their text in cell widths a page unit.

    The fewest strips that make characters readable, or nearly so; where none do, those that make them largest.
    """
    pane = _pane(request)
    needed = _scale_needed(request, box, text, least)
    best = 1, detail_scale(request, box, pane, text, least)
    for count in range(2, _STRIPS_MOST + 1):
        if best[1] >= needed * _NEARLY:
            break
        scale = _strip_scale(request, box, text_height_in(box, text), count, needed)
        if scale > best[1] * _GAIN_LEAST or scale >= needed:
            best = count, scale
    return best


def _rows_least(mode: PictureMode) -> float:
    traits = PICTURE_MODES[mode]
    return _ROWS_LEAST if traits.is_pixels else SUBPIXELS_LEAST / traits.subpixels[1]


def _strip_scale(request: PictureRequest, box: Rect, text: float, count: int, needed: float) -> float:
    rows = (request.rows - BETWEEN_STRIPS * (count - 1)) // count
    if rows < 1:
        return 0.0
    width = (box.width + 2 * MARGIN * text + (count - 1) * _OVERLAP * text) / count
    height = rows * request.cell_ratio
    most = max(text_rows_most(request, _pane(request)) * request.cell_ratio / text, needed * _AIM)
    return min(request.columns / width, height * _HEIGHT_MOST / box.height, most)


def _pane(request: PictureRequest) -> tuple[float, float]:
    return float(request.columns), request.rows * request.cell_ratio


def is_moved(request: PictureRequest) -> bool:
    """Returns whether a person zoomed or moved the view, so that it is shown in one piece."""
    return request.zoom != 1.0 or request.pan_x != 0.0 or request.pan_y != 0.0


def text_rows_most(request: PictureRequest, pane: tuple[float, float]) -> float:
    """Returns the rows of cells that characters get where the box is short: beyond them context is worth more."""
    readable = PICTURE_MODES[request.mode].text_rows
    return max(readable * _TEXT_GROWTH, min(readable * _TEXT_GROWTH_MOST, pane[1] / request.cell_ratio * _TEXT_OF_PANE))


def text_height_in(box: Rect, text: float | None) -> float:
    """Returns the height of the characters in a box: as measured (`text`), unless that can't be, or as usual."""
    side = min(box.width, box.height)
    return min(max(text or side * _TEXT_IN_BOX, side * _TEXT_LEAST), max(box.width, box.height))


def _place_on_page(centre: float, size: float, page: float) -> float:
    """Returns the start of a stretch of `size`: around `centre`, kept on the page if it fits, else centred on it."""
    if size >= page:
        return (page - size) / 2
    return min(max(centre - size / 2, 0.0), page - size)
