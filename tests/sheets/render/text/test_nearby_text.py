"""Nearby text, titles from file names, and the text fallback."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.schemas.sanitize import clean_text
from gonogo.sheets.filename_title import title_from_filename, title_from_header
from gonogo.sheets.folder_lookup import find_in_folders
from gonogo.sheets.models import Box, PictureRequest, SheetRef
from gonogo.sheets.render.draw_request import OpenDrawings, draw_picture
from gonogo.sheets.render.text_fallback import draw_outline
from tests.sheets.conftest import PAGE, pdf_bytes

FONT = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
BOX = (300.0, 200.0, 360.0, 220.0)


def _text_pdf(words: Sequence[tuple[float, float, str]], extra: bytes = b"") -> bytes:
    """A page with words at places in points from the top left."""
    lines = (b"BT /F1 10 Tf %.1f %.1f Td (%s) Tj ET" % (x, PAGE[1] - y, word.encode()) for x, y, word in words)
    return pdf_bytes(b"\n".join(lines), extra=FONT + extra)


def _words(drawings: OpenDrawings, path: Path, request: PictureRequest) -> tuple[str, ...]:
    return draw_picture(drawings, path, str(path), request).neighbours


def test_words_near_the_box_come_nearest_first_with_their_side(drawings: OpenDrawings, tmp_path: Path) -> None:
    words = [
        (305, 215, "16,5"),
        (370, 215, "H7"),
        (240, 215, "4x"),
        (310, 190, "THRU"),
        (310, 300, "low"),
        (20, 590, "far"),
    ]
    (tmp_path / "a.pdf").write_bytes(_text_pdf(words))
    found = _words(drawings, tmp_path / "a.pdf", PictureRequest(52, 24, BOX, rotation=0))
    assert found[0] == "in the box: 16,5"
    assert set(found[1:4]) == {"right: H7", "left: 4x", "above: THRU"}
    assert found[4:] == ("below: low",)


def test_sides_are_those_of_the_turned_page(drawings: OpenDrawings, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(_text_pdf([(310, 190, "up")]))
    turned = _words(drawings, tmp_path / "a.pdf", PictureRequest(52, 24, BOX, rotation=90))
    assert turned == ("right: up",)
    (tmp_path / "b.pdf").write_bytes(_text_pdf([(310, 190, "up")], b" /Rotate 90"))
    # The reader sees the page turned; the box is in points of the page as it is read.
    box = (PAGE[1] - BOX[3], BOX[0], PAGE[1] - BOX[1], BOX[2])
    assert _words(drawings, tmp_path / "b.pdf", PictureRequest(52, 24, box, rotation=0)) == ("right: up",)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ((390, 215), "right"),  # 30 beside, level
        ((385, 232), "right"),  # 25 beside and 5 below: more than twice as far
        ((380, 245), "below right"),
        ((250, 165), "above left"),
        ((366, 250), "below"),  # 6 beside and 22 below
        ((286, 260), "below"),
        ((296, 215), "in the box"),  # most of it inside
        ((352, 216), "right"),  # begins in the box, and most of it lies outside
        ((280, 216), "left"),
        ((310, 200), "above"),
        ((310, 226), "below"),
    ],
)
def test_a_word_is_on_the_side_where_it_lies_furthest(
    drawings: OpenDrawings, tmp_path: Path, place: tuple[float, float], said: str
) -> None:
    (tmp_path / "a.pdf").write_bytes(_text_pdf([(*place, "THRU")]))
    assert _words(drawings, tmp_path / "a.pdf", PictureRequest(52, 24, BOX, rotation=0)) == (f"{said}: THRU",)


def test_eight_words_are_the_nearest_eight(drawings: OpenDrawings, tmp_path: Path) -> None:
    words = [(305.0, 225.0 + 9 * n, f"w{n}") for n in range(12)]
    (tmp_path / "a.pdf").write_bytes(_text_pdf(words[::-1]))
    found = _words(drawings, tmp_path / "a.pdf", PictureRequest(52, 24, BOX, rotation=0))
    assert [word.partition(": ")[2] for word in found] == [f"w{n}" for n in range(8)]


def test_a_page_full_of_text_costs_little_and_gives_eight(drawings: OpenDrawings, tmp_path: Path) -> None:
    words = [(float(x), float(y), "a\x1b[2Jb") for x in range(0, 800, 20) for y in range(10, 600, 8)]
    (tmp_path / "full.pdf").write_bytes(_text_pdf(words))
    request = PictureRequest(52, 24, BOX)
    found = _words(drawings, tmp_path / "full.pdf", request)
    assert len(found) == 8
    assert not any("\x1b" in word for word in found)
    start = time.process_time()
    _words(drawings, tmp_path / "full.pdf", request)
    assert time.process_time() - start < 1


def test_a_picture_has_no_words(drawings: OpenDrawings, folder: Path) -> None:
    assert _words(drawings, folder / "sheet.png", PictureRequest(52, 24, BOX)) == ()


@pytest.mark.parametrize(
    ("filename", "title"),
    [
        ("GX-1042 shaft.pdf", "GX-1042 shaft"),
        ("LIU0010.jpg", "LIU0010"),
        ("part.v2.PDF", "part.v2"),
        ("../../etc/passwd", "passwd"),
        ("C:\\drawings\\Halter.dxf", "Halter"),
        ("a\x1b[2Jb\u202e.png", "a[2Jb"),
        ("x" * 80 + " y.pdf", "x" * 59 + "…"),
        ("7a31c0de-02bc-4d1f-9c11-0123456789ab.pdf", None),
        ("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", None),
        ("drawing.pdf", None),
        (".pdf", None),
        ("", None),
    ],
)
def test_a_title_is_neither_an_id_nor_a_generic_name(filename: str, title: str | None) -> None:
    assert title_from_filename(filename) == title


@given(st.text(max_size=200))
def test_no_name_and_no_header_breaks_it(text: str) -> None:
    for title in (
        title_from_filename(text),
        title_from_header(text),
        title_from_header(f'attachment; filename="{text}"'),
    ):
        assert title is None or (0 < len(title) <= 60 and clean_text(title) == title)


def test_titles_of_headers() -> None:
    assert title_from_header('attachment; filename="Halter \\"A\\".pdf"') == 'Halter "A"'
    assert title_from_header("inline; filename=BM_part.jpg") == "BM_part"
    assert (
        title_from_header("attachment; filename=\"x.pdf\"; filename*=UTF-8''W%C3%A4lle%20%E2%8C%8016.pdf")
        == "Wälle ⌀16"
    )
    assert title_from_header("inline") is None


def test_a_file_in_a_folder_gives_its_name(folder: Path) -> None:
    found = find_in_folders((folder,), SheetRef(None, "vector"))
    assert found is not None
    assert found.title == "vector"


def test_the_outline_shows_the_page_and_the_box() -> None:
    grid = draw_outline(PictureRequest(30, 9), (420, 297), Box(0.5, 0.1, 0.75, 0.5))
    assert grid.rows == (
        "  ┌───────────────────────┐   ",
        "  │           ┏━━━━━┓     │   ",
        "  │           ┃     ┃     │   ",
        "  │           ┃     ┃     │   ",
        "  │           ┗━━━━━┛     │   ",
        "  │                       │   ",
        "  │                       │   ",
        "  │                       │   ",
        "  └───────────────────────┘   ",
    )
    marked = [
        char for row, y in zip(grid.rows, range(9), strict=True) for x, char in enumerate(row) if grid.mark[y * 30 + x]
    ]
    assert set(marked) == set("┏━┓┃┗┛")


@given(
    columns=st.integers(3, 120), rows=st.integers(3, 60), width=st.floats(1, 1e5), height=st.floats(1, 1e5),
    corner=st.tuples(st.floats(0, 1), st.floats(0, 1)), size=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    rotation=st.sampled_from([None, 90, 180, 270]),
)  # fmt: skip
def test_any_outline_fills_its_cells_and_keeps_the_box_in_the_page(
    columns: int, rows: int, width: float, height: float, corner: tuple[float, float], size: tuple[float, float],
    rotation: int | None,
) -> None:  # fmt: skip
    box = Box(corner[0], corner[1], min(corner[0] + size[0], 1.0), min(corner[1] + size[1], 1.0))
    grid = draw_outline(PictureRequest(columns, rows, rotation=rotation), (width, height), box)
    assert (grid.width, grid.height) == (columns, rows)
    assert {len(row) for row in grid.rows} == {columns}
    assert len(grid.rows) == rows
    assert any(grid.mark)
    text = "".join(grid.rows)
    assert [text.count(corner) for corner in "┌┐└┘"] == [1, 1, 1, 1]
