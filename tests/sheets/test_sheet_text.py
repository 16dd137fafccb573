"""Text of a sheet, read by the real child process: search, bookmarks, class and unit, and hostile text layers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gonogo.demo.parts import draw_all
from gonogo.sheets.drawing_limits import DrawingLimits
from gonogo.sheets.models import Box, NoPicture, Picture, PictureRequest
from gonogo.sheets.render.formats.pdf import PdfDrawing
from gonogo.sheets.render.text.text_lines import ReadingBudget, TextLine
from gonogo.sheets.render.text.text_request import DrawingTexts
from gonogo.sheets.render.view_renderer import ViewRenderer
from gonogo.sheets.render_worker import RenderWorker
from gonogo.sheets.sheet_text import PlaceKind, SheetText, text_from_json, text_to_json
from gonogo.values import GeneralTolerance
from tests.shared_material import DRAWINGS
from tests.sheets.conftest import PAGE, Word, pdf_bytes, text_pdf

TITLE_BLOCK: list[Word] = [
    (500, 500, "Scale 1:1"), (600, 500, "Material"), (500, 520, "Drawing no."), (600, 520, "Sheet 1/2"),
    (500, 540, "General tolerance"), (640, 540, "ISO 2768-mK"), (500, 560, "Dimensions in mm"),
]  # fmt: skip
NOTES: list[Word] = [(40, 440, "NOTES"), (40, 460, "1. Edges broken"), (40, 480, "2. Ø16,5 H7"), (40, 590, "4")]


@pytest.fixture
async def worker() -> AsyncIterator[RenderWorker]:
    started = RenderWorker(DrawingLimits())
    yield started
    await started.aclose()


async def _text(worker: RenderWorker, path: Path, data: bytes, query: str = "", page: int = 1) -> SheetText:
    await asyncio.to_thread(path.write_bytes, data)
    answer = await worker.text(path, f"{path}{hash(data)}", page, query)
    assert isinstance(answer, SheetText), answer
    return answer


async def test_a_text_is_found_on_every_page_with_its_place(worker: RenderWorker, tmp_path: Path) -> None:
    data = text_pdf([*NOTES, *TITLE_BLOCK], [(100, 300, "see Ø16.5"), (400, 300, "and ø16,5")])
    text = await _text(worker, tmp_path / "two.pdf", data, "⌀16,5")
    assert len(text.hits) == 3
    assert [hit.box.page for hit in text.hits] == [1, 2, 2]
    assert text.hits[0].line == "2. Ø16,5 H7"
    box = text.hits[0].box
    assert 50 / PAGE[0] < box.x0 < 56 / PAGE[0]
    assert 85 / PAGE[0] < box.x1 < 92 / PAGE[0]
    assert 465 / PAGE[1] < box.y0 < 475 / PAGE[1] < 478 / PAGE[1] < box.y1 < 490 / PAGE[1]


@pytest.mark.parametrize("turn", [90, 180, 270])
async def test_places_follow_a_turned_page(worker: RenderWorker, tmp_path: Path, turn: int) -> None:
    data = text_pdf([(700, 30, "corner")], extra=b"/Rotate %d" % turn)
    box = (await _text(worker, tmp_path / "turned.pdf", data, "corner")).hits[0].box
    across, down = {90: (0.9, 0.9), 180: (0.1, 0.9), 270: (0.1, 0.1)}[turn]
    assert box.x0 - 0.05 < across < box.x1 + 0.05
    assert box.y0 - 0.05 < down < box.y1 + 0.05


async def test_bookmarks_lie_where_the_words_are(worker: RenderWorker, tmp_path: Path) -> None:
    text = await _text(worker, tmp_path / "sheet.pdf", text_pdf([*NOTES, *TITLE_BLOCK], [(100, 100, "view A")]))
    block, notes, tolerances = (text.bookmark(kind, 1) for kind in PlaceKind)
    assert block is not None
    assert notes is not None
    assert tolerances is not None
    assert not block.guessed
    assert block.box.x0 * PAGE[0] == pytest.approx(493, abs=4)
    assert block.box.y1 * PAGE[1] == pytest.approx(550, abs=20)
    assert notes.box.y0 * PAGE[1] == pytest.approx(425, abs=8)
    assert notes.box.y1 * PAGE[1] == pytest.approx(487, abs=8)
    assert tolerances.box.x0 * PAGE[0] == pytest.approx(638, abs=4)
    # The second page has no title block of its own: the first one's is better than a guess.
    assert text.bookmark(PlaceKind.TITLE_BLOCK, 2) == block
    assert text.bookmark(PlaceKind.NOTES, 2) == notes


async def test_a_drawing_without_text_says_why_and_guesses_the_title_block(worker: RenderWorker, folder: Path) -> None:
    for name, words in (("sheet.png", "a picture"), ("vector.pdf", "a scan")):
        text = await worker.text(folder / name, name, 1, "16")
        assert isinstance(text, SheetText)
        assert words in text.no_text
        assert (text.hits, text.tolerance, text.unit) == ((), None, "")
        block = text.bookmark(PlaceKind.TITLE_BLOCK, 1)
        assert block is not None
        assert block.guessed
        assert block.box.x1 == block.box.y1 == 1
        assert text.bookmark(PlaceKind.NOTES, 1) is None


async def test_class_and_unit_are_those_of_the_page(worker: RenderWorker, tmp_path: Path) -> None:
    data = text_pdf([*TITLE_BLOCK], [(100, 100, "ISO 2768-c")], [(100, 100, "view A")])
    facts = [await _text(worker, tmp_path / "sheet.pdf", data, page=page) for page in (1, 2, 3, 9)]
    assert [(each.tolerance, each.unit) for each in facts] == [
        (GeneralTolerance("m", "K"), "mm"), (GeneralTolerance("c"), ""), (None, ""), (None, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "data",
    [
        text_pdf(TITLE_BLOCK, mode=3),  # drawn invisibly: a scan with the text of a reader
        text_pdf(TITLE_BLOCK, under=b"1 1 1 rg "),  # white on white
        text_pdf([*TITLE_BLOCK, (20, 20, "\x01\x02\x03" * 100)]),  # most of it without a meaning
    ],
)
async def test_text_that_nobody_sees_says_nothing(worker: RenderWorker, tmp_path: Path, data: bytes) -> None:
    text = await _text(worker, tmp_path / "hidden.pdf", data)
    assert (text.tolerance, text.unit) == (None, "")


async def test_hidden_text_of_a_scan_can_be_searched(worker: RenderWorker, tmp_path: Path) -> None:
    text = await _text(worker, tmp_path / "scan.pdf", text_pdf(TITLE_BLOCK, mode=3), "2768")
    assert len(text.hits) == 1


async def test_hostile_text_is_cut_cleaned_and_costs_nothing_else(worker: RenderWorker, tmp_path: Path) -> None:
    words: list[Word] = [(10, 10 + 2 * row, "[@click=app.quit]go[/] \x1b]0;x\x07 " + "1" * 900) for row in range(290)]
    path = tmp_path / "flood.pdf"
    text = await _text(worker, path, text_pdf(words, size=1), "1")
    assert text.is_cut
    assert text.has_more
    assert len(text.hits) == 500
    assert all(len(hit.line) <= 82 and hit.line.isprintable() for hit in text.hits)
    pid = worker.pid
    assert isinstance(await worker.draw(path, str(path), PictureRequest(52, 24, (0.1, 0.1, 0.2, 0.2))), Picture)
    assert worker.pid == pid


class SlowBook(PdfDrawing):
    """PDF whose third page to be read takes all the time that there is."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, DrawingLimits())
        self.read: list[int] = []

    def text_lines(self, number: int, budget: ReadingBudget) -> list[TextLine]:
        self.read.append(number)
        budget.seconds = -1.0 if len(self.read) == 3 else 60.0
        return super().text_lines(number, budget)


