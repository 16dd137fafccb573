"""Box overlay: marks the judged box and places the locator map, on finished cells. Child process only."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import EVERYWHERE, PICTURE_MODES, PictureMode, glyphs_of, subpixels_of
from gonogo.sheets.render.crop import Rect

Mask = NDArray[np.bool_]
Outline = tuple[tuple[float, float], ...]

_FRAME_LEAST = 0.5  # of the frame must be free of ink to mark the box by itself
_STRAIGHT = 1e-6
_HALF_DIAGONAL = 0.71  # of a cell
_BRAILLE, _CHESSBOARD = 0x2800, 0x95  # its first character; dots 1, 3, 5 and 8
_BLANK_PAPER = 200  # cells whose ink is lighter than this hold nothing worth keeping
FAINT = 2
"""Value of `CellGrid.mark` of a quiet frame."""
_DASHED = {"─": "┄", "│": "┆"}
_CORNERS = {(0, 0): "┌", (0, 1): "┐", (1, 0): "└", (1, 1): "┘"}


def frame_cells(view: Rect, box: Rect, columns: int, rows: int) -> tuple[int, int, int, int]:
    """Returns the cells (left, top, right, bottom) of a frame wholly outside `box`; may lie off the pane.

    `view` is what fills the pane, `box` in the same units.
    """
    unit_x, unit_y = view.width / columns, view.height / rows
    left = int(np.floor((box.x - view.x) / unit_x + 1e-6)) - 1
    top = int(np.floor((box.y - view.y) / unit_y + 1e-6)) - 1
    right = int(np.ceil((box.x + box.width - view.x) / unit_x - 1e-6))
    bottom = int(np.ceil((box.y + box.height - view.y) / unit_y - 1e-6))
    return left, top, right, bottom


def box_cells(view: Rect, box: Rect, outline: Outline, columns: int, rows: int) -> Mask:
    """Returns the cells (rows × columns) that `box`, or the polygon `outline`, touches."""
    left, top, right, bottom = frame_cells(view, box, columns, rows)
    mask = np.zeros((rows, columns), np.bool_)
    mask[max(top + 1, 0) : max(bottom, 0), max(left + 1, 0) : max(right, 0)] = True
    if is_slanted(outline):
        mask |= _polygon_cells(view, outline, columns, rows)
    return mask


def is_slanted(outline: Outline) -> bool:
    """Returns whether an outline has a side that is neither level nor upright."""
    return any(abs(x0 - x1) > _STRAIGHT and abs(y0 - y1) > _STRAIGHT for (x0, y0), (x1, y1) in pairwise(outline))


def _polygon_cells(view: Rect, outline: Outline, columns: int, rows: int) -> Mask:
    """Returns the cells that a convex polygon touches: their middles lie at most half a diagonal outside each edge."""
    corners = (np.array(outline) - (view.x, view.y)) / (view.width / columns, view.height / rows) - 0.5
    y, x = np.mgrid[:rows, :columns]
    mask = np.ones((rows, columns), np.bool_)
    inside = corners.mean(axis=0)
    for (x0, y0), (x1, y1) in pairwise([*corners, corners[0]]):
        across, down = (y0 - y1) / np.hypot(x1 - x0, y1 - y0), (x1 - x0) / np.hypot(x1 - x0, y1 - y0)
        side = np.sign((inside[0] - x0) * across + (inside[1] - y0) * down)
        mask &= ((x - x0) * across + (y - y0) * down) * side >= -_HALF_DIAGONAL
    return mask


def mark_box(grid: CellGrid, view: Rect, box: Rect, outline: Outline = (), keep: float = 0.5) -> CellGrid:
    """Returns `grid` with all outside `box` dimmed, and a thin frame around it where that crosses no ink.

    `outline` is the box's outline where it is slanted. `keep` is the share of their contrast that the cells outside
    keep. No cell that holds ink is drawn over or recoloured. Braille loses every second dot outside the box, too, so
    that the marking is seen without colours; where little of the frame is free, arrows in the margins point at the box.
    """
    mask = box_cells(view, box, outline, grid.width, grid.height)
    framed = draw_frame(grid, view, box)
    return _dimmed(framed, mask, keep)


def draw_frame(grid: CellGrid, view: Rect, box: Rect) -> CellGrid:
    """Returns `grid` with the frame around `box`, in the cells that hold no ink."""
    left, top, right, bottom = frame_cells(view, box, grid.width, grid.height)
    rows, mark, blank = [list(row) for row in grid.rows], bytearray(grid.mark), blank_cells(grid)
    cells = [
        cell for cell in _outline(left, top, right, bottom) if 0 <= cell[0] < grid.width and 0 <= cell[1] < grid.height
    ]
    free = [cell for cell in cells if blank[cell[1], cell[0]]]
    if len(free) < _FRAME_LEAST * len(cells):
        free += _arrows(blank, left, top, right, bottom)
    for x, y, line in free:
        rows[y][x] = line
        mark[y * grid.width + x] = 1
    text = tuple("".join(row) for row in rows)
    return CellGrid(grid.width, grid.height, grid.mode, text, grid.ink, grid.paper, bytes(mark))


def draw_faint_frames(grid: CellGrid, view: Rect, boxes: Iterable[Rect]) -> CellGrid:
    """Returns `grid` with a quiet, dashed frame around each box, in the cells that hold no ink and no other frame."""
    rows, mark, blank = [list(row) for row in grid.rows], bytearray(grid.mark), blank_cells(grid)
    for box in boxes:
        left, top, right, bottom = frame_cells(view, box, grid.width, grid.height)
        if right < 0 or bottom < 0 or left >= grid.width or top >= grid.height:
            continue
        for x, y, line in _outline(left, top, right, bottom):
            at = y * grid.width + x
            if 0 <= x < grid.width and 0 <= y < grid.height and blank[y, x] and not mark[at]:
                rows[y][x] = _DASHED.get(line, line)
                mark[at] = FAINT
    text = tuple("".join(row) for row in rows)
    return CellGrid(grid.width, grid.height, grid.mode, text, grid.ink, grid.paper, bytes(mark))


def blank_cells(grid: CellGrid) -> Mask:
    """Returns the cells that hold no ink."""
    shape = grid.height, grid.width
    ink, paper = (np.frombuffer(plane, np.uint8).reshape(shape) for plane in (grid.ink, grid.paper))
    codes = np.frombuffer("".join(grid.rows).encode("utf-32-le"), np.uint32).reshape(shape)
    blank: Mask = (paper > _BLANK_PAPER) & ((ink > _BLANK_PAPER) | (codes == ord(glyphs_of(grid.mode)[0])))
    return blank


def _arrows(blank: Mask, left: int, top: int, right: int, bottom: int) -> list[tuple[int, int, str]]:
    """Returns arrows at the pane's edges that point at the box, each in the first blank cell on its way to it."""
    height, width = blank.shape
    x, y = (left + right) // 2, (top + bottom) // 2
    ways = (
        ("►", [(column, y) for column in range(left)]),
        ("◄", [(column, y) for column in range(width - 1, right, -1)]),
        ("▼", [(x, row) for row in range(top)]),
        ("▲", [(x, row) for row in range(height - 1, bottom, -1)]),
    )
    arrows = []
    for arrow, cells in ways:
        inside = ((x, y) for x, y in cells if 0 <= x < width and 0 <= y < height)
        place = next(((x, y) for x, y in inside if blank[y, x]), None)
        if place is not None:
            arrows.append((*place, arrow))
    return arrows


