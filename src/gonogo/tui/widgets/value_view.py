"""The predicted value, large and set as on a drawing: stacked tolerances, frames in boxes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from gonogo.tui.text import one_line, plain
from gonogo.tui.widgets.glyphs import HEIGHT, large

_MAX_LARGE = 60


class PartLike(Protocol):
    """One piece of a typeset value: text with limits stacked to its right, or a box of a frame."""

    @property
    def text(self) -> str: ...
    @property
    def upper(self) -> str: ...
    @property
    def lower(self) -> str: ...
    @property
    def boxed(self) -> bool: ...


class TypesetLike(Protocol):
    """What `gonogo.values.typeset` gives."""

    @property
    def parts(self) -> Sequence[PartLike]: ...
    @property
    def rows(self) -> Sequence[str]: ...


class ValueView(Widget):
    """Fixed height; `show` never moves anything around it."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ValueView { height: 5; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._value: Any = None
        self._rows: tuple[int, int, Content] | None = None
        self.dim_note = ""

    def show(self, value: Any) -> None:
        self._value, self._rows = value, None
        self.refresh()

    def render(self) -> Content:
        width, height = self.content_size
        if self._rows is None or self._rows[:2] != (width, height):
            self._rows = (width, height, lay_out(self._value, width, height))
        return self._rows[2]


def lay_out(value: Any, width: int, height: int) -> Content:
    """`value` as large as `width` × `height` cells allow: large lettering, else the drawing's rows, else its text."""
    from gonogo.values import typeset

    if value is None:
        return Content.styled("no value was read", "$quiet")
    setting = typeset(value)
    rows = large_rows(setting) if height >= HEIGHT else None
    if rows is None or max(map(cell_len, rows)) > width:
        rows = small_rows(setting, width, height)
    above = "\n" if height - len(rows) >= 2 else ""
    return Content(above) + Content.styled("\n".join(rows), "bold $strong")


def large_rows(setting: TypesetLike) -> list[str] | None:
    """Three rows of large lettering; `None` when a box, a long text or an unknown character asks for the small way."""
    top = middle = bottom = ""
    for number, part in enumerate(setting.parts):
        letters = large(part.text) if len(part.text) <= _MAX_LARGE else None
        if part.boxed or letters is None:
            return None
        gap = "  " if number else ""
        upper, lower = one_line(part.upper), one_line(part.lower)
        stack = max(cell_len(upper), cell_len(lower))
        space = " " if stack else ""
        top += gap + letters[0] + space + _filled(upper, stack)
        middle += gap + letters[1] + space + " " * stack
        bottom += gap + letters[2] + space + _filled(lower, stack)
    return [top, middle, bottom] if top else None


def small_rows(setting: TypesetLike, width: int, height: int) -> list[str]:
    """The rows in normal size; one long row is wrapped to the room there is, the rest cut with a sign."""
    rows = [plain(row).replace("\n", " ") for row in setting.rows] or [""]
    if len(rows) == 1:
        rows = _wrapped(rows[0], width)
    if len(rows) > height:
        rows = [*rows[: max(height - 1, 0)], rows[max(height - 1, 0)][: max(width - 2, 0)] + " …"]
    return [row if cell_len(row) <= width else row[: max(width - 1, 0)] + "…" for row in rows]


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(text, max(width, 1)) or [""]


def _filled(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
