"""Virtual table: heads take lines of their own, and no row loses its line."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult

from gonogo.tui.presenters.common.columns import Column
from gonogo.tui.theme_files import load_themes, themes_folder
from gonogo.tui.widgets.virtual_table import VirtualTable


@dataclass
class Rows:
    """Rows that are their own index."""

    count: int

    def row(self, index: int) -> str:
        return f"row {index}"


class Listing(App[None]):
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.looks, _ = load_themes([themes_folder()])
        super().__init__()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return next(iter(self.looks.values())).variables()

    def compose(self) -> ComposeResult:
        yield VirtualTable(self.rows, [Column("row", 10, str, grows=True)])


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, 60), starts=st.sets(st.integers(0, 59), max_size=12))
def test_every_row_has_a_line_and_every_head_the_one_above_its_row(count: int, starts: set[int]) -> None:
    table = VirtualTable(Rows(count), [])
    heads = [(start, f"head {start}") for start in sorted(starts) if start < count]
    table.show_heads(heads)
    lines = [table.line_of(index) for index in range(count)]
    assert [table.at_line(line) for line in lines] == [(index, "") for index in range(count)]
    assert [table.at_line(table.line_of(start) - 1) for start, _ in heads] == [(None, text) for _, text in heads]
    assert sorted({*lines, *(table.line_of(start) - 1 for start, _ in heads)}) == list(range(count + len(heads)))


@pytest.mark.parametrize("index", [0, 5, 39])
async def test_the_cursor_passes_over_heads_and_a_first_row_shows_its_own(index: int) -> None:
    app = Listing(Rows(40))
    async with app.run_test(size=(30, 10)) as pilot:
        table = app.query_one(VirtualTable)
        table.show_heads([(0, "first · 5"), (5, "second · 35")])
        table.update()
        table.move_to(index)
        await pilot.pause()
        seen = [table.render_line(y).text.strip() for y in range(table.size.height)]
        assert f"▸ row {index}" in seen
        assert "fetching" not in " ".join(seen)
        if index in (0, 5):
            assert seen[seen.index(f"▸ row {index}") - 1] == ("first · 5" if index == 0 else "second · 35")
        table.move_to(4)
        table.focus()
        await pilot.press("down")
        assert table.cursor == 5
        table.move_to(0)
        await pilot.pause()
        await pilot.click(VirtualTable, offset=(3, 0))  # the first head
        assert table.cursor == 0
        await pilot.click(VirtualTable, offset=(3, 7))  # behind five rows and two heads
        assert table.cursor == 5
