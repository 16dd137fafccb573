"""Rasteriser: renders the visible part of any drawing page to grey sub-pixels.

Child process only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gonogo.sheets.picture_modes import PictureMode, subpixels_of
from gonogo.sheets.render.bbox import Units
from gonogo.sheets.render.contrast import ink_levels, stretch, stretch_sheet
from gonogo.sheets.render.crop import CropView, Rect, corners_on_page, rect_around
from gonogo.sheets.render.text.strokes import widen

Grey = NDArray[np.uint8]

PAPER = 255
_AROUND = 3  # samples around a region that resampling looks at
_WIDE = 4.0  # below this magnification a view is for finding one's way, not for reading


class DrawingPage(Protocol):
    """Page of an open drawing, in its own units (pixels or points), as it is meant to be read."""

    width: float
    height: float
    grain: float
    """Units of the page in the smallest detail that is kept for wide views."""
    native: float
    """Pixels a unit at which nothing that can be seen is lost."""
    units: Units

    def render(self, region: Rect, columns: int, rows: int) -> Grey:
        """Renders `region` (wholly on the page) as `rows` × `columns` grey values, each the mean of its area."""

    def text_direction(self, box: Rect) -> int | None:
        """Returns the direction of the file's text in `box`, in degrees counter-clockwise; `None` in images."""

    def text_near(self, box: Rect, reach: float, most: int) -> list[tuple[Rect, str]]:
        """Returns text of the file within `reach` of `box`, with its places, nearest first; none in images."""


@dataclass(frozen=True, slots=True)
class StrokeTuning:
    """Parameters that keep strokes visible; see `pool` and `strokes.widen`. Tuned on real dimensions with tesseract."""

    fine: int = 3  # samples across a sub-pixel, before pooling
    large: float = 12.0  # sub-pixels: the height from which text is as well read with a sample less
    finest: int = 8  # the most of them, in wide views
    stroke: float = 0.2  # share of the darkest sample in a pooled value, where text is to be read
    wide_stroke: float = 0.5  # the same where lines are thinner than a sub-pixel
    gap: float = 1.34  # sub-pixels that stay open between two strokes: less is lost between the cells' own lines


TUNING = StrokeTuning()


def render_subpixels(
    page: DrawingPage,
    view: CropView,
    mode: PictureMode,
    columns: int,
    rows: int,
    *,
    missing_weight: float | None = None,
    text_height: float | None = None,
    box: Rect | None = None,
    tuning: StrokeTuning = TUNING,
) -> Grey:
    """Renders the view as sub-pixels for `columns` × `rows` cells: rendered fine, rotated, pooled, contrast fitted.

    `missing_weight` is how much wider, in page units, the lines of the text must become (see `TextMetrics`); where it
    is `None`, thin strokes are kept as far as pooling can. Large text (`text_height`, in page units) needs fewer
    samples. The contrast is that of `box` (on the turned page).
    """
    across, down = subpixels_of(mode)
    width, height = columns * across, rows * down
    wide = view.magnification < _WIDE
    if (text_height or 0.0) * height >= tuning.large * view.rect.height:
        tuning = replace(tuning, fine=tuning.fine - 1)
    fine_x, fine_y = samples_per_subpixel(page, view, width, height, tuning)
    fine = render_view(page, view, width * fine_x, height * fine_y, is_pooled=True)
    levels = None if wide else ink_levels(part_of(fine, view.rect, box)[::2, ::2])
    if levels is None:
        return stretch_sheet(pool(fine, fine_x, fine_y, tuning.wide_stroke if wide else tuning.stroke))
    if levels.reversed:
        fine = ~fine
    stroke = tuning.stroke
    if missing_weight is not None:
        stroke = 0.0
        by = round(missing_weight / view.rect.width * fine.shape[1])
        fine = widen(fine, by, (round(tuning.gap * fine_x), round(tuning.gap * fine_y)), levels.middle)
    pooled = pool(fine, fine_x, fine_y, stroke)
    fitted = stretch(pooled, ink_levels(part_of(pooled, view.rect, box)) or levels)
    return ~fitted if levels.reversed else fitted


