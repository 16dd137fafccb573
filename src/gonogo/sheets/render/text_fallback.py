"""Text fallback: draws the page's outline and the judged box in line characters where no picture can be shown. Pure."""

from __future__ import annotations

from gonogo.sheets.models import Box, CellGrid, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import nearest_quarter, rotate_box

_BLANK = " "
_FILL = 0.98


def draw_outline(request: PictureRequest, page_size: tuple[float, float], box: Box | None) -> CellGrid:
    """Draws the whole page as a frame of lines within the request's cells, and `box` (fractions of the page) in it.

    `page_size` is the page's width and height in any unit. Level and zoom are ignored; a rotation asked for is kept.
    The box takes at least one cell (`▪`) and its cells are marked. No colour is needed: ink is 0, paper 255.
    """
    rotation = nearest_quarter(request.rotation or 0)
    width, height = page_size if rotation in (0, 180) else (page_size[1], page_size[0])
    scale = min(request.columns / width, request.rows * request.cell_ratio / height) * _FILL
    columns = min(max(round(width * scale), 3), request.columns)
    rows = min(max(round(height * scale / request.cell_ratio), 3), request.rows)
    left, top = (request.columns - columns) // 2, (request.rows - rows) // 2
    sheet = _Sheet(request.columns, request.rows)
    sheet.frame(left, top, left + columns - 1, top + rows - 1)
    if box is not None:
        rotated = rotate_box(box, rotation)
        inside = (max(columns - 2, 1), max(rows - 2, 1))
        x0, x1 = _cells(rotated.x0, rotated.x1, inside[0])
        y0, y1 = _cells(rotated.y0, rotated.y1, inside[1])
        sheet.frame(left + 1 + x0, top + 1 + y0, left + 1 + x1, top + 1 + y1, mark=True)
    return sheet.grid(request.mode)


def _cells(start: float, end: float, count: int) -> tuple[int, int]:
    first = min(max(int(start * count), 0), count - 1)
    return first, min(max(int(end * count + 0.999) - 1, first), count - 1)


class _Sheet:
    """Canvas of characters and marks."""

    def __init__(self, columns: int, rows: int) -> None:
        self._rows = [[_BLANK] * columns for _ in range(rows)]
        self._mark = bytearray(columns * rows)
        self._columns = columns

    def frame(self, left: int, top: int, right: int, bottom: int, *, mark: bool = False) -> None:
        """Draws a rectangle by its corner cells; a line where it is one row or column, a dot where it is one cell."""
        if left == right and top == bottom:
            self._put(left, top, "▪", mark=mark)
            return
        for y in range(top, bottom + 1):
            for x in {left, right}:
                self._put(x, y, "┃" if mark else "│", mark=mark)
        if left == right:
            return
        for x in range(left, right + 1):
            for y in {top, bottom}:
                self._put(x, y, "━" if mark else "─", mark=mark)
        if top < bottom:
            places = ((left, top), (right, top), (left, bottom), (right, bottom))
            for (x, y), corner in zip(places, "┏┓┗┛" if mark else "┌┐└┘", strict=True):
                self._put(x, y, corner, mark=mark)

    def _put(self, x: int, y: int, char: str, *, mark: bool) -> None:
        if 0 <= y < len(self._rows) and 0 <= x < self._columns:
            self._rows[y][x] = char
            self._mark[y * self._columns + x] = mark

    def grid(self, mode: PictureMode) -> CellGrid:
        """Returns the cells; `mode` is only passed through, the characters are lines."""
        size = len(self._mark)
        rows = tuple("".join(row) for row in self._rows)
        return CellGrid(self._columns, len(rows), mode, rows, bytes(size), b"\xff" * size, bytes(self._mark))
