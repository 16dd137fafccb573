"""Strokes: widens thin lines of a drawing without closing the gaps between them. Child process only."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

_PAPER = 255
_FAR = 120  # distance of samples without ink near them; twice this fits into a byte
_DOWN, _ACROSS = 0, 1


def widen(fine: Grey, by: int, gap: tuple[int, int], level: int) -> Grey:
    """Widens every line by `by` samples, and leaves at least `gap` samples (across, down) between two lines.

    `level` parts ink from paper. A gap that is narrower than `gap` already keeps its width. So a counter, and the paper
    between two letters, stays open however wrong `by` is.

    Hairlines of plotted text are a fraction of what is easily read (ISO 3098 has 1/10 and 1/14 of the height, plotters
    draw less); in cells they break up long before the eye has too few pixels.
    """
    if by <= 0:
        return fine
    dark = fine < level
    reach = 2 * by + max(gap)
    in_row, in_column = _middle_of_gap(dark, gap[0], reach, _ACROSS), _middle_of_gap(dark, gap[1], reach, _DOWN)
    across = _thicken(fine, by, _ACROSS)
    out = _thicken(across, by, _DOWN)
    # A sample in the middle of a gap takes no ink from the sides of that gap, only from its ends. The values put back
    # are never darker than `out`, so the greater one does it; masks of whole bytes are ten times faster than `where`.
    np.maximum(out, _thicken(fine, by, _DOWN) & in_row, out=out)
    np.maximum(out, across & in_column, out=out)
    np.maximum(out, fine & in_row & in_column, out=out)
    return out


def thicken(fine: Grey, by: int) -> Grey:
    """Widens every line by `by` samples (grey erosion): each sample becomes the darkest of a square around it."""
    return _thicken(_thicken(fine, by, _ACROSS), by, _DOWN)


def _thicken(fine: Grey, by: int, axis: int) -> Grey:
    """Returns the darkest of `by` + 1 samples along an axis, around each sample."""
    if by <= 0:
        return fine
    before = by // 2
    edges = [(0, 0), (0, 0)]
    edges[axis] = (before, by - before)
    out = np.pad(fine, edges, constant_values=_PAPER)
    span = 1
    while span <= by:
        step = min(span, by + 1 - span)
        out = np.minimum(out[_cut(axis, None, -step)], out[_cut(axis, step, None)])
        span += step
    return out


def _middle_of_gap(dark: Mask, width: int, reach: int, axis: int) -> Grey:
    """Returns 255 for samples of paper about the middle `width` of a gap between ink within `reach`, else 0."""
    before, after = _distance(dark, reach, axis, 1), _distance(dark, reach, axis, -1)
    furthest = np.maximum(before, after)
    apart = furthest - np.minimum(before, after)
    return np.multiply((furthest < _FAR) & (apart <= width) & ~dark, np.uint8(255), dtype=np.uint8)


def run_lengths(dark: Mask, axis: int) -> Grey:
    """Returns for each sample of ink the length of its run along an axis (0 down, 1 across), up to 238."""
    return _distance(~dark, _FAR, axis, 1) + _distance(~dark, _FAR, axis, -1) - np.uint8(1)


def _distance(dark: Mask, reach: int, axis: int, way: int) -> Grey:
    """Returns the distance in samples to the ink before (`way` 1) or after (-1) each sample, or at least `_FAR`."""
    out = np.multiply(~dark, np.uint8(_FAR), dtype=np.uint8)
    step = 1
    while step <= min(reach, _FAR // 2):  # steps of 1, 2, 4 … reach every distance
        here, there = _cut(axis, step, None), _cut(axis, None, -step)
        here, there = (here, there) if way > 0 else (there, here)
        np.minimum(out[here], out[there] + np.uint8(step), out=out[here])
        step *= 2
    return out


def _cut(axis: int, start: int | None, end: int | None) -> tuple[slice, slice]:
    return (slice(start, end), slice(None)) if axis == _DOWN else (slice(None), slice(start, end))
