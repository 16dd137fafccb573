"""Box overlay: the frame around the judged box and the locator map, drawn on finished cells. Child process only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import EVERYWHERE, PICTURE_MODES, PictureMode, glyphs_of, subpixels_of
from gonogo.sheets.render.crop import Rect

_BLANK_PAPER = 200  # cells whose ink is lighter than this hold nothing worth keeping
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


def draw_frame(grid: CellGrid, view: Rect, box: Rect) -> CellGrid:
    """Returns `grid` with the frame around `box`: lines in blank cells, the accent colour in cells that hold ink.

    So the frame never hides ink.
    """
    left, top, right, bottom = frame_cells(view, box, grid.width, grid.height)
    mark = bytearray(grid.mark)
    rows = [list(row) for row in grid.rows]
    blank = glyphs_of(grid.mode)[0]
    for x, y, line in _outline(left, top, right, bottom):
        if not (0 <= x < grid.width and 0 <= y < grid.height):
            continue
        at = y * grid.width + x
        mark[at] = 1
        if rows[y][x] == blank or grid.ink[at] > _BLANK_PAPER:
            rows[y][x] = line
    return CellGrid(
        grid.width, grid.height, grid.mode, tuple("".join(row) for row in rows), grid.ink, grid.paper, bytes(mark)
    )


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
    glyphs = glyphs_of(grid.mode)
    for y, x in np.argwhere(patterns):
        at = int(y) * grid.width + int(x)
        rows[y][x] = glyphs[int(patterns[y, x])]
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