def test_a_drawing_of_many_slow_pages_is_cut_and_the_page_asked_for_comes_first(tmp_path: Path) -> None:
    pages: list[list[Word]] = [[(40, 40, f"page {number}")] for number in range(1, 21)]
    path = tmp_path / "book.pdf"
    path.write_bytes(text_pdf(*pages))
    drawing = SlowBook(path)
    text = DrawingTexts().answer(drawing, "key", 9, "page")
    assert drawing.read == [9, 1, 2]
    assert text.is_cut
    assert [hit.box.page for hit in text.hits] == [1, 9]


async def test_a_damaged_file_is_refused_in_words(worker: RenderWorker, tmp_path: Path) -> None:
    path = tmp_path / "cut.pdf"
    path.write_bytes(pdf_bytes(b"0 0 9 9 re f")[:80])
    answer = await worker.text(path, "cut", 1, "x")
    assert isinstance(answer, NoPicture)
    assert answer.reason.endswith(".")


@pytest.mark.slow
@pytest.mark.parametrize("ends", ["os._exit(9)", "time.sleep(60)", "[b'x' * 2**20 for _ in range(2**20)]"])
async def test_a_text_that_kills_the_child_leaves_the_picture(folder: Path, tmp_path: Path, ends: str) -> None:
    # A stand-in for the child: it dies, hangs or eats memory when asked for text, and is the real one otherwise.
    script = tmp_path / "child.py"
    script.write_text(
        "import sys, os, time\n"
        "from gonogo.sheets.render import view_renderer\n"
        "class Dies:\n"
        "    def forget(self): pass\n"
        f"    def answer(self, *args): {ends}\n"
        "view_renderer.DrawingTexts = Dies\n"
        "from gonogo.sheets.render.main import main\n"
        "main()\n"
    )
    worker = RenderWorker(DrawingLimits(seconds=1.5), (sys.executable, str(script)))
    try:
        path = folder / "vector.pdf"
        request = PictureRequest(20, 8)
        assert isinstance(await worker.draw(path, "vector", request), Picture)
        answers = [await worker.text(path, "vector", 1, "x") for _ in range(3)]
        assert all(isinstance(answer, NoPicture) for answer in answers)
        memory = "memory" in getattr(answers[0], "reason", "")  # the child lives on, and says so
        assert memory or "twice" in getattr(answers[2], "reason", "")
        assert isinstance(await worker.draw(path, "vector", request), Picture)
    finally:
        await worker.aclose()


