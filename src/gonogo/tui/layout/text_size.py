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
from gonogo.tui.presenters.common.format import value_text
from gonogo.tui.viewport import Viewport
from gonogo.values import Kind, from_json, typeset

LEAST_SUBPIXELS = 8.0
"""Height of a character in sub-pixels below which it can't be read (issue 13, measured by `legibility`)."""
PAGE = (420.0, 297.0)
"""Page size taken for a sheet that was not drawn yet: A3, landscape."""
WORTH_OF_A_CUT = 0.75
"""Share of its size that a text is worth when it is cut into one strip more."""
_LETTER = 0.7  # of the height of the characters: the width of one with its gap
_LINE = 1.39  # … the height of a line of prose
_MARGINS = 0.39  # … what a box leaves free around its text, above and below together, or left and right
_LIMIT, _LIMITS_APART = 0.62, 0.4  # … the height of limits, and the gap before them
_STACK = 1.52  # … the height of two limits one above the other
_FRAME = 2.0  # … the height of a feature control frame, and the width of its symbol's cell
_LONGEST = 14.0  # … the width of a text that drawings set in one line
_SLANTED = 0.5  # of the text's shape (width over height): a box this much squarer holds slanted text


class TextSize(NamedTuple):
    """Height of a text's smallest characters in rows of cells, and the number of strips that it is cut into."""

    rows: float
    strips: int

    @property
    def worth(self) -> float:
        """Height that a text in one piece would be worth as much at: a cut costs attention."""
        return self.rows * WORTH_OF_A_CUT ** (self.strips - 1)


class Ink(NamedTuple):
    """Width and height of a text, and the heights of its usual and its smallest characters, in units of the page."""

    width: float
    height: float
    usual: float
    least: float


def text_size(
    task: DeskTask, view: Viewport, cells: tuple[int, int], page: tuple[float, float] = PAGE, ink: Ink | None = None
) -> TextSize:
    """Returns the size of the text of the task's box in a pane of `cells`; 0 rows without a box.

    Without the `ink` that the renderer has measured, an estimate from the box's shape and the length of the value.
    """
    box = _box(task, page)
    if box is None or min(cells) < 1:
        return TextSize(0.0, 1)
    ink = ink or _estimated(box, task.predicted_value)
    strips, scale = best_strips(view.request(task, cells), Rect(0, 0, ink.width, ink.height), ink.usual, ink.least)
    return TextSize(ink.least * scale / view.cell_ratio, strips)


def is_readable(size: TextSize, view: Viewport) -> bool:
    """Returns whether characters of a size can be read."""
    return subpixels(size.rows, view) >= LEAST_SUBPIXELS


def subpixels(rows: float, view: Viewport) -> float:
    """Returns the height in sub-pixels of characters that are `rows` cells high; in pixels for a pixel protocol."""
    traits = PICTURE_MODES[view.mode]
    return rows * (view.cell_pixels[1] or 16 if traits.is_pixels else traits.subpixels[1])


def is_too_small(picture: Picture, view: Viewport) -> bool:
    """Returns whether the characters of a picture's box can't be read; false where the ink could not be measured."""
    return picture.text_rows is not None and round(subpixels(picture.text_rows, view)) < LEAST_SUBPIXELS


def _box(task: DeskTask, page: tuple[float, float]) -> Rect | None:
    if task.bbox is None or len(task.bbox) < 4:
        return None
    width, height = abs(task.bbox[2] - task.bbox[0]), abs(task.bbox[3] - task.bbox[1])
    if all(0 <= number <= 1 for number in task.bbox[:4]):
        width, height = width * page[0], height * page[1]
    return Rect(0, 0, width, height) if width > 0 and height > 0 else None


class _TextShape(NamedTuple):
    """Width and height of a text, and the height of its smallest characters, in heights of its usual characters."""

    width: float
    height: float
    least: float = 1.0


def _estimated(box: Rect, value: object) -> Ink:
    """Returns the ink of a box's text as it is read, estimated from what a drawing would show."""
    standing = box.height > 1.4 * box.width
    lying = Rect(0, 0, box.height, box.width) if standing else box
    shape = _text_shape(value)
    if shape is None:
        letters = max(len(value_text(value, 400)), 1)
        lines = max(round(math.sqrt(letters * _LETTER / _LINE * lying.height / lying.width)), 1)
        text = lying.height / _LINE / lines
        return Ink(lying.width, lying.height, text, text)
    width, height = shape.width + _MARGINS, shape.height + _MARGINS
    text = lying.height / height
    if lying.width * height < _SLANTED * lying.height * width:
        text = _height_of_slanted(box, width, height)
        lying = Rect(0, 0, width * text, height * text)
    return Ink(max(lying.width - _MARGINS * text, text / 2), shape.height * text, text, shape.least * text)


def _height_of_slanted(box: Rect, width: float, height: float) -> float:
    """Returns the height of the characters of a text of `width` × `height` of them in the box around it, slanted.

    A rectangle turned by an angle is `width·cos + height·sin` wide and `width·sin + height·cos` high.
    """
    angle = math.atan2(box.height * width - box.width * height, box.width * width - box.height * height)
    angle = min(max(angle, 0.0), math.pi / 2)
    return box.width / (width * math.cos(angle) + height * math.sin(angle))


def _text_shape(value: object) -> _TextShape | None:
    """Returns the shape of a value as drawings set it; `None` for what may stand in several lines."""
    if from_json(value).kind in {Kind.TEXT, Kind.OTHER, Kind.EMPTY}:
        return None
    width, height, least = 0.0, 1.0, 1.0
    for part in typeset(value).parts:
        width += _LETTER * (len(part.text) + bool(width))
        if part.boxed:
            width, height = width + 2 * _LETTER, _FRAME
        elif part.upper and part.lower:
            width += _LIMITS_APART + _LIMIT * _LETTER * max(len(part.upper), len(part.lower))
            height, least = max(height, _STACK), _LIMIT
    return _TextShape(width + (_FRAME if height == _FRAME else 0.0), height, least) if width < _LONGEST else None
