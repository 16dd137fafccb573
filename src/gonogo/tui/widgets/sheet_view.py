"""The drawing in its frame. Whole rows are made and encoded when the picture arrives; painting hands them over."""

from __future__ import annotations

from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from gonogo.sheets.types import NoPicture, Picture
from gonogo.tui.text import one_line
from gonogo.tui.widgets.cells import Inks, Painter, with_locator

Shown = Picture | NoPicture | None
_KEPT = 6


@dataclass(frozen=True, slots=True)
class _Made:
    """Rows ready to write, and what they were made from."""

    shown: Shown
    title: str
    size: Size
    colors: tuple[str, ...]
    inverted: bool
    strips: list[Strip]


class SheetView(Widget):
    """Shows a `Picture`, or in words why there is none. Draws its own frame, so that a row is one strip."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "SheetView { width: 1fr; height: 1fr; }"

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._shown: Shown = None
        self._title = ""
        self._note = ""
        self._made: list[_Made] = []
        self._painters: dict[tuple[str, ...], Painter] = {}
        self.inverted = False

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and rows inside the frame."""
        return max(self.size.width - 2, 0), max(self.size.height - 2, 0)

    @property
    def shown(self) -> Shown:
        return self._shown

    def show(self, shown: Shown, title: str) -> None:
        """Put `shown` on the screen at the next paint; `None` says that the drawing is on its way."""
        self._shown, self._title = shown, title
        self.refresh()

    def prebuild(self, shown: Picture | NoPicture, title: str) -> None:
        """Make the rows of a picture that will be shown next."""
        if self.size:
            self._rows(shown, title)

    def toggle_inverted(self) -> None:
        self.inverted = not self.inverted
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        rows = self._rows(self._shown, self._title)[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return rows
        return [row.crop(*crop.column_span) for row in rows]

    def render_line(self, y: int) -> Strip:
        rows = self._rows(self._shown, self._title)
        return rows[y] if y < len(rows) else Strip.blank(self.size.width)

    def _rows(self, shown: Shown, title: str) -> list[Strip]:
        colors = self._colors()
        for made in self._made:
            same = made.shown is shown and made.title == title and made.colors == colors
            if same and made.size == self.size and made.inverted == self.inverted:
                return made.strips
        strips = self._make(shown, title, colors)
        self._made = [*self._made[1 - _KEPT :], _Made(shown, title, self.size, colors, self.inverted, strips)]
        return strips

    def _colors(self) -> tuple[str, ...]:
        names = ("drawing-paper", "drawing-ink", "drawing-mark", "line", "quiet", "foreground", "strong", "surface")
        variables = self.app.theme_variables
        if self.app.no_color:  # the rows pass no line filter, so greys are chosen here
            return tuple(Color.parse(variables[name]).monochrome.hex for name in names)
        return tuple(variables[name] for name in names)

    def _make(self, shown: Shown, title: str, colors: tuple[str, ...]) -> list[Strip]:
        paper, ink, mark, line, quiet, text, strong, pane = colors
        inks = Inks(paper, ink, mark, quiet)
        key = (*colors, str(self.inverted))
        if key not in self._painters:
            self._painters = {key: Painter(inks.inverted() if self.inverted else inks)}
        width, height = self.size
        frame = _Frame(width, _style(line, pane), _style(quiet, pane))
        if isinstance(shown, Picture):
            inside = self._picture(shown, self._painters[key], frame.edge)
            note, mode = shown.note or "", shown.grid.mode.value
        else:
            inside = _words(shown, width - 2, height - 2, _style(strong, pane), _style(text, pane))
            note, mode = "", ""
        inside = [frame.side(row) for row in inside[: max(height - 2, 0)]]
        rows = [frame.top(title), *inside, frame.bottom(note, mode)]
        return self._encoded(rows[:height])

    def _picture(self, picture: Picture, painter: Painter, edge: Style) -> list[list[Segment]]:
        """The cells, centred in the frame: a picture made for another size is cut or padded, never stretched."""
        columns, rows = self.cells
        painted = painter.paint(with_locator(picture.grid, picture.locator))
        width = picture.grid.width
        blank = Segment(" " * columns, edge)
        left = max((columns - width) // 2, 0)
        right = max(columns - width - left, 0)
        pad = [Segment(" " * left, edge)] if left else []
        tail = [Segment(" " * right, edge)] if right else []
        lines = [[*pad, *row, *tail] for row in painted]
        if width > columns:
            lines = [list(Strip(row, width).crop(0, columns)) for row in lines]
        above = max((rows - len(lines)) // 2, 0)
        return [*([blank] for _ in range(above)), *lines, *([blank] for _ in range(max(rows - above - len(lines), 0)))]

    def _encoded(self, rows: list[list[Segment]]) -> list[Strip]:
        """Terminal bytes made now: the strip keeps them. Cells and labels are clean already, so no filter is needed."""
        strips = [Strip(row, self.size.width) for row in rows]
        for strip in strips:
            strip.render(self.app.console)
        return strips


class _Frame:
    """The line around the drawing, with a title in its upper and a note in its lower edge."""

    def __init__(self, width: int, edge: Style, caption: Style) -> None:
        self.width = width
        self.edge = edge
        self.caption = caption

    def top(self, title: str) -> list[Segment]:
        return self._with_label("╭", title, "╮")

    def bottom(self, note: str, mode: str) -> list[Segment]:
        """What was put right at the left, how the picture is drawn at the right."""
        return self._with_label("╰", note, "╯", mode)

    def side(self, inside: list[Segment]) -> list[Segment]:
        return [Segment("│", self.edge), *inside, Segment("│", self.edge)]

    def _with_label(self, left: str, text: str, right: str, end: str = "") -> list[Segment]:
        room = self.width - 6
        tail = [Segment(f" {end} ", self.caption), Segment("─" + right, self.edge)] if end and len(end) < room else []
        room -= len(end) + 3 if tail else 0
        label = one_line(text, room) if room > 0 else ""
        head = [Segment(left + "─", self.edge), *([Segment(f" {label} ", self.caption)] if label else [])]
        tail = tail or [Segment(right, self.edge)]
        free = self.width - sum(segment.cell_length for segment in (*head, *tail))
        if free < 0:
            return [Segment(left + "─" * max(self.width - 2, 0) + right, self.edge)]
        return [*head, Segment("─" * free, self.edge), *tail]


def _style(color: str, background: str) -> Style:
    return Style(color=Color.parse(color).rich_color, bgcolor=Color.parse(background).rich_color)


def _words(shown: NoPicture | None, width: int, height: int, strong: Style, text: Style) -> list[list[Segment]]:
    """A card in the middle of the empty frame: what is missing, why, and what to do."""
    lines: list[tuple[str, Style]] = []
    if shown is None:
        lines = [("The drawing is on its way …", text)]
    else:
        lines = [("No drawing to show", strong), ("", text)]
        lines += [(line, text) for line in _wrapped(shown.reason, min(width - 4, 56))]
        lines += [("", text), *((line, text) for line in _wrapped(shown.next_step, min(width - 4, 56)))]
        if shown.retry:
            lines += [("", text), ("r  try again", strong)]
        if shown.neighbours:
            lines += [("", text), ("On the sheet near it", strong)]
            lines += [(one_line(near, min(width - 4, 56)), text) for near in shown.neighbours]
    lines = lines[: max(height, 0)]
    above = max((height - len(lines)) // 2, 0)
    blank = Segment(" " * max(width, 0), text)
    middle = [_centred(line, style, width) for line, style in lines]
    return [*([blank] for _ in range(above)), *middle, *([blank] for _ in range(max(height - above - len(middle), 0)))]


def _centred(line: str, style: Style, width: int) -> list[Segment]:
    free = max(width - Segment(line).cell_length, 0)
    left = free // 2
    segments = [Segment(" " * left, style), Segment(line, style), Segment(" " * (free - left), style)]
    return [segment for segment in segments if segment.text]


def _wrapped(text: str, width: int) -> list[str]:
    import textwrap

    return textwrap.wrap(one_line(text, 600), max(width, 8))
