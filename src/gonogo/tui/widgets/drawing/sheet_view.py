"""Sheet view: the widget that shows the drawing in its frame, with title and marked box. Rows are built and encoded
when the picture arrives; painting returns them.

Where the terminal draws pixels, the rows are empty (Sixel) or made of placeholders (Kitty), and `pixel_view` does the
rest; under a window cells are shown instead.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.events import MouseDown, MouseScrollDown, MouseScrollUp, MouseUp
from textual.geometry import Offset, Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from gonogo.sheets.models import Box, CellGrid, NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.text_fallback import draw_outline
from gonogo.tui.actions import key_name
from gonogo.tui.layout.arrangement import Edges
from gonogo.tui.text import one_line
from gonogo.tui.widgets.drawing.picture_painter import Inks, Painter, with_locator
from gonogo.tui.widgets.drawing.pixel_protocols import PixelProtocol, fits_pane, pixel_protocol
from gonogo.tui.widgets.drawing.sheet_frame import NO_MAP, Frame

if TYPE_CHECKING:
    from gonogo.tui.terminal.capabilities import TerminalCapabilities

Shown = Picture | NoPicture | None
Bbox = tuple[float, ...] | None
_PAGE = (297.0, 210.0)
_MAP = (24, 9)
"""Page size of an unknown sheet, and columns and rows of its outline."""
_CACHE_SIZE = 6


@dataclass(frozen=True, slots=True)
class _BuiltRows:
    """Rows ready to write, with the inputs they were built from."""

    shown: Shown
    title: str
    size: Size
    edges: Edges
    colors: tuple[str, ...]
    inverted: bool
    pixels: bool
    bbox: Bbox
    strips: list[Strip]


class SheetView(Widget):
    """Widget of a `Picture`, or of the reason why there is none. Draws its own frame, so that a row is one strip."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "SheetView { width: 1fr; height: 1fr; }"

    class Zoomed(Message):
        """Message: the wheel was turned; `direction` is 1 for closer, -1 for away."""

        def __init__(self, direction: int) -> None:
            super().__init__()
            self.direction = direction

    class Dragged(Message):
        """Message: the drawing was dragged to the right and down, in shares of its width and height."""

        def __init__(self, x: float, y: float) -> None:
            super().__init__()
            self.x, self.y = x, y

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._drag_from: Offset | None = None
        self._shown: Shown = None
        self._title = ""
        self._bbox: Bbox = None
        self._cache: list[_BuiltRows] = []
        self._painters: dict[tuple[str, ...], Painter] = {}
        self._protocols: dict[PictureMode, PixelProtocol] = {}
        self._sixel_region: Region | None = None
        self.inverted = False
        self.edges = Edges()

    @property
    def cells(self) -> tuple[int, int]:
        """Columns and rows inside the frame."""
        return self.edges.inside(self.size.width, self.size.height)

    @property
    def shown(self) -> Shown:
        return self._shown

    def show(self, shown: Shown, title: str, bbox: Bbox = None) -> None:
        """Shows `shown` at the next paint; `None` while the drawing is being fetched.

        Without a picture, a `bbox` in fractions of the page is shown on an empty sheet.
        """
        before, self._shown, self._title, self._bbox = self._shown, shown, title, bbox
        if self._only_pixels_changed(before):  # the cells under them are empty, before and after
            lower = [Region(0, self.size.height - 1, self.size.width, 1)] if self.edges.bottom else []
            self.refresh(Region(0, 0, self.size.width, 1), *lower)
        else:
            self.refresh()

    def prebuild(self, shown: Picture | NoPicture, title: str) -> None:
        """Builds the rows of a picture that will be shown next."""
        if self.size:
            self._rows(shown, title)

    def toggle_inverted(self) -> None:
        self.inverted = not self.inverted
        for protocol in self._protocols.values():
            protocol.picture_changed()
        self.refresh()

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        event.stop()
        self.post_message(self.Zoomed(1))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        event.stop()
        self.post_message(self.Zoomed(-1))

    def on_mouse_down(self, event: MouseDown) -> None:
        self._drag_from = event.screen_offset
        self.capture_mouse()

    def on_mouse_up(self, event: MouseUp) -> None:
        """Ends a drag; the drawing moves once, as each view of it is rendered anew."""
        start, self._drag_from = self._drag_from, None
        self.release_mouse()
        if start is not None and min(self.cells) > 0 and (by := event.screen_offset - start):
            self.post_message(self.Dragged(by.x / self.cells[0], by.y / self.cells[1]))

    def on_unmount(self) -> None:
        """Removes the pictures from the terminal."""
        terminal = self._terminal
        for protocol in self._protocols.values():
            protocol.remove()
        if terminal is not None and self._after_frame in terminal.overlays:
            terminal.overlays.remove(self._after_frame)

    def render_lines(self, crop: Region) -> list[Strip]:
        self._wipe_sixels()
        rows = self._rows(self._shown, self._title)[crop.y : crop.bottom]
        if crop.column_span == (0, self.size.width):
            return rows
        return [row.crop(*crop.column_span) for row in rows]

    def render_line(self, y: int) -> Strip:
        rows = self._rows(self._shown, self._title)
        return rows[y] if y < len(rows) else Strip.blank(self.size.width)

    def _rows(self, shown: Shown, title: str) -> list[Strip]:
        colors = self._colors()
        pixels = self._in_pixels(shown)
        for built in self._cache:
            same = built.shown is shown and built.title == title and built.colors == colors and built.pixels == pixels
            same = same and (built.bbox == self._bbox or not isinstance(shown, NoPicture))
            same = same and built.edges == self.edges
            if same and built.size == self.size and built.inverted == self.inverted:
                return built.strips
        strips = self._build(shown, title, colors, pixels)
        built = _BuiltRows(shown, title, self.size, self.edges, colors, self.inverted, pixels, self._bbox, strips)
        self._cache = [*self._cache[1 - _CACHE_SIZE :], built]
        return strips

    # --- pixels ----------------------------------------------------------------------------------------

    @property
    def _terminal(self) -> TerminalCapabilities | None:
        return getattr(self.app, "terminal", None)

    def _in_pixels(self, shown: Shown) -> bool:
        """Returns whether `shown` is drawn in pixels: not under a window, nor with another size."""
        if not isinstance(shown, Picture) or shown.pixel_mode is None:
            return False
        terminal = self._terminal
        if (
            terminal is None
            or terminal.write is None
            or not terminal.pixels_shown
            or self.app.screen is not self.screen
        ):
            return False
        return fits_pane(shown, self.cells, terminal.cell)

    def _only_pixels_changed(self, before: Shown) -> bool:
        """Registers a new Sixel picture; returns whether it covers exactly the region of the previous one."""
        shown = self._shown
        protocol = self._protocol(shown)
        if protocol is None or not protocol.overlays or not isinstance(shown, Picture) or not self._in_pixels(shown):
            return False
        protocol.picture_changed()
        return (
            isinstance(before, Picture)
            and (shown.pixel_mode, shown.pixel_size) == (before.pixel_mode, before.pixel_size)
            and self._in_pixels(before)
        )

    def _wipe_sixels(self) -> None:
        """Erases Sixel pixels before cells replace them: they would show through characters that a font lacks."""
        terminal = self._terminal
        if self._sixel_region is None or self._in_pixels(self._shown) or terminal is None or terminal.write is None:
            return
        place, self._sixel_region = self._sixel_region, None
        rows = range(place.y + 1, place.bottom + 1)
        terminal.write("\x1b[0m" + "".join(f"\x1b[{row};{place.x + 1}H{' ' * place.width}" for row in rows))

    def _protocol(self, shown: Shown) -> PixelProtocol | None:
        """Protocol of a picture in pixels; `None` before it was drawn."""
        if not isinstance(shown, Picture) or shown.pixel_mode is None:
            return None
        return self._protocols.get(shown.pixel_mode)

    def _inks(self, colors: tuple[str, ...]) -> Inks:
        paper, ink, mark, _, quiet, *_ = colors
        inks = Inks(paper, ink, mark, quiet)
        return inks.inverted() if self.inverted else inks

    def _after_frame(self, frame: str) -> str:
        """Returns the commands that must follow `frame` so that the Sixel picture is whole."""
        shown, protocol = self._shown, self._protocol(self._shown)
        if protocol is None or not isinstance(shown, Picture) or not self._in_pixels(shown):
            return ""
        left, top, columns, rows = self._picture_region(shown)
        place = self._sixel_region = Region(self.region.x + left, self.region.y + top, columns, rows)
        inks = self._inks(self._colors())
        return protocol.after_frame(
            frame, shown, inks, place, lambda: [toast.region for toast in self.screen.query("Toast")]
        )

    def _picture_region(self, picture: Picture) -> tuple[int, int, int, int]:
        """Region of the picture in the widget: left, top, columns, rows."""
        columns, rows = self.cells
        width, height = min(picture.grid.width, columns), min(picture.grid.height, rows)
        return self.edges.sides + (columns - width) // 2, 1 + (rows - height) // 2, width, height

    def _pixel_rows(self, picture: Picture, inks: Inks) -> list[list[Segment]]:
        """Cells under the pixels or, for Kitty, in their place."""
        terminal, mode = self._terminal, picture.pixel_mode
        assert terminal is not None
        assert terminal.write is not None
        assert mode is not None
        protocol = self._protocols.get(mode) or pixel_protocol(
            mode, terminal.write, terminal.picture_numbers, tmux=terminal.in_tmux
        )
        self._protocols[mode] = protocol
        if protocol.overlays and self._after_frame not in terminal.overlays:
            terminal.overlays.append(self._after_frame)
        _, _, width, height = self._picture_region(picture)
        return protocol.rows(picture, inks, (width, height))

    # --- rows ------------------------------------------------------------------------------------------

    def _colors(self) -> tuple[str, ...]:
        names = ("drawing-paper", "drawing-ink", "drawing-mark", "line", "quiet", "foreground", "strong", "surface")
        variables = self.app.theme_variables
        if self.app.no_color:  # the rows pass no line filter, so greys are chosen here
            return tuple(Color.parse(variables[name]).monochrome.hex for name in names)
        return tuple(variables[name] for name in names)

    def _build(self, shown: Shown, title: str, colors: tuple[str, ...], pixels: bool) -> list[Strip]:
        _, _, _, line, quiet, text, strong, pane = colors
        inks = self._inks(colors)
        key = (*colors, str(self.inverted))
        if key not in self._painters:
            self._painters = {key: Painter(inks)}
        width, height = self.size
        frame = Frame(width, self.edges, _style(line, pane), _style(quiet, pane))
        columns, lines = self.cells
        if isinstance(shown, Picture):
            painter = self._painters[key]
            cells = self._pixel_rows(shown, inks) if pixels else painter.paint(_with_map(shown))
            inside = self._centred(shown, cells, frame.edge)
            mode = shown.pixel_mode if pixels and shown.pixel_mode else shown.grid.mode
            note = shown.note or (self._no_map() if shown.locator and shown.locator_place is None else "")
        else:
            sheet = _empty_sheet(self._bbox) if shown is not None else ()
            inside = _no_picture_card(shown, columns, lines, _style(strong, pane), _style(text, pane), sheet)
            note, mode = "", None
        rows = frame.around(inside[:lines], title, note, mode.value if mode else "")
        return self._encoded(rows[:height])

    def _no_map(self) -> str:
        """Returns the note that there is no room for the map; empty where no key shows more of the sheet."""
        keys = (
            key for key, each in self.screen.active_bindings.items() if (each.binding.id or "").endswith(".context")
        )
        return next((f"{NO_MAP}: {key_name(key)}" for key in keys), "")

    def _centred(self, picture: Picture, painted: list[list[Segment]], edge: Style) -> list[list[Segment]]:
        """Cells centred in the frame: a picture made for another size is cut or padded, never stretched."""
        columns, rows = self.cells
        width = picture.grid.width
        blank = Segment(" " * columns, edge)
        left, above, _, _ = self._picture_region(picture)
        left, above = left - self.edges.sides, above - 1
        right = max(columns - width - left, 0)
        pad = [Segment(" " * left, edge)] if left else []
        tail = [Segment(" " * right, edge)] if right else []
        lines = [[*pad, *row, *tail] for row in painted]
        if width > columns:
            lines = [list(Strip(row, width).crop(0, columns)) for row in lines]
        return [*([blank] for _ in range(above)), *lines, *([blank] for _ in range(max(rows - above - len(lines), 0)))]

    def _encoded(self, rows: list[list[Segment]]) -> list[Strip]:
        """Strips with their terminal bytes encoded. Cells and labels are clean, so no line filter is needed."""
        strips = [Strip(row, self.size.width) for row in rows]
        for strip in strips:
            strip.render(self.app.console)
        return strips


