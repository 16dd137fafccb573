"""Typeface of values: draws text in quarter cells (two by two pixels a cell), at any height from three rows on.

Strokes of glyphs.py are drawn with a pen two pixels wide and one high, which is as wide as high on the screen.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from gonogo.tui.lettering.glyphs import CIRCLED_LETTERS, CIRCLED_PIXELS, SIX_PIXELS, STROKES, UMLAUTS

SMALLEST_ROWS = 3
LARGEST_ROWS = 12
_QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""Cells by bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right."""
_UNITS = 6  # of the grid from the top of a letter to its base line
_BOLD_FROM = 13  # pixels of a letter's height from which the pen is doubled

Pixels = tuple[str, ...]
"""Rows of pixels of equal width: `#` is ink, `.` is paper."""
Point = tuple[float, float]


class Height(NamedTuple):
    """Height of the face in pixels (half rows): of a letter, and below its base line. `tight` halves the gaps."""

    letter: int
    below: int
    tight: bool = False

    @property
    def pixels(self) -> int:
        return self.letter + self.below


class _Node(NamedTuple):
    x: float
    y: float
    corner: str


_Strokes = tuple[tuple[_Node, ...], ...]
_Glyph = tuple[float, _Strokes]
"""Width of a glyph in units, and its strokes."""


def height_of(rows: int) -> Height:
    """Returns the height of the face in `rows` rows of cells: 3 rows have no room below the base line."""
    below = 0 if rows <= SMALLEST_ROWS else 1 if rows == SMALLEST_ROWS + 1 else 2
    return Height(2 * rows - below, below)


def _lines(sheet: str) -> list[list[str]]:
    return [line.split(" ") for line in sheet.strip().splitlines()]


@cache
def _strokes() -> dict[str, _Glyph]:
    """Width and strokes of each character."""
    glyphs: dict[str, _Glyph] = {}
    for character, measure, *points in _lines(STROKES):
        drawn = tuple(tuple(map(_node, stroke.split(" "))) for stroke in " ".join(points).split(";"))
        glyphs[character] = (float(measure), drawn)
    for character, letter in UMLAUTS.items():
        width, strokes = glyphs[letter]
        dots = tuple((_Node(width * share, -0.2, "*"),) for share in ((0.1, 0.9) if letter.isupper() else (0.25, 0.75)))
        if letter.isupper():  # the letter makes room for its dots
            strokes = tuple(tuple(_Node(x, 1.8 + y * 0.7, corner) for x, y, corner in stroke) for stroke in strokes)
        glyphs[character] = (width, (*strokes, *dots))
    for letter in CIRCLED_LETTERS:
        glyphs[_circled(letter)] = _in_circle(*glyphs[letter])
    return glyphs


def _circled(letter: str) -> str:
    return chr(ord("Ⓐ") + ord(letter) - ord("A"))


def _in_circle(width: float, strokes: _Strokes) -> _Glyph:
    """Letter at two thirds of its size between the two sides of a circle, which stays open above and below it."""
    inner = tuple(
        tuple(_Node(2 + x * 0.8, 1 + y * 4 / _UNITS, corner) for x, y, corner in stroke) for stroke in strokes
    )
    right = 4 + width * 0.8
    sides = (
        (_Node(1.8, 0, ""), _Node(0, 0, "@"), _Node(0, 6, "@"), _Node(1.8, 6, "")),
        (_Node(right - 1.8, 0, ""), _Node(right, 0, "@"), _Node(right, 6, "@"), _Node(right - 1.8, 6, "")),
    )
    return right, (*inner, *sides)


def _node(text: str) -> _Node:
    corner = text[0] if text[0] in "~@*" else ""
    x, _, y = text.removeprefix(corner).partition(",")
    return _Node(float(x), float(y), corner)


@cache
def _six_pixels() -> dict[str, Pixels]:
    glyphs: dict[str, Pixels] = {character: tuple(rows) for character, *rows in _lines(SIX_PIXELS)}
    for letter, *rows in _lines(CIRCLED_PIXELS):
        gap = "." * len(rows[0])
        inner = [f"##.{row}.##" for row in rows]
        glyphs[_circled(letter)] = (f".###{gap[2:]}###.", *inner, f".###{gap[2:]}###.")
    return glyphs


def has_all(text: str) -> bool:
    """Returns whether the face has every character of `text`; a space is one."""
    strokes = _strokes()
    return all(character == " " or character in strokes for character in text)


def _glyph(character: str, height: Height) -> Pixels:
    return _glyph_pixels(character, height._replace(tight=False))