async def test_the_sheets_of_the_demo_have_all_three_places(worker: RenderWorker, tmp_path: Path) -> None:
    for name, board in draw_all().items():
        text = await _text(worker, tmp_path / f"{name}.pdf", await asyncio.to_thread(board.pdf), "iso 2768")
        assert len(text.hits) == 1
        assert text.tolerance is not None
        for kind in PlaceKind:
            place = text.bookmark(kind, 1)
            assert place is not None
            assert not place.guessed


@pytest.mark.skipif(DRAWINGS is None, reason="the real drawings are not beside this repository")
async def test_real_drawings(worker: RenderWorker) -> None:
    assert DRAWINGS is not None
    for name, query, hits in (("Halter.pdf", "2x⌀4.80", 1), ("Adapterplatte.pdf", "m8 gewinde", 1)):
        text = await worker.text(DRAWINGS / name, name, 1, query)
        assert isinstance(text, SheetText)
        assert len(text.hits) == hits
        assert (text.tolerance, text.unit) == (None, "mm")
        assert text.bookmark(PlaceKind.NOTES, 1) is None
        block = text.bookmark(PlaceKind.TITLE_BLOCK, 1)
        assert block is not None
        assert not block.guessed
        assert block.box.y1 > 0.9


def test_an_answer_survives_the_pipe_and_nonsense_does_not() -> None:
    answer = SheetText(2, has_more=True, tolerance=GeneralTolerance("m", "K", alone=False), unit="mm", is_cut=True)
    assert text_from_json(text_to_json(answer)) == answer
    for broken in (
        {"unit": "furlong"}, {"n_pages": -1}, {"tolerance": {"linear": "x", "geometrical": "", "alone": True}},
        {"hits": [{"box": {"x0": 0.5, "y0": 0, "x1": 0.2, "y1": 1, "page": 1}, "line": ""}]},
    ):  # fmt: skip
        with pytest.raises((ValueError, KeyError)):
            text_from_json({**text_to_json(answer), **broken})
    assert Box(0, 0, 1, 1).page == 1


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_pdf_is_answered(tmp_path: Path, data: st.DataObject) -> None:
    sound = bytearray(text_pdf(TITLE_BLOCK, NOTES))
    for at in data.draw(st.lists(st.integers(0, len(sound) - 1), min_size=1, max_size=30)):
        sound[at] = data.draw(st.integers(0, 255))
    path = tmp_path / "damaged.pdf"
    path.write_bytes(bytes(sound))
    answer = ViewRenderer(DrawingLimits()).answer(
        {"op": "text", "path": str(path), "key": "k", "page": 1, "query": data.draw(st.sampled_from(["", "2768", "m"]))}
    )
    assert isinstance(answer, (SheetText, NoPicture))
    if isinstance(answer, SheetText):
        assert text_from_json(text_to_json(answer)) == answer
