"""Sixel graphics: completes pictures of `render.indexed_pixels` with the theme's colours and Sixel's header. No numpy
here.

Source: VT330/VT340 Programmer Reference, chapter 14; only what xterm, foot, WezTerm, Konsole and tmux agree on.
"""

from __future__ import annotations

from collections.abc import Sequence

BAND = 6
"""Rows of pixels in one line of sixels."""
COLOURS = 16
"""Colours used at most: a VT340 has no more registers, and neither has an xterm that plays one."""
_NOT_SIXEL = bytes(code for code in range(256) if chr(code) not in "!#$-;0123456789" and not 0x3F <= code <= 0x7E)
START, END = "\x1bP0;1;0q", "\x1b\\"


def sixel(body: bytes, size: tuple[int, int], colours: Sequence[str], *, rows: int | None = None) -> str:
    """Returns a picture of `size` pixels in `colours` (`#rrggbb`, by index); only its upper `rows` pixels when given.

    A cut is at whole bands. The cursor must stand at the upper left corner. Bytes of `body` that are not sixel data are
    removed, so that no drawing can end the picture early and continue with commands.
    """
    body = body.translate(None, _NOT_SIXEL)
    width, height = size
    if rows is not None and rows < height:
        bands = max(rows, 0) // BAND
        body, height = b"-".join(body.split(b"-")[:bands]), bands * BAND
    if height <= 0:
        return ""
    registers = "".join(_register(number, colour) for number, colour in enumerate(colours[:COLOURS]))
    return f'{START}"1;1;{width};{height}{registers}{body.decode("ascii")}{END}'


def _register(number: int, colour: str) -> str:
    """Returns the definition of one colour, in percent of full intensity."""
    parts = (round(int(colour[at : at + 2], 16) * 100 / 255) for at in (1, 3, 5))
    return f"#{number};2;" + ";".join(map(str, parts))
