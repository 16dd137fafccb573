"""Screen as SVG: the real program in tmux, its cells as drawn; `python -m tests.support.screen_svg OUT.svg [KEYS]`.

Block characters become rectangles, so that the drawing looks the same whatever fonts the reader has; no font, script or
address is in the file. KEYS are answer keys pressed before the picture is taken, at a person's pace.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gonogo.sheets.picture_modes import PICTURE_MODES, PictureMode
from tests.e2e.tmux import Terminal

COLUMNS, ROWS = 120, 36
WIDTH, HEIGHT = 8, 17
"""Pixels of a cell."""
INK, PAPER = "#e6e6e6", "#0b0d10"
HUMAN = 1.2
_SGR = re.compile(r"\x1b\[([\d;]*)m|\x1b\([0B]|\x0e|\x0f")
_BLOCKS = {
    glyph: (pattern, *PICTURE_MODES[mode].subpixels)
    for mode in (PictureMode.SEXTANT, PictureMode.HALF, PictureMode.QUADRANT)
    for pattern, glyph in enumerate(PICTURE_MODES[mode].glyphs())
}
"""Character → bits of its sub-pixels, columns and rows of them."""
_EIGHTHS = {chr(0x2580 + eighth): eighth for eighth in range(1, 8)}


@dataclass(frozen=True)
class Cell:
    """One cell of the screen."""

    text: str = " "
    ink: str = INK
    paper: str = PAPER
    bold: bool = False
    dim: bool = False
    reverse: bool = False


def cells(captured: str) -> list[list[Cell]]:
    """Cells of what `tmux capture-pane -e` printed, one list a row."""
    rows: list[list[Cell]] = []
    style = Cell()
    for line in captured.splitlines():
        row: list[Cell] = []
        at = 0
        for match in [*_SGR.finditer(line), None]:
            end = match.start() if match else len(line)
            for character in line[at:end]:
                if unicodedata.combining(character) and row:
                    row[-1] = replace(row[-1], text=row[-1].text + character)
                else:
                    row.append(replace(style, text=character))
            if match:
                at = match.end()
                style = _restyled(style, match[1]) if match[1] is not None else style
        rows.append(row)
    return rows


def _restyled(style: Cell, codes: str) -> Cell:
    numbers = [int(code or 0) for code in codes.split(";")]
    while numbers:
        match numbers:
            case [38, 2, red, green, blue, *rest]:
                style, numbers = replace(style, ink=f"#{red:02x}{green:02x}{blue:02x}"), rest
            case [48, 2, red, green, blue, *rest]:
                style, numbers = replace(style, paper=f"#{red:02x}{green:02x}{blue:02x}"), rest
            case [code, *rest]:
                numbers = rest
                changes: dict[int, Cell] = {
                    0: Cell(),
                    1: replace(style, bold=True),
                    2: replace(style, dim=True),
                    7: replace(style, reverse=True),
                    22: replace(style, bold=False, dim=False),
                    27: replace(style, reverse=False),
                    39: replace(style, ink=INK),
                    49: replace(style, paper=PAPER),
                }
                style = changes.get(code, style)
    return style


def svg(rows: list[list[Cell]]) -> str:
    """The picture: one path a colour for all that is filled, and text over it."""
    fills: dict[str, list[str]] = defaultdict(list)
    texts = []
    for y, row in enumerate(rows):
        for x, length, cell in _runs(row):
            if cell.paper != PAPER:
                fills[cell.paper].append(_box(x * WIDTH, y * HEIGHT, length * WIDTH, HEIGHT))
        for x, cell in enumerate(row):
            for box in _ink_boxes(cell.text, x * WIDTH, y * HEIGHT):
                fills[cell.ink].append(box)
        texts += [_text(x, y, word, cell) for x, word, cell in _words(row)]
    width, height = COLUMNS * WIDTH, len(rows) * HEIGHT
    paths = (f'<path fill="{color}" d="{"".join(boxes)}"/>' for color, boxes in fills.items())
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"',
            f' width="{width}" height="{height}">',
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            '<g shape-rendering="crispEdges">',
            *paths,
            "</g>",
            '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="13" xml:space="preserve">',
            *texts,
            "</g>",
            "</svg>\n",
        ]
    )


def _shown(cell: Cell) -> Cell:
    return replace(cell, ink=cell.paper, paper=cell.ink, reverse=False) if cell.reverse else cell


def _runs(row: list[Cell]) -> Iterator[tuple[int, int, Cell]]:
    """Column, length and first cell of each run of one paper."""
    start = 0
    for x in range(1, len(row) + 1):
        if x == len(row) or row[x].paper != row[start].paper:
            yield start, x - start, row[start]
            start = x


def _ink_boxes(text: str, left: int, top: int) -> Iterator[str]:
    if text in _EIGHTHS and text not in _BLOCKS:
        height = HEIGHT * _EIGHTHS[text] / 8
        yield _box(left, top + HEIGHT - height, WIDTH, height)
    elif text in ("\U0001fb82", "\u2594"):  # upper quarter, upper eighth
        yield _box(left, top, WIDTH, HEIGHT / (4 if text == "\U0001fb82" else 8))
    elif text in _BLOCKS and text != " ":
        pattern, columns, lines = _BLOCKS[text]
        for bit in range(columns * lines):
            if pattern >> bit & 1:
                line, column = divmod(bit, columns)
                upper, lower = round(HEIGHT * line / lines), round(HEIGHT * (line + 1) / lines)
                yield _box(left + WIDTH * column / columns, top + upper, WIDTH / columns, lower - upper)


def _words(row: list[Cell]) -> Iterator[tuple[int, str, Cell]]:
    """Column, text and style of each run of characters that a font draws."""
    start, word = 0, ""
    for x, cell in enumerate([*row, Cell()]):
        font = cell.text != " " and cell.text not in _BLOCKS and cell.text not in _EIGHTHS and cell.text != "\U0001fb82"
        if word and not (font and replace(cell, text="") == replace(row[start], text="")):
            yield start, word, row[start]
            word = ""
        if font and x < len(row):
            start, word = (x, cell.text) if not word else (start, word + cell.text)


def _text(x: int, y: int, word: str, cell: Cell) -> str:
    style = (' font-weight="bold"' if cell.bold else "") + (' opacity="0.6"' if cell.dim else "")
    length = f' textLength="{len(word) * WIDTH}" lengthAdjust="spacingAndGlyphs"'
    place = f'x="{x * WIDTH}" y="{y * HEIGHT + 13}"'
    return f'<text {place} fill="{cell.ink}"{style}{length}>{html.escape(word, quote=False)}</text>'


def _box(left: float, top: float, width: float, height: float) -> str:
    return f"M{left:g} {top:g}h{width:g}v{height:g}h{-width:g}z"


def main(arguments: list[str]) -> int:
    out, keys = Path(arguments[0]), (arguments[1:] or [""])[0]
    with tempfile.TemporaryDirectory() as folder:
        gonogo = [sys.executable, "-m", "gonogo"]
        env = {"GONOGO_HOME": f"{folder}/home", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}
        settings = ["env", *(f"{name}={value}" for name, value in env.items()), *gonogo]
        subprocess.run([*settings, "config", "set", "picture_mode", "sextant"], check=True, capture_output=True)
        subprocess.run([*settings, "config", "set", "theme", "dark"], check=True, capture_output=True)
        with Terminal([*gonogo, "demo", "--no-tour"], Path(folder), columns=COLUMNS, rows=ROWS, env=env) as terminal:
            terminal.wait_for("right?", 90)
            for key in keys:
                threading.Event().wait(HUMAN)
                terminal.press(key)
            threading.Event().wait(2 * HUMAN)
            captured = terminal.screen(styles=True)
            terminal.press("C-q")
            terminal.wait_gone()
    rows = [[_shown(cell) for cell in row] for row in cells(captured)]
    out.write_text(svg(rows), "utf-8")
    print(f"{out}: {len(rows)} rows, {out.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
