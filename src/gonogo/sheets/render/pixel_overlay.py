"""Pixel overlay: marks the judged box and the strips on a plane of palette indices. Child process only."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.render.box_overlay import Outline, is_slanted
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.text.long_text_strips import strip_marks

Plane = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Corners = tuple[int, int, int, int]

PAPER, MARK, LINE = 13, 14, 15
_QUIET = PAPER // 2
_DASH = 4  # pixels of a dash, and between two
_CLEAR = 2  # pixels between the frame and any ink
_INK = PAPER - 3  # what is darker than this is ink, the rest the soft edge of it
_FRAME_LEAST = 0.5  # of the frame must be free of ink to mark the box by itself
_LABEL = 0.75  # of a row: the height of the marks of strips


def mark_pixels(plane: Plane, view: Rect, box: Rect, slanted: Outline, cell: tuple[int, int], keep: float) -> Mask:
    """Dims all outside `box` and draws a frame around it where that crosses no ink; returns the pixels of both.

    `slanted` is the outline of the box; `cell` the size of a cell in pixels; `keep` the share of its contrast that
    what lies outside keeps. Where little of the frame is free, arrows in the margins point at the box.
    """
    height, width = plane.shape
    gap, thick = max(3, cell[1] // 4), max(2, cell[0] // 4)
    frame = _frame(view, box, (width, height), gap)
    mask = _inside(plane.shape, frame, gap)
    if is_slanted(slanted):
        mask |= _polygon(view, slanted, (width, height), gap)
    free = _far_from_ink(plane)
    table = np.arange(PAPER + 3, dtype=np.uint8)
    table[: PAPER + 1] = np.rint(PAPER - (PAPER - table[: PAPER + 1]) * keep)
    np.copyto(plane, table[plane], where=~mask)
    line = np.zeros(plane.shape, np.uint8)
    outline(line, frame, 1, thick)
    drawn = (line > 0) & free
    if drawn.sum() < _FRAME_LEAST * line.sum():
        drawn |= _arrows(frame, (width, height), max(cell[1] // 2, 4)) & free & ~mask
    plane[drawn] = MARK
    return mask | (line > 0) | drawn


def _frame(view: Rect, box: Rect, size: tuple[int, int], gap: int) -> Corners:
    """Returns left, top, right, bottom (inclusive) of a line `gap` pixels outside the box; may lie off the picture."""
    across, down = size[0] / view.width, size[1] / view.height
    left, top = int((box.x - view.x) * across) - gap, int((box.y - view.y) * down) - gap
    right = int(np.ceil((box.x + box.width - view.x) * across)) + gap
    bottom = int(np.ceil((box.y + box.height - view.y) * down)) + gap
    return left, top, right, bottom


def _inside(shape: tuple[int, ...], frame: Corners, gap: int) -> Mask:
    left, top, right, bottom = frame
    mask = np.zeros(shape, np.bool_)
    mask[max(top + gap, 0) : max(bottom - gap + 1, 0), max(left + gap, 0) : max(right - gap + 1, 0)] = True
    return mask


def _polygon(view: Rect, corners: Outline, size: tuple[int, int], edge: int) -> Mask:
    """Returns the pixels of a polygon with `edge` pixels around it."""
    across, down = size[0] / view.width, size[1] / view.height
    points = [((x - view.x) * across, (y - view.y) * down) for x, y in corners]
    image = Image.new("1", size)
    pen = ImageDraw.Draw(image)
    pen.polygon(points, fill=1)
    pen.line([*points, points[0]], fill=1, width=2 * edge)
    return np.asarray(image, np.bool_)


def _far_from_ink(plane: Plane) -> Mask:
    """Returns the pixels that have no ink within `_CLEAR` pixels."""
    inked = np.pad(plane < _INK, _CLEAR)
    span = 2 * _CLEAR + 1
    rows = np.logical_or.reduce([inked[at : at + plane.shape[0]] for at in range(span)])
    free: Mask = ~np.logical_or.reduce([rows[:, at : at + plane.shape[1]] for at in range(span)])
    return free


def outline(plane: Plane | Mask, frame: Corners, index: int, thick: int) -> None:
    """Draws a frame outwards, `thick` pixels wide."""
    left, top, right, bottom = frame
    height, width = plane.shape
    for x0, y0, x1, y1 in (
        (left - thick + 1, top - thick + 1, right + thick, top + 1),
        (left - thick + 1, bottom, right + thick, bottom + thick),
        (left - thick + 1, top, left + 1, bottom + 1),
        (right, top, right + thick, bottom + 1),
    ):
        plane[max(y0, 0) : max(min(y1, height), 0), max(x0, 0) : max(min(x1, width), 0)] = index


def outline_faintly(plane: Plane, view: Rect, boxes: Iterable[Rect], cell: tuple[int, int]) -> None:
    """Draws a thin, quiet, dashed frame around each box where that crosses no ink."""
    height, width = plane.shape
    y, x = np.ogrid[:height, :width]
    dashes = (x + y) % (2 * _DASH) < _DASH
    line = np.zeros(plane.shape, np.bool_)
    for box in boxes:
        outline(line, _frame(view, box, (width, height), max(2, cell[1] // 6)), 1, 1)
    plane[line & dashes & _far_from_ink(plane)] = LINE


def _arrows(frame: Corners, size: tuple[int, int], side: int) -> Mask:
    """Returns triangles at the edges of the picture that point at the middle of the frame."""
    (left, top, right, bottom), (width, height) = frame, size
    x, y = (left + right) // 2, (top + bottom) // 2
    half = side // 2
    image = Image.new("1", size)
    pen = ImageDraw.Draw(image)
    if left > side:
        pen.polygon([(0, y - half), (0, y + half), (side, y)], fill=1)
    if right < width - side:
        pen.polygon([(width - 1, y - half), (width - 1, y + half), (width - 1 - side, y)], fill=1)
    if top > side:
        pen.polygon([(x - half, 0), (x + half, 0), (x, side)], fill=1)
    if bottom < height - side:
        pen.polygon([(x - half, height - 1), (x + half, height - 1), (x, height - 1 - side)], fill=1)
    return np.asarray(image, np.bool_)


def write_marks(row: Plane, number: int, count: int) -> None:
    """Writes the marks between strip `number` and the next into the row of pixels between them, in a quiet grey."""
    begins, ends = strip_marks(number, count)
    for text, at_end in ((begins, False), (ends, True)):
        label = _label(text.replace("⋯", "…"), max(round(row.shape[0] * _LABEL), 6))
        height, width = min(label.shape[0], row.shape[0]), min(label.shape[1], row.shape[1])
        x = row.shape[1] - width if at_end else 0
        y = (row.shape[0] - height) // 2
        row[y : y + height, x : x + width][label[:height, :width]] = _QUIET


@cache
def _label(text: str, height: int) -> Mask:
    """Returns the pixels of a short text in Pillow's own font, which lacks the mathematical dots."""
    font = ImageFont.load_default(height)
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    image = Image.new("L", (right - left + height, bottom - top))
    ImageDraw.Draw(image).text((height // 2 - left, -top), text, font=font, fill=255)
    return np.asarray(image) > 127
