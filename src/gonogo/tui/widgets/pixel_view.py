"""Real pixels in a sheet's frame. A picture is given to the terminal once, not with every repaint.

Kitty's pictures are shown by text, so a frame is a frame like any other. A Sixel picture lies on the cells and is gone
where text is written over it: `Sixels` looks at each frame that leaves, and sends the picture again behind one that
wrote where it lies.
"""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Callable, Sequence

from rich.color import Color as RichColor
from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.geometry import Region

from gonogo.sheets.models import Picture
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.terminal import kitty
from gonogo.sheets.terminal.sixel import sixel
from gonogo.tui.widgets.cell_painter import Inks

_GREYS = 14
_KEPT = 6
_MOVE = re.compile(r"\x1b\[([0-9]{1,4});([0-9]{1,4})H")


def colours(inks: Inks) -> tuple[str, ...]:
    """What the indices of a plane (see `sheets.planes`) are in these inks, as `#rrggbb`."""
    ink, paper = Color.parse(inks.ink), Color.parse(inks.paper)
    greys = (ink.blend(paper, step / (_GREYS - 1)).hex6 for step in range(_GREYS))
    return (*greys, Color.parse(inks.mark).hex6, Color.parse(inks.line).hex6)


def fits(picture: Picture, cells: tuple[int, int], cell: tuple[int, int]) -> bool:
    """Whether a picture's pixels are made for a pane like this one; `cell` is a cell's size in pixels."""
    width, height = picture.grid.width, picture.grid.height
    if picture.pixel_mode is None or width > cells[0] or height > cells[1]:
        return False
    return picture.pixel_mode is PictureMode.KITTY or picture.pixel_size == (width * cell[0], height * cell[1])


def placeholder_rows(number: int, columns: int, rows: int, paper: str) -> list[list[Segment]]:
    """The text that stands for picture `number`: its id is the number of a palette colour."""
    style = Style(color=RichColor.from_ansi(number), bgcolor=Color.parse(paper).rich_color)
    return [[Segment(text, style)] for text in kitty.placeholders(columns, rows)]


class KittyPictures:
    """The pictures that the terminal holds for one view; the oldest is taken back when there are too many."""

    def __init__(self, write: Callable[[str], None], *, tmux: bool) -> None:
        self._write, self._tmux = write, tmux
        # Other programs show pictures in the same window, under tmux in others' panes: begin somewhere.
        start = os.getpid() * 7 % len(kitty.IDS)
        self._numbers = itertools.cycle((*kitty.IDS[start:], *kitty.IDS[:start]))
        self._held: list[tuple[Picture, tuple[str, ...], int]] = []

    def number(self, picture: Picture, palette: tuple[str, ...]) -> int:
        """The id of `picture` in these colours; it is sent when the terminal does not hold it yet."""
        for held, its, old in self._held:
            if held is picture and its == palette:
                return old
        number: int = next(self._numbers)
        data = kitty.png(picture.pixels, picture.pixel_size, palette)
        size = min(picture.grid.width, kitty.SIDE_MOST), min(picture.grid.height, kitty.SIDE_MOST)
        self._write(kitty.send(number, data, size, tmux=self._tmux))
        self._held.append((picture, palette, number))
        while len(self._held) > _KEPT:
            self._write(kitty.delete(self._held.pop(0)[2], tmux=self._tmux))
        return number

    def drop(self) -> None:
        """Take all pictures away."""
        self._write("".join(kitty.delete(number, tmux=self._tmux) for _, _, number in self._held))
        self._held = []


class Sixels:
    """One picture over the cells `place`; what must be sent behind a frame is `behind`'s answer."""

    def __init__(self) -> None:
        self.due = False
        """Whether the picture was not sent yet."""
        self._encoded: list[tuple[Picture, tuple[str, ...], str]] = []

    def encode(self, picture: Picture, palette: tuple[str, ...]) -> str:
        for known, its, text in self._encoded:
            if known is picture and its == palette:
                return text
        text = sixel(picture.pixels, picture.pixel_size, palette)
        self._encoded = [*self._encoded[-2:], (picture, palette, text)]
        return text

    def behind(
        self,
        frame: str,
        picture: Picture,
        palette: tuple[str, ...],
        place: Region,
        covers: Callable[[], Sequence[Region]],
    ) -> str:
        """The commands that put the picture back, if `frame` wrote over it or it is due; else nothing.

        `covers` are what else stands on the screen: where it reaches into the picture, that ends above it.
        """
        if not (self.due or damaged(frame, place)):
            return ""
        self.due = False
        top = min((cover.y for cover in covers() if cover.overlaps(place)), default=place.bottom)
        if top >= place.bottom:
            text = self.encode(picture, palette)
        else:
            rows = max(top - place.y, 0) * picture.pixel_size[1] // max(place.height, 1)
            text = sixel(picture.pixels, picture.pixel_size, palette, rows=rows)
        return f"\x1b7\x1b[{place.y + 1};{place.x + 1}H{text}\x1b8" if text else ""


def damaged(frame: str, place: Region) -> bool:
    """Whether text was written on `place`: a frame goes to where it writes, and writes from there to the right."""
    return any(place.y < int(move[1]) <= place.bottom and int(move[2]) <= place.right for move in _MOVE.finditer(frame))
