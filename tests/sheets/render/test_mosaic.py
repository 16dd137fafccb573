"""Mosaic: exact cells for exact pixels, and the optimum against a search over every pattern."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from gonogo.sheets.picture_modes import CELL_MODES, PICTURE_MODES, PictureMode, glyphs_of, subpixels_of
from gonogo.sheets.render.mosaic import to_cells, to_grey

BLOCKS = [PictureMode.OCTANT, PictureMode.SEXTANT, PictureMode.QUADRANT, PictureMode.HALF]


def _all_patterns(mode: PictureMode) -> np.ndarray:
    """A row of cells, one a pattern, black on white."""
    across, down = subpixels_of(mode)
    n = across * down
    bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
    cells = np.where(bits == 1, 0, 255).astype(np.uint8).reshape(2**n, down, across)
    return np.ascontiguousarray(cells.transpose(1, 0, 2).reshape(down, -1))


@pytest.mark.parametrize("mode", CELL_MODES)
def test_each_pattern_becomes_its_character(mode: PictureMode) -> None:
    grid = to_cells(_all_patterns(mode), mode)
    assert grid.height == 1
    # A cell of one colour has nothing to tell apart: it is drawn as paper.
    wanted = list(glyphs_of(mode) if mode is PictureMode.BRAILLE else glyphs_of(mode)[:-1] + " ")
    for pattern in PICTURE_MODES[mode].misdrawn:
        wanted[pattern] = glyphs_of(mode)[~pattern]
    assert grid.rows[0] == "".join(wanted)
    assert set(grid.mark) == {0}


@pytest.mark.parametrize("mode", CELL_MODES)
def test_black_and_white_survive_exactly(mode: PictureMode) -> None:
    pixels = _all_patterns(mode)
    assert np.array_equal(to_grey(to_cells(pixels, mode)), pixels)


@settings(max_examples=50, deadline=None)
@given(arrays(np.uint8, (8, 12), elements=st.sampled_from([0, 90, 255])))
def test_no_octant_that_terminals_draw_as_a_box_is_used(pixels: np.ndarray) -> None:
    text = "".join(to_cells(pixels, PictureMode.OCTANT).rows)
    assert not set(text) & set("\U0001cea0\U0001cea3\U0001cea8\U0001ceab\U0001fbe6\U0001fbe7")


@pytest.mark.parametrize("mode", BLOCKS)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_the_fit_has_the_least_squared_error_of_all_patterns(mode: PictureMode, data: st.DataObject) -> None:
    across, down = subpixels_of(mode)
    pixels = data.draw(arrays(np.uint8, (down, across)))
    if int(pixels.max()) - int(pixels.min()) < 20:
        return  # noise is smoothed away on purpose
    fitted = to_grey(to_cells(pixels, mode)).astype(float)
    flat, n = pixels.astype(float).ravel(), across * down
    best = min(
        ((flat[chosen] - flat[chosen].mean()) ** 2).sum() + ((flat[~chosen] - flat[~chosen].mean()) ** 2).sum()
        for chosen in (((pattern >> np.arange(n)) & 1).astype(bool) for pattern in range(1, 2**n - 1))
    )
    # Levels are rounded to 16 greys, which may cost 8.5 a sub-pixel; the split itself must be the best one.
    dark = fitted.ravel() == fitted.min()
    split = ((flat[dark] - flat[dark].mean()) ** 2).sum()
    split += ((flat[~dark] - flat[~dark].mean()) ** 2).sum() if (~dark).any() else 0.0
    assert split <= best + 1e-6 or fitted.min() == fitted.max()
    assert ((fitted.ravel() - flat) ** 2).sum() <= best + n * 8.5**2 + 1e-6 or fitted.min() == fitted.max()


@settings(max_examples=40, deadline=None)
@given(
    pixels=arrays(np.uint8, (8, 8)), mode=st.sampled_from([PictureMode.OCTANT, PictureMode.QUADRANT, PictureMode.HALF])
)
def test_ink_is_never_lighter_than_paper_and_takes_16_levels(pixels: np.ndarray, mode: PictureMode) -> None:
    grid = to_cells(pixels, mode)
    swapped = {glyphs_of(mode)[~pattern] for pattern in PICTURE_MODES[mode].misdrawn}
    cells = zip("".join(grid.rows), grid.ink, grid.paper, strict=True)
    assert all(ink <= paper or char in swapped for char, ink, paper in cells)
    assert {level % 17 for level in grid.ink + grid.paper} == {0}
    assert len(grid.ink) == len(grid.paper) == len(grid.mark) == grid.width * grid.height
    assert [len(row) for row in grid.rows] == [grid.width] * grid.height


def test_half_blocks_keep_both_levels() -> None:
    grid = to_cells(np.array([[51, 204], [204, 51]], np.uint8), PictureMode.HALF)
    assert (grid.rows, grid.ink, grid.paper) == (("▀▄",), bytes([51, 51]), bytes([204, 204]))


def test_faint_noise_is_paper() -> None:
    grid = to_cells(np.array([[255, 245], [250, 252]], np.uint8), PictureMode.QUADRANT)
    assert grid.rows == (" ",)


def test_a_torn_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="not whole 2×4 cells"):
        to_cells(np.zeros((5, 4), np.uint8), PictureMode.OCTANT)
