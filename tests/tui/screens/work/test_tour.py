"""Tour: five questions that teach the keys by doing, and take no other."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from gonogo.demo.tour import PART, tour_lessons
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.settings import Settings
from gonogo.tui.presenters.work.tour import END, SKIPPED
from gonogo.tui.screens.work.tour import TourScreen
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, settle, text_of

LESSONS = tour_lessons("campaign-1", {PART: "revision-1"})


class Touring:
    """The tour on a screen above the annotate screen; `left` are the notices it was left with."""

    def __init__(self, pilot: Pilot[None], clock: Clock) -> None:
        self.pilot, self.clock = pilot, clock
        self.session = FakeAnnotateSession([lesson.task for lesson in LESSONS])
        self.left: list[str] = []

    async def open(self) -> None:
        async def then(notice: str) -> None:
            self.left.append(notice)

        session = cast(AnnotateSession, self.session)
        screen = TourScreen(session, LESSONS, clock=self.clock, profile=Settings(), then=then)
        await self.pilot.app.push_screen(screen)
        await settle(self.pilot)
        self.clock.pass_(1)

    async def press(self, *keys: str) -> str:
        """Presses the keys; returns the line of the tour."""
        await press(self.pilot, self.clock, *keys)
        return self.line

    @property
    def line(self) -> str:
        return next((line for line in text_of(self.pilot.app.screen).splitlines() if "/5  " in line), "")


OpenTour = Callable[[], AbstractAsyncContextManager[Touring]]


@pytest.fixture
def touring(running: Running, clock: Clock) -> OpenTour:
    @asynccontextmanager
    async def run() -> AsyncIterator[Touring]:
        async with running(FakeAnnotateSession([task(1)]), size=(80, 24)) as pilot:
            tour = Touring(pilot, clock)
            await tour.open()
            yield tour

    return run


async def test_the_five_questions_teach_five_keys_by_doing(touring: OpenTour) -> None:
    async with touring() as tour:
        assert tour.line.startswith(" 1/5  Value and drawing say the same. Press a for correct.   Esc skips")
        assert "2/5  Compare again: the drawing says 170. Press s" in await tour.press("a")
        assert "3/5  You can read the right value: press d, type R8, press Enter.   Esc skips" in await tour.press("s")
        assert "4/5  This one is right again. Press a." in await tour.press("d", "backspace", "8", "enter")
        assert "4/5  Second thoughts? Press u" in await tour.press("a")
        assert "4/5  That's undo. Press a again" in await tour.press("u")
        assert "5/5  Where on the sheet is it? Press z" in await tour.press("a")
        assert "5/5  z comes back to the detail. Now answer: a." in await tour.press("z")
        await tour.press("a")
        assert tour.left == [END]
        assert [made.verdict for _, made in tour.session.answers] == [
            "correct",
            "incorrect",
            "incorrect",
            *["correct"] * 2,
        ]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "wrong", "words"),
    [
        ("", "s", "The drawing says the same: press a."),
        ("a", "a", "The drawing says something else: press s."),
        ("a s", "a", "The drawing says R8: press d, type it, press Enter."),
        ("a s", "d enter", "R8"),
        ("a s d backspace 8 enter a", "a", "First take the last answer back: press u."),
        ("a s d backspace 8 enter a u a", "a", "Look at the sheet first: press z."),
    ],
)
async def test_another_key_is_not_taken_and_the_line_says_which_is(
    touring: OpenTour, before: str, wrong: str, words: str
) -> None:
    async with touring() as tour:
        await tour.press(*before.split())
        answered = len(tour.session.answers)
        assert words in await tour.press(*wrong.split())
        assert len(tour.session.answers) == answered


async def test_esc_skips_it(touring: OpenTour) -> None:
    async with touring() as tour:
        await tour.press("a", "escape")
        assert tour.left == [SKIPPED]


async def test_esc_in_the_line_only_closes_the_line(touring: OpenTour, home: Path) -> None:
    async with touring() as tour:
        await tour.press("a", "s", "d", "escape")
        assert tour.left == []
        await tour.press("escape")
        assert tour.left == [SKIPPED]
