"""Columns of a table: title, width, text and colour of each cell, fitted to the table's width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from gonogo.tui.presenters.common.format import fit

T = TypeVar("T")
WIDE = 100
"""Width, in cells, from which a table shows all its columns."""
MEDIUM = 76
"""Width of a table that fills a terminal of 80 columns."""
CURSOR_WIDTH = 2


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """Column of rows of type `T`. `color` names a theme colour. The one that `grows` takes the width that is left.

    A table narrower than `least_width` leaves the column out.
    """

    title: str
    width: int
    text: Callable[[T], str]
    color: Callable[[T], str] | str = "foreground"
    grows: bool = False
    least_width: int = 0

    def color_of(self, row: T) -> str:
        return self.color if isinstance(self.color, str) else self.color(row)


def fitted(columns: Sequence[Column[T]], width: int) -> list[tuple[Column[T], int]]:
    """Returns the columns that a table of `width` cells shows, each with its width."""
    visible = [column for column in columns if width >= column.least_width]
    rest = width - CURSOR_WIDTH - sum(column.width for column in visible if not column.grows)
    return [(column, max(rest, column.width) if column.grows else column.width) for column in visible]


def header(columns: Sequence[Column[T]], width: int) -> str:
    """Titles above the columns."""
    return " " * CURSOR_WIDTH + "".join(fit(column.title, cells) for column, cells in fitted(columns, width))


def row_cells(columns: Sequence[Column[T]], row: T, width: int) -> list[tuple[str, str]]:
    """Texts of a row with their colours."""
    return [(fit(column.text(row), cells), column.color_of(row)) for column, cells in fitted(columns, width)]
