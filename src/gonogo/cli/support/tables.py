"""Tables of the commands: aligned below heads on a terminal, within its width; tab-separated with heads elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

import click
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from gonogo.cli.support.exit_codes import echo_err
from gonogo.cli.support.pager import print_long
from gonogo.cli.support.terminal import terminal_width, wants_color, write_styled
from gonogo.schemas.sanitize import clean_text

GAP = 2
"""Cells between two columns."""
COMFORTABLE = 24
"""Cells of a column that gives way, below which spare columns are left out first."""
NARROWEST = 10
"""Cells below which no column is shortened."""


class Fit(Enum):
    """Ways in which a column gives way on a narrow terminal."""

    WHOLE = "whole"
    """Never shortened: ids, numbers, states, times."""
    CUT = "cut"
    """Shortened, with … at its end."""
    FOLD = "fold"
    """Continued on further lines."""
    SPARE = "spare"
    """Whole, or left out."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """Column of a table: its head in lower case, how it gives way, and whether it holds numbers."""

    head: str
    fit: Fit = Fit.WHOLE
    number: bool = False


Cells = Sequence[str | None]


def print_table(
    columns: Sequence[TableColumn],
    rows: Sequence[Cells],
    *,
    notes_head: str = "",
    notes: Sequence[Sequence[str]] = (),
    paged: bool = True,
) -> None:
    """Prints a table; nothing on a terminal where there are no rows.

    `notes` are lines that belong to a row: below it on a terminal, else a last column called `notes_head`. What is
    not `paged` stays on the terminal however long it is.
    """
    cleaned = [[" ".join(clean_text(cell or "").split()) for cell in row] for row in rows]
    width = terminal_width()
    if width is not None:
        if cleaned:
            below = [[clean_text(line) for line in lines] for lines in notes]
            text, missing = _aligned(columns, cleaned, below, width)
            print_long(text) if paged else write_styled(text)
            if missing:
                echo_err(f"Not shown for lack of room: {missing}. A wider terminal or --json shows all.")
        return
    heads = [column.head.replace(" ", "_") for column in columns]
    if notes_head:
        heads.append(notes_head)
        cleaned = [[*row, "; ".join(lines)] for row, lines in zip(cleaned, notes, strict=True)]
    bold = wants_color(sys.stdout)
    click.echo("\t".join(click.style(head, bold=True) if bold else head for head in heads), color=bold)
    for row in cleaned:
        click.echo("\t".join(row))


def _aligned(
    columns: Sequence[TableColumn], rows: list[list[str]], notes: list[list[str]], width: int
) -> tuple[str, str]:
    """Returns the table as lines of at most `width` cells, if its whole columns leave room for that.

    The second text names the columns that there was no room for.
    """
    widths = [
        max(cell_len(cell) for cell in (column.head, *(row[index] for row in rows)))
        for index, column in enumerate(columns)
    ]
    used = [
        index for index, column in enumerate(columns) if column.fit is not Fit.SPARE or any(row[index] for row in rows)
    ]
    kept = _columns_that_fit(columns, used, widths, width)
    missing = ", ".join(columns[index].head for index in used if index not in kept)
    widths = _shrunk(columns, kept, widths, width)
    parts: list[RenderableType] = []
    table = _grid(columns, kept, widths)
    table.add_row(*(Text(columns[index].head.upper(), style="bold") for index in kept))
    for number, row in enumerate(rows):
        table.add_row(*(Text(row[index]) for index in kept))
        if number < len(notes) and notes[number]:
            parts += [table, *(Padding(Text(line), (0, 0, 0, 4)) for line in notes[number])]
            table = _grid(columns, kept, widths)
    color = wants_color(sys.stdout)
    room = max(width, sum(widths) + GAP * len(widths))
    console = Console(file=sys.stdout, width=room, force_terminal=True, highlight=False)
    with console.capture() as capture:
        console.print(Group(*parts, table), end="")
    text = capture.get() if color else click.unstyle(capture.get())
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines()), missing


def _columns_that_fit(columns: Sequence[TableColumn], used: list[int], widths: list[int], width: int) -> list[int]:
    """Indexes of the columns that are shown: spare ones give way first, the last of them before the others."""
    kept = list(used)
    for index in reversed(used):
        least = sum(
            min(widths[at], COMFORTABLE) if columns[at].fit in (Fit.CUT, Fit.FOLD) else widths[at] for at in kept
        )
        if least + GAP * (len(kept) - 1) <= width:
            break
        if columns[index].fit is Fit.SPARE:
            kept.remove(index)
    return kept


def _shrunk(columns: Sequence[TableColumn], kept: list[int], widths: list[int], width: int) -> list[int]:
    """Widths of the kept columns: the widest of those that give way loses first."""
    shown = {index: widths[index] for index in kept}
    flexible = [index for index in kept if columns[index].fit in (Fit.CUT, Fit.FOLD)]
    excess = sum(shown.values()) + GAP * (len(kept) - 1) - width
    while excess > 0 and flexible:
        widest = max(flexible, key=lambda index: shown[index])
        if shown[widest] <= NARROWEST:
            break
        shown[widest] -= 1
        excess -= 1
    return list(shown.values())


def _grid(columns: Sequence[TableColumn], kept: list[int], widths: list[int]) -> Table:
    table = Table.grid(padding=(0, GAP, 0, 0))
    for index, width in zip(kept, widths, strict=True):
        column = columns[index]
        folds = column.fit is Fit.FOLD
        table.add_column(
            width=width,
            justify="right" if column.number else "left",
            no_wrap=not folds,
            overflow="fold" if folds else "ellipsis",
        )
    return table
