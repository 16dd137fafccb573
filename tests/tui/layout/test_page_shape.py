"""The contact sheet's columns and rows: as many as the screen holds, each crop large enough to read."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.tui.layout.page_shape import page_shape, shapes
from gonogo.tui.layout.text_size import LEAST_SUBPIXELS, subpixels, text_size
from gonogo.tui.viewport import Viewport
from tests.tui.fake_services import task

SHORT = task(value={"text": "16,5"}, bbox=(100.0, 100.0, 160.0, 130.0))
LONG = task(value={"text": "Edges ISO 13715: -0,3 and all radii R2"}, bbox=(100.0, 100.0, 700.0, 130.0))
VIEW = Viewport()


def test_a_large_screen_holds_a_dozen_or_more_that_can_be_read() -> None:
    shape = page_shape([SHORT] * 40, 200, 58, VIEW)
    assert shape.n_tiles >= 12
    assert round(subpixels(text_size(SHORT, VIEW, shape.crop(200, 58)).rows, VIEW)) >= LEAST_SUBPIXELS


def test_long_texts_get_wide_tiles() -> None:
    assert page_shape([LONG] * 40, 200, 58, VIEW).columns < page_shape([SHORT] * 40, 200, 58, VIEW).columns


def test_few_rows_get_large_tiles() -> None:
    assert page_shape([SHORT] * 2, 120, 38, VIEW).n_tiles < page_shape([SHORT] * 40, 120, 38, VIEW).n_tiles


@pytest.mark.parametrize(("width", "height", "least"), [(80, 22, 2), (120, 38, 4), (200, 58, 12)])
def test_every_size_of_terminal(width: int, height: int, least: int) -> None:
    assert page_shape([SHORT] * 40, width, height, VIEW).n_tiles >= least
    assert page_shape([LONG] * 40, width, height, VIEW).n_tiles >= min(least, width * height // 1000)


@settings(max_examples=30)  # an example measures up to 56 shapes
@given(st.integers(1, 250), st.integers(1, 90), st.integers(0, 12))
def test_any_terminal_has_a_shape_that_fits(width: int, height: int, n_tasks: int) -> None:
    shape = page_shape([SHORT] * n_tasks, width, height, VIEW)
    columns, rows = shape.crop(width, height)
    assert shape in shapes(width, height)
    assert shape.columns * (columns + 2) + shape.columns - 1 <= max(width, 2)
    assert min(columns, rows) >= 0
