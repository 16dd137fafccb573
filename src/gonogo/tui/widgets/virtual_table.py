"""Virtual table with a cursor: renders only the visible rows, so 100,000 rows cost as little as 100."""

from __future__ import annotations

import functools
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import ClassVar, Generic, Protocol, TypeVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gonogo.tui.presenters.common.columns import CURSOR_WIDTH, Column, header, row_cells
from gonogo.tui.presenters.common.format import fit

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class RowSource(Protocol[T_co]):
    """Row source of a table: its count and its loaded rows; `None` for a row that is not fetched yet."""

    @property
    def count(self) -> int | None: ...
    def row(self, index: int, /) -> T_co | None: ...


class VirtualTable(ScrollView, Generic[T], can_focus=True):
    """Table of the rows of a `RowSource`. `fetch` is called with the index of a row that should be loaded.

    A head, `(index, text)`, is a line above the row `index`; the cursor passes over it.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "VirtualTable { height: 1fr; overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move_page(-1)", show=False),
        Binding("pagedown", "move_page(1)", show=False),
        Binding("home", "move_to(0)", show=False),
        Binding("end", "move_to(-1)", show=False),
    ]

    cursor: reactive[int] = reactive(0)
    """Index of the row under the cursor."""

    class Moved(Message):
        """Message: the cursor is on another row."""

    class Opened(Message):
        """Message: the row under the cursor was clicked."""

    def __init__(
        self,
        rows: RowSource[T],
        columns: Sequence[Column[T]],
        *,
        fetch: Callable[[int], None] | None = None,
        id: str | None = None,
    ) -> None:
        super().__init__(id=id)
        self.rows = rows
        self.columns = columns
        self._fetch = fetch
        self._heads: tuple[tuple[int, str], ...] = ()

    @property
    def n_rows(self) -> int:
        return self.rows.count or 0

    @property
    def header(self) -> str:
        """Titles of the columns, in the widths of this table."""
        return header(self.columns, self.size.width or self.app.size.width)

    def show_heads(self, heads: Sequence[tuple[int, str]]) -> None:
        """Takes the heads, in the order of their rows; `update` shows them."""
        self._heads = tuple(heads)

    def line_of(self, index: int) -> int:
        """Returns the line of a row: each head at or above it takes one, too."""
        return index + bisect_right(self._heads, index, key=lambda head: head[0])

    def at_line(self, line: int) -> tuple[int | None, str]:
        """Returns the row on a line, or the text of the head there."""
        number = bisect_left(range(len(self._heads)), line, key=lambda head: self._heads[head][0] + head)
        if number < len(self._heads) and self._heads[number][0] + number == line:
            return None, self._heads[number][1]
        index = line - number
        return (index if index < self.n_rows else None), ""

    def update(self) -> None:
        """Shows the current rows; call it when rows were added or changed."""
        self.cursor = self.validate_cursor(self.cursor)
        size = Size(self.scrollable_content_region.width, self.n_rows + len(self._heads))
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self) -> None:
        self.update()

    # --- the cursor ------------------------------------------------------------------------------------

    def validate_cursor(self, index: int) -> int:
        return min(max(index, 0), max(self.n_rows - 1, 0))

    def watch_cursor(self) -> None:
        self.post_message(self.Moved())

    def to_top(self) -> None:
        self.cursor = 0
        self.scroll_home(animate=False)

    def move_to(self, index: int) -> None:
        """Moves the cursor to a row, scrolls to it, and fetches the rows below it."""
        self.cursor = index
        line = self.line_of(self.cursor)
        above = int(line > 0 and self.at_line(line - 1)[0] is None)
        self.scroll_to_region(Region(0, line - above, 1, 1 + above), animate=False, force=True)
        if self._fetch is not None:
            self._fetch(self.cursor + self.size.height)

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        self.move_to(index if index >= 0 else self.n_rows - 1)

    def on_click(self, event: Click) -> None:
        index, _ = self.at_line(event.y + self.scroll_offset.y)
        if index is not None:
            self.move_to(index)
            self.post_message(self.Opened())

    # --- rendering -------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        (index, head), width = self.at_line(y + self.scroll_offset.y), self.size.width
        if index is None:
            text = fit(head, width) if head else ""
            return Strip([Segment(text, self._style("accent"))]).adjust_cell_length(width, self._style("foreground"))
        at_cursor = index == self.cursor
        cells = [("▸ " if at_cursor else " " * CURSOR_WIDTH, "accent"), *self._cells(index, width)]
        segments = [Segment(text, self._style(color, at_cursor)) for text, color in cells]
        return Strip(segments).adjust_cell_length(width, self._style("foreground", at_cursor))

    def _cells(self, index: int, width: int) -> list[tuple[str, str]]:
        row = self.rows.row(index)
        if row is not None:
            return row_cells(self.columns, row, width)
        if self._fetch is not None:
            self._fetch(index)
        return [(f"{index + 1}  …  fetching", "quiet")]

    def _style(self, color: str, at_cursor: bool = False) -> Style:
        variables = self.app.theme_variables
        return _rich_style(variables[color], variables["raised" if at_cursor else "surface"], at_cursor)


@functools.lru_cache(64)
def _rich_style(color: str, background: str, bold: bool) -> Style:
    return Style(color=Color.parse(color).rich_color, bgcolor=Color.parse(background).rich_color, bold=bold or None)
