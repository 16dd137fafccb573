"""Crop: the part of the page that a view shows, for any page, box and pane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import Box, Level, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import (
    CropView,
    Rect,
    fit_view,
    rotate_box,
    rotate_box_back,
    turn_point,
    turn_point_back,
    turned_corners,
    turned_rect,
    turned_size,
)

sides = st.floats(50, 20_000)
rotations = st.sampled_from([0, 90, 180, 270])


@st.composite
def boxes(draw: st.DrawFn) -> Box:
    x0, y0 = draw(st.floats(0, 0.99)), draw(st.floats(0, 0.99))
    return Box(x0, y0, min(1.0, x0 + draw(st.floats(0.003, 0.5))), min(1.0, y0 + draw(st.floats(0.003, 0.5))))


requests = st.builds(
    PictureRequest,
    columns=st.integers(20, 200),
    rows=st.integers(6, 80),
    level=st.sampled_from(Level),
    mode=st.sampled_from(PictureMode),
    cell_ratio=st.floats(1.5, 2.5),
)


def _target(box: Box, view: CropView) -> Rect:
    turned = rotate_box(box, view.rotation)
    width, height = view.page_width, view.page_height
    return Rect(turned.x0 * width, turned.y0 * height, turned.width * width, turned.height * height)


@given(request=requests, box=boxes(), width=sides, height=sides, rotation=rotations)
def test_the_box_is_always_inside_what_is_shown(
    request: PictureRequest, box: Box, width: float, height: float, rotation: int
) -> None:
    view = fit_view(request, box, width, height, rotation)
    target, slack = _target(box, view), 1e-6 * max(width, height)
    assert view.rect.x <= target.x + slack
    assert view.rect.y <= target.y + slack
    assert target.x + target.width <= view.rect.x + view.rect.width + slack
    assert target.y + target.height <= view.rect.y + view.rect.height + slack


@given(request=requests, box=boxes(), width=sides, height=sides, rotation=rotations)
def test_the_scale_is_the_same_both_ways(
    request: PictureRequest, box: Box, width: float, height: float, rotation: int
) -> None:
    view = fit_view(request, box, width, height, rotation)
    across = request.columns / view.rect.width
    down = request.rows * request.cell_ratio / view.rect.height
    assert across == pytest.approx(down)


@given(box=boxes(), rotation=rotations)
def test_turning_back_undoes_turning(box: Box, rotation: int) -> None:
    back = rotate_box_back(rotate_box(box, rotation), rotation)
    assert (back.x0, back.y0, back.x1, back.y1) == pytest.approx((box.x0, box.y0, box.x1, box.y1))


@given(
    box=boxes(), width=sides, height=sides, rotation=st.integers(0, 359),
    place=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)  # fmt: skip
def test_turning_a_point_back_undoes_turning(
    box: Box, width: float, height: float, rotation: int, place: tuple[float, float]
) -> None:
    x, y = place[0] * width, place[1] * height
    turned = turn_point(x, y, width, height, rotation)
    slack = 1e-6 * max(width, height)
    assert turn_point_back(*turned, width, height, rotation) == pytest.approx((x, y), abs=slack)
    turned_width, turned_height = turned_size(width, height, rotation)
    assert -slack <= turned[0] <= turned_width + slack
    assert -slack <= turned[1] <= turned_height + slack
    around, corners = turned_rect(box, width, height, rotation), turned_corners(box, width, height, rotation)
    assert around.x == pytest.approx(min(x for x, _ in corners), abs=slack)
    assert around.height == pytest.approx(max(y for _, y in corners) - min(y for _, y in corners), abs=slack)


@given(request=requests, width=sides, height=sides, rotation=rotations)
def test_the_sheet_shows_the_whole_page(request: PictureRequest, width: float, height: float, rotation: int) -> None:
    view = fit_view(request, None, width, height, rotation)
    assert view.magnification == pytest.approx(1.0)
    assert view.shown.width == pytest.approx(view.page_width)
    assert view.shown.height == pytest.approx(view.page_height)


@given(
    box=boxes(), width=sides, height=sides, rotation=rotations,
    zoom=st.floats(0.01, 100), pan=st.tuples(st.floats(-50, 50), st.floats(-50, 50)),
)  # fmt: skip
def test_no_pan_or_zoom_leaves_the_page(
    box: Box, width: float, height: float, rotation: int, zoom: float, pan: tuple[float, float]
) -> None:
    request = PictureRequest(80, 30, level=Level.DETAIL, zoom=zoom, pan_x=pan[0], pan_y=pan[1])
    view = fit_view(request, box, width, height, rotation)
    assert view.shown.width > 0.5 * min(view.rect.width, view.page_width)
    assert view.shown.height > 0.5 * min(view.rect.height, view.page_height)
    assert view.magnification >= 1 - 1e-9


def test_more_zoom_shows_less_and_pan_moves_by_parts_of_the_view() -> None:
    box = Box(0.4, 0.4, 0.45, 0.42)
    near = fit_view(PictureRequest(52, 24, zoom=2.0), box, 4000, 3000, 0)
    far = fit_view(PictureRequest(52, 24), box, 4000, 3000, 0)
    moved = fit_view(PictureRequest(52, 24, pan_x=0.25), box, 4000, 3000, 0)
    assert near.rect.width == pytest.approx(far.rect.width / 2)
    assert moved.rect.x - far.rect.x == pytest.approx(0.25 * far.rect.width)


def test_levels_show_more_and_more() -> None:
    box = Box(0.4, 0.4, 0.43, 0.41)
    views = [fit_view(PictureRequest(52, 24, level=level), box, 4000, 3000, 0) for level in Level]
    assert views[0].magnification > views[1].magnification > views[2].magnification == pytest.approx(1)


@pytest.mark.parametrize("mode", [PictureMode.QUADRANT, PictureMode.SEXTANT, PictureMode.OCTANT])
@pytest.mark.parametrize("pane", [(52, 24), (78, 32)])
def test_text_comes_out_at_a_readable_height(mode: PictureMode, pane: tuple[int, int]) -> None:
    """A dimension of five characters: its digits get their rows, and the box stays inside the pane."""
    box, page = Box(0.3, 0.3, 0.33, 0.316), (4000.0, 2500.0)  # 120×40 px, digits 28 px high
    view = fit_view(PictureRequest(*pane, mode=mode), box, *page, 0, 28.0)
    rows = 28.0 / view.rect.height * pane[1]
    assert rows >= 2.9
    assert 0.3 <= 120 / view.rect.width <= 1 - 2 / pane[0]


@pytest.mark.parametrize("pane", [(44, 20), (72, 36), (152, 56)])
def test_the_height_of_the_text_decides_not_the_width_of_the_box(pane: tuple[int, int]) -> None:
    heights = set()
    for width in (0.004, 0.01, 0.016):
        box = Box(0.3, 0.3, 0.3 + width, 0.316)
        view = fit_view(PictureRequest(*pane), box, 4000.0, 2500.0, 0, 28.0)
        heights.add(round(28.0 / view.rect.height * pane[1], 6))
    assert len(heights) == 1
    assert 6 <= heights.pop() <= 10
