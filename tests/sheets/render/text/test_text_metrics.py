"""Text metrics: height and stroke width of characters, and how thin strokes are thickened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.models import Box, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.formats.images import ImagePage
from gonogo.sheets.render.mosaic import to_grey
from gonogo.sheets.render.text.text_metrics import measure_text

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
    assert ink.least_height == pytest.approx(28, abs=2)
    alone = measure_text(ImagePage(sheet), Box(0.295, 0.295, 0.425, 0.375))
    assert alone.least_height is None


def test_signs_of_limits_as_large_as_their_size_are_no_small_characters() -> None:
    sheet = Image.new("L", (SIDE, SIDE), 255)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(50)
    for x, y, text in ((300, 320, "16,5"), (420, 290, "+0,12"), (420, 350, "+0,08")):
        pen.text((x, y), text, font=font, fill=0)
    assert measure_text(ImagePage(sheet), Box(0.295, 0.27, 0.57, 0.42)).least_height is None
