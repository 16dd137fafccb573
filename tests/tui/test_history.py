"""The session's history: what was answered and what became of it."""

from __future__ import annotations

from dataclasses import replace

from textual.widgets import Input, OptionList

from gonogo.desk.types import Decided, Decision, SendState, Times
from tests.tui.conftest import Running
from tests.tui.fakes import Clock, FakeDesk, task
from tests.tui.screen_text import press, settle, text_of


def answered(desk: FakeDesk) -> None:
    """Three answers, the last one still on the desk."""
    fixed = Decision("incorrect", {"text": "R0,3"}, 0.8, Times(4200, 1500))
    desk.past = [
        Decided(task(11, {"text": "M8"}), Decision("correct"), SendState.SENT),
        Decided(task(12, {"text": "R0,2"}), fixed, SendState.PARKED, "the campaign is closed"),
        Decided(task(13, {"text": "45°"}), Decision("unsure"), SendState.ON_DESK),
    ]


async def test_the_history_says_what_became_of_every_answer(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1)])
    answered(desk)
    async with running(desk) as pilot:
        await press(pilot, clock, "h")
        shown = text_of(pilot.app.screen)
        assert "3 answers: 1 sent, 1 waiting here, 1 refused" in shown
        assert "sent; the server has it" in shown
        assert "refused by the server" in shown
        await press(pilot, clock, "down", "enter")
        shown = text_of(pilot.app.screen)
        assert "kept here: the campaign is closed" in shown
        assert "incorrect → R0,3" in shown
        assert "4 of 5" in shown
        assert "editing 1.5 s" in shown
        await press(pilot, clock, "escape", "escape", "a")
        assert len(desk.answers) == 1


async def test_the_history_is_searched(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1)])
    answered(desk)
    async with running(desk) as pilot:
        await press(pilot, clock, "h", "slash", *"refused")
        screen = pilot.app.screen
        assert screen.query_one(OptionList).option_count == 1
        assert "1 found" in text_of(screen)
        screen.query_one(Input).value = "nothing like that"
        await settle(pilot)
        assert screen.query_one(OptionList).option_count == 0
        await press(pilot, clock, "enter", "u", "escape")


async def test_only_the_last_answer_is_taken_back_from_there(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1), task(2)])
    async with running(desk) as pilot:
        await press(pilot, clock, "a")
        answered(desk)
        desk.past[-1] = replace(desk.past[-1], task=task(1))
        await press(pilot, clock, "h", "down", "u")
        assert "Not taken back: refused by the server" in text_of(pilot.app.screen)
        assert len(desk.answers) == 1
        await press(pilot, clock, "up", "u")
        assert desk.answers == []


async def test_an_answer_that_has_left_says_so(running: Running, clock: Clock) -> None:
    desk = FakeDesk([task(1)])
    async with running(desk) as pilot:
        desk.tell(recent=(Decided(task(9, {"text": "M8"}), Decision("correct"), SendState.SENT),))
        await press(pilot, clock, "u")
        shown = " ".join(text_of(pilot.app.screen).replace("▌", " ").split())
        assert "the last answer (correct for M8) is sent; the server has it" in shown
