"""Large lettering, three rows high, drawn in quarter cells with strokes of one weight.

Letters and figures that a tolerance hangs on must not be mistaken for each other: H and h, 6, 8 and B, 5 and S, 0 and
O differ in their strokes. A character without a glyph makes the whole text fall back to normal size.
"""

from __future__ import annotations

from collections.abc import Callable

HEIGHT = 3
_PIXEL_ROWS = 2 * HEIGHT

# One glyph a line: the character, then its six pixel rows; a pixel is half a cell wide and half a cell high.
_SHEET = """
0 .####. ##..## ##..## ##..## ##..## .####.
1 ..## #### ..## ..## ..## ..##
2 .####. ##..## ....## ..###. .##... ######
3 .####. ##..## ..###. ....## ##..## .####.
4 ..###. .####. ##.##. ##.##. ###### ...##.
5 ###### ##.... #####. ....## ##..## .####.
6 .####. ##.... #####. ##..## ##..## .####.
7 ###### ....## ...##. ...##. ..##.. ..##..
8 .####. ##..## .####. ##..## ##..## .####.
9 .####. ##..## ##..## .##### ....## .####.
⌀ ..####.# .##..##. ##..#.## ##.#..## .##..##. #.####..
± ..##.. ###### ..##.. ...... ###### ......
+ ...... ..##.. ###### ..##.. ...... ......
- ...... ...... ###### ...... ...... ......
× ...... ...... ##..## ..##.. ##..## ......
/ ....## ...##. ..##.. ..##.. .##... ##....
° .##. #..# .##. .... .... ....
, .. .. .. .. ## #.
. .. .. .. .. .. ##
: .. ## .. .. ## ..
( ..## .##. ##.. ##.. .##. ..##
) ##.. .##. ..## ..## .##. ##..
A ..##.. .####. ##..## ###### ##..## ##..##
B #####. ##..## #####. ##..## ##..## #####.
C .####. ##..## ##.... ##.... ##..## .####.
D #####. ##..## ##..## ##..## ##..## #####.
E ###### ##.... #####. ##.... ##.... ######
F ###### ##.... #####. ##.... ##.... ##....
G .##### ##.... ##.... ##.### ##..## .#####
H ##..## ##..## ###### ##..## ##..## ##..##
I ## ## ## ## ## ##
J ....## ....## ....## ....## ##..## .####.
K ##..## ##.##. ####.. ####.. ##.##. ##..##
L ##.... ##.... ##.... ##.... ##.... ######
M ##....## ###..### ######## ##.##.## ##....## ##....##
N ##...## ###..## ####.## ##.#### ##..### ##...##
O ..##.. .####. ##..## ##..## .####. ..##..
P #####. ##..## ##..## #####. ##.... ##....
R #####. ##..## ##..## #####. ##.##. ##..##
S .##### ##.... .####. ....## ....## #####.
T ###### ..##.. ..##.. ..##.. ..##.. ..##..
U ##..## ##..## ##..## ##..## ##..## .####.
V ##..## ##..## ##..## ##..## .####. ..##..
W ##....## ##....## ##.##.## ######## ###..### ##....##
X ##..## ##..## .####. .####. ##..## ##..##
Y ##..## ##..## .####. ..##.. ..##.. ..##..
Z ###### ....## ...##. .##... ##.... ######
a ...... ...... .####. ....## ##..## .#####
e ...... ...... .####. ##..## ####.. .#####
f ..## .##. #### .##. .##. .##.
g ...... .##### ##..## .##### ....## .####.
h ##.... ##.... #####. ##..## ##..## ##..##
k ##.... ##.... ##.##. ####.. ##.##. ##..##
m ........ ........ #######. ##.##.## ##.##.## ##.##.##
n ...... ...... #####. ##..## ##..## ##..##
p ...... #####. ##..## #####. ##.... ##....
r .... .... ##.# ###. ##.. ##..
s ..... ..... .#### ##... ..### ####.
z ...... ...... ###### ..##.. .##... ######
"""

