"""Command palette."""

from __future__ import annotations

from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, settle, text_of


async def test_the_palette_runs_our_actions(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "ctrl+p", *"incorrect")
        for _ in range(50):
            if "read wrong" in text_of(pilot.app.screen):
                break
            await settle(pilot)
        await press(pilot, clock, "down", "enter")
        assert [decision.verdict for _, decision in session.answers] == ["incorrect"]
