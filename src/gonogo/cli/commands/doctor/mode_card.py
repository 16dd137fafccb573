"""Test card of `gonogo doctor`: prints one sample drawing in each picture mode, asks which one looks best, and
returns the answer. Loads the renderer and numpy.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import click

from gonogo.demo.parts import draw_all
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import CellGrid, PictureRequest
from gonogo.sheets.picture_modes import CELL_MODES, PIXEL_MODES, PictureMode, subpixels_of
from gonogo.sheets.render import indexed_pixels
from gonogo.sheets.render.box_overlay import draw_frame
from gonogo.sheets.render.draw_request import ChosenView, OpenDrawings, choose_view
from gonogo.sheets.render.indexed_pixels import Plane
from gonogo.sheets.render.mosaic import to_cells
from gonogo.sheets.render.rasterizer import render_subpixels
from gonogo.sheets.terminal import kitty, sixel
from gonogo.tui.terminal.capabilities import TerminalCapabilities

COLUMNS, ROWS = 24, 8
ACROSS = 3
PART, CALLOUT = "GX-1042 shaft", "length_collar"
MODES = sorted(CELL_MODES, key=lambda mode: math.prod(subpixels_of(mode)))  # the coarsest first
TIMES_ASKED = 3
_LEVELS = 13
_INK, _PAPER = 20, 235
_MARK = "#d08020"


class Sample(NamedTuple):
    """One way to draw: rows of text with their colours, or the pixels that go onto empty rows."""

    mode: PictureMode
    rows: list[str]
    over: str = ""


def show_card(
    terminal: TerminalCapabilities,
    environment: Mapping[str, str],
    *,
    write: Callable[[str], object],
    ask: Callable[[], str],
) -> str:
    """Show the card and keep the answer; returns what to say. `ask` gives the line that was typed."""
    shown = samples(terminal, environment)
    write(card(shown))
    try:
        for _ in range(TIMES_ASKED):
            write(f"Which one is clean and sharpest? 1-{len(shown)}, Enter = keep what is used now: ")
            answer = ask().strip()
            if not answer:
                return "Nothing was changed."
            if answer.isascii() and answer.isdigit() and 1 <= int(answer) <= len(shown):
                return choose(terminal, shown[int(answer) - 1].mode.value)
            write(f"There is no {answer[:20]!r} on the card.\n")
    finally:
        if any(sample.mode is PictureMode.KITTY for sample in shown):
            write(kitty.delete(kitty.IDS[0], tmux=terminal.in_tmux))
    return "Nothing was changed."


def choose(terminal: TerminalCapabilities, mode: str) -> str:
    """Keep `mode` for this terminal; returns what to say. Raises `OSError`, and `ValueError` for one it lacks."""
    if mode == "auto":
        terminal.remember(mode)
        return f"{terminal.name}: drawings as the terminal itself says, from now on."
    if reason := terminal.lacks(PictureMode(mode), seen=True):
        raise ValueError(reason)
    doubt = terminal.lacks(PictureMode(mode))
    terminal.remember(mode, drawn=bool(doubt))
    warning = f" {doubt}: where you see boxes, choose another." if doubt else ""
    return (
        f"{terminal.name}: drawings in {mode} from now on.{warning} `m` in the program, or `gonogo doctor`, changes it."
    )


def samples(terminal: TerminalCapabilities, environment: Mapping[str, str]) -> list[Sample]:
    """What this terminal may be able to draw, coarsest first."""
    board = draw_all()[PART]
    box = next(callout.bbox for callout in board.callouts if callout.name == CALLOUT)
    request = PictureRequest(
        COLUMNS, ROWS, (*box, 1.0), mode=PictureMode.SEXTANT, locator=None, cell_pixels=terminal.cell
    )
    drawings = OpenDrawings(DrawingLimits())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "card.pdf"
        path.write_bytes(board.pdf())
        view: ChosenView = choose_view(drawings, path, PART, request)
        found = []
        for mode in MODES:
            grid = to_cells(render_subpixels(view.page, view.view, mode, COLUMNS, ROWS), mode)
            if view.target is not None:
                grid = draw_frame(grid, view.view.rect, view.target)
            found.append(Sample(mode, painted(grid, environment)))
        found += _pixels(terminal, drawings, path, request)
        drawings.forget()
    return found


def _pixels(
    terminal: TerminalCapabilities, drawings: OpenDrawings, path: Path, request: PictureRequest
) -> list[Sample]:
    modes = [mode for mode in PIXEL_MODES if mode.value in terminal.choices()]
    if not modes:
        return []
    plane: Plane = indexed_pixels.draw_plane(drawings, path, PART, request, {})
    size = plane.shape[1], plane.shape[0]
    greys = (_INK + (_PAPER - _INK) * level // _LEVELS for level in range(_LEVELS + 1))
    colours = [*(f"#{grey:02x}{grey:02x}{grey:02x}" for grey in greys), _MARK, _MARK]
    found = []
    for mode in modes:
        if mode is PictureMode.SIXEL:
            empty = [" " * COLUMNS] * ROWS
            found.append(Sample(mode, empty, sixel.sixel(indexed_pixels.sixel_body(plane), size, colours)))
        else:
            number = kitty.IDS[0]
            data = kitty.png(indexed_pixels.png_body(plane), size, colours)
            rows = [f"\x1b[38;5;{number}m{text}\x1b[0m" for text in kitty.placeholders(COLUMNS, ROWS)]
            rows[0] = kitty.send(number, data, (COLUMNS, ROWS), tmux=terminal.in_tmux) + rows[0]
            found.append(Sample(mode, rows))
    return found


def painted(grid: CellGrid, environment: Mapping[str, str]) -> list[str]:
    """The rows of `grid` as text for a terminal with as many colours as `environment` tells."""
    colour = _colours(environment)
    rows = []
    for y, row in enumerate(grid.rows):
        cells = []
        for x, character in enumerate(row):
            at = y * grid.width + x
            cells.append(colour(grid.ink[at], grid.paper[at], bool(grid.mark[at])) + character)
        rows.append("".join(cells) + "\x1b[0m")
    return rows


def _colours(environment: Mapping[str, str]) -> Callable[[int, int, bool], str]:
    """A function of ink, paper (0 to 255) and mark to the sequence that sets them."""
    if environment.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return lambda ink, paper, mark: f"\x1b[38;2;{'208;128;32' if mark else _grey(ink)};48;2;{_grey(paper)}m"
    if re.search("256color|kitty|direct", environment.get("TERM", "")):
        return lambda ink, paper, mark: (
            f"\x1b[38;5;{172 if mark else 232 + ink * 23 // 255};48;5;{232 + paper * 23 // 255}m"
        )
    basic = (0, 60, 7, 67)  # black, grey, light grey, white, as steps from 30 and 40
    return lambda ink, paper, mark: f"\x1b[{33 if mark else 30 + basic[ink // 64]};{40 + basic[paper // 64]}m"


def _grey(level: int) -> str:
    return ";".join([str(_INK + (_PAPER - _INK) * level // 255)] * 3)


def card(shown: list[Sample]) -> str:
    """All samples, `ACROSS` in a line, each under its number."""
    parts = []
    for first in range(0, len(shown), ACROSS):
        line = shown[first : first + ACROSS]
        names = (f"{first + at} {sample.mode.value}" for at, sample in enumerate(line, 1))
        parts.append("  ".join(name.ljust(COLUMNS) for name in names).rstrip() + "\n")
        parts += ["  ".join(sample.rows[row] for sample in line) + "\n" for row in range(ROWS)]
        # Pixels go onto the rows that now exist, so that nothing scrolls under them.
        parts += [
            f"\x1b7\x1b[{ROWS}A\x1b[{at * (COLUMNS + 2) + 1}G{sample.over}\x1b8"
            for at, sample in enumerate(line)
            if sample.over
        ]
        parts.append("\n")
    return "".join(parts)


def can_show() -> str:
    """Why there is no card here; empty when there is one."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM", "") in ("", "dumb"):
        return "it needs a terminal"
    if os.environ.get("NO_COLOR"):
        return "NO_COLOR is set: drawings are braille dots"
    wanted = ACROSS * (COLUMNS + 2), 2 * (ROWS + 2) + 2
    size = shutil.get_terminal_size()
    if size.columns < wanted[0] or size.lines < wanted[1]:
        return f"it needs {wanted[0]}×{wanted[1]} cells"
    return ""


def typed() -> str:
    """A line from the keyboard. What came before the question, such as a late answer of the terminal, is dropped."""
    import termios  # Unix only

    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    line = sys.stdin.readline()
    if not line:
        click.echo()
    return line
