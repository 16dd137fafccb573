"""Boxes of one place: by the share of their common area, whatever their order."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.values.sheet.places import group_boxes, is_same_box

BOX = (100.0, 100.0, 200.0, 140.0)
_corner = st.integers(0, 30)
_size = st.integers(1, 12)


@st.composite
def boxes(draw: st.DrawFn) -> list[tuple[float, float, float, float]]:
    """Boxes on a small sheet, so that many overlap."""
    corners = draw(st.lists(st.tuples(_corner, _corner, _size, _size), max_size=25))
    return [(float(x), float(y), float(x + width), float(y + height)) for x, y, width, height in corners]


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (BOX, True),
        ((100, 100, 200, 140, 2), True),
        ((102, 101, 203, 141), True),
        ((100, 100, 200, 150), True),
        ((100, 100, 200, 151), False),  # 0.79 of the common area
        ((130, 100, 230, 140), False),
        ((300, 300, 400, 340), False),
        ((110, 110, 190, 130), False),  # inside it, half as large
    ],
)
def test_the_common_area_decides(other: tuple[float, ...], same: bool) -> None:
    assert is_same_box(BOX, other) is same
    assert is_same_box(other, BOX) is same


@given(boxes(), st.randoms(use_true_random=False))
def test_each_box_is_in_one_group_and_the_order_does_not_matter(
    found: list[tuple[float, float, float, float]], rng: random.Random
) -> None:
    groups = group_boxes(found)
    assert sorted(index for group in groups for index in group) == list(range(len(found)))
    shuffled = rng.sample(range(len(found)), len(found))
    again = group_boxes([found[index] for index in shuffled])
    assert {frozenset(shuffled[index] for index in group) for group in again} == {frozenset(group) for group in groups}


@given(boxes())
def test_boxes_are_together_exactly_where_agreeing_ones_link_them(
    found: list[tuple[float, float, float, float]],
) -> None:
    of = {index: number for number, group in enumerate(group_boxes(found)) for index in group}
    reached = {index: {index} for index in range(len(found))}
    for first in range(len(found)):
        for second in range(len(found)):
            if is_same_box(found[first], found[second]):
                both = reached[first] | reached[second]
                for index in both:
                    reached[index] = both
    for first in range(len(found)):
        for second in range(len(found)):
            assert (of[first] == of[second]) is (second in reached[first])
