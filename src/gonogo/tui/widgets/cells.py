"""A picture made of cells, turned into strips in a theme's colours. Pure; made ahead, so that a press only writes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from gonogo.sheets.types import CellGrid

STEPS = 16
"""Colours between ink and paper: fewer colours make longer runs and a third fewer bytes than 256."""
PLAIN, MARK, FRAME = 0, 1, 2
"""What `CellGrid.mark` says of a cell; FRAME is ours, for the edge of the locator."""

# Blocks, quadrants, braille, sextants, octants, and our own lines. Whatever else a grid holds is shown as a space.
_NOT_A_CELL = re.compile("[^ \u2500-\u259f\u2800-\u28ff\U0001fb00-\U0001fbff\U0001cc00-\U0001ceff]")


@dataclass(frozen=True, slots=True)
class Inks:
    """The colours a picture is drawn in, as `#rrggbb`."""

    paper: str
    ink: str
    mark: str
    line: str

    def inverted(self) -> Inks:
        return replace(self, paper=self.ink, ink=self.paper)


class Painter:
    """Turns grids into strips in one set of colours; keeps the few hundred styles it meets."""

    def __init__(self, inks: Inks) -> None:
        paper, ink = Color.parse(inks.paper), Color.parse(inks.ink)
        steps = [ink.blend(paper, step / (STEPS - 1)).rich_color for step in range(STEPS)]
        self._level = [round(level * (STEPS - 1) / 255) for level in range(256)]
        self._steps = steps
        self._marks = {MARK: Color.parse(inks.mark).rich_color, FRAME: Color.parse(inks.line).rich_color}
        self._styles: dict[tuple[int, int, int], Style] = {}

    def paint(self, grid: CellGrid) -> list[list[Segment]]:
        """One list of segments a row, neighbours of the same style joined."""
        return [self._row(grid, row) for row in range(min(grid.height, len(grid.rows)))]

    def _row(self, grid: CellGrid, row: int) -> list[Segment]:
        width = grid.width
        text = _NOT_A_CELL.sub(" ", grid.rows[row])[:width].ljust(width)
        start, stop = row * width, (row + 1) * width
        level = self._level
        keys = [
            (mark if mark else 0, 0 if mark else level[ink], level[paper])
            for mark, ink, paper in zip(
                grid.mark[start:stop], grid.ink[start:stop], grid.paper[start:stop], strict=False
            )
        ]
        keys += [(0, STEPS - 1, STEPS - 1)] * (width - len(keys))
        return [Segment(text[a:b], self._style(keys[a])) for a, b in _runs(keys)]

    def _style(self, key: tuple[int, int, int]) -> Style:
        style = self._styles.get(key)
        if style is None:
            mark, ink, paper = key
            color = self._marks.get(mark, self._marks[MARK]) if mark else self._steps[ink]
            style = self._styles[key] = Style(color=color, bgcolor=self._steps[paper], bold=bool(mark == MARK))
        return style


def _runs(keys: Sequence[tuple[int, int, int]]) -> list[tuple[int, int]]:
    """Where runs of equal keys begin and end."""
    edges = [0, *(i for i in range(1, len(keys)) if keys[i] != keys[i - 1]), len(keys)]
    return [(a, b) for a, b in pairwise(edges) if b > a]


def framed(grid: CellGrid) -> CellGrid:
    """`grid` with a thin line around it, for the locator."""
    width, height = grid.width + 2, grid.height + 2
    rows = ["╭" + "─" * grid.width + "╮", *("│" + row + "│" for row in grid.rows), "╰" + "─" * grid.width + "╯"]

    def around(plane: bytes, edge: int) -> bytes:
        side = bytes([edge])
        lines = (side + plane[y * grid.width : (y + 1) * grid.width] + side for y in range(grid.height))
        return side * width + b"".join(lines) + side * width

    return CellGrid(
        width, height, grid.mode, tuple(rows), around(grid.ink, 0), around(grid.paper, 255), around(grid.mark, FRAME)
    )


def with_locator(grid: CellGrid, locator: CellGrid | None) -> CellGrid:
    """`grid` with the small map laid over the first corner (bottom left, then clockwise) that hides no mark."""
    if locator is None:
        return grid
    small = framed(locator)
    if small.width * 2 > grid.width or small.height * 2 > grid.height:
        return grid
    left, right, top, bottom = 0, grid.width - small.width, 0, grid.height - small.height
    for x, y in ((left, bottom), (left, top), (right, top), (right, bottom)):
        if not any(any(_line(grid.mark, grid.width, row)[x : x + small.width]) for row in range(y, y + small.height)):
            return _laid_over(grid, small, x, y)
    return grid


def _laid_over(grid: CellGrid, small: CellGrid, x: int, y: int) -> CellGrid:
    def plane(under: bytes, over: bytes) -> bytes:
        lines = [_line(under, grid.width, row) for row in range(grid.height)]
        for row in range(small.height):
            line = lines[y + row]
            lines[y + row] = line[:x] + _line(over, small.width, row) + line[x + small.width :]
        return b"".join(lines)

    rows = list(grid.rows)
    for row in range(small.height):
        line = rows[y + row]
        rows[y + row] = line[:x] + small.rows[row] + line[x + small.width :]
    return replace(
        grid,
        rows=tuple(rows),
        ink=plane(grid.ink, small.ink),
        paper=plane(grid.paper, small.paper),
        mark=plane(grid.mark, small.mark),
    )


def _line(plane: bytes, width: int, row: int) -> bytes:
    return plane[row * width : (row + 1) * width]
