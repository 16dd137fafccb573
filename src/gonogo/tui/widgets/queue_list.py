"""The review queue as a list of any length: only the lines that are seen are made, from rows fetched by pages."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ClassVar, Protocol

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gonogo.desk.review_types import QueueRow, Ruled
from gonogo.tui.text import one_line
from gonogo.tui.widgets.lines import SIGNS, short_id
from gonogo.tui.widgets.value_view import value_text

SHORT_WHY = {
    "tie": "tie", "verdicts": "verdicts differ", "values": "values differ", "unsafe": "not safe", "sample": "sample",
    "listed": "listed", "ruled": "ruled", "plain": "in review",
}  # fmt: skip
_STATUS = {"open": "open", "resolved": "resolved", "in_review": "waits"}
_WHY_WIDTH, _STATE_WIDTH, _HARM_WIDTH, _VOTES_WIDTH, _KIND_WIDTH, _SHEET_WIDTH = 16, 10, 10, 12, 16, 12


class Rows(Protocol):
    """What the list shows; `gonogo.desk.review_queue.ReviewQueue` is one."""

    count: int | None

    def row(self, index: int | None) -> QueueRow | None: ...
    def want(self, index: int) -> None: ...


class QueueList(ScrollView, can_focus=True):
    """`rows` gives the rows, `ruled` what became of a task in this session."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "QueueList { height: 1fr; overflow-x: hidden; }"
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

    def __init__(self, rows: Rows, ruled: Callable[[str], Ruled | None], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = rows
        self._ruled = ruled
        self.cursor = 0

    def update(self) -> None:
        """Rows came or changed."""
        count = self._rows.count or 0
        self.cursor = min(self.cursor, max(count - 1, 0))
        size = Size(self.scrollable_content_region.width, count)
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self) -> None:
        self.update()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and show it."""
        count = self._rows.count or 0
        self.cursor = min(max(index, 0), max(count - 1, 0))
        self._rows.want(self.cursor + self.size.height)
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        self.move_to(index if index >= 0 else (self._rows.count or 1) - 1)

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0) + self.scroll_offset.y
        if y == self.cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(y)

    # --- drawing ---------------------------------------------------------------------------------------

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.size.width
        if index >= (self._rows.count or 0):
            return Strip.blank(width, self._style("foreground"))
        row = self._rows.row(index)
        here = index == self.cursor
        if row is None:
            self._rows.want(index)
            cells = [(f"  {index + 1}  …  fetching", "quiet")]
        else:
            cells = self._cells(row, index, here, width)
        segments = [Segment(text, self._style(color, here)) for text, color in cells]
        return Strip(segments).adjust_cell_length(width, self._style("foreground", here))

    def _style(self, color: str, here: bool = False) -> Style:
        variables = self.app.theme_variables
        return _rich_style(variables[color], variables["raised" if here else "surface"], here)

    def _cells(self, row: QueueRow, index: int, here: bool, width: int) -> list[tuple[str, str]]:
        state, color = state_of(row, self._ruled(row.task.id))
        cells = [("▸ " if here else "  ", "accent"), (_fit(state, _STATE_WIDTH), color)]
        cells += [(_fit(harm_bar(row.harm), _HARM_WIDTH), "foreground")]
        tail = [(_fit(votes_text(row), _VOTES_WIDTH), "foreground"), (_fit(_why(row), _WHY_WIDTH), "quiet")]
        if width >= 100:
            kind = row.task.detail_kind or row.task.target_kind
            tail += [(_fit(one_line(kind, 40), _KIND_WIDTH), "quiet"), (_fit(_sheet(row), _SHEET_WIDTH), "quiet")]
        used = sum(cell_len(text) for text, _ in (*cells, *tail))
        shown = value_text(row.task.predicted_value, 200) or one_line(row.task.prompt, 200)
        return [*cells, (_fit(shown, max(width - used, 4)), "strong"), *tail]


@functools.lru_cache(64)
def _rich_style(color: str, ground: str, bold: bool) -> Style:
    return Style(color=Color.parse(color).rich_color, bgcolor=Color.parse(ground).rich_color, bold=bold or None)


def head(width: int) -> str:
    """The titles above the columns."""
    fixed = _fit("  state", _STATE_WIDTH + 2) + _fit("harm", _HARM_WIDTH)
    tail = _fit("votes", _VOTES_WIDTH) + _fit("why", _WHY_WIDTH)
    if width >= 100:
        tail += _fit("kind", _KIND_WIDTH) + _fit("drawing", _SHEET_WIDTH)
    return fixed + _fit("read value", max(width - len(fixed) - len(tail), 4)) + tail


def state_of(row: QueueRow, ruled: Ruled | None) -> tuple[str, str]:
    """A word and a colour: what became of the task here, else its status."""
    if ruled is not None:
        return ("! refused", "warning") if ruled.refused else ("✓ ruled", "correct")
    if row.adjudicated:
        return "✓ settled", "quiet"
    return _STATUS.get(row.status, one_line(row.status, 9) or "waits"), "foreground"


def harm_bar(harm: float | None) -> str:
    """`.45 ▮▮▮▯▯`: the number first, the bar beside it."""
    if harm is None:
        return "–"
    filled = round(min(max(harm, 0.0), 1.0) * 4)
    return f"{harm:.2f} " + "▮" * filled + "▯" * (4 - filled)


def votes_text(row: QueueRow) -> str:
    """`✓2 ✗1 ?1`."""
    usual = list(SIGNS)
    ordered = sorted(row.verdicts, key=lambda vote: usual.index(vote[0]) if vote[0] in usual else len(usual))
    return " ".join(f"{SIGNS.get(word, ('•', ''))[0]}{count}" for word, count in ordered) or "–"


def _why(row: QueueRow) -> str:
    return SHORT_WHY.get(row.why, one_line(row.why, 15))


def _sheet(row: QueueRow) -> str:
    part = dict(row.task.links).get("part") or row.task.part_revision_id or ""
    return short_id(part)


def _fit(text: str, width: int) -> str:
    """Exactly `width` cells; what is cut ends in a sign, and one cell stays free."""
    if cell_len(text) > width - 1:
        text = set_cell_size(text, max(width - 2, 0)) + "…"
    return set_cell_size(text, width)
