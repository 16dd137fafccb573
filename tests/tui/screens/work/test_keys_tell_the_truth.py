"""Keys tell the truth: while answers do not count, their keys are dimmed, and a press says why in one word."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from textual import events
from textual.pilot import Pilot

from gonogo.desk.core.models import DeskTask
from gonogo.sheets.models import NoPicture, Picture, PictureRequest
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.widgets.key_footer import KeyFooter
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, fake_picture, task
from tests.tui.screen_text import press, settle, text_of


def footer(pilot: Pilot[None]) -> KeyFooter:
    return cast(AnnotateScreen, pilot.app.screen_stack[1]).keys


async def lit(pilot: Pilot[None]) -> None:
    async with asyncio.timeout(30):
        while footer(pilot).dimmed:
            await pilot.pause(0.02)


async def test_a_key_is_dimmed_until_it_counts(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2), task(3)])
    async with running(session) as pilot:
        await lit(pilot)
        await press(pilot, clock, "a")
        assert footer(pilot).dimmed
        assert footer(pilot).word == ""
        clock.pass_(0.1)
        await pilot.press("s")
        assert footer(pilot).word == "wait"
        await lit(pilot)
        await press(pilot, clock, "s")
        assert [made.verdict for _, made in session.answers] == ["correct", "incorrect"]


async def test_a_key_that_waits_for_the_drawing_says_so(running: Running, clock: Clock) -> None:
    arrives = asyncio.Event()

    class SlowSession(FakeAnnotateSession):
        def ready(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture | None:
            return None

        async def picture(self, task: DeskTask, request: PictureRequest) -> Picture | NoPicture:
            await arrives.wait()
            return fake_picture(task, request)

    session = SlowSession([task(1), task(2)])
    async with running(session) as pilot:
        for key in ("a", "d", "3"):
            await press(pilot, clock, key)
            assert footer(pilot).word == "loading"
            assert footer(pilot).dimmed
        assert session.answers == []
        assert not cast(AnnotateScreen, pilot.app.screen).pane.editing
        arrives.set()
        await lit(pilot)
        await press(pilot, clock, "a")
        assert len(session.answers) == 1


@pytest.mark.parametrize("size", [(40, 10), (63, 17), (30, 30), (10, 4)])
async def test_no_verdict_counts_where_question_or_drawing_cannot_be_seen(
    running: Running, clock: Clock, size: tuple[int, int]
) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session, size=size) as pilot:
        screen = cast(AnnotateScreen, pilot.app.screen)
        too_small = screen.pane.gate.too_small
        assert too_small == (size != (30, 30))
        await press(pilot, clock, "a", "s", "f", "1")
        assert bool(session.answers) != too_small
        if too_small:
            assert footer(pilot).word == "too small"
            assert "shown task-1" not in session.calls
            await pilot.resize_terminal(100, 30)
            await settle(pilot)
            await lit(pilot)
            await press(pilot, clock, "a")
            assert len(session.answers) == 1


async def test_a_window_that_gets_too_small_takes_no_verdict(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await lit(pilot)
        await pilot.resize_terminal(50, 8)
        await settle(pilot)
        await press(pilot, clock, "a")
        assert session.answers == []
        assert footer(pilot).word == "too small"


async def test_a_dialog_dims_the_keys_below_it_and_says_so(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await lit(pilot)
        await press(pilot, clock, "question_mark")
        assert footer(pilot).dimmed
        await press(pilot, clock, "a")
        assert footer(pilot).word == "dialog"
        assert session.answers == []
        await press(pilot, clock, "escape")
        await lit(pilot)
        await press(pilot, clock, "a")
        assert len(session.answers) == 1


@pytest.mark.parametrize(("delay", "interval"), [(375, 90), (250, 92), (500, 125), (660, 40)])
async def test_a_key_held_down_answers_once(running: Running, clock: Clock, delay: int, interval: int) -> None:
    session = FakeAnnotateSession([task(number) for number in range(1, 9)])
    async with running(session) as pilot:
        await pilot.press("a")
        for wait in (delay, *([interval] * 12)):
            clock.pass_(wait / 1000)
            await pilot.press("a")
        await settle(pilot)
        assert [one.id for one, _ in session.answers] == ["task-1"]
        assert footer(pilot).word == "held"
        assert "taken back" not in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert [one.id for one, _ in session.answers] == ["task-1", "task-2"]


async def test_a_burst_chooses_no_confidence(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        clock.pass_(1)
        await pilot.press("4", "2", "x")  # pasted: the clock stands still
        await settle(pilot)
        assert "of 5" not in text_of(pilot.app.screen)
        await press(pilot, clock, "5", "a")
        assert session.answers[0][1].confidence == 1.0


async def test_a_click_on_a_key_is_the_key(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        clock.pass_(1)
        row = text_of(footer(pilot).screen).splitlines()[-1]
        await pilot.click(footer(pilot), offset=(row.index("incorrect") + 2, 0))
        await settle(pilot)
        assert [made.verdict for _, made in session.answers] == ["incorrect"]
        clock.pass_(0.1)
        await pilot.click(footer(pilot), offset=(row.index("incorrect") + 2, 0))
        await settle(pilot)
        assert len(session.answers) == 1
        assert footer(pilot).word
        clock.pass_(1)
        await pilot.click(footer(pilot), offset=(row.index("undo") + 1, 0))
        await settle(pilot)
        assert session.answers == []


async def test_the_wheel_zooms_the_drawing_and_dragging_moves_it(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        sheet = cast(AnnotateScreen, pilot.app.screen).pane.sheet
        x, y = sheet.region.x + 10, sheet.region.y + 5
        at: Any = {"x": x, "y": y, "screen_x": x, "screen_y": y}
        still: Any = {"delta_x": 0, "delta_y": 0, "button": 1, "shift": False, "meta": False, "ctrl": False}
        pilot.app.post_message(events.MouseScrollUp(None, **at, **still))
        await settle(pilot)
        assert session.requests[-1].zoom > 1
        pilot.app.post_message(events.MouseScrollDown(None, **at, **still))
        await settle(pilot)
        assert session.requests[-1].zoom == 1
        await pilot.mouse_down(sheet, offset=(10, 5))
        await pilot.mouse_up(sheet, offset=(10 + sheet.cells[0] // 4, 5))
        await settle(pilot)
        assert session.requests[-1].pan_x == -(sheet.cells[0] // 4) / sheet.cells[0]
        assert session.requests[-1].pan_y == 0
        assert session.answers == []


async def test_the_key_that_opens_the_line_types_nothing_while_it_is_held(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16,5"})])
    async with running(session) as pilot:
        await press(pilot, clock, "d")
        line = cast(AnnotateScreen, pilot.app.screen).pane.editor.line
        await pilot.press("d", "d", "d")
        assert line.value == "16,5"
        assert footer(pilot).word == "held"
        await pilot.press("H", "d")
        assert line.value == "16,5Hd"
