"""Text angle: measures in which direction the text of a crop runs, from the shapes of its ink. Pure numpy; child
process only.

Each direction gets a score, in the manner of a log likelihood, from independent evidence: the shapes of the letters
(`letter_shapes`), the rectangle around them (smallest along the text, and longer than high), and how drawings are
written (upright mostly, then from below; readable from below or from the right, ISO 129-1).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.render.text.ink_pieces import InkPieces
from gonogo.sheets.render.text.letter_shapes import STEP, direction_likelihoods

_LETTERS_MOST = 12  # the largest pieces decide
_LETTER_LEAST = 0.35  # of the longest piece: smaller ones are commas, dots and dashes
_JUNK = 0.6  # likelihood of "no letter" above which a piece does not count to the text's rectangle
_FLOOR = -6.0  # least log likelihood that one letter adds: one odd shape must not overrule the others
_AREA = (1.0, 8.0, 11.5)  # weight of the rectangle's area for one, two, and more letters
_LONG = (0.0, 1.0, 3.0)  # the same of its shape
_UPRIGHT, _FROM_BELOW = 0.9, 1.5  # how much more usual these directions are
_UPSIDE_DOWN = -8.0  # not readable from below or from the right: against the rule, but a sheet can be scanned so
_BEYOND_VERTICAL, _BEYOND = -2.0, 110  # some programs write so far before they turn the text over
_FROM_ABOVE = -5.5  # downwards: against the rule, and not rare
_SURE = 1.5  # lead over the next best direction
_TURN = (5.0, 2.5, 2.5)  # lead over upright, by the number of letters: a needless turn is worse than none
_APART = 20  # degrees between directions that count as different
_UNEVEN = 6  # degrees by which uneven letters can look turned
_SNAP = 3  # degrees: nearer to upright or vertical than the measurement is exact


@dataclass(frozen=True, slots=True)
class TextAngle:
    """Direction of text, in degrees counter-clockwise from left to right, −179 … 180.

    Turned clockwise by as much, the text reads left to right. `is_sure` is false where two directions fit about equally
    well; `degrees` is then 0.
    """

    degrees: int = 0
    is_sure: bool = True


def measure_angle(letters: InkPieces, shape: tuple[int, ...]) -> TextAngle:
    """Measures the direction of the text in a crop of `shape`, whose pieces of ink that can be letters are given.

    The samples of the crop are as wide as high.
    """
    if not letters.count:
        return TextAngle()
    scores, count = direction_scores(letters, shape)
    best = int(np.argmax(scores))
    apart = np.abs((np.arange(360) - best + 180) % 360 - 180) > _APART
    degrees = _snapped(best, scores)
    if scores[best] - scores[apart].max() < _SURE or (degrees and scores[best] - scores[0] < _TURN[_kind(count)]):
        return TextAngle(is_sure=False)
    return TextAngle(degrees)


def direction_scores(pieces: InkPieces, shape: tuple[int, ...]) -> tuple[NDArray[np.float64], int]:
    """Returns the score of each direction in degrees, 0 … 359, and the number of letters that count."""
    boxes = pieces.boxes()
    longer = np.maximum(boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1])
    chosen = np.argsort(-longer, kind="stable")[:_LETTERS_MOST]
    chosen = chosen[longer[chosen] >= _LETTER_LEAST * longer.max()]
    likelihoods = direction_likelihoods(pieces, shape, chosen)
    junk = np.exp(likelihoods[:, -1])
    kept = np.ones(pieces.count, np.bool_)
    kept[chosen[junk > _JUNK]] = False
    if not kept[chosen].any():
        kept[:] = True
    count = int(np.count_nonzero(kept[chosen]))
    return _of_shapes(likelihoods) + _of_rectangle(pieces.select(kept), count) + _usual(), count


def _kind(count: int) -> int:
    """Returns the index of weights for one, two, or more letters."""
    return min(max(count, 1), 3) - 1


def _of_shapes(likelihoods: NDArray[np.float32]) -> NDArray[np.float64]:
    """Returns the sum over letters of their log likelihoods, each as far as it is a letter, for every degree."""
    letter = 1 - np.exp(likelihoods[:, -1:])
    directions = np.maximum(likelihoods[:, :-1] - np.log(letter + 1e-9), _FLOOR)
    sums = (letter * directions).sum(axis=0)
    # A trigonometric polynomial through the directions: straight pieces between them would have their peaks at them.
    smooth: NDArray[np.float64] = np.fft.irfft(np.fft.rfft(sums), 360) * STEP
    return smooth


def _of_rectangle(letters: InkPieces, count: int) -> NDArray[np.float64]:
    outline = letters.outline()
    radians = np.deg2rad(np.arange(180, dtype=np.float32))
    # Along the text (x right, y down): the direction of `n` degrees counter-clockwise.
    places = np.stack((np.cos(radians), -np.sin(radians)), axis=1) @ outline.T
    along = np.ptp(places, axis=1).astype(np.float64)
    across = np.roll(along, -90)
    kind = _kind(count)
    area = np.log(along * across)
    scores = -_AREA[kind] * (area - area.min()) - _LONG[kind] * np.maximum(np.log(across / along), 0)
    return np.concatenate((scores, scores))


def _usual() -> NDArray[np.float64]:
    degrees = np.arange(360)
    scores = np.where((degrees > 90) & (degrees < 270), _UPSIDE_DOWN, 0.0)
    scores[90 + _SNAP + 1 : _BEYOND + 1] = _BEYOND_VERTICAL
    scores[90 : 90 + _SNAP + 1] = 0.0
    scores[270 - _SNAP : 270] = 0.0
    for direction, more, width in ((0, _UPRIGHT, 4), (90, _FROM_BELOW, 4), (270, _FROM_ABOVE, 15)):
        away = np.abs((degrees - direction + 180) % 360 - 180)
        scores = scores + more * np.clip(1 - away / width, 0, 1)
    return scores


def _snapped(best: int, scores: NDArray[np.float64]) -> int:
    """Returns the direction in −179 … 180; an axis of the page where that fits nearly as well or is as near."""
    signed = (best + 179) % 360 - 179
    for axis in (-90, 0, 90, 180):
        away = abs(signed - axis)
        if away <= _SNAP or (away <= _UNEVEN and scores[axis] > scores[best] - _SURE):
            return axis
    return signed
