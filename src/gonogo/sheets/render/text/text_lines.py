"""Text lines of a drawing's file: characters with their places, in runs without a wide gap. Child process only."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.models import Box

LINE_MOST = 400
"""Characters of a line; what is longer goes on in the next."""
_GAP = 2.0  # of the height of the characters: a wider one parts two cells of a title block
_PAD = 0.2  # of the height, around a place


@dataclass(frozen=True, slots=True)
class TextLine:
    """Line of text: its characters, and for each its left, top, right and bottom in fractions of the page.

    `is_visible` is false where a character is drawn invisibly, as programs of scanners do.
    """

    text: str
    places: NDArray[np.float32]
    page: int
    is_visible: bool = True

    def box(self, first: int = 0, last: int | None = None) -> Box | None:
        """Returns the place of the characters `first` … `last` with a little paper around; `None` off the page."""
        part = self.places[first : None if last is None else last + 1]
        part = part[(part[:, 2] > part[:, 0]) & (part[:, 3] > part[:, 1])]
        if not part.size:
            return None
        x0, y0 = (float(edge) for edge in part[:, :2].min(axis=0))
        x1, y1 = (float(edge) for edge in part[:, 2:].max(axis=0))
        pad = _PAD * min(x1 - x0, y1 - y0)
        box = Box(max(x0 - pad, 0.0), max(y0 - pad, 0.0), min(x1 + pad, 1.0), min(y1 + pad, 1.0), self.page)
        return box if box.width > 0 and box.height > 0 else None


@dataclass(slots=True)
class ReadingBudget:
    """Budget of reading a drawing's text: characters and seconds, for all of its pages together."""

    characters: int = 100_000
    seconds: float = 4.0
    is_spent: bool = False
    _began: float = field(default_factory=time.monotonic)

    def has_time(self) -> bool:
        """Returns whether seconds are left; without them the budget is spent."""
        self.is_spent = self.is_spent or time.monotonic() - self._began > self.seconds
        return not self.is_spent

    def take(self, count: int) -> int:
        """Returns how many of `count` characters may be read."""
        if not self.has_time():
            self.characters = 0
        allowed = min(count, self.characters)
        self.characters -= allowed
        self.is_spent = self.is_spent or allowed < count
        return allowed


def split_lines(
    text: str, places: NDArray[np.float32], visible: NDArray[np.bool_], page: int, ratio: float
) -> list[TextLine]:
    """Returns the lines of a page's characters; `ratio` is the height of the page over its width.

    A line ends where the file's text does, and at a gap that parts two cells.
    """
    lines: list[TextLine] = []
    start, before = 0, -1
    for at, character in enumerate(text):
        ends = character in "\r\n"
        apart = (
            not ends and not character.isspace() and before >= start and _are_apart(places[before], places[at], ratio)
        )
        if ends or apart or at - start >= LINE_MOST:
            _add(lines, text, places, visible, page, (start, at))
            start = at + 1 if ends else at
        if not character.isspace():
            before = at
    _add(lines, text, places, visible, page, (start, len(text)))
    return lines


def _add(
    lines: list[TextLine],
    text: str,
    places: NDArray[np.float32],
    visible: NDArray[np.bool_],
    page: int,
    span: tuple[int, int],
) -> None:
    start, end = span
    if (part := text[start:end]) and not part.isspace():
        lines.append(TextLine(part, places[start:end], page, bool(visible[start:end].all())))


def _are_apart(one_place: NDArray[np.float32], other: NDArray[np.float32], ratio: float) -> bool:
    """Returns whether two characters lie further apart than two words do; a turned text counts by its own height."""
    left, top, right, bottom = (float(edge) for edge in one_place)
    left2, top2, right2, bottom2 = (float(edge) for edge in other)
    if right <= left or right2 <= left2:
        return False
    across = max(left2 - right, left - right2, 0.0)
    down = max(top2 - bottom, top - bottom2, 0.0) * ratio
    size = max(right - left, right2 - left2, (bottom - top) * ratio, (bottom2 - top2) * ratio)
    return max(across, down) > _GAP * size
