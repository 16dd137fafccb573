"""Box overlay: the frame around the box, and the locator map."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import CELL_MODES, PictureMode, glyphs_of, subpixels_of
from gonogo.sheets.render.box_overlay import draw_frame, frame_cells, invert, locator_size, mark_region
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.mosaic import to_cells

COLUMNS, ROWS = 40, 16
VIEW = Rect(100, 50, 400, 320)  # a cell is 10×20


def _grid(mode: PictureMode, level: int = 255) -> CellGrid:
    across, down = subpixels_of(mode)
    return to_cells(np.full((ROWS * down, COLUMNS * across), level, np.uint8), mode)


@st.composite
def inner_boxes(draw: st.DrawFn) -> Rect:
    x, y = draw(st.floats(120, 460)), draw(st.floats(90, 320))
    return Rect(x, y, draw(st.floats(1, 480 - x)), draw(st.floats(1, 340 - y)))


@given(inner_boxes())
def test_the_frame_runs_outside_the_box_and_touches_it(box: Rect) -> None:
    left, top, right, bottom = frame_cells(VIEW, box, COLUMNS, ROWS)
    assert 100 + (left + 1) * 10 <= box.x + 1e-3
    assert 50 + (top + 1) * 20 <= box.y + 1e-3
    assert 100 + right * 10 >= box.x + box.width - 1e-3
    assert 50 + bottom * 20 >= box.y + box.height - 1e-3
    assert box.x - (100 + (left + 1) * 10) < 10
    assert (50 + bottom * 20) - (box.y + box.height) < 20


@pytest.mark.parametrize("mode", CELL_MODES)
def test_on_paper_the_frame_is_a_closed_line_of_marked_cells(mode: PictureMode) -> None:
    grid = draw_frame(_grid(mode), VIEW, Rect(200, 130, 60, 40))
    corners = [(9, 3, "┌"), (16, 3, "┐"), (9, 6, "└"), (16, 6, "┘")]
    for x, y, char in corners:
        assert grid.rows[y][x] == char
    assert sum(grid.mark) == 2 * 8 + 2 * 2
    assert {grid.rows[3][x] for x in range(10, 16)} == {"─"}
    inside = [grid.mark[y * COLUMNS + x] for y in (4, 5) for x in range(10, 16)]
    assert set(inside) == {0}


@pytest.mark.parametrize("mode", [mode for mode in CELL_MODES if mode is not PictureMode.BRAILLE])
def test_ink_under_the_frame_stays_as_it_was(mode: PictureMode) -> None:
    across, down = subpixels_of(mode)
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 2, (ROWS * down, COLUMNS * across)).astype(np.uint8) * 255
    before = to_cells(pixels, mode)
    after = draw_frame(before, VIEW, Rect(200, 130, 60, 40))
    assert after.ink == before.ink
    assert after.paper == before.paper
    for y, (old, new) in enumerate(zip(before.rows, after.rows, strict=True)):
        for x, (one, two) in enumerate(zip(old, new, strict=True)):
            assert one == two or one == glyphs_of(mode)[0], f"ink lost at {x}, {y}"


def test_a_frame_off_the_pane_is_left_out() -> None:
    grid = draw_frame(_grid(PictureMode.QUADRANT), VIEW, Rect(0, 0, 2000, 2000))
    assert sum(grid.mark) == 0


@given(st.floats(0.05, 20), st.integers(4, 30), st.integers(3, 12))
def test_the_map_keeps_the_pages_shape(aspect: float, columns: int, rows: int) -> None:
    across, down = locator_size(aspect * 1000, 1000, (columns, rows), 2.0)
    assert 1 <= across <= columns
    assert 1 <= down <= rows
    assert across == columns or down == rows


def test_the_map_marks_the_region_at_least_one_subpixel_large() -> None:
    grid = mark_region(_grid(PictureMode.QUADRANT), Rect(0.999, 0.999, 0.0001, 0.0001))
    assert sum(grid.mark) == 1
    assert grid.mark[-1] == 1
    assert grid.rows[-1][-1] == "▗"
    whole = mark_region(_grid(PictureMode.QUADRANT), Rect(0, 0, 1, 1))
    assert sum(whole.mark) == 2 * COLUMNS + 2 * (ROWS - 2)


def test_inverting_flips_the_levels_only() -> None:
    grid = _grid(PictureMode.QUADRANT)
    dark = invert(grid)
    assert set(dark.paper) == {0}
    assert dark.rows == grid.rows
    assert invert(dark) == grid
