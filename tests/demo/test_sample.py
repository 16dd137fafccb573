"""The sample project: drawings that say what the predictions are judged by."""

from __future__ import annotations

import io

import pypdfium2 as pdfium
import pytest

from gonogo.demo.drawing_board import Board, Callout
from gonogo.demo.parts import draw_all
from gonogo.demo.simulated_readings import read_all


@pytest.fixture(scope="module")
def boards() -> dict[str, Board]:
    return draw_all()


def text_in(page: pdfium.PdfPage, callout: Callout) -> str:
    """The text the PDF itself has inside the callout's box."""
    x0, y0, x1, y1 = callout.bbox
    height = page.get_height()
    found: str = page.get_textpage().get_text_bounded(
        left=x0 - 1, bottom=height - y1 - 1, right=x1 + 1, top=height - y0 + 1
    )
    return "".join(found.split())


def test_every_box_holds_what_its_callout_says(boards: dict[str, Board]) -> None:
    """⌀ and the tolerance symbols are drawn, not written, so only letters, figures and signs are compared."""
    for part, board in boards.items():
        page = pdfium.PdfDocument(io.BytesIO(board.pdf()))[0]
        for callout in board.callouts:
            wanted = sorted(char for char in callout.text if char.isalnum() or char in ",±+-°")
            seen = sorted(char for char in text_in(page, callout) if char.isalnum() or char in ",±+-°")
            for char in wanted:
                assert seen.count(char) >= wanted.count(char), (part, callout.name, callout.text, "".join(seen))


def test_boxes_lie_on_the_page(boards: dict[str, Board]) -> None:
    for board in boards.values():
        page = pdfium.PdfDocument(io.BytesIO(board.pdf()))[0]
        for callout in board.callouts:
            x0, y0, x1, y1 = callout.bbox
            assert 0 < x0 < x1 < page.get_width(), callout
            assert 0 < y0 < y1 < page.get_height(), callout


def test_drawings_are_small_vector_files_and_always_the_same(boards: dict[str, Board]) -> None:
    again = draw_all()
    assert len(boards) >= 4
    for part, board in boards.items():
        data = board.pdf()
        assert data == again[part].pdf()
        assert len(data) < 20_000
        page = pdfium.PdfDocument(io.BytesIO(data))[0]
        assert not [item for item in page.get_objects() if item.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE]


def test_the_sheets_show_what_production_drawings_show(boards: dict[str, Board]) -> None:
    callouts = [callout for board in boards.values() for callout in board.callouts]
    kinds = {(callout.target_kind, callout.detail_kind) for callout in callouts}
    assert {("pmi", "dimension"), ("pmi", "gdt"), ("pmi", "thread"), ("pmi", "surface_finish")} <= kinds
    assert {kind for kind, _ in kinds} == {"pmi", "title_block", "note"}
    assert any(" 0 -0," in callout.text for callout in callouts), "a stacked tolerance"


def test_readings_are_wrong_as_often_as_readers_are(boards: dict[str, Board]) -> None:
    readings = read_all({part: board.callouts for part, board in boards.items()})
    wrong = [reading for reading in readings if reading.error]
    assert len(readings) >= 60
    assert 0.12 <= len(wrong) / len(readings) <= 0.18
    assert len({reading.error for reading in wrong}) >= 5, "several kinds of error"
    assert all(reading.text != reading.callout.text for reading in wrong)
    sure_but_wrong = [reading for reading in wrong if reading.confidence > 0.7]
    assert sure_but_wrong, "confidence alone must not give the errors away"
