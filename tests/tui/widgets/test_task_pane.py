"""Values in large lettering, and pictures as strips."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.widgets.cell_painter import Inks, Painter, with_locator
from gonogo.tui.widgets.large_text import LETTERINGS, large_lettering
from gonogo.tui.widgets.value_view import lay_out

INKS = Inks("#000000", "#ffffff", "#ff0000", "#888888")


def test_glyphs_are_distinct_and_of_even_width() -> None:
    for font, _ in LETTERINGS:
        shapes: dict[tuple[str, ...], list[str]] = {}
        for character, rows in font.items():
            assert len({len(row) for row in rows}) == 1, character
            shapes.setdefault(rows, []).append(character)
        same = [characters for characters in shapes.values() if len(characters) > 1]
        assert sorted("".join(sorted(characters)) for characters in same) in ([], ["-–−", "x×", "°º", "Øø⌀"])


@given(st.text(alphabet="0123456789⌀±°,.+-×xRMHh /()", min_size=1, max_size=12), st.integers(1, 80))
def test_large_lettering_fits_or_gives_way(text: str, width: int) -> None:
    rows = large_lettering(text, width)
    if rows is not None:
        assert len({cell_len(row) for row in rows}) == 1
        assert cell_len(rows[0]) <= width


def test_narrow_values_are_large_wide_ones_smaller_and_unknown_characters_plain() -> None:
    assert "█" in lay_out({"text": "⌀16,5"}, 30, 5).plain
    assert "┃" in lay_out({"text": "M8x1,25-6H"}, 32, 5).plain
    assert "漢" in lay_out({"text": "漢 5"}, 30, 5).plain


def test_tolerances_stand_beside_the_value() -> None:
    top, _, bottom = lay_out({"text": "⌀16,5 +0,1 0"}, 40, 3).plain.splitlines()
    assert top.rstrip().endswith("+0,1")
    assert bottom.rstrip().endswith("0")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(json_values, st.integers(1, 60), st.integers(1, 8))
def test_any_value_is_laid_out_within_its_room(value: Any, width: int, height: int) -> None:
    lines = lay_out(value, width, height).plain.split("\n")
    assert len(lines) <= height
    assert value is None or all(cell_len(line) <= width for line in lines)


def test_a_value_of_a_hundred_thousand_characters_is_cut() -> None:
    assert len(lay_out({"text": "1" * 100_000}, 30, 5).plain) < 200


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
