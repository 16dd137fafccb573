"""Drawing pipeline in this process: the same place from an image and a PDF, rotation, notes, refusals."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gonogo.sheets.drawing_limits import CannotShowError, DrawingLimits
from gonogo.sheets.models import Level, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from gonogo.sheets.render.box_overlay import FAINT
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.indexed_pixels import draw_plane
from gonogo.sheets.render.mosaic import to_grey
from gonogo.sheets.render.pixel_overlay import LINE, PAPER
from tests.shared_material import DRAWINGS
from tests.sheets.conftest import PAGE, SPOTS, pdf_bytes, sheet_image, sheet_pdf, text_image

FRACTIONS = tuple(value / side for value, side in zip(SPOTS[1], (PAGE[0], PAGE[1], PAGE[0], PAGE[1]), strict=True))


def _draw(drawings: OpenDrawings, path: Path, request: PictureRequest) -> Picture:
    return draw_picture(drawings, path, str(path), request)


def _differ(one: Picture, two: Picture) -> float:
    """Share of sub-pixels that are ink in one and paper in the other."""
    return float(np.mean((to_grey(one.grid) < 128) != (to_grey(two.grid) < 128)))


@pytest.mark.parametrize("level", [Level.DETAIL, Level.VIEW, Level.SHEET])
@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_image_and_pdf_show_the_same_place(drawings: OpenDrawings, folder: Path, level: Level, rotation: int) -> None:
    request = PictureRequest(52, 24, FRACTIONS, level, rotation=rotation)
    image = _draw(drawings, folder / "sheet.png", request)
    vector = _draw(drawings, folder / "vector.pdf", request)
    assert image.box == vector.box
    assert vector.shown.x0 == pytest.approx(image.shown.x0, abs=1e-6)
    assert vector.shown.y1 == pytest.approx(image.shown.y1, abs=1e-6)
    assert _differ(image, vector) < 0.02


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
def test_the_real_pdf_and_its_image_show_the_same_place(drawings: OpenDrawings) -> None:
    assert DRAWINGS is not None
    # "2x⌀4.80 +0.1 0" and its feature control frame
    request = PictureRequest(78, 32, (1127 / 2250, 2014 / 3250, 1336 / 2250, 2099 / 3250), rotation=0)
    image = _draw(drawings, DRAWINGS / "halter.jpg", request)
    vector = _draw(drawings, DRAWINGS / "Halter.pdf", request)
    one, two = (255.0 - to_grey(picture.grid) for picture in (image, vector))
    # The image was cut a little smaller than the page, so the same fractions lie up to half a per cent apart.
    middle = one[8:-8, 8:-8]
    rows, columns = middle.shape
    best = max(
        (_correlation(middle, two[y : y + rows, x : x + columns]), x - 8, y - 8) for x in range(17) for y in range(17)
    )
    assert best[0] > 0.6
    per_cent = 100 * image.shown.height / 64
    assert abs(best[2]) * per_cent < 0.7
    assert abs(best[1]) * per_cent < 0.7


def _correlation(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


@pytest.mark.parametrize(
    "mode", [PictureMode.OCTANT, PictureMode.SEXTANT, PictureMode.QUADRANT, PictureMode.HALF, PictureMode.BRAILLE]
)
def test_the_box_is_black_and_framed_in_every_mode(drawings: OpenDrawings, folder: Path, mode: PictureMode) -> None:
    picture = _draw(drawings, folder / "sheet.png", PictureRequest(60, 30, FRACTIONS, mode=mode))
    grid = picture.grid
    assert (grid.width, grid.height, grid.mode) == (60, 30, mode)
    assert sum(grid.mark) > 20
    grey = to_grey(grid)
    shown, box = picture.shown, picture.box
    assert box is not None
    rows = slice(*(round((y - shown.y0) / shown.height * grey.shape[0]) for y in (box.y0, box.y1)))
    columns = slice(*(round((x - shown.x0) / shown.width * grey.shape[1]) for x in (box.x0, box.x1)))
    assert (grey[rows, columns] < 60).mean() > 0.9
    assert (grey < 60).mean() < 0.8
    assert picture.locator is not None
    assert sum(picture.locator.mark) > 0


@pytest.mark.parametrize("mode", [PictureMode.QUADRANT, PictureMode.OCTANT, PictureMode.BRAILLE])
@pytest.mark.parametrize("spot", SPOTS)
def test_the_map_never_covers_the_box_and_goes_where_the_whole_sheet_is_shown(
    drawings: OpenDrawings, folder: Path, mode: PictureMode, spot: tuple[int, int, int, int]
) -> None:
    box = tuple(value / side for value, side in zip(spot, (*PAGE, *PAGE), strict=True))
    for level in Level:
        picture = _draw(drawings, folder / "sheet.png", PictureRequest(60, 24, box, level, mode, rotation=0))
        assert (picture.locator is None) == (level is Level.SHEET)
        if picture.locator is None or picture.locator_place is None or picture.box is None:
            continue
        left, top = picture.locator_place
        right, bottom = left + picture.locator.width + 2, top + picture.locator.height + 2
        shown, judged = picture.shown, picture.box
        columns = [(x - shown.x0) / shown.width * 60 for x in (judged.x0, judged.x1)]
        rows = [(y - shown.y0) / shown.height * 24 for y in (judged.y0, judged.y1)]
        assert right <= columns[0] or left >= columns[1] or bottom <= rows[0] or top >= rows[1]


def test_hairlines_survive_the_whole_sheet(drawings: OpenDrawings, tmp_path: Path) -> None:
    """A line one pixel wide on a sheet of 12 megapixels is still there when all of it is shown in 46 columns."""
    image = Image.new("L", (4000, 3000), 255)
    image.paste(0, (0, 1500, 4000, 1501))
    image.save(tmp_path / "line.png")
    picture = _draw(drawings, tmp_path / "line.png", PictureRequest(46, 18, level=Level.SHEET))
    grey = to_grey(picture.grid)
    assert int(grey.min()) < 200
    assert (grey.min(axis=0)[2:-2] < 230).mean() > 0.9


@pytest.mark.parametrize(("turned", "rotation"), [(0, 0), (90, 90)])
@pytest.mark.parametrize("text", ["25,00", "16", "M8"])
def test_vertical_dimensions_turn_by_themselves(
    drawings: OpenDrawings, tmp_path: Path, text: str, turned: int, rotation: int
) -> None:
    image, box = text_image(text, turned=turned)
    image.save(tmp_path / "text.png")
    assert _draw(drawings, tmp_path / "text.png", PictureRequest(52, 24, box)).rotation == rotation
    assert _draw(drawings, tmp_path / "text.png", PictureRequest(52, 24, box, rotation=0)).rotation == 0


@pytest.mark.parametrize("angle", [-60, -30, 15, 30, 45, 63, 80])
@pytest.mark.parametrize("text", ["25,00", "R10", "2x6.60 +0.40"])
def test_slanted_dimensions_turn_upright(drawings: OpenDrawings, tmp_path: Path, text: str, angle: int) -> None:
    image, box = text_image(text, turned=angle)
    image.save(tmp_path / "text.png")
    slanted = _draw(drawings, tmp_path / "text.png", PictureRequest(52, 24, box))
    assert slanted.rotation == pytest.approx(angle % 360, abs=4)
    assert slanted.angle_is_sure
    upright, upright_box = text_image(text)
    upright.save(tmp_path / "upright.png")
    straight = _draw(drawings, tmp_path / "upright.png", PictureRequest(52, 24, upright_box))
    assert straight.rotation == 0
    assert slanted.magnification == pytest.approx(straight.magnification, rel=0.6)


def test_a_slanted_view_shows_the_same_place_from_image_and_pdf(drawings: OpenDrawings, folder: Path) -> None:
    request = PictureRequest(52, 24, FRACTIONS, rotation=37)
    image = _draw(drawings, folder / "sheet.png", request)
    vector = _draw(drawings, folder / "vector.pdf", request)
    assert vector.shown.x0 == pytest.approx(image.shown.x0, abs=1e-6)
    assert _differ(image, vector) < 0.02
    ink = to_grey(image.grid)[8:-8, 24:-24] < 60
    assert 0.05 < ink.mean() < 0.95, "the black rectangle lies slanted in the middle"


def test_a_lone_digit_stays_upright(drawings: OpenDrawings, tmp_path: Path) -> None:
    image, box = text_image("1")
    image.save(tmp_path / "text.png")
    assert _draw(drawings, tmp_path / "text.png", PictureRequest(52, 24, box)).rotation == 0


def test_digits_get_their_rows_whatever_the_box_leaves_around_them(drawings: OpenDrawings, tmp_path: Path) -> None:
    image, (x0, y0, x1, y1) = text_image("16,5", height=30)
    image.save(tmp_path / "text.png")
    picture = _draw(drawings, tmp_path / "text.png", PictureRequest(52, 24, (x0 - 20, y0 - 20, x1 + 20, y1 + 20)))
    digit = 22 / 1200 / picture.shown.height * 24
    assert digit >= 4.5


def test_boxes_put_right_are_noted_and_unusable_ones_show_the_sheet(drawings: OpenDrawings, folder: Path) -> None:
    x0, y0, x1, y1 = FRACTIONS
    reversed_box = _draw(drawings, folder / "sheet.png", PictureRequest(52, 24, (x1, y1, x0, y0)))
    assert reversed_box.note == "box was the wrong way round"
    off = _draw(drawings, folder / "sheet.png", PictureRequest(52, 24, (9000, 9000, 9100, 9100)))
    assert off.note == "The task's box lies off the page. The whole sheet is shown."
    assert off.box is None
    assert off.magnification == pytest.approx(1)
    assert _draw(drawings, folder / "sheet.png", PictureRequest(52, 24)).note is None


def test_the_fifth_number_is_the_page(drawings: OpenDrawings, tmp_path: Path) -> None:
    path = tmp_path / "three.pdf"
    path.write_bytes(sheet_pdf(pages=3))
    picture = _draw(drawings, path, PictureRequest(52, 24, (*FRACTIONS, 3)))
    assert (picture.page, picture.n_pages) == (3, 3)
    with pytest.raises(CannotShowError, match="points at page 4, and the drawing has 3 pages"):
        _draw(drawings, path, PictureRequest(52, 24, (*FRACTIONS, 4)))


def test_a_pdf_page_turned_by_its_author_is_read_as_shown(drawings: OpenDrawings, tmp_path: Path) -> None:
    path = tmp_path / "turned.pdf"
    path.write_bytes(sheet_pdf(extra=b"/Rotate 90"))
    picture = _draw(drawings, path, PictureRequest(52, 40, level=Level.SHEET))
    turned_by_us = tmp_path / "straight.pdf"
    turned_by_us.write_bytes(sheet_pdf())
    same = _draw(drawings, turned_by_us, PictureRequest(52, 40, level=Level.SHEET, rotation=90))
    assert _differ(picture, same) < 0.02


def test_pages_of_a_tiff(drawings: OpenDrawings, tmp_path: Path) -> None:
    blank = Image.new("L", (1600, 1200), 255)
    blank.save(tmp_path / "pages.tif", save_all=True, append_images=[sheet_image()])
    first = _draw(drawings, tmp_path / "pages.tif", PictureRequest(52, 24, (*FRACTIONS, 1)))
    second = _draw(drawings, tmp_path / "pages.tif", PictureRequest(52, 24, (*FRACTIONS, 2)))
    assert (first.n_pages, second.page) == (2, 2)
    assert int(to_grey(first.grid).min()) > 200
    assert int(to_grey(second.grid).min()) < 50


def test_transparent_paper_is_white(drawings: OpenDrawings, tmp_path: Path) -> None:
    clear = Image.new("RGBA", (1600, 1200), (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), (700, 500, 900, 700))
    clear.save(tmp_path / "clear.png")
    grey = to_grey(_draw(drawings, tmp_path / "clear.png", PictureRequest(52, 24)).grid)
    assert 0.01 < (grey < 128).mean() < 0.1


def test_sixteen_bit_scans_keep_their_greys(drawings: OpenDrawings, tmp_path: Path) -> None:
    levels = np.full((1200, 1600), 50_000, np.uint16)
    levels[500:700, 700:900] = 3_000
    Image.fromarray(levels).save(tmp_path / "deep.png")
    grey = to_grey(_draw(drawings, tmp_path / "deep.png", PictureRequest(52, 24)).grid)
    assert 0.01 < (grey < 128).mean() < 0.1


def test_inverted_paper_is_dark(drawings: OpenDrawings, folder: Path) -> None:
    plain = _draw(drawings, folder / "sheet.png", PictureRequest(52, 24, FRACTIONS))
    dark = _draw(drawings, folder / "sheet.png", PictureRequest(52, 24, FRACTIONS, inverted=True))
    assert dark.grid.rows == plain.grid.rows
    assert max(plain.grid.paper) == 255
    assert min(dark.grid.paper) == 0


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("text.pdf", b"Dear customer, see attachment.\n", "is text, not a PNG"),
        ("page.png", b"<!DOCTYPE html><html><body>Sign in</body></html>", "a web page"),
        ("empty.jpg", b"", "is empty"),
        ("blob.png", bytes(range(256)) * 4, "of an unknown kind"),
        ("cut.pdf", sheet_pdf()[:200], "PDFium cannot open it"),
        ("pages.pdf", pdf_bytes(b"", pages=201), "has 201 pages"),
    ],
)
def test_what_is_no_drawing_says_so(
    drawings: OpenDrawings, tmp_path: Path, name: str, data: bytes, sentence: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(CannotShowError) as refused:
        _draw(drawings, path, PictureRequest(52, 24, FRACTIONS))
    assert sentence in refused.value.reason


def test_a_cut_off_image_says_so(drawings: OpenDrawings, tmp_path: Path) -> None:
    for kind in ("JPEG", "PNG"):
        whole = io.BytesIO()
        noise = np.random.default_rng(1).integers(0, 255, (600, 800)).astype(np.uint8)
        Image.fromarray(noise).save(whole, kind)
        path = tmp_path / f"cut.{kind}"
        path.write_bytes(whole.getvalue()[: len(whole.getvalue()) // 2])
        with pytest.raises(CannotShowError, match="cut off or damaged"):
            _draw(drawings, path, PictureRequest(52, 24))


def test_what_is_too_many_pixels_depends_on_the_limit(tmp_path: Path) -> None:
    Image.new("L", (1000, 1000)).save(tmp_path / "large.png")
    with pytest.raises(CannotShowError, match="1000×1000 pixels"):
        _draw(OpenDrawings(DrawingLimits(decoded_bytes=999_999)), tmp_path / "large.png", PictureRequest(10, 5))


def test_a_missing_file_may_be_tried_again(drawings: OpenDrawings, tmp_path: Path) -> None:
    with pytest.raises(CannotShowError, match="is gone") as refused:
        _draw(drawings, tmp_path / "gone.png", PictureRequest(10, 5))
    assert refused.value.retry


# --- the whole drawing ---------------------------------------------------------------------------------------


def _fractions(spot: tuple[int, int, int, int]) -> tuple[float, ...]:
    return tuple(value / side for value, side in zip(spot, (*PAGE, *PAGE), strict=True))


@pytest.mark.parametrize("mode", [PictureMode.QUADRANT, PictureMode.BRAILLE, PictureMode.OCTANT])
def test_other_boxes_get_a_quiet_frame_that_covers_no_ink(
    drawings: OpenDrawings, folder: Path, mode: PictureMode
) -> None:
    plain = PictureRequest(78, 30, FRACTIONS, Level.SHEET, mode)
    others = (_fractions(SPOTS[0]), _fractions(SPOTS[2]), FRACTIONS, (0.1, 0.1), (0.2, 0.2, 0.3, 0.3, 2.0))
    before = _draw(drawings, folder / "vector.pdf", plain).grid
    after = _draw(drawings, folder / "vector.pdf", replace(plain, others=others)).grid
    changed = [at for at in range(len(after.mark)) if after.mark[at] == FAINT]
    assert changed
    assert {after.mark[at] for at in range(len(after.mark)) if after.mark[at] != before.mark[at]} == {FAINT}
    glyphs, drawn = "".join(before.rows), "".join(after.rows)
    blank = glyphs[0]
    for at in changed:
        assert glyphs[at] == blank
        assert drawn[at] in "┄┆┌┐└┘"
    same = [at for at in range(len(glyphs)) if at not in set(changed)]
    assert all(glyphs[at] == drawn[at] and before.ink[at] == after.ink[at] for at in same)


def test_other_boxes_in_pixels_cover_no_ink(drawings: OpenDrawings, folder: Path) -> None:
    plain = PictureRequest(60, 20, FRACTIONS, Level.SHEET, PictureMode.KITTY, cell_pixels=(8, 16))
    path = folder / "vector.pdf"
    before = draw_plane(drawings, path, str(path), plain, {})
    after = draw_plane(drawings, path, str(path), replace(plain, others=(_fractions(SPOTS[0]),)), {})
    framed = after == LINE
    assert framed.sum() > 20
    assert (before[framed] == PAPER).all()
    assert (before[~framed] == after[~framed]).all()


def test_a_place_is_shown_in_one_piece_and_no_larger_than_it_fits(drawings: OpenDrawings, folder: Path) -> None:
    for spot in SPOTS:
        box = _fractions(spot)
        picture = _draw(drawings, folder / "vector.pdf", PictureRequest(78, 30, box, Level.PLACE))
        assert picture.strips == 1
        assert picture.rotation == 0
        assert picture.shown.x0 <= box[0] < box[2] <= picture.shown.x1
        assert picture.shown.y0 <= box[1] < box[3] <= picture.shown.y1
        assert picture.magnification > 2


def test_a_page_is_shown_without_the_box_of_another(drawings: OpenDrawings, tmp_path: Path) -> None:
    path = tmp_path / "pages.pdf"
    path.write_bytes(sheet_pdf(pages=3))
    request = PictureRequest(78, 30, FRACTIONS, Level.SHEET, page=2)
    picture = _draw(drawings, path, request)
    assert (picture.page, picture.n_pages, picture.box) == (2, 3, None)
    assert _draw(drawings, path, replace(request, page=1)).box is not None
    for page in (0, 4):
        with pytest.raises(CannotShowError, match=f"page {page}"):
            _draw(drawings, path, replace(request, page=page))


def test_the_sheet_is_enlarged_around_the_box(drawings: OpenDrawings, folder: Path) -> None:
    shown = _draw(drawings, folder / "vector.pdf", PictureRequest(78, 30, FRACTIONS, Level.SHEET, zoom=4)).shown
    assert shown.x0 < FRACTIONS[0] < FRACTIONS[2] < shown.x1
    assert shown.y0 < FRACTIONS[1] < FRACTIONS[3] < shown.y1
