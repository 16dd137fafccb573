"""The cases of a results API as a list of any length: only the lines that are seen are made."""

from __future__ import annotations

from typing import ClassVar

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.color import Color
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from gonogo.desk.results_list import CaseList, CaseRow, Look
from gonogo.tui.text import one_line

_COLORS = {"Flagged": "warning", "Labeled": "correct", "Gold Standard": "accent", "Canceled": "quiet"}
_CASE, _STATE, _BAR, _READS, _LABEL, _BLOCKS = 10, 14, 11, 7, 14, 5


class CaseLines(ScrollView, can_focus=True):
    """`cases` gives the rows."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "CaseLines { height: 1fr; overflow-x: hidden; }"
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

    def __init__(self, cases: CaseList, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.cases = cases
        self.cursor = 0

    def update(self) -> None:
        """Rows came or changed."""
        self.cursor = min(self.cursor, max(self.cases.count - 1, 0))
        size = Size(self.scrollable_content_region.width, self.cases.count)
        if size != self.virtual_size:
            self.virtual_size = size
        self.refresh()

    def on_resize(self) -> None:
        self.update()

    def move_to(self, index: int) -> None:
        """Put the cursor on a row, and show it."""
        self.cursor = min(max(index, 0), max(self.cases.count - 1, 0))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()
        self.post_message(self.Moved())

    def action_move(self, by: int) -> None:
        self.move_to(self.cursor + by)

    def action_move_page(self, by: int) -> None:
        self.move_to(self.cursor + by * max(self.size.height - 1, 1))

    def action_move_to(self, index: int) -> None:
        self.move_to(index if index >= 0 else self.cases.count - 1)

    def on_click(self, event: object) -> None:
        y = getattr(event, "y", 0) + self.scroll_offset.y
        if y == self.cursor:
            self.post_message(self.Opened())
        else:
            self.move_to(y)

    def render_line(self, y: int) -> Strip:
        index, width = y + self.scroll_offset.y, self.size.width
        row = self.cases.row(index)
        if row is None:
            return Strip.blank(width, self._style("foreground"))
        here = index == self.cursor
        segments = [Segment(text, self._style(color, here)) for text, color in cells(row, here, width)]
        return Strip(segments).adjust_cell_length(width, self._style("foreground", here))

    def _style(self, color: str, here: bool = False) -> Style:
        variables = self.app.theme_variables
        ground = variables["raised"] if here else variables["surface"]
        found = Color.parse(variables[color]).rich_color
        return Style(color=found, bgcolor=Color.parse(ground).rich_color, bold=here or None)


def cells(row: CaseRow, here: bool, width: int) -> list[tuple[str, str]]:
    """The texts of a line with their colours. What a case is about gives way first in a narrow terminal."""
    start = [("▸ " if here else "  ", "accent"), (_fit(str(row.case_id), _CASE), "strong")]
    start += [(_fit(one_line(row.state, 40), _STATE), _COLORS.get(row.state, "foreground"))]
    start += [
        (_fit(share_bar(row.agreement), _BAR), "foreground"),
        (_fit(share_bar(row.difficulty), _BAR), "foreground"),
    ]
    if width >= 100:
        start += [(_fit("–" if row.n_reads is None else str(row.n_reads), _READS), "quiet")]
    start += [(_fit(one_line(row.label, 60) or "–", _LABEL), "strong")]
    used = sum(cell_len(text) for text, _ in start)
    return [*start, (_fit(one_line(row.about, 200), max(width - used, 2)), "quiet")]


def head(width: int, look: Look) -> str:
    """The titles above the columns; the one that orders the list is marked."""
    usual = {"difficulty": "▼"}

    def title(name: str, size: int, shown: str | None = None) -> str:
        mark = usual.get(name, "▲")
        if look.reverse:
            mark = "▲" if mark == "▼" else "▼"
        return _fit((shown or name) + (f" {mark}" if look.sort == name else ""), size)

    told = "  " + title("case", _CASE) + title("state", _STATE) + title("agreement", _BAR, "agree")
    told += title("difficulty", _BAR, "difficult" if look.sort != "difficulty" else "diffic.")
    told += (_fit("reads", _READS) if width >= 100 else "") + _fit("label", _LABEL)
    return told + _fit("about", max(width - cell_len(told), 2))


def share_bar(share: float | None) -> str:
    """`.67 ▮▮▮▯▯`: the number first, the bar beside it; `–` for none."""
    if share is None:
        return "–"
    filled = int(share * _BLOCKS + 0.5)
    number = "1.0" if share >= 0.995 else f"{share:.2f}"[1:]
    return f"{number} " + "▮" * filled + "▯" * (_BLOCKS - filled)


def _fit(text: str, width: int) -> str:
    """Exactly `width` cells; what is cut ends in a sign, and one cell stays free."""
    if cell_len(text) > width - 1:
        text = set_cell_size(text, max(width - 2, 0)) + "…"
    return set_cell_size(text, width)
