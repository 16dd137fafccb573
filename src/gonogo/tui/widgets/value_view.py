"""Value view: the predicted value, large and typeset as on a drawing: stacked tolerances, frames in boxes."""

from __future__ import annotations

import textwrap
from typing import Any

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.widget import Widget

from gonogo.tui.text import one_line, plain
from gonogo.tui.widgets.large_text import HEIGHT, large_lettering
from gonogo.values import Part, Typeset, typeset

_MAX_LARGE = 60


class ValueView(Widget):
    """Widget of fixed height for one value; `show` never moves its neighbours."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "ValueView { height: 5; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._value: Any = None
        self._cache: list[tuple[Any, int, int, Content]] = []

    def show(self, value: Any) -> None:
        self._value = value
        self.refresh()

    def prebuild(self, value: Any) -> None:
        """Typesets a value that will be shown next."""
        self._content(value)

    def render(self) -> Content:
        return self._content(self._value)

    def _content(self, value: Any) -> Content:
        width, height = self.content_size
        for cached_value, *size, content in self._cache:
            if cached_value is value and size == [width, height]:
                return content
        content = lay_out(value, width, height)
        self._cache = [*self._cache[-2:], (value, width, height, content)]
        return content


def lay_out(value: Any, width: int, height: int) -> Content:
    """Lays out `value` as large as `width` × `height` cells allow: large lettering, else rows, else text."""
    if value is None:
        return Content.styled("no value was read", "$quiet")
    setting = typeset(value)
    rows = large_rows(setting, width) if height >= HEIGHT else None
    if rows is None:
        rows = small_rows(setting, width, height)
    above = "\n" if height - len(rows) >= 2 else ""
    return Content(above) + Content.styled("\n".join(rows), "bold $strong")


def large_rows(setting: Typeset, width: int) -> list[str] | None:
    """Three rows of large lettering; `None` when a box, a long text or an unknown character needs normal size."""
    if any(part.boxed or len(part.text) > _MAX_LARGE for part in setting.parts):
        return None
    stacks = [_stack(part) for part in setting.parts]
    gaps = 2 * (len(setting.parts) - 1)
    room = width - gaps - sum(len(stack[0]) for stack in stacks)
    rows = ["", "", ""]
    for part, stack in zip(setting.parts, stacks, strict=True):
        letters = large_lettering(part.text, room)
        if letters is None:
            return None
        room -= cell_len(letters[0])
        gap = "  " if rows[0] else ""
        rows = [row + gap + letter + limit for row, letter, limit in zip(rows, letters, stack, strict=True)]
    return rows if rows[0] else None


def _stack(part: Part) -> tuple[str, str, str]:
    """Limits of a part, upper over lower, one cell right of its text."""
    upper, lower = one_line(part.upper), one_line(part.lower)
    width = max(cell_len(upper), cell_len(lower))
    if not width:
        return "", "", ""
    return f" {_filled(upper, width)}", " " * (width + 1), f" {_filled(lower, width)}"


def small_rows(setting: Typeset, width: int, height: int) -> list[str]:
    """Rows in normal size; too wide ones are wrapped into the height, then cut with `…`."""
    rows = _frame(setting) or [plain(row).replace("\n", " ") for row in setting.rows] or [""]
    if max(map(cell_len, rows)) > width:
        rows = _wrapped(" ".join(plain(row) for row in setting.rows), width)
    if len(rows) > height:
        last = rows[max(height - 1, 0)]
        rows = [*rows[: max(height - 1, 0)], set_cell_size(last, max(width - 2, 0)).rstrip() + " …"]
    return [row if cell_len(row) <= width else set_cell_size(row, max(width - 1, 0)) + "…" for row in rows]


def _frame(setting: Typeset) -> list[str]:
    """Feature control frame with padded boxes; empty if the value is not one frame."""
    if not setting.parts or not all(part.boxed for part in setting.parts):
        return []
    boxes = [f" {one_line(part.text)} " for part in setting.parts]
    lines = ["─" * cell_len(box) for box in boxes]
    return ["┌" + "┬".join(lines) + "┐", "│" + "│".join(boxes) + "│", "└" + "┴".join(lines) + "┘"]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 1)) or [""]


def _filled(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
