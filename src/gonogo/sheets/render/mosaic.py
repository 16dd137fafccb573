"""Mosaic: chooses for each terminal cell the character and two colours that fit the grey sub-pixels best. Pure numpy;
child process only.

Each cell gets two grey levels and a pattern that says which sub-pixel takes which. The best pattern for the squared
error is always a split of the sorted levels (two-means in one dimension), so trying the splits finds the optimum of all
2^n patterns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import CELL_MODES, PICTURE_MODES, PictureMode, glyphs_of, subpixels_of

Grey = NDArray[np.uint8]

LEVELS = 16
_STEP = 255 // (LEVELS - 1)
_FLAT = 20  # a cell whose levels differ by less is one colour: noise is not a stroke
_BRAILLE_INK = 150  # darker than this is a dot

_TABLES = {mode: np.array(list(glyphs_of(mode))) for mode in CELL_MODES}


def to_cells(grey: Grey, mode: PictureMode) -> CellGrid:
    """Fits cells to `grey`, an array of sub-pixels of shape (rows × sub-rows, columns × sub-columns), 0 = ink.

    Levels are rounded to 16 greys: neighbouring cells then share their style, which halves what the terminal is sent.
    Raises `ValueError` when the shape is not whole cells.
    """
    blocks = _blocks(grey, mode)
    if not PICTURE_MODES[mode].two_colors:
        pattern = _pack(blocks < _BRAILLE_INK)
        ink = np.zeros(pattern.shape, np.uint8)
        paper = np.full(pattern.shape, 255, np.uint8)
    else:
        pattern, ink, paper = _fit(blocks)
        ink, paper = _rounded(ink), _rounded(paper)
        pattern[ink == paper] = 0
        pattern, ink, paper = _without_boxes(pattern, ink, paper, mode)
    return cell_grid(mode, pattern, ink, paper, np.zeros(pattern.shape, np.uint8))


def _without_boxes(
    pattern: NDArray[np.intp], ink: Grey, paper: Grey, mode: PictureMode
) -> tuple[NDArray[np.intp], Grey, Grey]:
    """Returns the same cells without the patterns that terminals draw wrongly: complements with swapped colours."""
    swap = np.isin(pattern, list(PICTURE_MODES[mode].misdrawn))
    full = len(glyphs_of(mode)) - 1
    return np.where(swap, full ^ pattern, pattern), np.where(swap, paper, ink), np.where(swap, ink, paper)


def cell_grid(mode: PictureMode, pattern: NDArray[np.intp], ink: Grey, paper: Grey, mark: Grey) -> CellGrid:
    """Returns the grid of arrays that hold one value a cell."""
    rows, columns = pattern.shape
    text = np.ascontiguousarray(_TABLES[mode][pattern])
    lines = tuple(text.view(f"<U{columns}")[:, 0].tolist())
    return CellGrid(columns, rows, mode, lines, ink.tobytes(), paper.tobytes(), mark.tobytes())


def _blocks(grey: Grey, mode: PictureMode) -> Grey:
    """Returns shape (rows, columns, sub-pixels of a cell in pattern order)."""
    across, down = subpixels_of(mode)
    height, width = grey.shape
    if height % down or width % across:
        raise ValueError(f"{width}×{height} sub-pixels are not whole {across}×{down} cells")
    split = grey.reshape(height // down, down, width // across, across)
    return split.transpose(0, 2, 1, 3).reshape(height // down, width // across, across * down)


def _fit(blocks: Grey) -> tuple[NDArray[np.intp], Grey, Grey]:
    """Returns pattern, darker level and lighter level with the least squared error, for each cell."""
    n = blocks.shape[-1]
    ordered = np.sort(blocks, axis=-1).astype(np.float32)
    sums = np.cumsum(ordered, axis=-1)
    total = sums[..., -1:]
    below = np.arange(1, n, dtype=np.float32)
    dark, light = sums[..., :-1] / below, (total - sums[..., :-1]) / (n - below)
    # Between-group variance; its maximum is the minimum of the squared error within the groups.
    gain = below * (n - below) * (light - dark) ** 2
    best = np.argmax(gain, axis=-1)[..., None]
    ink = np.take_along_axis(dark, best, -1)
    paper = np.take_along_axis(light, best, -1)
    threshold = np.take_along_axis(ordered, best, -1)
    pattern = _pack(blocks <= threshold)
    mean = total / n
    flat = (ordered[..., -1:] - ordered[..., :1]) < _FLAT
    ink, paper = np.where(flat, mean, ink)[..., 0], np.where(flat, mean, paper)[..., 0]
    pattern[flat[..., 0]] = 0
    return pattern, ink, paper  # type: ignore[return-value]


def _pack(bits: NDArray[np.bool_]) -> NDArray[np.intp]:
    weights = 1 << np.arange(bits.shape[-1])
    return (bits @ weights).astype(np.intp)


def _rounded(levels: NDArray[np.generic]) -> Grey:
    return (np.rint(np.asarray(levels, np.float32) / _STEP) * _STEP).clip(0, 255).astype(np.uint8)


def to_grey(grid: CellGrid) -> Grey:
    """Returns the picture that the cells show, as sub-pixels: inverts `to_cells`, to measure the loss."""
    across, down = subpixels_of(grid.mode)
    index = {char: pattern for pattern, char in enumerate(glyphs_of(grid.mode))}
    pattern = np.array([[index.get(char, 0) for char in row] for row in grid.rows])
    shape = (grid.height, grid.width, 1)
    ink = np.frombuffer(grid.ink, np.uint8).reshape(shape)
    paper = np.frombuffer(grid.paper, np.uint8).reshape(shape)
    bits = (pattern[..., None] >> np.arange(across * down)) & 1
    cells = np.where(bits == 1, ink, paper).astype(np.uint8)
    split = cells.reshape(grid.height, grid.width, down, across).transpose(0, 2, 1, 3)
    return np.ascontiguousarray(split.reshape(grid.height * down, grid.width * across))
