"""Title block of the sample drawings: draws the sheet border with zones, the title block in the lower right corner,
and the notes.
"""

from __future__ import annotations

from dataclasses import dataclass

from gonogo.demo.drawing_board import SHEET_HEIGHT, SHEET_WIDTH, Board
from gonogo.demo.pdf_writer import text_width

MARGIN = 10.0
LEFT_MARGIN = 20.0
WIDTH, ROW = 180.0, 9.0


@dataclass(frozen=True, slots=True)
class Title:
    """Fields of a title block."""

    number: str
    name: str
    material: str
    scale: str
    tolerance: str = "ISO 2768-mK"
    weight: str = ""
    finish: str = "Ra 3,2"
    drawn: str = "M. Keller  2026-03-12"
    revision: str = "B"


def draw_border(board: Board) -> None:
    """The frame with centring marks and zone letters."""
    x0, y0, x1, y1 = LEFT_MARGIN, MARGIN, SHEET_WIDTH - MARGIN, SHEET_HEIGHT - MARGIN
    board.outline((x0, y0), (x1, y0), (x1, y1), (x0, y1), kind="frame")
    columns, rows = 8, 6
    for i in range(columns):
        x = x0 + (x1 - x0) * (i + 0.5) / columns
        for y in (y0 - 5, y1 + 2.2):
            board.label(x, y, str(i + 1), 2.5, anchor="middle")
        if i:
            edge = x0 + (x1 - x0) * i / columns
            board.segment(edge, y0 - 5, edge, y0, "thin")
            board.segment(edge, y1, edge, y1 + 5, "thin")
    for i in range(rows):
        y = y1 - (y1 - y0) * (i + 0.5) / rows
        for x in (x0 - 5, x1 + 2.5):
            board.label(x, y, "ABCDEF"[i], 2.5)
        if i:
            edge = y1 - (y1 - y0) * i / rows
            board.segment(x0 - 5, edge, x0, edge, "thin")
            board.segment(x1, edge, x1 + 5, edge, "thin")


def draw_title_block(board: Board, title: Title) -> None:
    """Five rows of fields; those worth checking are recorded as title-block callouts."""
    x0, y0 = SHEET_WIDTH - MARGIN - WIDTH, MARGIN
    board.outline((x0, y0), (x0 + WIDTH, y0), (x0 + WIDTH, y0 + 4 * ROW), (x0, y0 + 4 * ROW), kind="outline")
    for row in range(1, 4):
        board.segment(x0, y0 + row * ROW, x0 + WIDTH, y0 + row * ROW, "thin")
    cells: tuple[tuple[int, float, str, str, str], ...] = (
        (3, 0, "General tolerance", title.tolerance, "general_tolerance"),
        (3, 60, "Surface", title.finish, "surface"),
        (3, 120, "Weight", title.weight, "weight"),
        (2, 0, "Material", title.material, "material"),
        (2, 120, "Scale", title.scale, "scale"),
        (1, 0, "Title", title.name, ""),
        (1, 120, "Drawn", title.drawn, ""),
        (0, 0, "Drawing no.", title.number, "drawing_number"),
        (0, 120, "Rev.", title.revision, "revision"),
        (0, 150, "Sheet", "1 / 1", ""),
    )
    for row, dx, caption, text, field in cells:
        x, y = x0 + dx, y0 + row * ROW
        if dx:
            board.segment(x, y, x, y + ROW, "thin")
        board.label(x + 1.2, y + ROW - 2.6, caption, 1.9)
        board.label(x + 2.5, y + 1.8, text, 3.6)
        if field:
            what = caption.lower().rstrip(".")
            board.record(
                field,
                (x + 1.5, y + 0.6, x + 3.5 + text_width(text, 3.6), y + 5.2),
                text,
                {"kind": "text"},
                target_kind="title_block",
                detail_kind=field,
                prompt=f"Is the {what} in the title block read right?",
            )


def draw_notes(board: Board, *notes: str) -> None:
    """Numbered notes in the lower left corner; each is a callout of kind `note`."""
    x, y = LEFT_MARGIN + 12, MARGIN + 8 + 6.5 * (len(notes) - 1)
    board.label(x, y + 7.5, "NOTES", 3.0)
    for number, note in enumerate(notes, 1):
        text = f"{number}. {note}"
        board.label(x, y, text, 3.2)
        box = (x - 1, y - 1.2, x + text_width(text, 3.2) + 1, y + 3.4)
        board.record(
            f"note_{number}",
            box,
            note,
            {"kind": "text"},
            target_kind="note",
            detail_kind="general_note",
            prompt=f"Is note {number} read right?",
        )
        y -= 6.5
