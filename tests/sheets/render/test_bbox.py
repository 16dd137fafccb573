"""Bounding boxes: units, order, clipping and pages by the contract's decisions."""

from __future__ import annotations

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gonogo.sheets.models import Box
from gonogo.sheets.render.bbox import Placed, drawing_bbox, page_number

WIDTH, HEIGHT = 1600.0, 1200.0


def _placed(*raw: float) -> Placed:
    placed = drawing_bbox(raw, WIDTH, HEIGHT)
    assert isinstance(placed, Placed)
    return placed


def test_fractions_pixels_and_the_page() -> None:
    assert _placed(0.25, 0.5, 0.75, 1.0) == Placed(Box(0.25, 0.5, 0.75, 1.0, 1))
    assert _placed(400, 600, 1200, 1200) == Placed(Box(0.25, 0.5, 0.75, 1.0, 1))
    assert _placed(0.25, 0.5, 0.75, 1.0, 3).box.page == 3
    assert _placed(0, 0, 1, 1).box == Box(0, 0, 1, 1)


def test_swapped_corners_are_ordered_with_a_note() -> None:
    placed = _placed(1200, 1200, 400, 600)
    assert placed.box == Box(0.25, 0.5, 0.75, 1.0)
    assert placed.notes == ("box was the wrong way round",)


def test_a_box_over_the_edge_is_clipped_with_a_note() -> None:
    placed = _placed(-160, 600, 800, 1300)
    assert placed.box == Box(0.0, 0.5, 0.5, 1.0)
    assert placed.notes == ("box reached over the page's edge and was cut",)


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        ((1, 2, 3), "has 3 numbers"),
        ((), "has 0 numbers"),
        ((1, 2, 3, 4, 1, 1), "has 6 numbers"),
        ((0.5, 0.5, 0.5, 0.9), "empty"),
        ((math.nan, 0, 1, 1), "not finite"),
        ((0, 0, math.inf, 1), "not finite"),
        ((1700, 100, 1900, 200), "off the page"),
        ((0, 0, 1, 1, 0), "page 0"),
        ((0, 0, 1, 1, 1.5), "page 1.5"),
        ((0, 0, 1, 1, math.inf), "page inf"),
    ],
)
def test_unusable_boxes_are_sentences(raw: tuple[float, ...], sentence: str) -> None:
    said = drawing_bbox(raw, WIDTH, HEIGHT)
    assert isinstance(said, str)
    assert sentence in said


def test_page_number_before_the_page_is_open() -> None:
    assert page_number(None) == 1
    assert page_number((1, 2, 3, 4)) == 1
    assert page_number((1, 2, 3, 4, 7)) == 7


@given(st.lists(st.floats(), max_size=7))
def test_any_numbers_give_a_box_on_the_page_or_a_sentence(raw: list[float]) -> None:
    placed = drawing_bbox(raw, WIDTH, HEIGHT)
    if isinstance(placed, str):
        assert placed.endswith((".", "3."))
        return
    box = placed.box
    assert 0 <= box.x0 < box.x1 <= 1
    assert 0 <= box.y0 < box.y1 <= 1
    assert box.page >= 1


@given(*[st.floats(0, 1)] * 4)
def test_a_fraction_box_and_its_pixels_are_the_same_place(x0: float, y0: float, x1: float, y1: float) -> None:
    assume(abs(x1 - x0) > 0.01 and abs(y1 - y0) > 0.01)
    one = _placed(x0, y0, x1, y1).box
    two = _placed(x0 * WIDTH, y0 * HEIGHT, x1 * WIDTH, y1 * HEIGHT).box
    assert one.x0 == pytest.approx(two.x0)
    assert one.y1 == pytest.approx(two.y1)
