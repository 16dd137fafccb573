"""Text metrics: height and stroke width of characters, and how thin strokes are thickened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.models import Box, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.crop import Rect, turn_point
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.formats.images import ImagePage
from gonogo.sheets.render.mosaic import to_grey
from gonogo.sheets.render.text.text_metrics import TextMetrics, measure_text
from tests.sheets.conftest import text_image

SIDE = 1000
BOX = (400.0, 400.0, 480.0, 450.0)


def _eight(width: int) -> Image.Image:
    """Two digits "8" as a plotter draws them: 30 pixels high, lines of `width`."""
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(sheet)
    for x in (412, 444):
        for y in (410, 425):
            pen.rectangle((x, y, x + 18, y + 15), outline=0, width=width)
    return sheet


def _box() -> Box:
    left, top, right, bottom = (value / SIDE for value in BOX)
    return Box(left, top, right, bottom)


@pytest.mark.parametrize("width", [1, 2, 4])
def test_the_width_of_lines_is_measured(width: int) -> None:
    ink = measure_text(ImagePage(_eight(width)), _box())
    assert ink.stroke == pytest.approx(width, rel=0.35, abs=0.3)
    assert ink.text_height == pytest.approx(31, abs=2)
    assert ink.missing_weight == pytest.approx(max(0.0, 31 / 6 - width), abs=0.9)


@pytest.mark.parametrize("below", [445, 460])
def test_limits_one_above_the_other_are_as_high_as_one(below: int) -> None:
    sheet = _eight(2)
    sheet.paste(sheet.crop((405, 405, 470, 445)), (405, below))
    ink = measure_text(ImagePage(sheet), Box(0.4, 0.4, 0.48, (below + 50) / SIDE))
    assert ink.text_height == pytest.approx(31, abs=2)


@pytest.mark.parametrize("margin", [0, 6])
def test_characters_in_a_control_frame_are_not_as_high_as_the_frame(margin: int) -> None:
    sheet = _eight(2)
    pen = ImageDraw.Draw(sheet)
    for right in (437, 510):
        pen.rectangle((402, 395, right, 455), outline=0, width=2)
    box = Box((402 - margin) / SIDE, (395 - margin) / SIDE, (511 + margin) / SIDE, (456 + margin) / SIDE)
    ink = measure_text(ImagePage(sheet), box)
    assert ink.text_height == pytest.approx(31, abs=2)


def test_bold_text_and_unknown_text_are_left_alone() -> None:
    page = ImagePage(_eight(6))
    bold = measure_text(page, _box())
    assert bold.missing_weight is not None
    assert bold.missing_weight < 0.5
    assert measure_text(page, Box(0.1, 0.1, 0.2, 0.2)).missing_weight is None


def test_the_height_of_a_lone_character_widens_by_one_stroke_at_most() -> None:
    sheet = _eight(1)
    agreed = measure_text(ImagePage(sheet), _box())
    assert agreed.height_is_sure
    alone = measure_text(ImagePage(sheet), Box(0.405, 0.4, 0.437, 0.45))
    assert not alone.height_is_sure
    assert agreed.missing_weight is not None
    assert alone.missing_weight is not None
    assert agreed.missing_weight > 3 * agreed.stroke
    assert alone.missing_weight <= alone.stroke


@pytest.mark.parametrize(("ink", "paper"), [(120, 180), (205, 245), (255, 0)])
def test_grey_scans_and_white_on_black_are_measured_like_black_on_white(ink: int, paper: int) -> None:
    sheet = _eight(2).point(lambda level: paper if level else ink)
    measured, plain = measure_text(ImagePage(sheet), _box()), measure_text(ImagePage(_eight(2)), _box())
    assert measured.text_height == pytest.approx(plain.text_height)
    assert measured.stroke == pytest.approx(plain.stroke, rel=0.2)


@pytest.mark.parametrize("mode", [PictureMode.OCTANT, PictureMode.SEXTANT, PictureMode.QUADRANT])
def test_hairline_digits_are_as_dark_as_bold_ones(drawings: OpenDrawings, tmp_path: Path, mode: PictureMode) -> None:
    request = PictureRequest(46, 18, BOX, mode=mode, locator=None)
    inked = []
    for width in (1, 5):
        path = tmp_path / f"{width}.png"
        _eight(width).save(path)
        grid = draw_picture(drawings, path, str(path), request).grid
        plain = replace(grid, mark=bytes(len(grid.mark)))
        inked.append(float(np.mean(255.0 - to_grey(plain))))
    assert inked[0] == pytest.approx(inked[1], rel=0.3)


def test_limits_are_measured_apart_from_their_size() -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen, large, small = ImageDraw.Draw(sheet), ImageFont.load_default(60), ImageFont.load_default(37)
    pen.text((300, 300), "16,5", font=large, fill=0)
    pen.text((430, 282), "+0,12", font=small, fill=0)
    pen.text((430, 330), "-0,34", font=small, fill=0)
    ink = measure_text(ImagePage(sheet), Box(0.295, 0.27, 0.54, 0.375))
    assert ink.text_height is not None
    assert ink.least_height is not None
    assert ink.least_height == pytest.approx(28, abs=2)
    assert ink.missing_weight is not None
    assert ink.stroke + ink.missing_weight <= ink.least_height / 6 + 1e-6  # no stroke fills the limits
    alone = measure_text(ImagePage(sheet), Box(0.295, 0.295, 0.425, 0.375))
    assert alone.least_height is None


def test_signs_of_limits_as_large_as_their_size_are_no_small_characters() -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(50)
    for x, y, text in ((300, 320, "16,5"), (420, 290, "+0,12"), (420, 350, "+0,08")):
        pen.text((x, y), text, font=font, fill=0)
    assert measure_text(ImagePage(sheet), Box(0.295, 0.27, 0.57, 0.42)).least_height is None


def _of_word(turned: int, height: int = 40) -> tuple[TextMetrics, tuple[float, float]]:
    """The metrics of "R12,50" turned counter-clockwise, and the middle of the word on the page."""
    image, (left, top, right, bottom) = text_image("R12,50", turned=turned, height=height)
    box = Box(left / image.width, top / image.height, right / image.width, bottom / image.height)
    return measure_text(ImagePage(image), box), ((left + right) / 2, (top + bottom) / 2)


@pytest.mark.parametrize("turned", [-60, -30, 30, 45, 60])
def test_slanted_text_is_measured_as_if_it_lay_level(turned: int) -> None:
    level, _ = _of_word(0)
    slanted, middle = _of_word(turned)
    assert slanted.rotation == pytest.approx(turned, abs=3)
    assert slanted.is_sure
    assert slanted.height_is_sure
    assert slanted.text_height == pytest.approx(level.text_height, rel=0.06)
    assert slanted.stroke == pytest.approx(level.stroke, rel=0.15)
    assert slanted.gap == pytest.approx(level.gap, rel=0.2)
    assert slanted.missing_weight == pytest.approx(level.missing_weight, abs=0.8)
    # The rectangle of its letters lies about the word on the turned page, and is no larger than the word.
    ink = slanted.ink
    assert ink is not None
    expected = turn_point(*middle, 1600, 1200, slanted.rotation)
    assert (ink.x + ink.width / 2, ink.y + ink.height / 2) == pytest.approx(expected, abs=4)
    assert level.extent is not None
    assert ink.width == pytest.approx(level.extent.width - 2 * 0.05 * (level.text_height or 0), rel=0.12)
    assert ink.height == pytest.approx(level.extent.height, rel=0.2)
    assert slanted.extent is None


@pytest.mark.parametrize("other", [-30, 0, 90, 390 - 1])
def test_the_rectangle_of_slanted_text_holds_at_its_own_rotation_alone(other: int) -> None:
    ink = Rect(10, 20, 30, 40)
    metrics = TextMetrics(12.0, rotation=30, ink=ink)
    assert metrics.ink_at(30) == metrics.ink_at(390) == metrics.ink_at(-330) == ink
    assert metrics.extent_at(30, 100, 100) == ink
    assert metrics.ink_at(other) is None
    assert metrics.extent_at(other, 100, 100) is None


def test_the_extent_of_the_ink_turns_with_the_page() -> None:
    metrics = TextMetrics(12.0, extent=Rect(10, 20, 30, 40))
    for rotation, expected in (
        (0, (10, 20, 30, 40)),
        (90, (40, 10, 40, 30)),
        (180, (160, 40, 30, 40)),
        (270, (20, 160, 40, 30)),
    ):
        turned = metrics.extent_at(rotation, 200, 100)
        assert turned is not None
        assert (turned.x, turned.y, turned.width, turned.height) == pytest.approx(expected)
    assert metrics.extent_at(45, 200, 100) is None


def _extent(sheet: Image.Image, box: Box) -> tuple[float, float, float, float]:
    extent = measure_text(ImagePage(sheet), box).extent
    assert extent is not None
    return extent.x, extent.y, extent.x + extent.width, extent.y + extent.height


def test_the_extent_holds_the_text_with_a_margin_and_no_more() -> None:
    left, top, right, bottom = _extent(_eight(2), Box(0.36, 0.36, 0.52, 0.49))
    beside, above = 0.05 * 31, 0.05 * 31
    assert (left, right) == pytest.approx((412 - beside, 463 + beside), abs=2)
    assert (top, bottom) == pytest.approx((410 - above, 441 + above), abs=2)
    # The box cuts the margin off where it ends.
    assert _extent(_eight(2), Box(0.411, 0.4095, 0.464, 0.4415)) == pytest.approx((411, 409.5, 464, 441.5), abs=0.6)


def test_the_margin_of_text_that_reads_from_below_turns_with_it() -> None:
    turned = _eight(2).rotate(90)  # reads from below
    beside, above = 0.05 * 31, 0.05 * 31
    box = Box(0.36, 0.48, 0.49, 0.64)
    left, top, right, bottom = _extent(turned, box)
    assert (left, right) == pytest.approx((410 - above, 441 + above), abs=3)
    assert (top, bottom) == pytest.approx((SIDE - 463 - beside, SIDE - 412 + beside), abs=3)


@pytest.mark.parametrize(
    "line",
    [(-15, 48, 160, 48), (-8, -15, -8, 55), (-15, -8, 160, -8), (150, -15, 150, 55)],
    ids=["below", "left", "above", "right"],
)
def test_a_dimension_line_that_comes_in_from_outside_is_no_text(line: tuple[int, int, int, int]) -> None:
    plain, (left, top, right, bottom) = text_image("R12,50")
    box = Box((left - 15) / 1600, (top - 15) / 1200, (right + 15) / 1600, (bottom + 15) / 1200)
    lined = plain.copy()
    ImageDraw.Draw(lined).line((left + line[0], top + line[1], left + line[2], top + line[3]), fill=0, width=2)
    assert _extent(lined, box) == pytest.approx(_extent(plain, box), abs=2)


def test_a_short_mark_at_the_edge_is_text_and_a_faint_grey_beside_it_too() -> None:
    box = Box(0.36, 0.36, 0.52, 0.49)
    marked = _eight(2)
    ImageDraw.Draw(marked).rectangle((360, 420, 372, 428), fill=0)  # a minus that the box cuts
    assert _extent(marked, box)[0] == pytest.approx(360, abs=0.01)
    faint = _eight(2)
    ImageDraw.Draw(faint).rectangle((380, 420, 392, 432), fill=170)  # a third of the contrast: an erased digit
    assert _extent(faint, box)[0] == pytest.approx(380 - 0.05 * 31, abs=2)
    dust = _eight(2)
    ImageDraw.Draw(dust).rectangle((380, 420, 392, 432), fill=240)  # paper that is not quite white
    assert _extent(dust, box)[0] == pytest.approx(_extent(_eight(2), box)[0], abs=0.01)


def test_commas_and_dots_do_not_lower_the_height() -> None:
    sheet = _eight(2)
    pen = ImageDraw.Draw(sheet)
    for x in (434, 438, 466, 470, 474):
        pen.rectangle((x, 437, x + 2, 440), fill=0)
    measured = measure_text(ImagePage(sheet), _box())
    assert measured.text_height == pytest.approx(31, abs=2)
    assert measured.height_is_sure


def test_pieces_of_many_heights_are_no_sure_height() -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(sheet)
    for index, height in enumerate((12, 20, 36, 60)):
        pen.rectangle((405 + index * 14, 470 - height, 413 + index * 14, 470), outline=0, width=2)
    measured = measure_text(ImagePage(sheet), Box(0.4, 0.4, 0.48, 0.48))
    assert measured.text_height is not None
    assert not measured.height_is_sure


def test_a_line_through_the_box_has_no_height() -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    ImageDraw.Draw(sheet).line((430, 300, 430, 600), fill=0, width=3)
    measured = measure_text(ImagePage(sheet), _box())
    assert measured.text_height is None
    assert measured.missing_weight is None
    assert measured.stroke == pytest.approx(3, abs=0.5)


@pytest.mark.parametrize("space", [4, 9])
def test_the_gap_is_the_usual_paper_between_strokes(space: int) -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen = ImageDraw.Draw(sheet)
    for x in range(405, 470, space + 3):
        pen.rectangle((x, 410, x + 2, 440), fill=0)
    assert measure_text(ImagePage(sheet), _box()).gap == pytest.approx(space, abs=0.6)


def test_a_filled_box_and_an_empty_one_have_no_text() -> None:
    filled = Image.new("L", (SIDE, SIDE), 255)
    ImageDraw.Draw(filled).rectangle((398, 398, 482, 448), fill=0)
    assert measure_text(ImagePage(filled), _box()) == TextMetrics()
    assert measure_text(ImagePage(Image.new("L", (SIDE, SIDE), 255)), _box()) == TextMetrics()


def test_what_strokes_lack_is_held_by_doubt_and_by_the_gap() -> None:
    sure = TextMetrics(60.0, stroke=2.0, height_is_sure=True)
    assert sure.missing_weight == pytest.approx(60 / 6 - 2)
    assert replace(sure, gap=5.0).missing_weight == pytest.approx(0.6 * 5)
    assert replace(sure, gap=50.0).missing_weight == pytest.approx(60 / 6 - 2)
    assert replace(sure, height_is_sure=False).missing_weight == pytest.approx(2.0)
    assert replace(sure, is_sure=False).missing_weight == pytest.approx(2.0)
    assert replace(sure, stroke=30.0).missing_weight == 0
