"""Text angle: measures the slant of the text in a crop from its ink. Pure numpy; child process only.

Letters of one line are about equally high, so the smallest rectangle around them lies along the line. The box of a
task is upright: upright text fills it from corner to corner, slanted text leaves its corners empty. A slant is
believed only when its rectangle is clearly smaller than the upright one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.render.ink_pieces import Ink, find_pieces, letters_of

_SMALLER = 0.80  # of the upright rectangle's area: a smaller one means slanted text
_UNSURE = 0.88  # below this the text may be slanted; above it is upright
_LEAST_SLANT = 4  # degrees: less is the unevenness of letters, and reads well
_PIECES_LEAST = 2  # a single character has no direction


@dataclass(frozen=True, slots=True)
class Slant:
    """Slant of text: the turn in degrees clockwise (−44 … 45) that sets its lines along an axis of the page.

    `is_sure` is false where the ink fits a slant and upright text about equally well; the slant is then 0.
    """

    degrees: int = 0
    is_sure: bool = True


def measure_slant(ink: Ink) -> Slant:
    """Measures the slant of the text in `ink`, samples of a crop of equal width and height."""
    letters = letters_of(find_pieces(ink), ink.shape)
    if letters.count < _PIECES_LEAST:
        return Slant()
    outline = letters.outline()
    angles = np.arange(-44, 46)
    areas = _areas(outline, angles)
    upright = areas[44]
    best = int(angles[np.argmin(areas)])
    if abs(best) < _LEAST_SLANT or areas.min() > _UNSURE * upright:
        return Slant()
    if areas.min() > _SMALLER * upright:
        return Slant(is_sure=False)
    return Slant(best)


def _areas(points: NDArray[np.float64], degrees: NDArray[np.intp]) -> NDArray[np.float64]:
    """Returns the area of the rectangle around the points once they are turned clockwise, for each angle."""
    across, down = _turned(points, degrees)
    area: NDArray[np.float64] = np.ptp(across, axis=1) * np.ptp(down, axis=1)
    return area


def _turned(points: NDArray[np.float64], degrees: NDArray[np.intp]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns x and y of the points turned clockwise (y points down), one row an angle."""
    radians = np.deg2rad(degrees.astype(np.float64))[:, None]
    cos, sin = np.cos(radians), np.sin(radians)
    x, y = points[:, 0][None], points[:, 1][None]
    return cos * x - sin * y, sin * x + cos * y
