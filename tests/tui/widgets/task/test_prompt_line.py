"""The question of a task: a long one is cut with a sign, and a key shows all of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, text_of

LONG = "Is the " + "very " * 40 + "long question read right, to its last word?"


@pytest.mark.parametrize("size", [(60, 24), (80, 24), (120, 40)])
async def test_a_long_prompt_says_so_and_a_key_shows_all_of_it(
    running: Running, clock: Clock, size: tuple[int, int]
) -> None:
    async with running(FakeAnnotateSession([replace(task(1), prompt=LONG)]), size=size) as pilot:
        shown = " ".join(text_of(pilot.app.screen).split())
        assert "Is the very" in shown
        assert "… g" in shown
        assert "last word?" not in shown
        await press(pilot, clock, "g")
        assert "last word?" in " ".join(text_of(pilot.app.screen).split())


async def test_a_prompt_that_fits_has_no_sign(running: Running) -> None:
    async with running(FakeAnnotateSession([task(1)]), size=(80, 24)) as pilot:
        assert "… g" not in text_of(pilot.app.screen)
