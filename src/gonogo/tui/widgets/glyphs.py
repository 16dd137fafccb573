"""Large lettering, three rows high, drawn with lines of one weight as on an engineering drawing.

Letters and figures that a tolerance hangs on must not be mistaken for each other: H and h, 6, 8 and B, 5 and S differ
in their strokes, not only in a corner. A character without a glyph makes the whole text fall back to normal size.
"""

from __future__ import annotations

HEIGHT = 3

_SHEET = """
0 ╭─╮ │·│ ╰─╯
1 ╶╮· ·│· ╶┴╴
2 ╶─╮ ╭─╯ ╰─╴
3 ╶─╮ ·─┤ ╶─╯
4 ╷·╷ ╰─┤ ··╵
5 ┌─╴ ╰─╮ ╶─╯
6 ╭─╴ ├─╮ ╰─╯
7 ╶─┐ ··│ ··╵
8 ╭─╮ ├─┤ ╰─╯
9 ╭─╮ ╰─┤ ╶─╯
⌀ ╭─╱ │╱│ ╱─╯
± ·╷· ╶┼╴ ╶─╴
+ ··· ╶┼╴ ···
- ··· ╶─╴ ···
× ··· ╲╱ ╱╲
/ ··╱ ·╱· ╱··
° ╭╮ ╰╯ ··
, · · ,
. · · .
: · . .
( ╭ │ ╰
) ╮ │ ╯
A ╭─╮ ├─┤ ╵·╵
B ┌─╮ ├─┤ └─╯
C ╭─╴ │·· ╰─╴
D ┌─╮ │·│ └─╯
E ┌─╴ ├─· └─╴
F ┌─╴ ├─· ╵··
G ╭─╴ │·┐ ╰─┘
H ╷·╷ ├─┤ ╵·╵
I ╷ │ ╵
J ··╷ ··│ ╰─╯
K ╷╱· ├╮· ╵╰╴
L ╷·· │·· └─╴
M ┌┬┐ │││ ╵·╵
N ┌╮╷ │╰┤ ╵·╵
P ┌─╮ ├─╯ ╵··
R ┌─╮ ├┬╯ ╵╰╴
S ╭─╴ ╰─╮ ╶─╯
T ╶┬╴ ·│· ·╵·
U ╷·╷ │·│ ╰─╯
V ╷·╷ │·│ ╰╮╯
X ╲·╱ ·╳· ╱·╲
Y ╷·╷ ╰┬╯ ·╵·
Z ╶─╱ ·╱· ╱─╴
f ╭╴ ┼╴ ╵·
g ╭─╮ ╰─┤ ╶─╯
h ╷·· ├─╮ ╵·╵
k ╷·· ├╱· ╵╲·
m ··· ╭┬╮ ╵╵╵
n ··· ╭─╮ ╵·╵
p ╭─╮ ├─╯ ╵··
s ··· ╭─╴ ╶─╯
r ·· ╭╴ ╵·
"""


def _font() -> dict[str, tuple[str, ...]]:
    font: dict[str, tuple[str, ...]] = {" ": ("  ",) * HEIGHT}
    for line in _SHEET.strip().splitlines():
        character, *rows = line.split(" ")
        width = max(len(row) for row in rows)
        font[character] = tuple(row.replace("·", " ").ljust(width) for row in rows)
    twins = {"x": "×", "X": "X", "Ø": "⌀", "ø": "⌀", "−": "-", "–": "-"}
    return font | {twin: font[original] for twin, original in twins.items()}


FONT = _font()


def large(text: str) -> tuple[str, str, str] | None:
    """`text` in large lettering, three rows of equal width, or `None` when a character has no glyph."""
    if not text or any(character not in FONT for character in text):
        return None
    glyphs = [FONT[character] for character in text]
    return (
        "".join(glyph[0] for glyph in glyphs),
        "".join(glyph[1] for glyph in glyphs),
        "".join(glyph[2] for glyph in glyphs),
    )
