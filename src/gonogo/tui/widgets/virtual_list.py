"""A list of any length with a cursor: only the lines that are seen are made."""

from __future__ import annotations

import functools
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip


class VirtualList(ScrollView, can_focus=True):
    """What `n_rows` counts and `cells_of` tells, a line each."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "VirtualList { height: 1fr; overflow-x: hidden; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move_page(-1)", show=False),
        Binding("pagedown", "move_page(1)", show=False),
        Binding("home", "move_to(0)", show=False),
        Binding("end", "move_to(-1)", show=False),
    ]

    class Moved(Message):
        """The cursor is on another row."""

    class Opened(Message):
        """A row was clicked a second time."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cursor = 0

    @property
    def n_rows(self) -> int:
        raise NotImplementedError

    def cells_of(self, index: int, here: bool, width: int) -> list[tuple[str, str]]:
        """The texts of row `index` with their colours; `here`: under the cursor; `width`: cells there are."""
        raise NotImplementedError

    def update(self) -> None:
        """Rows came or changed."""
        self.cursor = min(self.cursor, max(self.n_rows - 1, 0))
        size = Size(self.scrollable_content_region.width, self.n_rows)
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self) -> None:
        self.update()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and show it."""
        self.cursor = min(max(index, 0), max(self.n_rows - 1, 0))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        self.move_to(index if index >= 0 else self.n_rows - 1)

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0) + self.scroll_offset.y
        if y == self.cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(y)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.size.width
        if index >= self.n_rows:
            return Strip.blank(width, self._style("foreground"))
        here = index == self.cursor
        segments = [Segment(text, self._style(color, here)) for text, color in self.cells_of(index, here, width)]
        return Strip(segments).adjust_cell_length(width, self._style("foreground", here))

    def _style(self, color: str, here: bool = False) -> Style:
        variables = self.app.theme_variables
        return _rich_style(variables[color], variables["raised" if here else "surface"], here)


@functools.lru_cache(64)
def _rich_style(color: str, ground: str, bold: bool) -> Style:
    return Style(color=Color.parse(color).rich_color, bgcolor=Color.parse(ground).rich_color, bold=bold or None)