def _dimmed(grid: CellGrid, mask: Mask, keep: float) -> CellGrid:
    """Returns the grid with less contrast outside `mask`; braille also with half of its dots."""
    table = np.array([round(255 - (255 - level) * keep) for level in range(256)], np.uint8)
    flat = mask.ravel()
    ink, paper = np.frombuffer(grid.ink, np.uint8), np.frombuffer(grid.paper, np.uint8)
    ink, paper = np.where(flat, ink, table[ink]), np.where(flat, paper, table[paper])
    rows = grid.rows
    if not PICTURE_MODES[grid.mode].two_colors:
        rows = tuple(_thinned(row, keep) for row, keep in zip(rows, mask, strict=True))
    return CellGrid(grid.width, grid.height, grid.mode, rows, ink.tobytes(), paper.tobytes(), grid.mark)


def _thinned(row: str, keep: NDArray[np.bool_]) -> str:
    """Returns a row of braille without every second dot, as on a chessboard: a line loses half, and never all."""
    codes = np.array([ord(char) for char in row])
    thin = ~keep & (codes >> 8 == _BRAILLE >> 8)
    return "".join(map(chr, np.where(thin, _BRAILLE | codes & _CHESSBOARD, codes).tolist()))


def place_locator(grid: CellGrid, taken: Mask, size: tuple[int, int]) -> tuple[int, int] | None:
    """Returns the cell (column, row) of the top left corner of the small map of `size`; `None` when none is free.

    A corner is free when no cell there is `taken`, by the box or its frame. The first from bottom left, clockwise,
    that hides no ink; else the one that hides the least.
    """
    width, height = size
    if width * 2 > grid.width or height * 2 > grid.height:
        return None
    right, bottom = grid.width - width, grid.height - height
    corners = [
        (x, y)
        for x, y in ((0, bottom), (0, 0), (right, 0), (right, bottom))
        if not taken[y : y + height, x : x + width].any()
    ]
    if not corners:
        return None
    inked = ~blank_cells(grid)
    return min(corners, key=lambda at: int(inked[at[1] : at[1] + height, at[0] : at[0] + width].sum()))


