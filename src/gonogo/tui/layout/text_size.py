"""Text size of a crop: computes how large the text in a task's box appears in a pane of a given size.
Pure; no drawing is opened.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import Picture
from gonogo.sheets.picture_modes import PICTURE_MODES
from gonogo.sheets.render.crop import Rect, best_strips
from gonogo.tui.presenters.format import value_text
from gonogo.tui.viewport import Viewport

LEAST_SUBPIXELS = 8.0
"""Height of a character in sub-pixels below which it can't be read (issue 13, measured by `legibility`)."""
PAGE = (420.0, 297.0)
"""Page size taken for a sheet that was not drawn yet: A3, landscape."""
WORTH_OF_A_CUT = 0.75
"""Share of its size that a text is worth when it is cut into one strip more."""
_LINE = 0.72  # of a line's height: the characters
_LETTER = 0.45  # of a line's height: the width of a character with its gap


class TextSize(NamedTuple):
    """Height of the characters of a box in rows of cells, and the number of strips that its text is cut into."""

    rows: float
    strips: int

    @property
    def worth(self) -> float:
        """Height that a text in one piece would be worth as much at: a cut costs attention."""
        return self.rows * WORTH_OF_A_CUT ** (self.strips - 1)


def text_size(task: DeskTask, view: Viewport, cells: tuple[int, int], page: tuple[float, float] = PAGE) -> TextSize:
    """Returns the size of the text of the task's box in a pane of `cells`; 0 rows without a box.

    An estimate from the box's shape and the length of the value; the renderer measures the ink.
    """
    box = _box(task, page)
    if box is None or min(cells) < 1:
        return TextSize(0.0, 1)
    text = _text_height(task, box)
    strips, scale = best_strips(view.request(task, cells), box, text)
    return TextSize(text * scale / view.cell_ratio, strips)


def subpixels(rows: float, view: Viewport) -> float:
    """Returns the height in sub-pixels of characters that are `rows` cells high; in pixels for a pixel protocol."""
    traits = PICTURE_MODES[view.mode]
    return rows * (view.cell_pixels[1] or 16 if traits.is_pixels else traits.subpixels[1])


def is_too_small(picture: Picture, view: Viewport) -> bool:
    """Returns whether the characters of a picture's box can't be read; false where the ink could not be measured."""
    return picture.text_rows is not None and round(subpixels(picture.text_rows, view)) < LEAST_SUBPIXELS


def _box(task: DeskTask, page: tuple[float, float]) -> Rect | None:
    """Returns the task's box as it is read: a tall one lies on its side."""
    if task.bbox is None or len(task.bbox) < 4:
        return None
    width, height = abs(task.bbox[2] - task.bbox[0]), abs(task.bbox[3] - task.bbox[1])
    if all(0 <= number <= 1 for number in task.bbox[:4]):
        width, height = width * page[0], height * page[1]
    if not (width > 0 and height > 0):
        return None
    return Rect(0, 0, max(width, height), min(width, height)) if height > 1.4 * width else Rect(0, 0, width, height)


def _text_height(task: DeskTask, box: Rect) -> float:
    """Returns the height of a character: of one line, or of as many as the value needs in a box of this shape."""
    letters = max(len(value_text(task.predicted_value, 400)), 1)
    lines = max(round(math.sqrt(letters * _LETTER * box.height / box.width)), 1)
    return box.height * _LINE / lines