_NARROW_SHEET = """
0 ┏━┓ ┃.┃ ┗━┛
1 ╺┓. .┃. ╺┻╸
2 ╺━┓ ┏━┛ ┗━╸
3 ╺━┓ .━┫ ╺━┛
4 ╻.╻ ┗━┫ ..╹
5 ┏━╸ ┗━┓ ╺━┛
6 ┏━╸ ┣━┓ ┗━┛
7 ╺━┓ ..┃ ..╹
8 ┏━┓ ┣━┫ ┗━┛
9 ┏━┓ ┗━┫ ╺━┛
⌀ ┏━╱ ┃╱┃ ╱━┛
± .╻. ╺╋╸ ╺━╸
+ ... ╺╋╸ ...
- ... ╺━╸ ...
× .. ╲╱ ╱╲
/ ..╱ .╱. ╱..
° ┏┓ ┗┛ ..
, . . ,
. . . ▖
: . ▖ ▖
( ┏ ┃ ┗
) ┓ ┃ ┛
A ┏━┓ ┣━┫ ╹.╹
C ┏━╸ ┃.. ┗━╸
E ┏━╸ ┣━. ┗━╸
F ┏━╸ ┣━. ╹..
G ┏━╸ ┃.┓ ┗━┛
H ╻.╻ ┣━┫ ╹.╹
I ╻ ┃ ╹
J ..╻ ..┃ ┗━┛
K ╻╱. ┣┓. ╹┗╸
L ╻.. ┃.. ┗━╸
M ┏┳┓ ┃┃┃ ╹.╹
N ┏┓╻ ┃┗┫ ╹.╹
P ┏━┓ ┣━┛ ╹..
R ┏━┓ ┣┳┛ ╹┗╸
T ╺┳╸ .┃. .╹.
U ╻.╻ ┃.┃ ┗━┛
X ╲.╱ .╳. ╱.╲
Y ╻.╻ ┗┳┛ .╹.
Z ╺━╱ .╱. ╱━╸
h ╻.. ┣━┓ ╹.╹
"""
"""The same in lines, for values the first is too wide for. No B, D, O, S, V: here they would be 8, 0, 0, 5, U."""

_QUARTERS = " ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█"
"""Cells by bits: 1 upper left, 2 upper right, 4 lower left, 8 lower right."""

_SPACE = (" ",) * HEIGHT


def _cells(rows: list[str]) -> tuple[str, ...]:
    """Six rows of pixels as three rows of cells."""
    width = max(len(row) for row in rows)
    padded = [row.ljust(width + width % 2, ".") for row in rows]
    return tuple(
        "".join(_cell(padded[y], padded[y + 1], x) for x in range(0, len(padded[y]), 2))
        for y in range(0, _PIXEL_ROWS, 2)
    )


def _cell(upper: str, lower: str, x: int) -> str:
    pixels = (upper[x], upper[x + 1], lower[x], lower[x + 1])
    return _QUARTERS[sum(1 << bit for bit, pixel in enumerate(pixels) if pixel == "#")]


def _font(sheet: str, drawn: Callable[[list[str]], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    font: dict[str, tuple[str, ...]] = {}
    for line in sheet.strip().splitlines():
        character, *rows = line.split(" ")
        font[character] = drawn(rows)
    twins = {"x": "×", "Ø": "⌀", "ø": "⌀", "−": "-", "–": "-", "º": "°"}
    return font | {twin: font[original] for twin, original in twins.items() if twin not in font}


def _lines(rows: list[str]) -> tuple[str, ...]:
    """Three rows of characters; a dot is empty."""
    return tuple(row.replace(".", " ") for row in rows)


Lettering = dict[str, tuple[str, ...]]
LETTERINGS: tuple[tuple[Lettering, str], ...] = ((_font(_SHEET, _cells), " "), (_font(_NARROW_SHEET, _lines), ""))
"""The fonts, widest first, each with what stands between two of its characters."""


def large_lettering(text: str, width: int) -> tuple[str, str, str] | None:
    """`text` in the widest lettering that has all its characters and fits `width` cells: three rows of equal width."""
    for font, gap in LETTERINGS:
        if text and all(character == " " or character in font for character in text):
            rows = [gap.join(font.get(character, _SPACE)[row] for character in text) for row in range(HEIGHT)]
            if len(rows[0]) <= width:
                return rows[0], rows[1], rows[2]
    return None
