"""Pictures as strips."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.widgets.cell_painter import Inks, Painter, with_locator

INKS = Inks("#000000", "#ffffff", "#ff0000", "#888888")


@st.composite
def grids(draw: st.DrawFn) -> CellGrid:
    width, height = draw(st.integers(1, 30)), draw(st.integers(1, 12))
    rows = tuple(draw(st.text(alphabet=" ▘▝▀█⠿a\x1b", min_size=width, max_size=width)) for _ in range(height))
    ink, paper = (draw(st.binary(min_size=width * height, max_size=width * height)) for _ in range(2))
    mark = bytes(draw(st.lists(st.integers(0, 1), min_size=width * height, max_size=width * height)))
    return CellGrid(width, height, PictureMode.QUADRANT, rows, ink, paper, mark)


@given(grids())
def test_a_grid_becomes_rows_of_its_width_and_of_cells_only(grid: CellGrid) -> None:
    painted = Painter(INKS).paint(grid)
    assert len(painted) == grid.height
    for row, source in zip(painted, grid.rows, strict=True):
        text = "".join(segment.text for segment in row)
        assert text == source.replace("a", " ").replace("\x1b", " ")


def test_ink_and_paper_become_the_themes_two_ends_and_marks_its_accent() -> None:
    grid = CellGrid(3, 1, PictureMode.QUADRANT, ("▀▀▀",), bytes([0, 255, 0]), bytes([255, 0, 255]), bytes([0, 0, 1]))
    first, second, third = Painter(INKS).paint(grid)[0]
    assert first.style is not None
    assert second.style is not None
    assert third.style is not None
    assert first.style.color is not None
    assert first.style.color.triplet == (255, 255, 255)
    assert first.style.bgcolor is not None
    assert first.style.bgcolor.triplet == (0, 0, 0)
    assert second.style.color is not None
    assert second.style.color.triplet == (0, 0, 0)
    assert third.style.color is not None
    assert third.style.color.triplet == (255, 0, 0)


@pytest.mark.parametrize(("marked", "corner"), [((0, 0), "bottom left"), ((0, 19), "top left")])
def test_the_locator_never_hides_the_judged_box(marked: tuple[int, int], corner: str) -> None:
    mark = bytearray(40 * 20)
    mark[marked[1] * 40 + marked[0]] = 1
    grid = CellGrid(40, 20, PictureMode.QUADRANT, (" " * 40,) * 20, bytes(800), bytes(800), bytes(mark))
    small = CellGrid(6, 3, PictureMode.QUADRANT, ("▀" * 6,) * 3, bytes(18), bytes(18), bytes(18))
    joined = with_locator(grid, small)
    assert joined.mark[marked[1] * 40 + marked[0]] == 1
    assert joined.rows[19 if corner == "bottom left" else 0][0] in "╭╰"
