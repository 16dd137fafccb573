"""The whole drawing: its keys, search, bookmarks and pages on a real PDF, and the way back to the question."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from gonogo.desk.core.models import DeskTask
from gonogo.desk.session.task_pictures import PictureCache
from gonogo.sheets.drawing_service import DrawingService
from gonogo.sheets.models import Box, Level, NoPicture, Picture
from gonogo.sheets.sheet_text import Bookmark, PlaceKind, SheetText, TextHit
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.screens.work.whole_sheet import WholeSheetScreen
from gonogo.values import GeneralTolerance
from tests.sheets.conftest import Word, sheet_image, text_pdf
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_picture, task
from tests.tui.screen_text import appears, press, settle, text_of
from tests.tui.screens.conftest import Room
from tests.tui.screens.expert.test_adjudicate import at_the_case, conflict, sent
from tests.tui.screens.work.test_practice import at_an_item, known_items, practice_of

TITLE_BLOCK: list[Word] = [
    (500, 500, "Scale 1:1"), (640, 500, "Material"), (500, 520, "Drawing no."), (640, 520, "Sheet 1/2"),
    (500, 540, "General tolerance"), (640, 540, "ISO 2768-mK"), (500, 560, "Dimensions in mm"),
]  # fmt: skip
PAGES: tuple[list[Word], ...] = (
    [(40, 100, "16,5"), (40, 440, "NOTES"), (40, 460, "1. Edges broken"), *TITLE_BLOCK],
    [(400, 300, "section A-A, see ISO 2768")],
)
SIZE_80 = (80, 24)


class SessionOfDrawings(FakeAnnotateSession):
    """Session whose drawings are opened by the real service, in its child process."""

    def __init__(self, tasks: list[DeskTask], service: DrawingService) -> None:
        super().__init__(tasks)
        self.pictures = PictureCache(lambda: service, lambda: self.tasks[1:])


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[SessionOfDrawings]:
    folder = tmp_path / "drawings"
    folder.mkdir()
    (folder / "rev-pdf.pdf").write_bytes(text_pdf(*PAGES))
    sheet_image().save(folder / "rev-png.png")
    service = DrawingService(tmp_path / "cache", folders=(folder,))
    pdf = {"part_revision_id": "rev-pdf", "predicted_value": {"text": "16,5"}}
    tasks = [
        task(1, bbox=(0.04, 0.14, 0.1, 0.18), **pdf),
        task(2, bbox=(0.8, 0.85, 0.95, 0.91), **pdf),
        task(3, part_revision_id="rev-png"),
    ]
    yield SessionOfDrawings(tasks, service)
    await service.aclose()


def sheet_of(pilot: Pilot[None]) -> WholeSheetScreen:
    return cast(WholeSheetScreen, pilot.app.screen)


async def opened(pilot: Pilot[None], clock: Clock) -> WholeSheetScreen:
    """Waits for the question, then opens its drawing."""
    await appears(pilot, "detail")
    await press(pilot, clock, "Z")
    await appears(pilot, "sheet 1.0×")
    return sheet_of(pilot)


@pytest.mark.parametrize("size", [SIZE_80, (120, 40)])
async def test_pages_search_and_bookmarks(
    running: Running, clock: Clock, session: SessionOfDrawings, size: tuple[int, int]
) -> None:
    async with running(session, size=size) as pilot:
        screen = await opened(pilot, clock)
        text = text_of(screen)
        assert "sheet 1 of 2" in text
        assert "16,5  Is this dimension read right?" in text
        for hint in ("Esc back", "/ find", "PgDn page", "1 title", "2 notes", "3 tolerances", "? keys"):
            assert hint in text
        await press(pilot, clock, "slash", *"ISO2768")
        assert "Enter finds it   Esc leaves" in text_of(pilot.app.screen)
        assert "1 title" not in text_of(pilot.app.screen)  # a digit is text now
        await press(pilot, clock, "enter")
        assert "1 title" in text_of(pilot.app.screen)
        await appears(pilot, "“ISO2768”: 1 of 2 · sheet 1 · ISO 2768-mK")
        await press(pilot, clock, "n")
        await appears(pilot, "2 of 2 · sheet 2 · section A-A, see ISO 2768")
        await appears(pilot, "sheet 2 of 2 · place")
        shown = screen.sheet.shown
        assert isinstance(shown, Picture)
        assert shown.box is not None
        assert shown.box.page == 2
        await press(pilot, clock, "n")
        await appears(pilot, "1 of 2 · sheet 1")
        await press(pilot, clock, "N", "pagedown")
        await appears(pilot, "sheet 2 of 2")
        await press(pilot, clock, "1")
        await appears(pilot, "Title block, sheet 1  ISO 2768-mK · mm")
        await press(pilot, clock, "2")
        await appears(pilot, "Notes, sheet 1")
        await press(pilot, clock, "3")
        await appears(pilot, "General tolerances, sheet 1")
        await press(pilot, clock, "pagedown")
        await appears(pilot, "sheet 2 of 2 · sheet 1.0×")
        await press(pilot, clock, "pagedown", "pageup")
        await appears(pilot, "sheet 1 of 2 · sheet 1.0×")
        await press(pilot, clock, "0")
        await appears(pilot, "16,5  Is this dimension read right?")
        await press(pilot, clock, "z")
        await appears(pilot, "sheet 1.0×")
        await press(pilot, clock, "slash", *"nowhere", "enter")
        await appears(pilot, "“nowhere” is not on this drawing.")


async def test_a_picture_says_that_it_holds_no_text_and_what_is_guessed(
    running: Running, clock: Clock, session: SessionOfDrawings
) -> None:
    session.tasks = session.tasks[2:]
    async with running(session, size=SIZE_80) as pilot:
        await opened(pilot, clock)
        await press(pilot, clock, "n")
        await appears(pilot, "Press / and type the text to look for.")
        await press(pilot, clock, "slash", *"16", "enter")
        await appears(pilot, "This drawing is a picture, so it holds no text to search.")
        await press(pilot, clock, "1")
        await appears(pilot, "Title block: guessed, where drawings usually have it.")
        await press(pilot, clock, "2")
        await appears(pilot, "No notes found. This drawing is a picture")
        await press(pilot, clock, "pagedown")
        await appears(pilot, "This drawing has one sheet.")
        assert "PgDn" not in text_of(pilot.app.screen)


async def test_the_question_comes_back_as_it_was_and_nothing_is_answered_here(
    running: Running, clock: Clock, session: SessionOfDrawings
) -> None:
    async with running(session, size=SIZE_80) as pilot:
        await appears(pilot, "detail")
        await press(pilot, clock, "plus", "3")
        question = cast(AnnotateScreen, pilot.app.screen)
        await appears(pilot, "sure 3 of 5")
        before = text_of(question)
        await press(pilot, clock, "Z")
        await appears(pilot, "sheet 1.0×")
        for key in ("a", "s", "d", "f"):
            await press(pilot, clock, key)
            assert sheet_of(pilot).keys.word == "Esc first"
        await press(pilot, clock, "slash", *"asdf")
        await press(pilot, clock, "escape")  # leaves the line
        assert isinstance(pilot.app.screen, WholeSheetScreen)
        assert session.answers == []
        await pilot.press("escape")
        await pilot.press("a")  # in one burst with the key before: no person types so
        await settle(pilot)
        assert session.answers == []
        assert text_of(question).splitlines()[:-1] == before.splitlines()[:-1]  # the last one says "wait"
        await press(pilot, clock, "a")
        assert [(asked.id, made.verdict) for asked, made in session.answers] == [("task-1", "correct")]


@pytest.mark.parametrize("key", ["escape", "enter"])
async def test_each_key_leads_back(running: Running, clock: Clock, key: str) -> None:
    async with running(FakeAnnotateSession([task(1)]), size=SIZE_80) as pilot:
        await press(pilot, clock, "Z", "Z", "Z")  # held down, it opens once
        assert len(pilot.app.screen_stack) == 3
        await press(pilot, clock, key)
        assert isinstance(pilot.app.screen, AnnotateScreen)


async def test_looking_at_the_drawing_is_time_of_the_question(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)], clock=clock)
    async with running(session, size=SIZE_80) as pilot:
        session.stopwatch.start()
        session.stopwatch.shown()
        await press(pilot, clock, "Z", "slash")
        for key in ("x", "escape", "1", "plus", "escape"):
            clock.pass_(50)  # a minute without a key is idle time
            await press(pilot, clock, key)
        assert session.stopwatch.read().looking >= 250_000
        assert session.stopwatch.read().idle == 0


async def test_the_other_boxes_are_asked_for_and_the_questions_own_stays(running: Running, clock: Clock) -> None:
    other = (0.7, 0.7, 0.8, 0.8)
    session = FakeAnnotateSession([task(1), task(2, bbox=other)])
    hit = Box(0.1, 0.1, 0.2, 0.2, 1)
    session.sheet_text = lambda page, query: SheetText(1, hits=(TextHit(hit, "[@click=app.quit]x[/] \x1b[2J"),))
    async with running(session, size=SIZE_80) as pilot:
        await press(pilot, clock, "Z")
        request = session.requests[-1]
        assert (request.level, request.bbox, request.others) == (Level.SHEET, (0.4, 0.4, 0.5, 0.5), (other,))
        await press(pilot, clock, "slash", "x", "enter")
        request = session.requests[-1]
        assert (request.level, request.bbox) == (Level.PLACE, (0.1, 0.1, 0.2, 0.2, 1.0))
        assert set(request.others) == {other, (0.4, 0.4, 0.5, 0.5)}
        assert "[@click=app.quit]x[/] \ufffd[2J" in text_of(pilot.app.screen)


async def test_a_drawing_that_cannot_be_read_says_so(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)], draw=lambda *_: NoPicture("It burned.", retry=True))
    async with running(session, size=SIZE_80) as pilot:
        await press(pilot, clock, "Z")
        assert "r  try again" in text_of(pilot.app.screen)
        session.draw = fake_picture
        await press(pilot, clock, "r")
        assert "sheet 4.2×" in text_of(pilot.app.screen)
        await press(pilot, clock, "escape")
        await press(pilot, clock, "Z", "slash", "x", "enter")
        assert "The text can't be searched. This drawing never came." in text_of(pilot.app.screen)
        await press(pilot, clock, "3")
        assert "The general tolerances can't be looked for. This drawing never came." in text_of(pilot.app.screen)


async def test_the_mode_of_the_drawing_can_be_changed_here(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    async with running(session, size=SIZE_80) as pilot:
        await press(pilot, clock, "Z")
        before = session.requests[-1].mode
        await press(pilot, clock, "m", "m")  # the first step is from "automatic" to the mode that this gives
        sheets = [request for request in session.requests if request.level is Level.SHEET]
        assert sheets[-1].mode is not before
        assert isinstance(pilot.app.screen, WholeSheetScreen)


async def test_a_tiny_terminal_survives(running: Running, clock: Clock) -> None:
    async with running(FakeAnnotateSession([task(1)]), size=(100, 30)) as pilot:
        await press(pilot, clock, "Z")
        for size in ((20, 5), (4, 2), (1, 1), SIZE_80):
            await pilot.resize_terminal(*size)
            await settle(pilot)
        await press(pilot, clock, "1", "z", "left", "plus", "escape")
        assert isinstance(pilot.app.screen, AnnotateScreen)


@pytest.mark.slow
async def test_a_case_comes_back_without_a_ruling(room: Room) -> None:
    await conflict(room)
    async with room.opened():
        await at_the_case(room)
        await room.press("Z")
        await room.until(lambda: isinstance(room.screen, WholeSheetScreen))
        await room.press("a", "s")
        await room.sees("Esc first")
        await room.press("enter")
        await room.sees("A ✓ correct", "b names")
        assert sent(room) == []


@pytest.mark.slow
async def test_an_item_of_practice_comes_back_unanswered(room: Room) -> None:
    await known_items(room)
    async with room.opened(start="practice", size=SIZE_80):
        shown = await at_an_item(room)
        practice = practice_of(room)
        await room.press("Z")
        await room.sees(shown, "Esc back")
        await room.press("a", "escape")
        assert await at_an_item(room) == shown
        assert practice.attempts == []


# --- class and unit beside the value -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "tolerance", "campaign", "line"),
    [
        ("16,5", "mm", GeneralTolerance("m", "K"), "", "ISO 2768-mK: ±0,2 · mm"),
        ("16,5", "", GeneralTolerance("m", "K"), "mm", "ISO 2768-mK: ±0,2 · mm"),
        ("16,5", "", GeneralTolerance("m"), "", "ISO 2768-m"),
        ("16,5", "in", GeneralTolerance("m"), "mm", "ISO 2768-m"),
        ("16,5", "mm", None, "", "mm"),
        ("⌀16,5 +0,1 0", "mm", GeneralTolerance("m"), "", "ISO 2768-m · mm"),
        ("16,5", "mm", GeneralTolerance("m", alone=False), "", "ISO 2768-m · mm"),
        ("45°", "mm", GeneralTolerance("m"), "", "ISO 2768-m: ±1° to ±0°5′"),
        ("45°", "mm", None, "", ""),
        ("ISO 2768-fH", "mm", GeneralTolerance("m"), "", ""),
        ("16,5", "mm", None, "in", ""),
    ],
)
async def test_class_and_unit_stand_beside_the_value(
    running: Running, value: str, unit: str, tolerance: GeneralTolerance | None, campaign: str, line: str
) -> None:
    session = FakeAnnotateSession([task(1, {"text": value})])
    session.unit = campaign
    session.sheet_text = lambda page, query: SheetText(1, tolerance=tolerance, unit=unit)
    async with running(session, size=SIZE_80) as pilot:
        await settle(pilot)
        screen = cast(AnnotateScreen, pilot.app.screen)
        assert screen.pane.editor.hint.render().plain == line


async def test_the_facts_of_a_sheet_are_read_once_and_never_beside_its_title_block(
    running: Running, clock: Clock
) -> None:
    session = FakeAnnotateSession([task(1, {"text": "10"}), task(2, {"text": "20"}, target_kind="title_block")])
    session.sheet_text = lambda page, query: SheetText(1, tolerance=GeneralTolerance("c"), unit="mm")
    async with running(session, size=SIZE_80) as pilot:
        await settle(pilot)
        assert "ISO 2768-c: ±0,5 · mm" in text_of(pilot.app.screen)
        await press(pilot, clock, "n", "t", "enter")
        assert "ISO 2768-c: ±0,5 · mm" in text_of(pilot.app.screen)
        assert "note: two readings" in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert "ISO 2768" not in text_of(pilot.app.screen)
        assert session.asked_texts == [(1, "")]


def test_a_bookmark_prefers_the_page_and_what_is_sure() -> None:
    first, second = (Bookmark(PlaceKind.NOTES, Box(0, 0, 1, 1, page)) for page in (1, 2))
    guess = Bookmark(PlaceKind.TITLE_BLOCK, Box(0.5, 0.5, 1, 1, 2), guessed=True)
    text = SheetText(3, bookmarks=(first, second, guess))
    assert text.bookmark(PlaceKind.NOTES, 2) == second
    assert text.bookmark(PlaceKind.NOTES, 3) == first
    assert text.bookmark(PlaceKind.TITLE_BLOCK, 2) == guess
    assert text.bookmark(PlaceKind.TITLE_BLOCK, 1) is None
