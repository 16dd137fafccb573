"""Strips: cuts the view of a long text into strips, one above the other, so that its characters stay readable. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.sheets.models import CellGrid, Level, PictureRequest
from gonogo.sheets.picture_modes import PICTURE_MODES, PictureMode
from gonogo.sheets.render.crop import CropView, Rect, detail_scale, text_height_in, text_rows_most

SUBPIXELS_LEAST = 7.5  # height of a character in cells, eight when rounded, below which it can't be read
_ROWS_LEAST = 0.7  # the same in real pixels, in rows of cells
_STRIPS_MOST = 4
_GAIN_LEAST = 1.15  # what another strip must gain in height: a cut text costs attention
_MARGIN = 0.2  # of the text's height, left and right of the ink
_OVERLAP = 1.2  # of the text's height: a character or two stand in both strips
_HEIGHT_MOST = 1.0  # of a strip's rows, for the ink
_BETWEEN = 1  # rows between strips, for their marks
_QUIET = 120  # grey level of the marks


@dataclass(frozen=True, slots=True)
class Strip:
    """Part of a view: `rows` rows of cells from row `top`, that show `view`."""

    view: CropView
    top: int
    rows: int


def cut_into_strips(
    request: PictureRequest, view: CropView, target: Rect | None, text: float | None
) -> tuple[CropView, tuple[Strip, ...]]:
    """Returns the view, and the strips that show it: one, unless the text of `target` is too long to be read in one.

    With several, the view is what they show together. Zoomed or moved by hand, a view is never cut.
    """
    single = (Strip(view, 0, request.rows),)
    by_hand = request.zoom != 1.0 or request.pan_x or request.pan_y
    if target is None or by_hand or request.level is not Level.DETAIL:
        return view, single
    count, scale = best_strips(request, target, text)
    if count == 1:
        return view, single
    return _strips(request, view, target, count, scale, text_height_in(target, text))


def best_strips(request: PictureRequest, box: Rect, text: float | None) -> tuple[int, float]:
    """Returns the number of strips, and the scale of their text in cell widths a page unit.

    The fewest strips that make characters readable; where none do, those that make them largest.
    """
    pane = float(request.columns), request.rows * request.cell_ratio
    least = _rows_least(request.mode) * request.cell_ratio / text_height_in(box, text)
    best = 1, detail_scale(request, box, pane, text)
    for count in range(2, _STRIPS_MOST + 1):
        if best[1] >= least:
            break
        scale = _strip_scale(request, box, text_height_in(box, text), count)
        if scale > best[1] * _GAIN_LEAST:
            best = count, scale
    return best


def _rows_least(mode: PictureMode) -> float:
    traits = PICTURE_MODES[mode]
    return _ROWS_LEAST if traits.is_pixels else SUBPIXELS_LEAST / traits.subpixels[1]


def _strip_scale(request: PictureRequest, box: Rect, text: float, count: int) -> float:
    rows = (request.rows - _BETWEEN * (count - 1)) // count
    if rows < 1:
        return 0.0
    width = (box.width + 2 * _MARGIN * text + (count - 1) * _OVERLAP * text) / count
    height = rows * request.cell_ratio
    pane = float(request.columns), request.rows * request.cell_ratio
    most = text_rows_most(request, pane) * request.cell_ratio / text
    return min(request.columns / width, height * _HEIGHT_MOST / box.height, most)


def _strips(
    request: PictureRequest, view: CropView, target: Rect, count: int, scale: float, text: float
) -> tuple[CropView, tuple[Strip, ...]]:
    magnification = view.magnification * scale / (request.columns / view.rect.width)
    rows, more = divmod(request.rows - _BETWEEN * (count - 1), count)
    left, span = target.x - _MARGIN * text, target.width + 2 * _MARGIN * text
    width = request.columns / scale
    middle = target.y + target.height / 2
    strips, top = [], 0
    for number in range(count):
        high = rows + (number < more)
        height = high * request.cell_ratio / scale
        rect = Rect(left + (span - width) * number / (count - 1), middle - height / 2, width, height)
        part = CropView(rect, view.page_width, view.page_height, view.rotation, magnification)
        strips.append(Strip(part, top, high))
        top += high + _BETWEEN
    height = strips[0].view.rect.height
    whole = Rect(left, middle - height / 2, max(span, width), height)
    return CropView(whole, view.page_width, view.page_height, view.rotation, magnification), tuple(strips)


def strip_marks(number: int, count: int) -> tuple[str, str]:
    """Returns the marks between strip `number` (from 1) and the next: where that begins, and where this ends."""
    return f"⋯ {number + 1}/{count}", f"{number}/{count} ⋯"


def strip_mark(number: int, count: int, columns: int) -> str:
    """Returns the row between strip `number` (from 1) and the next: `⋯ 2/2                1/2 ⋯`."""
    begins, ends = strip_marks(number, count)
    return (f" {begins}" + f"{ends} ".rjust(max(columns - len(begins) - 1, 0)))[:columns].ljust(columns)


def stack(grids: tuple[CellGrid, ...]) -> CellGrid:
    """Returns the grids of strips one above the other, with a mark in the row between them."""
    first, *rest = grids
    rows, ink, paper, mark = list(first.rows), first.ink, first.paper, first.mark
    for number, grid in enumerate(rest, 1):
        rows += [strip_mark(number, len(grids), first.width), *grid.rows]
        ink += bytes([_QUIET]) * first.width + grid.ink
        paper += b"\xff" * first.width + grid.paper
        mark += bytes(first.width) + grid.mark
    return CellGrid(first.width, len(rows), first.mode, tuple(rows), ink, paper, mark)