def _with_map(picture: Picture) -> CellGrid:
    return with_locator(picture.grid, picture.locator, picture.locator_place)


def _style(color: str, background: str) -> Style:
    return Style(color=Color.parse(color).rich_color, bgcolor=Color.parse(background).rich_color)


def _empty_sheet(bbox: Bbox) -> tuple[str, ...]:
    """Outline of a page with the judged box; empty unless the box is in fractions of the page."""
    if bbox is None or len(bbox) < 4 or not all(0 <= number <= 1 for number in bbox[:4]):
        return ()
    (x0, x1), (y0, y1) = sorted((bbox[0], bbox[2])), sorted((bbox[1], bbox[3]))
    return draw_outline(PictureRequest(*_MAP), _PAGE, Box(x0, y0, x1, y1)).rows


def _no_picture_card(
    shown: NoPicture | None, width: int, height: int, strong: Style, text: Style, sheet: tuple[str, ...]
) -> list[list[Segment]]:
    """Card in the middle of the empty frame: what is missing, the reason, the next step, the box on the sheet."""
    lines: list[tuple[str, Style]] = []
    if shown is None:
        lines = [("Loading the drawing …", text)]
    else:
        lines = [("No drawing to show", strong), ("", text)]
        lines += [(line, text) for line in _wrapped(shown.reason, min(width - 4, 56))]
        lines += [("", text), *((line, text) for line in _wrapped(shown.next_step, min(width - 4, 56)))]
        if shown.retry:
            lines += [("", text), ("r  try again", strong)]
        if shown.neighbours:
            lines += [("", text), ("On the sheet near it", strong)]
            lines += [(one_line(neighbour, min(width - 4, 56)), text) for neighbour in shown.neighbours]
        if sheet and len(lines) + len(sheet) < height and _MAP[0] <= width:
            lines += [("", text), *((row, text) for row in sheet)]
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
    return textwrap.wrap(one_line(text, 600), max(width, 8))
