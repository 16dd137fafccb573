"""Pictures as strips."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.widgets.drawing.picture_painter import Inks, Painter, with_locator

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


def test_the_map_lies_where_the_renderer_found_room_and_nowhere_else() -> None:
    grid = CellGrid(40, 20, PictureMode.QUADRANT, (" " * 40,) * 20, bytes(800), bytes(800), bytes(800))
    small = CellGrid(6, 3, PictureMode.QUADRANT, ("▀" * 6,) * 3, bytes(18), bytes(18), bytes(18))
    joined = with_locator(grid, small, (32, 0))
    assert joined.rows[0] == " " * 32 + "╭──────╮"
    assert joined.rows[5:] == grid.rows[5:]
    assert with_locator(grid, small, None) is grid
    assert with_locator(grid, small, (33, 0)) is grid


def test_marks_of_strips_and_arrows_are_painted_and_letters_of_a_hostile_child_are_not() -> None:
    text = "⋯ 1/2 ►◄▼▲ rm -rf \x1b[2J"
    width = len(text)
    grid = CellGrid(width, 1, PictureMode.QUADRANT, (text,), bytes(width), b"\xff" * width, bytes(width))
    painted = "".join(segment.text for segment in Painter(INKS).paint(grid)[0])
    assert painted.startswith("⋯ 1/2 ►◄▼▲ ")
    assert not set(painted) & set("rmfJ\x1b[")
