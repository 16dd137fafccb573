"""Pixel protocols: show a drawing as real pixels in the terminal, by Kitty's or Sixel graphics.

A picture is sent once, not with every repaint.

Kitty's pictures are shown by text, so a frame is a frame like any other. A Sixel picture lies on the cells and is gone
where text is written over it: `SixelPixels` reads each frame that leaves, and sends the picture again after one that
wrote where it lies.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region

from gonogo.sheets.models import Picture
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.terminal import kitty
from gonogo.sheets.terminal.sixel import sixel
from gonogo.tui.widgets.drawing.picture_painter import Inks

_GREYS = 14
_MAX_PICTURES = 6
_MOVE = re.compile(r"\x1b\[([0-9]{1,4});([0-9]{1,4})H")


def palette_of(inks: Inks) -> tuple[str, ...]:
    """Palette of a plane (see `sheets.render.indexed_pixels`) in these inks: `#rrggbb` by index."""
    ink, paper = Color.parse(inks.ink), Color.parse(inks.paper)
    greys = (ink.blend(paper, step / (_GREYS - 1)).hex6 for step in range(_GREYS))
    return (*greys, Color.parse(inks.mark).hex6, Color.parse(inks.line).hex6)


def fits_pane(picture: Picture, cells: tuple[int, int], cell: tuple[int, int]) -> bool:
    """Returns whether a picture's pixels have the size of a pane; `cell` is a cell's size in pixels."""
    width, height = picture.grid.width, picture.grid.height
    if picture.pixel_mode is None or width > cells[0] or height > cells[1]:
        return False
    return picture.pixel_mode is PictureMode.KITTY or picture.pixel_size == (width * cell[0], height * cell[1])


def placeholder_rows(number: int, columns: int, rows: int, paper: str) -> list[list[Segment]]:
    """Placeholder text of picture `number`, whose id is the number of a palette colour."""
    style = Style(color=RichColor.from_ansi(number), bgcolor=Color.parse(paper).rich_color)
    return [[Segment(text, style)] for text in kitty.placeholders(columns, rows)]


class PixelProtocol(Protocol):
    """Protocol of real pixels, for the pictures of one sheet view."""

    overlays: ClassVar[bool]
    """Whether pixels lie over the cells, so that `after_frame` must be asked after each frame."""

    def rows(self, picture: Picture, inks: Inks, size: tuple[int, int]) -> list[list[Segment]]:
        """Text under the pixels, or in their place, on `size` cells (columns, rows)."""
        ...

    def picture_changed(self) -> None:
        """Called when the picture or its colours change with the next frame."""
        ...

    def after_frame(
        self, frame: str, picture: Picture, inks: Inks, place: Region, covers: Callable[[], Sequence[Region]]
    ) -> str:
        """Commands that must follow `frame`; `place` is the picture's region, `covers` returns regions over it."""
        ...

    def remove(self) -> None:
        """Removes all pictures from the terminal."""
        ...


def pixel_protocol(
    mode: PictureMode, write: Callable[[str], None], numbers: kitty.PictureNumbers, *, tmux: bool
) -> PixelProtocol:
    """Protocol of a pixel mode; `write` sends commands to the terminal, `numbers` are its ids for pictures."""
    return KittyPixels(write, numbers, tmux=tmux) if mode is PictureMode.KITTY else SixelPixels()


class KittyPixels:
    """Kitty graphics: the terminal holds the last pictures, and placeholder characters show them."""

    overlays: ClassVar[bool] = False

    def __init__(self, write: Callable[[str], None], numbers: kitty.PictureNumbers, *, tmux: bool) -> None:
        self._write, self._numbers, self._tmux = write, numbers, tmux
        self._sent: list[tuple[Picture, tuple[str, ...], int]] = []

    def number(self, picture: Picture, palette: tuple[str, ...]) -> int:
        """Id of `picture` in these colours; sends the picture unless the terminal holds it."""
        for sent, colors, sent_number in self._sent:
            if sent is picture and colors == palette:
                return sent_number
        number = self._numbers.take()
        data = kitty.png(picture.pixels, picture.pixel_size, palette)
        size = min(picture.grid.width, kitty.SIDE_MOST), min(picture.grid.height, kitty.SIDE_MOST)
        self._write(kitty.send(number, data, size, tmux=self._tmux))
        self._sent.append((picture, palette, number))
        while len(self._sent) > _MAX_PICTURES:
            self._forget(self._sent.pop(0)[2])
        return number

    def rows(self, picture: Picture, inks: Inks, size: tuple[int, int]) -> list[list[Segment]]:
        return placeholder_rows(self.number(picture, palette_of(inks)), *size, inks.paper)

    def picture_changed(self) -> None:
        """Does nothing: the placeholders carry the picture."""

    def after_frame(
        self, frame: str, picture: Picture, inks: Inks, place: Region, covers: Callable[[], Sequence[Region]]
    ) -> str:
        return ""

    def remove(self) -> None:
        for _, _, number in self._sent:
            self._forget(number)
        self._sent = []

    def _forget(self, number: int) -> None:
        self._write(kitty.delete(number, tmux=self._tmux))
        self._numbers.give_back(number)


class SixelPixels:
    """Sixel graphics: one picture over empty cells."""

    overlays: ClassVar[bool] = True

    def __init__(self) -> None:
        self.due = True
        """Whether the picture must be sent after the next frame."""
        self._encoded: list[tuple[Picture, tuple[str, ...], str]] = []

    def encode(self, picture: Picture, palette: tuple[str, ...]) -> str:
        for encoded, colors, text in self._encoded:
            if encoded is picture and colors == palette:
                return text
        text = sixel(picture.pixels, picture.pixel_size, palette)
        self._encoded = [*self._encoded[-2:], (picture, palette, text)]
        return text

    def rows(self, picture: Picture, inks: Inks, size: tuple[int, int]) -> list[list[Segment]]:
        columns, rows = size
        self.encode(picture, palette_of(inks))
        style = Style(color=Color.parse(inks.ink).rich_color, bgcolor=Color.parse(inks.paper).rich_color)
        return [[Segment(" " * columns, style)] for _ in range(rows)]

    def picture_changed(self) -> None:
        self.due = True

    def remove(self) -> None:
        """Does nothing: the cells written next erase the picture."""

    def after_frame(
        self, frame: str, picture: Picture, inks: Inks, place: Region, covers: Callable[[], Sequence[Region]]
    ) -> str:
        """Sends the picture again if `frame` wrote over it or it is due; it ends above the first of `covers`."""
        if not (self.due or damaged(frame, place)):
            return ""
        self.due = False
        palette = palette_of(inks)
        top = min((cover.y for cover in covers() if cover.overlaps(place)), default=place.bottom)
        if top >= place.bottom:
            text = self.encode(picture, palette)
        else:
            rows = max(top - place.y, 0) * picture.pixel_size[1] // max(place.height, 1)
            text = sixel(picture.pixels, picture.pixel_size, palette, rows=rows)
        return f"\x1b7\x1b[{place.y + 1};{place.x + 1}H{text}\x1b8" if text else ""


def damaged(frame: str, place: Region) -> bool:
    """Returns whether `frame` writes on `place`: it moves the cursor, then writes to the right."""
    return any(place.y < int(move[1]) <= place.bottom and int(move[2]) <= place.right for move in _MOVE.finditer(frame))
