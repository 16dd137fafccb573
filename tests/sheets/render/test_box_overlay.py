"""Box overlay: the frame around the box, and the locator map."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import CELL_MODES, PictureMode, subpixels_of
from gonogo.sheets.render.box_overlay import (
    blank_cells,
    box_cells,
    draw_frame,
    frame_cells,
    invert,
    locator_size,
    mark_box,
    mark_region,
    place_locator,
)
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.mosaic import to_cells, to_grey

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


def _noise(mode: PictureMode, seed: int, share: float = 0.5) -> CellGrid:
    """A pane with random ink."""
    across, down = subpixels_of(mode)
    rng = np.random.default_rng(seed)
    coarse = rng.random((ROWS, COLUMNS)).repeat(down, 0).repeat(across, 1) < share
    pixels = (rng.random((ROWS * down, COLUMNS * across)) < 0.5) & coarse
    return to_cells(np.where(pixels, 0, 255).astype(np.uint8), mode)


@given(box=inner_boxes(), mode=st.sampled_from(CELL_MODES), seed=st.integers(0, 99), share=st.floats(0, 1))
def test_the_marking_touches_no_ink(box: Rect, mode: PictureMode, seed: int, share: float) -> None:
    before = _noise(mode, seed, share)
    after = mark_box(before, VIEW, box)
    mask, blank = box_cells(VIEW, box, (), COLUMNS, ROWS), blank_cells(before)
    for y in range(ROWS):
        for x in range(COLUMNS):
            at = y * COLUMNS + x
            if mask[y, x]:
                assert (after.rows[y][x], after.ink[at], after.paper[at]) == (
                    before.rows[y][x], before.ink[at], before.paper[at],
                )  # fmt: skip
                assert after.mark[at] == 0
            elif not blank[y, x]:
                assert after.mark[at] == 0, "ink in the colour of the frame"
                assert mode is PictureMode.BRAILLE or after.rows[y][x] == before.rows[y][x]
                assert after.ink[at] >= before.ink[at]
                assert after.paper[at] >= before.paper[at]


@pytest.mark.parametrize("mode", [mode for mode in CELL_MODES if mode is not PictureMode.BRAILLE])
def test_what_lies_outside_has_half_of_its_contrast(mode: PictureMode) -> None:
    full = to_grey(_noise(mode, 3))
    marked = mark_box(_noise(mode, 3), VIEW, Rect(200, 130, 60, 40))
    inside = box_cells(VIEW, Rect(200, 130, 60, 40), (), COLUMNS, ROWS)
    across, down = subpixels_of(mode)
    box = inside.repeat(down, 0).repeat(across, 1)
    grey = to_grey(replace(marked, rows=_noise(mode, 3).rows))
    assert (grey[box] == full[box]).all()
    assert int(grey[~box].min()) > 100
    assert int(full[~box].min()) < 30


def test_braille_outside_the_box_loses_dots_and_keeps_every_line() -> None:
    across, down = subpixels_of(PictureMode.BRAILLE)
    pixels = np.full((ROWS * down, COLUMNS * across), 255, np.uint8)
    pixels[6] = 0
    pixels[:, 7] = 0
    before = to_cells(pixels, PictureMode.BRAILLE)
    after = mark_box(before, VIEW, Rect(200, 130, 60, 40))
    dots = [[bin(ord(char) - 0x2800).count("1") for char in row] for row in before.rows]
    thin = [[bin(ord(char) - 0x2800).count("1") if ord(char) >= 0x2800 else 0 for char in row] for row in after.rows]
    assert abs(sum(thin[1]) * 2 - sum(dots[1])) <= 1
    assert all(thin[y][3] * 2 == dots[y][3] > 0 for y in range(ROWS) if y != 1)


def test_where_the_frame_has_no_room_arrows_in_the_margins_point_at_the_box() -> None:
    across, down = subpixels_of(PictureMode.QUADRANT)
    pixels = np.full((ROWS * down, COLUMNS * across), 255, np.uint8)
    pixels[2 * down : 9 * down, 6 * across : 22 * across] = 0
    grid = mark_box(to_cells(pixels, PictureMode.QUADRANT), VIEW, Rect(200, 130, 60, 40))
    marked = {(x, y): grid.rows[y][x] for y in range(ROWS) for x in range(COLUMNS) if grid.mark[y * COLUMNS + x]}
    assert marked == {(0, 4): "►", (39, 4): "◄", (12, 0): "▼", (12, 15): "▲"}
    free = mark_box(_grid(PictureMode.QUADRANT), VIEW, Rect(200, 130, 60, 40))
    assert not set("►◄▼▲") & set("".join(free.rows))


@pytest.mark.parametrize("degrees", [17, 45, 80])
def test_the_outline_of_a_slanted_box_is_inside_the_marked_cells(degrees: int) -> None:
    turn = np.deg2rad(degrees)
    corners = [(300 + 90 * np.cos(turn + at), 200 + 90 * np.sin(turn + at)) for at in np.deg2rad([30, 150, 210, 330])]
    mask = box_cells(VIEW, Rect(295, 195, 10, 10), tuple((float(x), float(y)) for x, y in corners), COLUMNS, ROWS)
    for one, two in zip(corners, [*corners[1:], corners[0]], strict=True):
        for part in np.linspace(0, 1, 50):
            x, y = (one[0] + part * (two[0] - one[0]) - 100) / 10, (one[1] + part * (two[1] - one[1]) - 50) / 20
            assert mask[int(y), int(x)]
    assert not mask[0, 0]
    assert mask.mean() < 0.5


@given(
    box=inner_boxes(),
    seed=st.integers(0, 99),
    share=st.floats(0, 1),
    size=st.tuples(st.integers(3, 20), st.integers(3, 8)),
)
def test_the_map_never_covers_the_box(box: Rect, seed: int, share: float, size: tuple[int, int]) -> None:
    grid = _noise(PictureMode.QUADRANT, seed, share)
    taken = box_cells(VIEW, box, (), COLUMNS, ROWS)
    place = place_locator(grid, taken, size)
    corners = [
        (x, y)
        for x in (0, COLUMNS - size[0])
        for y in (0, ROWS - size[1])
        if not taken[y : y + size[1], x : x + size[0]].any()
    ]
    assert (place in corners) if corners else (place is None)


def test_the_map_moves_to_a_corner_without_ink() -> None:
    across, down = subpixels_of(PictureMode.QUADRANT)
    pixels = np.full((ROWS * down, COLUMNS * across), 255, np.uint8)
    nothing = np.zeros((ROWS, COLUMNS), np.bool_)
    assert place_locator(to_cells(pixels, PictureMode.QUADRANT), nothing, (10, 5)) == (0, 11)
    pixels[-4:, :8] = 0
    pixels[:4, :8] = 0
    assert place_locator(to_cells(pixels, PictureMode.QUADRANT), nothing, (10, 5)) == (30, 0)
    assert place_locator(to_cells(pixels, PictureMode.QUADRANT), nothing, (21, 5)) is None


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
