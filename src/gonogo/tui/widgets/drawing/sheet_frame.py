"""Frame of a drawing: the title in its upper edge, notes in its lower one, and no more edges than there is room for."""

from __future__ import annotations

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from gonogo.tui.layout.arrangement import Edges
from gonogo.tui.text import one_line

NO_MAP = "no room for the map"
"""Note under a drawing whose map found no free corner; the key that shows more of the sheet follows it."""


class Frame:
    """Frame around the drawing, with a title in its upper and a note in its lower edge, where it has that."""

    def __init__(self, width: int, edges: Edges, edge: Style, caption: Style) -> None:
        self.width = width
        self.edges = edges
        self.edge = edge
        self.caption = caption

    def around(self, inside: list[list[Segment]], title: str, note: str, mode: str) -> list[list[Segment]]:
        """Returns the rows of the frame: the title above; below, the note left and the picture mode right.

        Without a lower edge the note, or else the mode, stands right of the title.
        """
        sides = self.edges.sides
        if sides:
            inside = [[Segment("│", self.edge), *row, Segment("│", self.edge)] for row in inside]
        corners = "╭╮╰╯" if sides else "────"
        if not self.edges.bottom:
            room = self.width - cell_len(title) - 9
            if note and not note.startswith(NO_MAP):  # a note on the box itself is worth more than the end of the title
                end = one_line(note, max(room, self.width // 3))
            else:
                end = next((text for text in (note, mode) if text and cell_len(text) <= room), "")
            return [self._with_label(corners[0], title, corners[1], end), *inside]
        return [
            self._with_label(corners[0], title, corners[1]),
            *inside,
            self._with_label(corners[2], note, corners[3], mode),
        ]

    def _with_label(self, left: str, text: str, right: str, end: str = "") -> list[Segment]:
        room = self.width - 6
        tail = [Segment(f" {end} ", self.caption), Segment("─" + right, self.edge)] if end and len(end) < room else []
        room -= len(end) + 3 if tail else 0
        label = one_line(text, room) if room > 0 else ""
        head = [Segment(left + "─", self.edge), *([Segment(f" {label} ", self.caption)] if label else [])]
        tail = tail or [Segment(right, self.edge)]
        free = self.width - sum(segment.cell_length for segment in (*head, *tail))
        if free < 0:
            return [Segment(left + "─" * max(self.width - 2, 0) + right, self.edge)]
        return [*head, Segment("─" * free, self.edge), *tail]