@cache
def _glyph_pixels(character: str, height: Height) -> Pixels:
    """Pixels of a character the face has; `height.pixels` rows."""
    empty_rows = height.below
    if height.letter == _UNITS and (pixels := _six_pixels().get(character)):
        return (*pixels, *("." * len(pixels[0]),) * empty_rows)
    if character == " ":
        return ("." * max(height.letter // 2, 3),) * height.pixels
    width, strokes = _strokes()[character]
    return _Pen(width, height).draw(strokes)


class _Pen:
    """Pen that draws the strokes of one glyph on its pixels."""

    def __init__(self, width: float, height: Height) -> None:
        self.thick = 2 if height.letter >= _BOLD_FROM else 1
        self._per_unit = (height.letter - self.thick) / _UNITS
        self._below = height.below
        self.height = height
        letter_width = max(height.letter, _UNITS) - 2 * self.thick  # way of the pen over a letter of 4 units
        self._per_unit_x = letter_width / 4
        self.columns = math.floor(width * self._per_unit_x + 0.5) + 2 * self.thick
        self._rows = [["."] * self.columns for _ in range(height.pixels)]

    def draw(self, strokes: _Strokes) -> Pixels:
        for stroke in strokes:
            if stroke[0].corner == "*":
                self._dot(*self._place(stroke[0]))
                continue
            points = self._points(stroke)
            for start, end in pairwise(points):
                self._line(start, end)
        return tuple("".join(row) for row in self._rows)

    def _place(self, node: _Node) -> Point:
        y = node.y * self._per_unit
        if node.y > _UNITS:
            y = _UNITS * self._per_unit + min((node.y - _UNITS) / 2, 1) * self._below
        x = node.x * self._per_unit_x
        return float(math.floor(x + 0.5)), float(math.floor(y + 0.5))

    def _points(self, stroke: tuple[_Node, ...]) -> list[Point]:
        places = [self._place(node) for node in stroke]
        points: list[Point] = [places[0]]
        for at in range(1, len(stroke) - 1):
            corner = stroke[at].corner
            points += self._corner(places[at - 1 : at + 2], corner) if corner else [places[at]]
        return [*points, places[-1]]

    def _corner(self, places: list[Point], corner: str) -> list[Point]:
        """Quarter of an ellipse in place of the middle one of three points."""
        (x0, y0), (x1, y1), (x2, y2) = places
        radius_x, radius_y = max(abs(x0 - x1), abs(x2 - x1)), max(abs(y0 - y1), abs(y2 - y1))
        if corner == "~":
            radius_x = min(radius_x, max(round(self.height.letter / 5), 1))
            radius_y = min(radius_y, max(round(self.height.letter / 7), 1))
        else:
            radius_x, radius_y = radius_x / 2, radius_y / 2
        into = (
            math.copysign(radius_x, x0 - x1) if x0 != x1 else 0.0,
            math.copysign(radius_y, y0 - y1) if y0 != y1 else 0.0,
        )
        out = (
            math.copysign(radius_x, x2 - x1) if x2 != x1 else 0.0,
            math.copysign(radius_y, y2 - y1) if y2 != y1 else 0.0,
        )
        start, end = (x1 + into[0], y1 + into[1]), (x1 + out[0], y1 + out[1])
        center = (x1 + into[0] + out[0], y1 + into[1] + out[1])
        if radius_y <= 1.5:  # one row is cut off, nothing is left to bend
            return [start, end]
        steps = 12
        arc = []
        for step in range(steps + 1):
            angle = math.pi / 2 * step / steps
            arc.append(
                (
                    center[0] - out[0] * math.cos(angle) - into[0] * math.sin(angle),
                    center[1] - into[1] * math.sin(angle) - out[1] * math.cos(angle),
                )
            )
        return arc if math.dist(arc[0], start) <= math.dist(arc[0], end) else arc[::-1]

    def _line(self, start: Point, end: Point) -> None:
        steps = max(math.ceil(max(abs(end[0] - start[0]), abs(end[1] - start[1]))), 1)
        for step in range(steps + 1):
            share = step / steps
            self._stamp(start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)

    def _stamp(self, x: float, y: float) -> None:
        left, top = math.floor(x + 0.5), math.floor(y + 0.5)
        for row in range(top, top + self.thick):
            for column in range(left, left + 2 * self.thick):
                if 0 <= row < len(self._rows) and 0 <= column < self.columns:
                    self._rows[row][column] = "#"

    def _dot(self, x: float, y: float) -> None:
        """Dot twice as high as the pen, half as wide again: a decimal point that nobody overlooks."""
        left = round(x - self.thick / 2)
        top = min(math.floor(y), self.height.letter - 2 * self.thick)
        for row in range(max(top, 0), max(top, 0) + 2 * self.thick):
            for column in range(max(left, 0), left + 3 * self.thick):
                if row < len(self._rows) and column < self.columns:
                    self._rows[row][column] = "#"


def _gap(height: Height) -> int:
    return 1 if height.tight else 2 if height.letter < 10 else 3 if height.letter < _BOLD_FROM else 4


def width_of(text: str, height: Height) -> int:
    """Returns the width of `text` in pixels (half cells); every character must be in the face."""
    return sum(len(_glyph(character, height)[0]) + _gap(height) for character in text) - _gap(height) if text else 0


def draw(text: str, height: Height) -> Pixels:
    """Returns the pixels of `text`: `height.pixels` rows."""
    gap = "." * _gap(height)
    glyphs = [_glyph(character, height) for character in text]
    return tuple(gap.join(glyph[row] for glyph in glyphs) for row in range(height.pixels))


def cells_of(pixels: Pixels) -> list[str]:
    """Returns rows of quarter cells, all equally wide; odd numbers of pixels are filled up with paper."""
    width = len(pixels[0]) + len(pixels[0]) % 2
    rows = [row.ljust(width, ".") for row in pixels]
    if len(rows) % 2:
        rows.append("." * width)
    return ["".join(_cell(rows[y], rows[y + 1], x) for x in range(0, width, 2)) for y in range(0, len(rows), 2)]


def _cell(upper: str, lower: str, x: int) -> str:
    pixels = (upper[x], upper[x + 1], lower[x], lower[x + 1])
    return _QUARTERS[sum(1 << bit for bit, pixel in enumerate(pixels) if pixel == "#")]
