"""Page shape of the contact sheet: the number of columns and rows whose crops are still readable. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gonogo.desk.core.models import DeskTask
from gonogo.tui.layout.text_size import LEAST_SUBPIXELS, subpixels, text_size
from gonogo.tui.viewport import Viewport

LEAST_WIDTH, LEAST_HEIGHT = 30, 12
"""Cells of the smallest tile."""
CAPTION = 4
"""Rows of a tile below its crop: the value in large lettering, and one line of its ruling."""
CELLS_OF_A_TILE = 1000
"""Area that gives a tile: a page has at least one tile for so many cells, a dozen on 200 × 60."""
GUTTER = 1
"""Cells between two columns."""


class PageShape(NamedTuple):
    """Columns and rows of tiles."""

    columns: int
    lines: int

    @property
    def n_tiles(self) -> int:
        return self.columns * self.lines

    def crop(self, width: int, height: int, lines: int = 1) -> tuple[int, int]:
        """Returns the columns and rows of cells of a tile's crop on a page of `width` × `height` cells.

        `lines` are those of its ruling.
        """
        across = (width - GUTTER * (self.columns - 1)) // self.columns
        return max(across - 2, 0), max(height // self.lines - CAPTION - 1 - lines, 0)


def page_shape(tasks: Sequence[DeskTask], width: int, height: int, view: Viewport, lines: int = 1) -> PageShape:
    """Returns the shape that shows the most readable crops of `tasks`; then those nearest to it, then the largest.

    `lines` are those of the ruling below a crop.

    A page of crops that are readable only when alone still has tiles for its area: the screen names those crops.
    """
    least = min(round(width * height / CELLS_OF_A_TILE), len(tasks))
    possible = shapes(width, height)

    def rank(shape: PageShape) -> tuple[int, float, int]:
        cells = shape.crop(width, height, lines)
        shares = [readable_share(task, view, cells) for task in tasks[: shape.n_tiles]]
        return sum(share == 1.0 for share in shares), sum(share**2 for share in shares), -shape.n_tiles

    return max([shape for shape in possible if shape.n_tiles >= least] or possible, key=rank)


def shapes(width: int, height: int) -> list[PageShape]:
    """Returns the shapes that a page of `width` × `height` cells can have, the one with the fewest tiles first."""
    columns = max((width + GUTTER) // (LEAST_WIDTH + GUTTER), 1)
    lines = max(height // LEAST_HEIGHT, 1)
    return [PageShape(across, down) for across in range(1, columns + 1) for down in range(1, lines + 1)]


def readable_share(task: DeskTask, view: Viewport, cells: tuple[int, int]) -> float:
    """Returns the height of the crop's text over the least that can be read, at most 1; 1 without a box to judge."""
    if task.bbox is None:
        return 1.0
    return min(round(subpixels(text_size(task, view, cells).rows, view)) / LEAST_SUBPIXELS, 1.0)
