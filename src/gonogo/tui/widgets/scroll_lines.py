"""Scrolled lines: a widget that pages through text, and shows how many lines are hidden above and below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.content import Content
from textual.widget import Widget

from gonogo.schemas.counted_nouns import counted

Lines = Sequence[Content]


class ScrollLines(Widget):
    """Lines in a fixed area, from `self._first` on; replaced without a layout pass.

    Lines are written for the width that the area has when it is painted: the layout may have changed since `show`.
    """

    ALLOW_SELECT = False
    DEFAULT_CSS = "ScrollLines { height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._write: Callable[[int], Lines] = lambda _: ()
        self._first = 0

    def show(self, write: Callable[[int], Lines]) -> None:
        """Shows the lines that `write` returns for a width."""
        self._write = write
        self.refresh()

    @property
    def _lines(self) -> Lines:
        return self._write(self.content_size.width)

    def to_top(self) -> None:
        self._first = 0

    def page(self, direction: int) -> None:
        """Scrolls one page down (1) or up (-1), as far as there are lines."""
        step = max(self.content_size.height - 2, 1)
        last = max(len(self._lines) - self.content_size.height + (self._first == 0), 0)
        self._first = min(max(self._first + direction * step, 0), last)
        self.refresh()

    def render(self) -> Content:
        height = max(self.content_size.height, 1)
        lines = list(self._lines[self._first :])
        if self._first:
            lines = [Content.styled(f"… {counted(self._first, 'line')} above, PgUp", "$quiet"), *lines[1:]]
        if len(lines) > height:
            hidden = len(lines) - height + 1
            lines = [*lines[: height - 1], Content.styled(f"… {counted(hidden, 'more line')}, PgDn", "$quiet")]
        return Content("\n").join(lines)
