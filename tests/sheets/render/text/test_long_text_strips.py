"""Strips: a text too long for its pane is cut, shown whole, and its characters become readable."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.sheets.models import CellGrid, Level, PictureRequest
from gonogo.sheets.picture_modes import CELL_MODES, PictureMode, subpixels_of
from gonogo.sheets.render.crop import SUBPIXELS_LEAST, CropView, Rect, best_strips, detail_scale
from gonogo.sheets.render.draw_request import OpenDrawings, choose_view, draw_picture, in_strips
from gonogo.sheets.render.text.long_text_strips import cut_into_strips, stack, strip_mark
from gonogo.tui.layout.arrangement import Arrangement, TaskRoom
from tests.shared_material import DRAWINGS
from tests.sheets.conftest import text_image
from tests.support.unseen_sheets import unseen_sheets

PAGE = 4000.0
PANES = tuple(TaskRoom(80, 22).cells(arrangement) for arrangement in Arrangement)

requests = st.builds(
    PictureRequest, columns=st.integers(24, 160), rows=st.integers(6, 60), mode=st.sampled_from(PictureMode)
)


def _view(request: PictureRequest) -> CropView:
    return CropView(Rect(0, 0, request.columns * 10.0, request.rows * 20.0), PAGE, PAGE, 0, 5.0)


@given(request=requests, letters=st.floats(0.5, 60), lines=st.floats(1.0, 3.0), text=st.floats(4, 40))
def test_strips_show_all_of_the_text_from_left_to_right(
    request: PictureRequest, letters: float, lines: float, text: float
) -> None:
    target = Rect(500.0, 700.0, letters * text, lines * text)
    whole, strips = cut_into_strips(request, _view(request), target, text)
    if len(strips) == 1:
        assert strips[0].view == whole == _view(request)
        assert (strips[0].top, strips[0].rows) == (0, request.rows)
        return
    assert strips[0].view.rect.x <= target.x
    assert strips[-1].view.rect.x + strips[-1].view.rect.width >= target.x + target.width - 1e-6
    cells = request.columns / whole.rect.width  # a page unit is as large as the view says
    for strip in strips:
        scale = request.columns / strip.view.rect.width
        single = request.columns / _view(request).rect.width
        assert strip.view.magnification == whole.magnification == pytest.approx(5.0 * scale / single)
        assert scale >= cells * (1 - 1e-9)
    for one, two in pairwise(strips):
        assert (
            one.view.rect.x + one.view.rect.width - two.view.rect.x >= 0.85 * text - 1e-6
        )  # a character stands in both
        assert two.top == one.top + one.rows + 1
    assert strips[-1].top + strips[-1].rows == request.rows
    for strip in strips:
        rect = strip.view.rect
        assert rect.y <= target.y + 1e-6
        assert rect.y + rect.height >= target.y + target.height - 1e-6
        assert rect.width / request.columns == pytest.approx(rect.height / (strip.rows * request.cell_ratio))


@pytest.mark.parametrize(("columns", "strips"), [(40, 1), (37, 1), (34, 2)])
def test_a_short_value_that_is_nearly_readable_stays_in_one_piece(columns: int, strips: int) -> None:
    """Six characters in a tile of the contact sheet: 8.5, 7.9 and 7.2 sub-pixels high."""
    request = PictureRequest(columns=columns, rows=14, mode=PictureMode.QUADRANT)
    count, _ = best_strips(request, Rect(0, 0, 33.0, 9.0), 7.2)
    assert count == strips


@given(request=requests, letters=st.floats(0.5, 60), text=st.floats(4, 40))
def test_a_text_is_cut_only_where_it_gains_and_was_too_small(
    request: PictureRequest, letters: float, text: float
) -> None:
    box = Rect(0, 0, letters * text, 1.4 * text)
    count, scale = best_strips(request, box, text)
    single = detail_scale(request, box, (request.columns, request.rows * 2.0), text)
    if count == 1:
        assert scale == single
    else:
        assert scale > single
        down = 1 if request.mode not in CELL_MODES else subpixels_of(request.mode)[1]
        assert single * text / 2.0 * down < SUBPIXELS_LEAST


@pytest.mark.parametrize("changed", [{"zoom": 1.4}, {"pan_x": 0.25}, {"level": Level.VIEW}, {"level": Level.SHEET}])
def test_a_view_that_was_moved_by_hand_is_not_cut(changed: dict[str, float | Level]) -> None:
    long = Rect(0, 0, 900, 20)
    assert len(cut_into_strips(PictureRequest(44, 20), _view(PictureRequest(44, 20)), long, 12.0)[1]) > 1
    request = PictureRequest(44, 20, **changed)  # type: ignore[arg-type]
    assert len(cut_into_strips(request, _view(request), long, 12.0)[1]) == 1


def test_the_row_between_says_which_strip_ends_and_which_begins() -> None:
    mark = strip_mark(1, 2, 30)
    assert len(mark) == 30
    assert mark.startswith(" ⋯ 2/2 ")
    assert mark.endswith(" 1/2 ⋯ ")
    assert len(strip_mark(1, 2, 5)) == 5
    grid = CellGrid(30, 2, PictureMode.QUADRANT, ("▀" * 30,) * 2, bytes(60), bytes(60), bytes(60))
    both = stack((grid, grid))
    assert both.rows == (*grid.rows, mark, *grid.rows)
    assert both.height == 5
    assert len(both.ink) == len(both.paper) == len(both.mark) == 150
    assert stack((grid,)) == grid


@pytest.mark.parametrize("mode", [PictureMode.QUADRANT, PictureMode.SEXTANT, PictureMode.OCTANT])
def test_a_long_note_is_read_in_strips(drawings: OpenDrawings, tmp_path: Path, mode: PictureMode) -> None:
    image, box = text_image("2×45° ALL EDGES", height=30)
    image.save(tmp_path / "note.png")
    picture = draw_picture(drawings, tmp_path / "note.png", "note", PictureRequest(44, 20, box, mode=mode))
    assert picture.strips > 1
    assert picture.text_rows is not None
    assert picture.text_rows * subpixels_of(mode)[1] >= SUBPIXELS_LEAST
    assert (picture.grid.width, picture.grid.height) == (44, 20)
    assert sum("1/2 ⋯" in row or "1/3 ⋯" in row for row in picture.grid.rows) == 1
    nearer = draw_picture(drawings, tmp_path / "note.png", "note", PictureRequest(44, 20, box, mode=mode, zoom=1.4))
    assert nearer.strips == 1
    assert nearer.text_rows == pytest.approx(picture.text_rows * 1.4)
    short, box = text_image("16,5", height=30)
    short.save(tmp_path / "short.png")
    assert draw_picture(drawings, tmp_path / "short.png", "s", PictureRequest(44, 20, box, mode=mode)).strips == 1


@pytest.mark.slow
@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
def test_text_of_the_real_drawings_is_eight_subpixels_high_in_the_smallest_terminal(drawings: OpenDrawings) -> None:
    """At 80×24 in quadrants, limits included, in the better of the two arrangements, in 95 % of all boxes."""
    assert DRAWINGS is not None
    lines = [json.loads(line) for line in (DRAWINGS / "predictions.jsonl").read_text().splitlines()]
    boxes = dict.fromkeys((line["drawing"], tuple(line["bbox"])) for line in lines)
    high = []
    for name, box in boxes:
        pictures = [draw_picture(drawings, DRAWINGS / name, name, PictureRequest(*pane, box)) for pane in PANES]
        if rows := [picture.text_rows for picture in pictures if picture.text_rows is not None]:
            high.append(2 * max(rows) >= 8.0)
    assert len(high) >= 0.95 * len(boxes)
    assert sum(high) >= 0.95 * len(high)


@pytest.mark.slow
def test_unseen_texts_of_one_line_are_eight_subpixels_high_in_the_smallest_terminal(
    drawings: OpenDrawings, tmp_path: Path
) -> None:
    """The smallest characters, limits included, in the better arrangement; eight when rounded, in 95 % of boxes."""
    high = []
    for sheet in unseen_sheets(range(1000, 1006)):
        (tmp_path / sheet.name).write_bytes(sheet.data)
        for box in sheet.boxes:
            if box.kind == "note" and len(box.parts) > 1:
                continue
            requests = [PictureRequest(*pane, box.bbox) for pane in PANES]
            views = [
                in_strips(choose_view(drawings, tmp_path / sheet.name, sheet.name, request), request)[1][0]
                for request in requests
            ]
            rows = max(box.smallest * view.rows / view.view.rect.height for view in views)
            high.append(round(2 * rows) >= 8)
    assert sum(high) >= 0.95 * len(high)
