"""Text angle: text of any direction is turned upright, upright text is left alone, none ever stands on its head."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Box
from gonogo.sheets.render.bbox import Placed, drawing_bbox
from gonogo.sheets.render.crop import Rect
from gonogo.sheets.render.formats.images import ImagePage
from gonogo.sheets.render.formats.open_drawing import open_drawing
from gonogo.sheets.render.text.ink_pieces import Ink, find_pieces, letters_of
from gonogo.sheets.render.text.text_angle import TextAngle, direction_scores, measure_angle
from gonogo.sheets.render.text.text_metrics import TextMetrics, measure_text
from tests.benchmarks.legibility_views import MarkedText, shared_texts, unseen_texts
from tests.shared_material import DRAWINGS
from tests.sheets.conftest import text_image
from tests.support.unseen_sheets import unseen_sheet, unseen_sheets

SLACK, ON_ITS_HEAD = 10, 120
WRONG = 0.01


def _measured(texts: list[MarkedText]) -> list[tuple[MarkedText, TextMetrics]]:
    opened = {path: open_drawing(path, DrawingLimits()) for path in {text.path for text in texts}}
    out = []
    for text in texts:
        page = opened[text.path].page(1)
        placed = drawing_bbox(text.bbox, page.width, page.height)
        assert isinstance(placed, Placed)
        out.append((text, measure_text(page, placed.box)))
    return out


def _check(measured: list[tuple[MarkedText, TextMetrics]]) -> None:
    errors = [(text, metrics, abs((metrics.rotation - text.angle + 180) % 360 - 180)) for text, metrics in measured]
    wrong = [(text.name, text.parts, text.angle, m.rotation) for text, m, e in errors if e > SLACK and m.is_sure]
    assert len(wrong) <= WRONG * len(measured), wrong
    assert [text.name for text, _, error in errors if error >= ON_ITS_HEAD] == []
    assert [text.name for text, m, _ in errors if text.angle == 0 and m.rotation] == [], "upright text was turned"
    assert sum(not metrics.is_sure for _, metrics, _ in errors) <= 0.05 * len(measured)


@pytest.mark.slow
def test_text_of_generated_sheets_is_upright(tmp_path: Path) -> None:
    _check(_measured(unseen_texts(unseen_sheets(range(2000, 2006)), tmp_path)))


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
def test_text_of_the_real_drawings_is_upright() -> None:
    assert DRAWINGS is not None
    _check(_measured(shared_texts(DRAWINGS)))


def _angle(ink: Ink) -> TextAngle:
    return measure_angle(letters_of(find_pieces(ink), ink.shape), ink.shape)


@pytest.mark.parametrize("angle", [-80, -40, 0, 20, 45, 77, 90])
def test_lines_of_the_drawing_in_the_box_do_not_mislead(angle: int) -> None:
    image, box = text_image("R12,50", turned=angle)
    ink = np.asarray(image.crop(box)) < 128
    lined = ink.copy()
    lined[:, -3:] = True
    rows, columns = ink.shape
    for step in range(min(rows, columns) // 4):
        lined[step, columns // 4 - step - 1] = True
    assert _angle(lined).degrees == pytest.approx(_angle(ink).degrees, abs=3)
    assert _angle(ink).degrees == pytest.approx(angle, abs=4)


@pytest.mark.parametrize(
    ("text", "turned", "expected"),
    [
        ("R12,50", 90, 90),
        ("R12,50", 2, 0),  # nearer to level than the measurement is exact
        ("R12,50", 88, 90),
        ("R12,50", 30, 30),
        ("R12,50", -45, -45),
        ("7", 0, 0),
        ("25", 0, 0),
    ],
)
def test_a_clear_direction_is_sure(text: str, turned: int, expected: int) -> None:
    image, box = text_image(text, turned=turned)
    measured = _angle(np.asarray(image.crop(box)) < 128)
    assert measured.is_sure
    assert measured.degrees == pytest.approx(expected, abs=0 if expected % 90 == 0 else 3)


@pytest.mark.parametrize("text", ["8", "0", "1", "H", "II", "808"])
def test_what_reads_the_same_upside_down_stays_upright(text: str) -> None:
    image, box = text_image(text)
    assert _angle(np.asarray(image.crop(box)) < 128).degrees == 0


def test_scores_are_one_a_degree_and_count_the_letters() -> None:
    image, box = text_image("R2,5")
    ink = np.asarray(image.crop(box)) < 128
    pieces = letters_of(find_pieces(ink), ink.shape)
    scores, count = direction_scores(pieces, ink.shape)
    assert scores.shape == (360,)
    assert count == 3  # the comma is no letter
    assert int(np.argmax(scores)) in (*range(4), *range(357, 360))
    assert scores[180] < scores[0] - 8  # upside down is against the rule


def test_ink_without_letters_is_not_turned() -> None:
    assert _angle(np.zeros((40, 80), np.bool_)) == TextAngle()
    slash = np.asarray(Image.fromarray(np.eye(60, dtype=np.uint8) * 255).resize((120, 120))) > 128
    assert _angle(slash).degrees == 0


@pytest.mark.parametrize("rotate", [0, 90])
def test_text_of_a_pdf_says_its_own_direction(tmp_path: Path, rotate: int) -> None:
    sheet = unseen_sheet(2003, "pdf")
    turned = sheet.data.replace(b"/Type /Page /Parent", b"/Type /Page /Rotate %d /Parent" % rotate)
    (tmp_path / "sheet.pdf").write_bytes(turned)
    page = open_drawing(tmp_path / "sheet.pdf", DrawingLimits()).page(1)
    directions = []
    for box in sheet.boxes:
        x0, y0, x1, y1 = box.bbox
        place = Rect(x0, y0, x1 - x0, y1 - y0) if not rotate else Rect(page.width - y1, x0, y1 - y0, x1 - x0)
        if (written := page.text_direction(place)) is not None:
            directions.append((written - box.angle + rotate + 180) % 360 - 180)
    assert len(directions) > 10
    assert max(map(abs, directions)) <= 1


@pytest.mark.parametrize("bold", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("text", ["⌀60,06", "60,06", "66", "R6", "⌀16,5"])
def test_bold_upright_text_is_not_turned(text: str, bold: int) -> None:
    """Bold letters that touch look like one letter that lies: such text is upright, or said to be unsure."""
    font = ImageFont.load_default(60)
    sheet = Image.new("L", (900, 300), 255)
    place = (200, 100)
    pen = ImageDraw.Draw(sheet)
    pen.text(place, text.replace("⌀", "Ø"), font=font, fill=0, stroke_width=bold)
    x0, y0, x1, y1 = pen.textbbox(place, text.replace("⌀", "Ø"), font=font, stroke_width=bold)
    box = Box((x0 - 8) / 900, (y0 - 8) / 300, (x1 + 8) / 900, (y1 + 8) / 300)
    assert measure_text(ImagePage(sheet), box).rotation == 0
