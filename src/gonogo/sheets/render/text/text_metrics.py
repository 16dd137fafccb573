"""Text metrics: measures height, stroke width and direction of the characters in a box. Child process only."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.models import Box
from gonogo.sheets.render.contrast import ink_levels
from gonogo.sheets.render.crop import (
    CropView,
    Rect,
    rect_of_box,
    turned_rect,
    turned_size,
)
from gonogo.sheets.render.rasterizer import DrawingPage, Grey, darkest_of, render_view
from gonogo.sheets.render.text.ink_pieces import Ink, InkPieces, find_pieces, letters_of
from gonogo.sheets.render.text.strokes import run_lengths
from gonogo.sheets.render.text.text_angle import TextAngle, measure_angle

_SAMPLES = 320  # along the longer side of the box: enough to part characters, and to measure a hairline
# Stroke over height at which small characters read best (signs: 1/6 to 1/8; plotted text: 1/10 to 1/26).
_WEIGHT = 1 / 6
_GAP_FILLED = 0.6  # of the usual gap: widening by more makes lumps, whatever the height was taken for
_BOLD, _TOUCHING = 0.22, 3  # stroke over the widest letter, and most pieces, of bold text whose letters may touch
_SOLID = 0.9  # more ink than this is a filled area, not text
_LEAST = 0.25  # a piece lower than this share of the highest one is a comma, a dot or a dash
_SOFT, _SPECKLE = 0.25, 24  # of the contrast, and grey levels: what is this much darker than paper may be ink
_COARSE = 2  # samples joined for the extent of the ink: half a stroke more or less does not matter there
_BESIDE = 0.05  # of the text's height: margin of the ink, left and right
_LINE_THIN = 0.35  # of the text's height: a piece of ink as thin as this is a line, when it is longer than the text
_LIKE = 0.25  # of the median: characters of a line differ by no more in height
_SMALL = (0.4, 0.85)  # of the usual height: limits over and under the line, and no signs
_OFF_THE_LINE = 0.12  # of the usual height: they end so much above or below the line
_AGREE = 0.5  # share of the pieces that must be alike for the height to be sure
_THROUGH = 0.97  # a piece this high, of the box, is a line running through it
_RULE = 0.75  # of the width: a row with more ink is a line across, no row of characters
_JOINS = 0.9  # of the height between two rules: a column with more ink is a side of a box


@dataclass(frozen=True, slots=True)
class TextMetrics:
    """Measured text of a box, in page units.

    Attributes:
        text_height: Height of the characters; `None` when unknown.
        rotation: Degrees clockwise by which the page is turned so that the text reads left to right, −179 … 180.
        is_sure: Whether the ink shows the angle clearly; if not, `rotation` is 0.
        stroke: Width of the lines of the characters.
        ink: Rectangle of slanted text on the turned page, because the box around it is far larger; else `None`.
        extent: Rectangle of all ink in the box on the page as it is in the file, with a margin; `None` when empty.
        height_is_sure: Whether the height is that of several characters that agree.
        least_height: Height of smaller characters above or below the line, as limits are; `None` without them.
        gap: Usual width of the paper between two strokes, in counters and between characters; 0 when unknown.
    """

    text_height: float | None = None
    rotation: int = 0
    is_sure: bool = True
    stroke: float = 0.0
    ink: Rect | None = None
    extent: Rect | None = None
    height_is_sure: bool = False
    gap: float = 0.0
    least_height: float | None = None

    @property
    def missing_weight(self) -> float | None:
        """Width that the lines lack to be read well; `None` when the height is unknown.

        The smallest characters decide: what is right for a size fills its limits. It is at most one stroke where height
        or angle is unsure: a height far too large would make lumps of letters.
        """
        if self.text_height is None:
            return None
        missing = max(0.0, (self.least_height or self.text_height) * _WEIGHT - self.stroke)
        if not (self.height_is_sure and self.is_sure):
            missing = min(missing, self.stroke)
        return min(missing, self.gap * _GAP_FILLED) if self.gap else missing

    def ink_at(self, rotation: int) -> Rect | None:
        """Returns `ink` when the page is turned as the text was measured; `None` at any other rotation."""
        return self.ink if (rotation - self.rotation) % 360 == 0 else None

    def extent_at(self, rotation: int, width: float, height: float) -> Rect | None:
        """Returns what must be shown, on a page of `width` × `height` turned by `rotation`: `ink` or `extent`."""
        if self.extent is None or rotation % 90:
            return self.ink_at(rotation)
        part = self.extent
        x, y = part.x / width, part.y / height
        return turned_rect(Box(x, y, x + part.width / width, y + part.height / height), width, height, rotation)


def measure_text(page: DrawingPage, box: Box) -> TextMetrics:
    """Measures the text within `box` (fractions of the page)."""
    region = rect_of_box(box, page.width, page.height)
    grey = page.render(region, *_samples(region))
    dark = _dark(grey)
    if dark is None:
        return TextMetrics()
    letters = letters_of(find_pieces(dark), dark.shape)
    written = page.text_direction(region)
    angle = _measured_angle(dark, letters) if written is None else TextAngle(written)
    if angle.degrees % 90:
        outline = letters.outline() * (region.width / dark.shape[1]) + (region.x, region.y)
        return _measure_slanted(page, _turned_rect(outline, page, angle.degrees), angle.degrees)
    upright = np.rot90(dark, -angle.degrees // 90)
    measured = _measure_upright(upright, region.width / dark.shape[1])
    extent = _extent(grey, region, measured.text_height, lying=angle.degrees % 180 != 0)
    return replace(measured, rotation=angle.degrees, is_sure=angle.is_sure, extent=extent)


def _measured_angle(dark: Ink, letters: InkPieces) -> TextAngle:
    """Returns the angle of the text, unsure where bold letters may touch: two that do look like one that is turned."""
    angle = measure_angle(letters, dark.shape)
    if not angle.degrees or letters.count > _TOUCHING:
        return angle
    boxes = letters.boxes()
    width = (boxes[:, 2:4] - boxes[:, :2]).min(axis=1).max()
    return TextAngle(is_sure=False) if _stroke_width(dark) > _BOLD * width else angle


def _extent(grey: Grey, region: Rect, text: float | None, *, lying: bool) -> Rect | None:
    """Returns the part of `region` that holds all that is not plainly paper, with a margin; never more than `region`.

    Dimension and leader lines that come in from outside don't count: the text has to be shown, not they. `lying` text
    reads upwards or downwards.
    """
    levels = ink_levels(grey)
    if levels is None or text is None:
        return None
    rows, columns = (side // _COARSE for side in grey.shape)
    grey = darkest_of((~grey if levels.reversed else grey)[: rows * _COARSE, : columns * _COARSE], _COARSE, _COARSE)
    unit = region.width / columns
    inked = grey < levels.paper - max(_SPECKLE, _SOFT * (levels.paper - levels.ink))
    left, top, right, bottom, _ = find_pieces(inked).boxes().T
    touching = (left == 0) | (top == 0) | (right == grey.shape[1]) | (bottom == grey.shape[0])
    wide, high = (right - left) * unit, (bottom - top) * unit
    kept = ~touching | (np.minimum(wide, high) > _LINE_THIN * text) | (np.maximum(wide, high) < text)
    if not kept.any():
        return None
    across, down = (0.0, _BESIDE * text) if lying else (_BESIDE * text, 0.0)
    x0, x1 = left[kept].min() * unit - across, right[kept].max() * unit + across
    y0, y1 = top[kept].min() * unit - down, bottom[kept].max() * unit + down
    x0, y0, x1, y1 = max(x0, 0.0), max(y0, 0.0), min(x1, region.width), min(y1, region.height)
    return Rect(region.x + float(x0), region.y + float(y0), float(x1 - x0), float(y1 - y0))


def _measure_slanted(page: DrawingPage, around: Rect, rotation: int) -> TextMetrics:
    """Measures slanted text once it was turned; `around` is the rectangle of its letters on the turned page."""
    view = CropView(around, *turned_size(page.width, page.height, rotation), rotation % 360, 1.0)
    samples = _samples(around)
    upright = _dark(render_view(page, view, *samples, is_pooled=True))
    if upright is None:
        return TextMetrics(is_sure=False)
    return replace(_measure_upright(upright, around.width / samples[0]), rotation=rotation, ink=around)


def _turned_rect(points: NDArray[np.float64], page: DrawingPage, rotation: int) -> Rect:
    """Returns the rectangle around points of the page, on the turned page."""
    cos, sin = np.cos(np.deg2rad(rotation)), np.sin(np.deg2rad(rotation))
    turned = (points - (page.width / 2, page.height / 2)) @ np.array(((cos, sin), (-sin, cos)))
    turned += np.array(turned_size(page.width, page.height, rotation)) / 2
    (x, y), (right, below) = turned.min(axis=0).tolist(), turned.max(axis=0).tolist()
    return Rect(x, y, right - x, below - y)


def _samples(region: Rect) -> tuple[int, int]:
    longer = max(region.width, region.height)
    return max(8, round(_SAMPLES * region.width / longer)), max(8, round(_SAMPLES * region.height / longer))


def _measure_upright(upright: Ink, unit: float) -> TextMetrics:
    """Measures text that reads left to right; `unit` is the width of a sample in page units."""
    stroke = _stroke_width(upright) * unit
    stretches = _character_runs(_without_frame(upright))
    heights = [max(bottom - top for top, bottom in runs) for runs in stretches]
    if not heights or (len(heights) < 3 and max(heights) > _THROUGH * upright.shape[0]):
        return TextMetrics(stroke=stroke)
    height, sure = _median_height(heights)
    small = _small_height([run for runs in stretches for run in runs], height)
    return TextMetrics(
        height * unit,
        stroke=stroke,
        height_is_sure=sure,
        gap=_gap_width(upright) * unit,
        least_height=None if small is None else small * unit,
    )


def _dark(grey: Grey) -> Ink | None:
    """Returns where the strokes are, dark or light; `None` in an empty or filled box."""
    levels = ink_levels(grey)
    if levels is None:
        return None
    dark: Ink = (~grey if levels.reversed else grey) < levels.edge
    return dark if dark.mean() < _SOLID else None


def _stroke_width(dark: NDArray[np.bool_]) -> float:
    """Returns the median over inked samples of the shorter of the two runs of ink through each."""
    across, down = run_lengths(dark, 1), run_lengths(dark, 0)
    return float(np.median(np.minimum(across, down)[dark]))


def _gap_width(dark: Ink) -> float:
    """Returns the median length of the runs of paper between ink along the rows; 0 without any."""
    edges = np.diff(dark.astype(np.int8), axis=1)
    row, place = np.nonzero(edges)
    ends = (edges[row[:-1], place[:-1]] < 0) & (row[1:] == row[:-1])  # ink ends here, and the next edge in the row
    gaps = (place[1:] - place[:-1])[ends]  # is where ink begins again
    return float(np.median(gaps)) if gaps.size else 0.0


def _without_frame(dark: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Returns the ink of a feature control frame without its boxes: rules across, and the lines that join them."""
    rules = np.flatnonzero(dark.mean(axis=1) > _RULE)
    if not rules.size or rules[-1] - rules[0] < rules.size:  # none, or a single one, as thick as it may be
        return dark
    inside = dark[rules[0] : rules[-1] + 1].copy()
    inside[rules - rules[0]] = False
    inside[:, inside.sum(axis=0) > _JOINS * (inside.shape[0] - rules.size)] = False
    return inside