def _outline(left: int, top: int, right: int, bottom: int) -> list[tuple[int, int, str]]:
    cells = [(x, y, "─") for y in (top, bottom) for x in range(left + 1, right)]
    cells += [(x, y, "│") for x in (left, right) for y in range(top + 1, bottom)]
    for (down, across), corner in _CORNERS.items():
        cells.append((right if across else left, bottom if down else top, corner))
    return cells


def locator_size(page_width: float, page_height: float, most: tuple[int, int], cell_ratio: float) -> tuple[int, int]:
    """Returns columns and rows of a map that keeps the page's shape within `most`."""
    scale = min(most[0] / page_width, most[1] * cell_ratio / page_height)
    columns = max(1, min(most[0], round(page_width * scale)))
    rows = max(1, min(most[1], round(page_height * scale / cell_ratio)))
    return columns, rows


def mark_region(grid: CellGrid, shown: Rect) -> CellGrid:
    """Returns the map with the outline of `shown` (fractions of the page), at least one sub-pixel large."""
    across, down = subpixels_of(grid.mode)
    width, height = grid.width * across, grid.height * down
    x0 = min(int(shown.x * width), width - 1)
    y0 = min(int(shown.y * height), height - 1)
    x1 = min(max(int(np.ceil((shown.x + shown.width) * width)) - 1, x0), width - 1)
    y1 = min(max(int(np.ceil((shown.y + shown.height) * height)) - 1, y0), height - 1)
    line = np.zeros((height, width), np.bool_)
    line[y0, x0 : x1 + 1] = line[y1, x0 : x1 + 1] = True
    line[y0 : y1 + 1, x0] = line[y0 : y1 + 1, x1] = True
    return _overlay(grid, line)


def _overlay(grid: CellGrid, line: NDArray[np.bool_]) -> CellGrid:
    across, down = subpixels_of(grid.mode)
    split = line.reshape(grid.height, down, grid.width, across).transpose(0, 2, 1, 3)
    bits = split.reshape(grid.height, grid.width, across * down)
    patterns = bits @ (1 << np.arange(across * down))
    rows = [list(row) for row in grid.rows]
    ink, paper, mark = bytearray(grid.ink), bytearray(grid.paper), bytearray(grid.mark)
    glyphs, around = glyphs_of(grid.mode), PICTURE_MODES[grid.mode].misdrawn
    for y, x in np.argwhere(patterns):
        at = int(y) * grid.width + int(x)
        pattern = int(patterns[y, x])
        rows[y][x] = glyphs[around.get(pattern, pattern)]
        paper[at] = max(paper[at], ink[at])
        ink[at], mark[at] = 0, 1
    text = tuple("".join(row) for row in rows)
    return CellGrid(grid.width, grid.height, grid.mode, text, bytes(ink), bytes(paper), bytes(mark))


def invert(grid: CellGrid) -> CellGrid:
    """Returns the grid with light strokes on dark paper: the levels are flipped, the patterns stay."""
    flip = bytes(255 - level for level in range(256))
    return CellGrid(
        grid.width, grid.height, grid.mode, grid.rows, grid.ink.translate(flip), grid.paper.translate(flip), grid.mark
    )


def cell_mode_of(mode: PictureMode) -> PictureMode:
    """Returns the cell mode to draw in: `mode` itself, or the stand-in for a pixel protocol."""
    return EVERYWHERE if PICTURE_MODES[mode].is_pixels else mode