def part_of(picture: Grey, view: Rect, box: Rect | None) -> Grey:
    """Returns the part of a picture of `view` that shows `box`, or all of it where there is no box."""
    if box is None:
        return picture
    rows, columns = picture.shape
    left, right = _pixels(box.x, box.width, view.x, view.width, columns)
    top, bottom = _pixels(box.y, box.height, view.y, view.height, rows)
    return picture[top:bottom, left:right]


def samples_per_subpixel(
    page: DrawingPage, view: CropView, width: int, height: int, tuning: StrokeTuning
) -> tuple[int, int]:
    """Returns samples across and down a sub-pixel, about square on the page.

    Wide views of an image take more, because a hairline needs a sample of its own before `pool` can keep it.
    """
    across, down = view.rect.width / width, view.rect.height / height
    fine = min(max(tuning.fine, round(across / page.grain)), tuning.finest)
    return fine, max(1, round(fine * down / across))


def render_view(page: DrawingPage, view: CropView, columns: int, rows: int, *, is_pooled: bool = False) -> Grey:
    """Renders the view's rectangle as the reader sees it, with paper where it reaches over the page's edge.

    `is_pooled` says that several samples will be joined into one: slanted edges may then be rough by half a sample.
    """
    if view.rotation % 90:
        return _render_slanted(page, view, columns, rows, is_pooled=is_pooled)
    canvas = np.full((rows, columns), PAPER, np.uint8)
    shown = view.shown
    if shown.width <= 0 or shown.height <= 0:
        return canvas
    left, right = _pixels(shown.x, shown.width, view.rect.x, view.rect.width, columns)
    top, bottom = _pixels(shown.y, shown.height, view.rect.y, view.rect.height, rows)
    # The region is taken from the whole pixels it fills, so that nothing is stretched.
    x_unit, y_unit = view.rect.width / columns, view.rect.height / rows
    turned = Rect(
        view.rect.x + left * x_unit, view.rect.y + top * y_unit, (right - left) * x_unit, (bottom - top) * y_unit
    )
    region = _clamp(_rotate_back(turned, view), page)
    size = (right - left, bottom - top)
    if view.rotation in (90, 270):
        size = (size[1], size[0])
    grey = page.render(region, *size)
    canvas[top:bottom, left:right] = np.rot90(grey, -view.rotation // 90)
    return canvas


def _render_slanted(page: DrawingPage, view: CropView, columns: int, rows: int, *, is_pooled: bool) -> Grey:
    """Renders the view's rectangle as `rows` × `columns` grey values, with paper beyond the page's edge.

    The page is rendered upright at the view's resolution, and then turned: bicubic, or by the nearest sample where
    pooling follows, which takes a tenth of the time and cannot be told apart in cells.
    """
    corners = corners_on_page(view.rect, page.width, page.height, view.rotation)
    scale = max(columns / view.rect.width, rows / view.rect.height)
    region = _region(rect_around(corners), scale, page)
    if region is None:
        return np.full((rows, columns), PAPER, np.uint8)
    size = (max(1, round(region.width * scale)), max(1, round(region.height * scale)))
    upright = Image.fromarray(page.render(region, *size))
    origin, right, _, below = (
        ((x - region.x) / region.width * size[0], (y - region.y) / region.height * size[1]) for x, y in corners
    )
    across = (right[0] - origin[0]) / columns, (right[1] - origin[1]) / columns
    down = (below[0] - origin[0]) / rows, (below[1] - origin[1]) / rows
    affine = (across[0], down[0], origin[0], across[1], down[1], origin[1])
    how = Image.Resampling.NEAREST if is_pooled else Image.Resampling.BICUBIC
    return np.asarray(upright.transform((columns, rows), Image.Transform.AFFINE, affine, how, fillcolor=PAPER))


def _region(around: Rect, scale: float, page: DrawingPage) -> Rect | None:
    """Returns the part of the page to render, in whole samples; `None` when nothing of it lies on the page."""
    margin = _AROUND / scale
    x0, y0 = max(around.x - margin, 0.0), max(around.y - margin, 0.0)
    x1 = min(around.x + around.width + margin, page.width)
    y1 = min(around.y + around.height + margin, page.height)
    if x0 >= x1 or y0 >= y1:
        return None
    x0, y0 = math.floor(x0 * scale) / scale, math.floor(y0 * scale) / scale
    x1, y1 = min(math.ceil(x1 * scale) / scale, page.width), min(math.ceil(y1 * scale) / scale, page.height)
    return Rect(x0, y0, x1 - x0, y1 - y0)


def _pixels(start: float, size: float, origin: float, span: float, count: int) -> tuple[int, int]:
    first = round((start - origin) / span * count)
    last = round((start + size - origin) / span * count)
    first = min(max(first, 0), count - 1)
    return first, min(max(last, first + 1), count)


def _rotate_back(rect: Rect, view: CropView) -> Rect:
    """Returns a rectangle of the turned page on the page as it is in the file."""
    if view.rotation == 90:
        return Rect(rect.y, view.page_width - rect.x - rect.width, rect.height, rect.width)
    if view.rotation == 180:
        return Rect(
            view.page_width - rect.x - rect.width, view.page_height - rect.y - rect.height, rect.width, rect.height
        )
    if view.rotation == 270:
        return Rect(view.page_height - rect.y - rect.height, rect.x, rect.height, rect.width)
    return rect


def _clamp(rect: Rect, page: DrawingPage) -> Rect:
    x0, y0 = min(max(rect.x, 0.0), page.width), min(max(rect.y, 0.0), page.height)
    x1 = min(max(rect.x + rect.width, x0 + 1e-6), page.width)
    y1 = min(max(rect.y + rect.height, y0 + 1e-6), page.height)
    return Rect(x0, y0, x1 - x0, y1 - y0)


def pool(fine: Grey, across: int, down: int, stroke: float) -> Grey:
    """Joins `across` × `down` samples into one: bicubic, pulled towards the darkest sample by `stroke` (0…1).

    Bicubic keeps the gaps in 8, 6 and 9 open where a plain mean closes them, and rings less than Lanczos. Any mean
    turns a line thinner than a sub-pixel into a grey that the contrast cannot bring back; the darkest sample does.
    """
    height, width = fine.shape
    small = Image.fromarray(fine).resize((width // across, height // down), Image.Resampling.BICUBIC)
    mean = np.asarray(small, np.float32)
    if not stroke:
        return np.asarray(small)
    darkest = darkest_of(fine, across, down)
    return _to_levels(mean + stroke * np.minimum(darkest - mean, 0.0))


def darkest_of(fine: Grey, across: int, down: int) -> Grey:
    """Returns the darkest of each `across` × `down` samples. By strides: numpy reduces over short axes slowly."""
    rows = fine[::down].copy()
    for y in range(1, down):
        np.minimum(rows, fine[y::down], out=rows)
    darkest = rows[:, ::across].copy()
    for x in range(1, across):
        np.minimum(darkest, rows[:, x::across], out=darkest)
    return darkest


def fit_contrast(grey: Grey, box: Grey | None = None) -> Grey:
    """Stretches the contrast so that paper is white and strokes are full ink; an empty crop stays as it is.

    The levels are those of `box`, the part of the view that is judged; those of the whole view without one.
    """
    levels = None if box is None else ink_levels(box)
    if levels is None:
        return stretch_sheet(grey)
    return ~stretch(~grey, levels) if levels.reversed else stretch(grey, levels)


def _to_levels(values: NDArray[np.float32]) -> Grey:
    levels: Grey = np.rint(values).clip(0, 255).astype(np.uint8)
    return levels