def _character_runs(dark: NDArray[np.bool_]) -> list[list[tuple[int, int]]]:
    """Returns the unbroken runs of inked rows (top, bottom) of each stretch of columns: limits are two, stacked."""
    columns = np.concatenate(([0], dark.any(axis=0).astype(np.int8), [0]))
    inked = np.flatnonzero(np.diff(columns))
    stretches = []
    for start, end in zip(inked[::2], inked[1::2], strict=True):
        rows = np.flatnonzero(np.diff(np.concatenate(([0], dark[:, start:end].any(axis=1).astype(np.int8), [0]))))
        stretches.append(list(zip(rows[::2].tolist(), rows[1::2].tolist(), strict=True)))
    return stretches


def _small_height(runs: list[tuple[int, int]], usual: float) -> float | None:
    """Returns the height of characters that are clearly smaller than usual and stand off the line: limits.

    Where as many characters off the line are as high as usual, the smaller ones are their signs.
    """
    tops, bottoms = np.array(runs).T
    heights = bottoms - tops
    like = np.abs(heights - usual) <= _LIKE * usual
    if not like.any():
        return None
    off = np.abs(bottoms - np.median(bottoms[like])) > _OFF_THE_LINE * usual
    small = off & (heights >= _SMALL[0] * usual) & (heights <= _SMALL[1] * usual)
    count = np.count_nonzero(small)
    return float(np.median(heights[small])) if count >= 2 and count > np.count_nonzero(off & like & ~small) else None


def _median_height(heights: list[int]) -> tuple[float, bool]:
    """Returns the median of the pieces that are not punctuation, and whether it is that of several like pieces."""
    letters = np.array([height for height in heights if height >= _LEAST * max(heights)])
    median = float(np.median(letters))
    like = np.abs(letters - median) <= _LIKE * median
    return median, bool(like.sum() >= 2 and like.mean() >= _AGREE)
