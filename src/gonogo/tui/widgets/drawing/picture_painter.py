"""Picture painter: turns pictures of a drawing into Textual segments in a theme's colours. Pure; run ahead of the key
press.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from gonogo.sheets.models import CellGrid

STEPS = 16
"""Colours between ink and paper: fewer colours make longer runs and a third fewer bytes than 256."""
MARK, FRAME = 1, 2
"""Values of `CellGrid.mark`; FRAME, for the edge of the locator, is used here only."""

# Blocks, quadrants, braille, sextants, octants, our own lines and arrows, and the marks of strips (`⋯ 1/2`). Any other
# character of a grid is shown as a space.
_NOT_A_CELL = re.compile("[^ /1-9⋯►◄▼▲\u2500-\u259f\u2800-\u28ff\U0001fb00-\U0001fbff\U0001cc00-\U0001ceff]")


@dataclass(frozen=True, slots=True)
class Inks:
    """Colours of a picture, as `#rrggbb`."""

    paper: str
    ink: str
    mark: str
    line: str

    def inverted(self) -> Inks:
        return replace(self, paper=self.ink, ink=self.paper)


class Painter:
    """Painter of grids in one set of colours; caches the few hundred styles it needs."""

    def __init__(self, inks: Inks) -> None:
        paper, ink = Color.parse(inks.paper), Color.parse(inks.ink)
        self._steps = [ink.blend(paper, step / (STEPS - 1)).rich_color for step in range(STEPS)]
        self._levels = bytes(round(level * (STEPS - 1) / 255) for level in range(256))
        self._marks = {MARK: Color.parse(inks.mark).rich_color, FRAME: Color.parse(inks.line).rich_color}
        self._styles: dict[int, Style] = {}

    def paint(self, grid: CellGrid) -> list[list[Segment]]:
        """Returns one list of segments a row, equal neighbours joined."""
        size = grid.width * grid.height
        inks = grid.ink.translate(self._levels).ljust(size, b"\0")
        papers = grid.paper.translate(self._levels).ljust(size, bytes([STEPS - 1]))
        marks = grid.mark.ljust(size, b"\0")
        width = grid.width
        return [
            self._row(text, width, inks[at : at + width], papers[at : at + width], marks[at : at + width])
            for at, text in zip(range(0, size, width), grid.rows, strict=False)
        ]

    def _row(self, row: str, width: int, inks: bytes, papers: bytes, marks: bytes) -> list[Segment]:
        text = _NOT_A_CELL.sub(" ", row)[:width].ljust(width)
        segments: list[Segment] = []
        start, run = 0, -1  # a run's key: mark, ink, paper; an empty cell shows only its paper and joins any run of it
        for at, (character, ink, paper, mark) in enumerate(zip(text, inks, papers, marks, strict=True)):
            if character == " " and run >= 0 and run % STEPS == paper:
                continue
            key = (mark * STEPS + (0 if mark else ink)) * STEPS + paper
            if key != run:
                if at > start:
                    segments.append(Segment(text[start:at], self._style(run)))
                start, run = at, key
        segments.append(Segment(text[start:], self._style(run)))
        return segments

    def _style(self, key: int) -> Style:
        style = self._styles.get(key)
        if style is None:
            rest, paper = divmod(key, STEPS)
            mark, ink = divmod(rest, STEPS)
            color = self._marks.get(mark, self._marks[MARK]) if mark else self._steps[ink]
            style = self._styles[key] = Style(color=color, bgcolor=self._steps[paper], bold=mark == MARK)
        return style


def framed(grid: CellGrid) -> CellGrid:
    """Returns `grid` with a thin line around it, for the locator."""
    width, height = grid.width + 2, grid.height + 2
    rows = ["╭" + "─" * grid.width + "╮", *("│" + row + "│" for row in grid.rows), "╰" + "─" * grid.width + "╯"]

    def around(plane: bytes, edge: int) -> bytes:
        side = bytes([edge])
        lines = (side + plane[y * grid.width : (y + 1) * grid.width] + side for y in range(grid.height))
        return side * width + b"".join(lines) + side * width

    return CellGrid(
        width, height, grid.mode, tuple(rows), around(grid.ink, 0), around(grid.paper, 255), around(grid.mark, FRAME)
    )


def with_locator(grid: CellGrid, locator: CellGrid | None, place: tuple[int, int] | None) -> CellGrid:
    """Returns `grid` with the small map at `place`, the cell of its top left corner; without it where none is free."""
    if locator is None or place is None:
        return grid
    small = framed(locator)
    if place[0] + small.width > grid.width or place[1] + small.height > grid.height:
        return grid
    return _laid_over(grid, small, *place)


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
