"""Contrast: finds the levels of ink and paper in the judged box, and stretches a view to them. Child process only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]

_PLAIN = 40  # two groups of levels this far apart are ink and paper
_FAINT = 12  # groups nearer to each other than this are not
_PARTED = 0.7  # share of the variance between the groups, for a faint pen; noise alone has 0.64
_SHEET_PAPER, _SHEET_INK, _SHEET_FLAT = 80.0, 0.3, 24  # percentiles of a wide view, and its least difference
_STROKES_LEAST = 0.02  # of the samples; less is dust
_GROUND_LEAST = 0.55  # of a box of white strokes on black
_EDGE_LEAST = 0.75  # of such a box's outermost samples: strokes stop short of them
_CORE = 25.0  # percentile of the darker half: what lies beyond is the core of strokes, the rest their soft edges
_GAMMA = 1.2  # what is half ink looks thinner in cells than in pixels


@dataclass(frozen=True, slots=True)
class InkLevels:
    """Grey levels of a box: its ink, its paper, the level between them, and whether its strokes are the lighter ones.

    With `reversed`, the levels are those of the negative, in which strokes are dark.
    """

    ink: int
    paper: int
    middle: int
    reversed: bool = False

    @property
    def edge(self) -> float:
        """Level half way between ink and paper, which is that of a stroke's edge."""
        return (self.ink + self.paper) / 2


def ink_levels(samples: Grey) -> InkLevels | None:
    """Returns the levels of a box from its own histogram (Otsu's threshold); `None` when it holds no strokes.

    So a grey scan, a faint pen and white on black are stretched alike, whatever else is on the sheet.
    """
    counts = np.bincount(samples.ravel(), minlength=256)
    middle = _threshold(counts)
    if middle is None:
        return None
    dark = int(counts[:middle].sum()) / samples.size
    if dark >= _GROUND_LEAST and 1 - dark >= _STROKES_LEAST and _edge_share(samples, middle) >= _EDGE_LEAST:
        levels = _levels(counts[::-1], 256 - middle)
        return InkLevels(levels.ink, levels.paper, levels.middle, reversed=True)
    return _levels(counts, middle)


def stretch(grey: Grey, levels: InkLevels) -> Grey:
    """Returns `grey` with paper as white and strokes as full ink."""
    return _ramp(levels.ink, levels.paper)[grey]


def stretch_sheet(grey: Grey) -> Grey:
    """Stretches a wide view: the lightest parts are paper, the darkest full ink; an empty view stays as it is."""
    counts = np.bincount(grey.ravel(), minlength=256)
    paper, ink = _percentile(counts, _SHEET_PAPER), _percentile(counts, _SHEET_INK)
    if paper - ink < _SHEET_FLAT:
        ink = int(np.flatnonzero(counts)[0])
    return _ramp(ink, paper)[grey] if paper - ink >= _SHEET_FLAT else grey


def _ramp(ink: int, paper: int) -> Grey:
    levels = ((np.arange(256) - ink) / (paper - ink)).clip(0.0, 1.0) ** _GAMMA
    table: Grey = np.rint(levels * 255).astype(np.uint8)
    return table


def _threshold(counts: NDArray[np.intp]) -> int | None:
    """Returns the level that parts the samples best into two groups (N. Otsu, 1979): ink is below it."""
    total, levels = int(counts.sum()), np.arange(256)
    below = np.cumsum(counts)[:-1].astype(np.float64)
    mass = np.cumsum(counts * levels)[:-1].astype(np.float64)
    above, rest = total - below, float((counts * levels).sum()) - mass
    with np.errstate(divide="ignore", invalid="ignore"):
        dark, light = mass / below, rest / above
        between = np.where((below > 0) & (above > 0), below * above * (light - dark) ** 2, -1.0) / total**2
    best = np.flatnonzero(between == between.max())
    if between.max() <= 0:
        return None
    at = int(best[len(best) // 2])  # levels that nothing has part the samples alike: take their middle
    apart = float(light[at] - dark[at])
    variance = float((counts * levels**2).sum()) / total - (float((counts * levels).sum()) / total) ** 2
    strokes = apart >= _PLAIN or (apart >= _FAINT and between[at] >= _PARTED * variance)
    return at + 1 if strokes else None


def _levels(counts: NDArray[np.intp], middle: int) -> InkLevels:
    ink = _percentile(counts[:middle], _CORE)
    paper = middle + _percentile(counts[middle:], 50.0)
    return InkLevels(ink, max(paper, ink + 1), middle)


def _percentile(counts: NDArray[np.intp], per_cent: float) -> int:
    """Returns the level at or below which `per_cent` of the samples are; `counts` is their histogram."""
    return int(np.searchsorted(np.cumsum(counts), per_cent / 100 * counts.sum()))


def _edge_share(samples: Grey, middle: int) -> float:
    """Returns the share of dark samples along the edge of a box."""
    edge = np.concatenate((samples[0], samples[-1], samples[:, 0], samples[:, -1]))
    return float((edge < middle).mean())
