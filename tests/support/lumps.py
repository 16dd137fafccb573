"""Lumps: measures how much of a text's shape cells lose, against the same view at full resolution.

A lump is text whose strokes ran together: its counters are closed, or its ink is solid where the drawing has strokes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from gonogo.sheets.models import PictureRequest
from gonogo.sheets.picture_modes import subpixels_of
from gonogo.sheets.render.contrast import ink_levels, stretch
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view, draw_picture, in_strips
from gonogo.sheets.render.mosaic import to_grey
from gonogo.sheets.render.rasterizer import part_of, render_view
from gonogo.sheets.render.text.ink_pieces import find_pieces

_CELL = (8, 16)  # pixels of a cell in the pictures that are compared
_LEAST = 1.2  # sub-pixels: a counter smaller than this cannot be shown by any cells
_SHOWN = 48  # grey levels: a counter this much lighter than the ink around it is seen
_SOLID = 0.42  # of the text's height: no stroke is this wide
_HOLES_LOST, _SOLID_MOST = 1 / 3, 0.12

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class TextShape:
    """Shape of a text in cells: counters that could be shown and those that were, and ink that became solid (share)."""

    counters: int
    kept: int
    solid: float

    @property
    def is_lump(self) -> bool:
        """Whether the text can't be read because its strokes ran together."""
        lost = self.counters - self.kept
        return lost > max(_HOLES_LOST * self.counters, 1) or self.solid > _SOLID_MOST


def text_shape(drawings: OpenDrawings, path: Path, key: str, request: PictureRequest) -> TextShape:
    """Draws the request as the program does and measures the text in its box."""
    picture = draw_picture(drawings, path, key, request)
    chosen, strips = in_strips(choose_view(drawings, path, key, request), request)
    assert chosen.target is not None
    grey = np.asarray(
        Image.fromarray(to_grey(picture.grid)).resize(
            (request.columns * _CELL[0], request.rows * _CELL[1]), Image.Resampling.NEAREST
        )
    )
    subpixel = tuple(side / count for side, count in zip(_CELL, subpixels_of(picture.grid.mode), strict=True))
    counters = kept = 0
    solid, inked = 0, 1
    for strip in strips:
        width, height = request.columns * _CELL[0], strip.rows * _CELL[1]
        full = part_of(render_view(chosen.page, strip.view, width, height), strip.view.rect, chosen.target)
        shown = part_of(grey[strip.top * _CELL[1] :][:height], strip.view.rect, chosen.target)
        levels = ink_levels(full)
        if levels is None:
            continue
        if levels.reversed:
            full, shown = ~full, ~shown
        ink = stretch(full, levels) < 128
        for counter in _counters(ink, subpixel):
            counters += 1
            kept += _is_seen(counter, shown)
        side = round(_SOLID * (chosen.metrics.text_height or 0.0) / strip.view.rect.width * width)
        if side > 2 * max(subpixel):
            lumps = _opened(shown < 100, side) & ~_widened(_opened(ink, max(side // 2, 1)), round(2 * max(subpixel)))
            solid, inked = solid + int(lumps.sum()), inked + int((shown < 100).sum())
    return TextShape(counters, kept, solid / inked)


def _counters(ink: Mask, subpixel: tuple[float, ...]) -> list[Mask]:
    """Returns the pieces of paper that ink encloses, as large as cells can show."""
    pieces = find_pieces(~ink)
    out = []
    for number, (left, top, right, bottom, area) in enumerate(pieces.boxes().tolist()):
        at_edge = left == 0 or top == 0 or right == ink.shape[1] or bottom == ink.shape[0]
        large = right - left >= _LEAST * subpixel[0] and bottom - top >= _LEAST * subpixel[1]
        if large and not at_edge and area >= 1.5 * subpixel[0] * subpixel[1]:
            out.append(pieces.select(np.arange(pieces.count) == number).mask(ink.shape))
    return out


def _is_seen(counter: Mask, shown: Grey) -> bool:
    """Returns whether a counter is lighter than the ink around it."""
    around = _widened(counter, 6) & ~counter
    return int(shown[counter].max()) - float(np.percentile(shown[around], 25)) >= _SHOWN


def _opened(ink: Mask, side: int) -> Mask:
    """Returns the ink that holds a square of `side` pixels (morphological opening)."""
    paper = np.pad(~ink, side, constant_values=True)
    return _widened(~_widened(paper, side), side)[side:-side, side:-side]


def _widened(ink: Mask, by: int) -> Mask:
    out = np.pad(ink, by // 2 + 1)
    rows = np.logical_or.reduce([np.roll(out, shift, 0) for shift in range(-(by // 2), by - by // 2)])
    wide: Mask = np.logical_or.reduce([np.roll(rows, shift, 1) for shift in range(-(by // 2), by - by // 2)])
    edge = by // 2 + 1
    return wide[edge:-edge, edge:-edge]
