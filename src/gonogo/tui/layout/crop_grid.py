"""Crop grid: the shape of a page of equal values, whose tiles are crops without values of their own. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from gonogo.desk.core.models import DeskTask
from gonogo.schemas.enums import LARGEST_GROUP
from gonogo.tui.layout.page_shape import GUTTER, PageShape, readable_share
from gonogo.tui.layout.text_size import text_size
from gonogo.tui.viewport import Viewport

LEAST_WIDTH, LEAST_HEIGHT = 25, 8
"""Cells of the smallest tile, with its frame and the line of its mark."""
LINES_AROUND = 3
"""Rows of a tile that its crop does not have."""
VALUE_LINES, MORE_VALUE_LINES, TALL = 4, 5, 36
"""Rows of the value above the page, and in a terminal of at least so many rows."""
_AROUND = 3
"""Rows of status, question and keys."""


def tiles_that_fit(width: int, height: int) -> int:
    """Returns how many tiles a page has at most in a terminal of `width` × `height` cells; 0 where none has room."""
    return min(_columns(width) * (room_for_tiles(height) // LEAST_HEIGHT), LARGEST_GROUP)


def room_for_tiles(height: int) -> int:
    """Returns the rows of a terminal that the tiles have."""
    return max(height - _AROUND - value_lines(height), 0)


def value_lines(height: int) -> int:
    """Returns the rows of the value above the page."""
    return MORE_VALUE_LINES if height >= TALL else VALUE_LINES


def crop_grid(tasks: Sequence[DeskTask], width: int, height: int, view: Viewport) -> PageShape:
    """Returns the shape that shows the most readable crops of `tasks`; of those the one with the largest text.

    A shape of less than two tiles, or none: the tasks are asked one by one.
    """
    shapes = [PageShape(x, y) for x in range(1, _columns(width) + 1) for y in range(1, height // LEAST_HEIGHT + 1)]
    possible = [shape for shape in shapes if shape.n_tiles <= LARGEST_GROUP]

    def rank(shape: PageShape) -> tuple[int, float, int]:
        cells = crop_cells(shape, width, height)
        shown = tasks[: shape.n_tiles]
        sizes = sum(text_size(task, view, cells).worth for task in shown) / max(len(shown), 1)
        return sum(readable_share(task, view, cells) >= 1.0 for task in shown), sizes, -shape.n_tiles

    return max(possible, key=rank, default=PageShape(0, 0))


def crop_cells(shape: PageShape, width: int, height: int) -> tuple[int, int]:
    """Returns columns and rows of cells of a tile's crop."""
    across = (width - GUTTER * (shape.columns - 1)) // shape.columns
    return max(across - 2, 0), max(height // shape.lines - LINES_AROUND, 0)


def _columns(width: int) -> int:
    return (width + GUTTER) // (LEAST_WIDTH + GUTTER)
