"""Columns of a table, fitted to its width."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from gonogo.tui.presenters.common.columns import Column, header, row_cells

COLUMNS: list[Column[str]] = [
    Column("name", 8, lambda row: row, "strong"),
    Column("about", 4, lambda row: f"about {row}", grows=True),
    Column("kind", 10, lambda row: "kind", lambda row: "accent" if row == "x" else "quiet", least_width=100),
]


@pytest.mark.parametrize("width", [40, 99, 100, 160])
def test_titles_and_cells_fill_the_width_and_narrow_tables_leave_columns_out(width: int) -> None:
    cells = row_cells(COLUMNS, "x", width)
    assert sum(cell_len(text) for text, _ in cells) + 2 == cell_len(header(COLUMNS, width)) == width
    assert ("kind" in header(COLUMNS, width)) == (width >= 100)
    assert cells[0] == ("x       ", "strong")
    assert [color for _, color in cells[2:]] == (["accent"] if width >= 100 else [])


def test_a_column_that_grows_keeps_its_least_width() -> None:
    assert [cell_len(text) for text, _ in row_cells(COLUMNS, "a long name", 5)] == [8, 4]
    assert row_cells(COLUMNS, "a long name", 5)[0][0] == "a long… "
