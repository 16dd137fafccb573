"""The size of a crop's text, estimated before it is drawn, against the renderer's measure."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Box
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.tui.layout.text_size import Ink, TextSize, is_readable, is_too_small, subpixels, text_size
from gonogo.tui.viewport import Viewport
from tests.tui.fake_services import fake_picture, task

WIDTH, HEIGHT = 1200, 800


def sheet(folder: Path, text: str, *, turned: bool = False) -> tuple[Path, tuple[float, ...]]:
    """A drawing with one text on it, and the box around the text."""
    picture = Image.new("L", (WIDTH, HEIGHT), 255)
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(40)
    draw.text((400, 300), text, font=font, fill=0)
    left, top, right, bottom = draw.textbbox((400, 300), text, font=font)
    box = (left - 6, top - 6, right + 6, bottom + 6)
    if turned:
        picture = picture.rotate(90, expand=True)
        box = (box[1], WIDTH - box[2], box[3], WIDTH - box[0])
    path = folder / "sheet.png"
    picture.save(path)
    return path, tuple(map(float, box))


@pytest.mark.parametrize("turned", [False, True], ids=["lying", "standing"])
@pytest.mark.parametrize("text", ["16,5", "2x M8 - 6H", "Edges ISO 13715"])
@pytest.mark.parametrize("cells", [(48, 12), (76, 18), (30, 8)])
def test_the_estimate_is_what_the_renderer_measures(
    tmp_path: Path, text: str, cells: tuple[int, int], turned: bool
) -> None:
    path, box = sheet(tmp_path, text, turned=turned)
    asked, view = task(value={"text": text}, bbox=box), Viewport()
    picture = draw_picture(OpenDrawings(DrawingLimits()), path, "key", view.request(asked, cells))
    assert picture.text_rows is not None
    assert text_size(asked, view, cells).rows == pytest.approx(picture.text_rows, rel=0.35)


def test_a_box_in_fractions_takes_the_shape_of_its_page() -> None:
    view, cells = Viewport(), (60, 20)
    wide = task(value={"text": "2x M8 - 6H"}, bbox=(0.1, 0.1, 0.5, 0.2))
    assert text_size(wide, view, cells, (300.0, 300.0)).rows > text_size(wide, view, cells, (900.0, 300.0)).rows


def test_without_a_box_or_a_pane_there_is_no_text() -> None:
    view = Viewport()
    assert text_size(task(bbox=None), view, (60, 20)).rows == 0
    assert text_size(task(bbox=(0.1, 0.1, 0.1, 0.2)), view, (60, 20)).rows == 0
    assert text_size(task(), view, (0, 0)).rows == 0


def test_a_text_in_two_strips_is_worth_less_than_one_in_one_piece() -> None:
    assert TextSize(5.0, 1).worth == 5.0
    assert TextSize(5.0, 2).worth < 5.0


def test_sub_pixels_are_those_of_the_mode() -> None:
    assert subpixels(4.0, Viewport(mode=PictureMode.QUADRANT)) == 8
    assert subpixels(2.0, Viewport(mode=PictureMode.OCTANT)) == 8
    assert subpixels(0.5, Viewport(mode=PictureMode.SIXEL, cell_pixels=(8, 20))) == 10


@pytest.mark.parametrize(("rows", "small"), [(3.0, True), (4.0, False), (None, False)])
def test_a_picture_is_too_small_below_eight_sub_pixels(rows: float | None, small: bool) -> None:
    view = Viewport()
    picture = replace(fake_picture(task(), view.request(task(), (40, 10))), text_rows=rows, box=Box(0, 0, 1, 1))
    assert is_too_small(picture, view) is small


def test_limits_and_slanted_text_are_estimated_by_their_smallest_characters() -> None:
    """`⌀49,8 +0.40 -0.01` at 60 degrees: letters 100 high, limits 62."""
    view, cells = Viewport(), (54, 21)
    lying = task(value={"text": "⌀49,8 +0.40 -0.01"}, bbox=(0.0, 1.0, 620.0, 191.0))
    slanted = task(value={"text": "⌀49,8 +0.40 -0.01"}, bbox=(0.0, 1.0, 475.0, 633.0))
    exact = text_size(lying, view, cells, ink=Ink(580, 152, 100, 62))
    assert text_size(lying, view, cells).rows == pytest.approx(exact.rows, rel=0.15)
    assert text_size(slanted, view, cells).rows == pytest.approx(exact.rows, rel=0.15)
    assert is_readable(exact, view)


def test_what_the_renderer_measured_counts_more_than_the_estimate(tmp_path: Path) -> None:
    path, box = sheet(tmp_path, "2x M8 - 6H")
    asked, view = task(value={"text": "8"}, bbox=box), Viewport()  # read wrongly: much shorter than it is
    pictures = {
        cells: draw_picture(OpenDrawings(DrawingLimits()), path, "key", view.request(asked, cells))
        for cells in ((54, 21), (80, 14))
    }
    ink = Ink(*pictures[54, 21].ink or ())
    for cells, picture in pictures.items():
        size = text_size(asked, view, cells, ink=ink)
        assert size.rows == pytest.approx(picture.text_rows, rel=0.05)
        assert size.strips == picture.strips
