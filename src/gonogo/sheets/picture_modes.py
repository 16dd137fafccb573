"""Picture modes: one table of the ways to draw on a terminal. Standard library only: it is on the start path.

To add a cell mode, add a member to `PictureMode`, a function that returns its glyphs, and a row to `PICTURE_MODES`.
The settings, the key that cycles through the modes, `gonogo doctor` and the renderer read this table.

A cell mode shows a block of sub-pixels in two colours by one character. A pattern is an integer; bit
`row * columns + column` is set where the sub-pixel takes the foreground colour. That is the order in which Unicode
numbers the parts of its block sextants and octants, so the glyphs follow from its naming rule: code points run through
the patterns in numerical order and leave out those that already had a character.
Sources: the Unicode 13 chart U1FB00 (Symbols for Legacy Computing) and the Unicode 16 chart U1CC00 (its supplement).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final, NamedTuple

Version = tuple[int, ...]
ANY_VERSION: Final[Version] = (0,)


class PictureMode(StrEnum):
    """Mode of drawing on a terminal; the words of the setting `picture_mode`."""

    OCTANT = "octant"
    SEXTANT = "sextant"
    QUADRANT = "quadrant"
    BRAILLE = "braille"
    HALF = "half"
    KITTY = "kitty"
    SIXEL = "sixel"


class PictureModeTraits(NamedTuple):
    """Traits of a mode for the renderer and the terminal code.

    Attributes:
        mode: Its word.
        text_rows: Rows of cells a digit should be high to be read without effort (judged by eye and by tesseract).
        subpixels: Columns and rows of sub-pixels in a cell; `(0, 0)` for real pixels.
        glyphs: Returns the character of each pattern, in the order of the patterns.
        misdrawn: Patterns whose characters terminals draw wrongly, each with one around it that they draw. A mosaic
            takes the complement, with colours swapped; where only the foreground counts, the pattern around.
        two_colors: Whether a cell has a foreground and a background; `False` for dots on the terminal's own ground.
        terminals: Terminals that draw the mode themselves, whatever the font, by the version that began with it (of
            the terminal, or of VTE, the library of GNOME's and Xfce's); `None` where every terminal draws it, or
            the terminal must be asked.
    """

    mode: PictureMode
    text_rows: float
    subpixels: tuple[int, int] = (0, 0)
    glyphs: Callable[[], str] = str
    misdrawn: Mapping[int, int] = MappingProxyType({})
    two_colors: bool = True
    terminals: Mapping[str, Version] | None = None

    @property
    def is_pixels(self) -> bool:
        """Whether the mode is a protocol for real pixels, beside which cells stand in where it cannot show."""
        return self.subpixels == (0, 0)


_QUADRANTS: Final = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
_HALVES: Final = " ▀▄█"
_OCTANTS_ELSEWHERE: Final[dict[int, int]] = {
    0x01: 0x1CEA8,  # left half upper one quarter block
    0x02: 0x1CEAB,  # right half upper one quarter block
    0x03: 0x1FB82,  # upper one quarter block
    0x14: 0x1FBE6,  # middle left one quarter block
    0x28: 0x1FBE7,  # middle right one quarter block
    0x3F: 0x1FB85,  # upper three quarters block
    0x40: 0x1CEA3,  # left half lower one quarter block
    0x80: 0x1CEA0,  # right half lower one quarter block
    0xC0: 0x2582,  # lower one quarter block
    0xFC: 0x2586,  # lower three quarters block
}
# Kitty 0.41 and foot 1.21 have no glyph for U+1CEA0, 1CEA3, 1CEA8, 1CEAB and draw a box; 1FBE6 and 1FBE7 are misplaced.
_OCTANTS_MISDRAWN: Final[dict[int, int]] = {0x80: 0xA0, 0x40: 0x50, 0x01: 0x05, 0x02: 0x0A, 0x14: 0x55, 0x28: 0xAA}
_BRAILLE_DOTS: Final = (0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80)


@cache
def _sextants() -> str:
    """Returns 64 characters: U+1FB00 onwards without empty, full and the two halves, which are older."""
    older = {0: " ", 0b010101: "▌", 0b101010: "▐", 0b111111: "█"}
    code = iter(range(0x1FB00, 0x1FB3C))
    return "".join(older[p] if p in older else chr(next(code)) for p in range(64))


@cache
def _octants() -> str:
    """Returns 256 characters: U+1CD00 onwards without the 26 patterns that quadrants, quarters and halves draw."""
    older = {pattern: chr(code) for pattern, code in _OCTANTS_ELSEWHERE.items()}
    for quadrants, char in enumerate(_QUADRANTS):
        pattern = sum(0b0101 << (col + 4 * row) for row in (0, 1) for col in (0, 1) if quadrants >> (2 * row + col) & 1)
        older[pattern] = char
    code = iter(range(0x1CD00, 0x1CDE6))
    return "".join(older[p] if p in older else chr(next(code)) for p in range(256))


@cache
def _braille() -> str:
    return "".join(chr(0x2800 + sum(dot for bit, dot in enumerate(_BRAILLE_DOTS) if p >> bit & 1)) for p in range(256))


PICTURE_MODES: Final[Mapping[PictureMode, PictureModeTraits]] = {
    traits.mode: traits
    for traits in (
        PictureModeTraits(  # Unicode 16
            PictureMode.OCTANT,
            text_rows=3.0,
            subpixels=(2, 4),
            glyphs=_octants,
            misdrawn=_OCTANTS_MISDRAWN,
            terminals={"kitty": (0, 36), "foot": (1, 20), "ghostty": (1, 2), "vte": (7800,)},
        ),
        PictureModeTraits(  # Unicode 13
            PictureMode.SEXTANT,
            text_rows=3.6,
            subpixels=(2, 3),
            glyphs=_sextants,
            terminals=dict.fromkeys(("kitty", "foot", "ghostty", "wezterm", "contour"), ANY_VERSION)
            | {"alacritty": (0, 14), "vte": (6200,)},
        ),
        PictureModeTraits(PictureMode.QUADRANT, text_rows=5.0, subpixels=(2, 2), glyphs=lambda: _QUADRANTS),
        PictureModeTraits(PictureMode.HALF, text_rows=6.0, subpixels=(1, 2), glyphs=lambda: _HALVES),
        PictureModeTraits(PictureMode.BRAILLE, text_rows=3.5, subpixels=(2, 4), glyphs=_braille, two_colors=False),
        PictureModeTraits(  # terminals whose pictures can stand in text; WezTerm and Konsole answer, but draw none
            PictureMode.KITTY, text_rows=2.0, terminals={"kitty": (0, 28), "ghostty": ANY_VERSION}
        ),
        PictureModeTraits(PictureMode.SIXEL, text_rows=2.0),  # asked for by a query
    )
}
"""Traits by mode, in the order in which the key for the mode goes through them: the finest first, then dots, pixels."""

CELL_MODES: Final = tuple(mode for mode, traits in PICTURE_MODES.items() if not traits.is_pixels)
PIXEL_MODES: Final = tuple(mode for mode, traits in PICTURE_MODES.items() if traits.is_pixels)
EVERYWHERE: Final = PictureMode.QUADRANT
"""The cell mode that every terminal draws; it also stands in for pixel pictures under a window."""


def glyphs_of(mode: PictureMode) -> str:
    """Returns the character of each pattern of a cell mode: `glyphs_of(mode)[pattern]`."""
    return PICTURE_MODES[mode].glyphs()


def subpixels_of(mode: PictureMode) -> tuple[int, int]:
    """Returns the columns and rows of sub-pixels in a cell."""
    return PICTURE_MODES[mode].subpixels
