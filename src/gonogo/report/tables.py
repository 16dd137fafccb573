"""Text tables: columns of equal width, the first one left, the others right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table_lines(rows: Sequence[Sequence[str]]) -> list[str]:
    """Returns the rows as lines; the first row has the heads."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [_line(row, widths) for row in rows]


def _line(cells: Iterable[str], widths: Sequence[int]) -> str:
    first, *rest = cells
    figures = [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
    return "   ".join([first.ljust(widths[0]), *figures]).rstrip()
