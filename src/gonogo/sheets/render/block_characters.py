"""Which character shows which sub-pixels. Pure tables, no numpy.

A pattern is an integer; bit `row * columns + column` is set where the sub-pixel takes the foreground colour. That is
the order in which Unicode numbers the parts of its block sextants and octants, so the tables follow from its naming
rule: code points run through the patterns in numerical order and leave out those that already had a character.
Sources: the Unicode 13 chart U1FB00 (Symbols for Legacy Computing) and the Unicode 16 chart U1CC00 (its supplement).
"""

from __future__ import annotations

from gonogo.sheets.models import Mode

SUBPIXELS: dict[Mode, tuple[int, int]] = {
    Mode.OCTANT: (2, 4),
    Mode.SEXTANT: (2, 3),
    Mode.QUADRANT: (2, 2),
    Mode.HALF: (1, 2),
    Mode.BRAILLE: (2, 4),
}
"""Columns and rows of sub-pixels in a cell."""

QUADRANTS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
HALVES = " ▀▄█"

_OCTANTS_ELSEWHERE: dict[int, int] = {
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
_BRAILLE_DOTS = (0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80)


def _sextants() -> str:
    """64 characters: U+1FB00 onwards without empty, full and the two halves, which are older."""
    older = {0: " ", 0b010101: "▌", 0b101010: "▐", 0b111111: "█"}
    code = iter(range(0x1FB00, 0x1FB3C))
    return "".join(older[p] if p in older else chr(next(code)) for p in range(64))


def _octants() -> str:
    """256 characters: U+1CD00 onwards without the 26 patterns that quadrants, quarters and halves draw."""
    older = {pattern: chr(code) for pattern, code in _OCTANTS_ELSEWHERE.items()}
    for quadrants, char in enumerate(QUADRANTS):
        pattern = sum(0b0101 << (col + 4 * row) for row in (0, 1) for col in (0, 1) if quadrants >> (2 * row + col) & 1)
        older[pattern] = char
    code = iter(range(0x1CD00, 0x1CDE6))
    return "".join(older[p] if p in older else chr(next(code)) for p in range(256))


def _braille() -> str:
    return "".join(chr(0x2800 + sum(dot for bit, dot in enumerate(_BRAILLE_DOTS) if p >> bit & 1)) for p in range(256))


GLYPHS: dict[Mode, str] = {
    Mode.OCTANT: _octants(),
    Mode.SEXTANT: _sextants(),
    Mode.QUADRANT: QUADRANTS,
    Mode.HALF: HALVES,
    Mode.BRAILLE: _braille(),
}
"""For each mode the character of each pattern: `GLYPHS[mode][pattern]`."""
