"""Text size of a crop: how large a pane of some size shows the text of a task's box. Pure; no drawing is opened."""

from __future__ import annotations

import math

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import Picture
from gonogo.sheets.picture_modes import PICTURE_MODES
from gonogo.sheets.render.crop import Rect, detail_scale
from gonogo.tui.presenters.format import value_text
from gonogo.tui.viewport import Viewport

LEAST_SUBPIXELS = 8.0
"""Height of a character in sub-pixels below which it can't be read (issue 13, measured by `legibility`)."""
PAGE = (420.0, 297.0)
"""Page size taken for a sheet that was not drawn yet: A3, landscape."""
_LINE = 0.72  # of a line's height: the characters
_LETTER = 0.45  # of a line's height: the width of a character with its gap


def text_rows(task: DeskTask, view: Viewport, cells: tuple[int, int], page: tuple[float, float] = PAGE) -> float:
    """Returns the height, in rows, of the characters of the task's box in a pane of `cells`; 0 without a box.

    An estimate from the box's shape and the length of the value; the renderer measures the ink.
    """
    columns, rows = cells
    box = _box(task, page)
    if box is None or columns < 1 or rows < 1:
        return 0.0
    scale = detail_scale(view.request(task, cells), box, (columns, rows * view.cell_ratio), _text_height(task, box))
    return _text_height(task, box) * scale / view.cell_ratio


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
