"""Strips: cuts the view of a long text into strips, one above the other, so that its characters stay readable. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.sheets.models import CellGrid, Level, PictureRequest
from gonogo.sheets.render.crop import BETWEEN_STRIPS, MARGIN, CropView, Rect, best_strips, is_moved, text_height_in

_QUIET = 120  # grey level of the marks


@dataclass(frozen=True, slots=True)
class Strip:
    """Part of a view: `rows` rows of cells from row `top`, that show `view`."""

    view: CropView
    top: int
    rows: int


def cut_into_strips(
    request: PictureRequest, view: CropView, target: Rect | None, text: float | None, least: float | None = None
) -> tuple[CropView, tuple[Strip, ...]]:
    """Returns the view, and the strips that show it: one, unless the text of `target` is too long to be read in one.

    With several, the view is what they show together. Zoomed or moved by hand, a view is never cut.
    """
    single = (Strip(view, 0, request.rows),)
    if target is None or is_moved(request) or request.level is not Level.DETAIL:
        return view, single
    count, scale = best_strips(request, target, text, least)
    if count == 1:
        return view, single
    return _strips(request, view, target, count, scale, text_height_in(target, text))


def _strips(
    request: PictureRequest, view: CropView, target: Rect, count: int, scale: float, text: float
) -> tuple[CropView, tuple[Strip, ...]]:
    magnification = view.magnification * scale / (request.columns / view.rect.width)
    rows, more = divmod(request.rows - BETWEEN_STRIPS * (count - 1), count)
    left, span = target.x - MARGIN * text, target.width + 2 * MARGIN * text
    width = request.columns / scale
    middle = target.y + target.height / 2
    strips, top = [], 0
    for number in range(count):
        high = rows + (number < more)
        height = high * request.cell_ratio / scale
        rect = Rect(left + (span - width) * number / (count - 1), middle - height / 2, width, height)
        part = CropView(rect, view.page_width, view.page_height, view.rotation, magnification)
        strips.append(Strip(part, top, high))
        top += high + BETWEEN_STRIPS
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
