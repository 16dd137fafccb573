"""The quality screen: numbers with their doubt and words, on our server and on a plain one."""

from __future__ import annotations

import pytest

from tests.tui.screens.conftest import Room


async def some_votes(room: Room) -> None:
    for number in range(3):
        task = await room.bench.task(predicted_value={"text": f"1{number}"})
        await room.bench.vote(task, ana="correct", bob="correct" if number else "incorrect")


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_alpha_stands_as_a_gauge_with_its_interval_and_words(room: Room, size: tuple[int, int]) -> None:
    await some_votes(room)
    async with room.opened(size=size):
        await room.until(lambda: room.pilot.app.screen.query("#keys"))
        await room.press("y")
        await room.sees("alpha", "95 %", "wanted 0.8", "┊", "false accept", "→", "ana@works.test")
        assert max(map(len, room.text.splitlines())) <= size[0]
        await room.press("escape")
        await room.sees("to review")


async def test_a_campaign_nobody_voted_in_says_so(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.sees("Nothing to review")
        await room.press("y")
        await room.sees("alpha  not known yet", "Nobody has voted yet")


async def test_a_plain_server_tells_alpha_and_the_screen_what_is_missing(room: Room) -> None:
    await some_votes(room)
    async with room.opened(plain=True):
        await room.sees("lists no votes")
        await room.press("y")
        await room.sees("alpha", "reports no intervals", "ana@works.test")


@pytest.mark.slow
async def test_a_server_that_is_away_is_said_in_words(room: Room) -> None:
    async with room.opened():
        await room.sees("Nothing to review")
        room.transport.down = True
        await room.press("y")
        await room.sees("The quality could not be read")
        room.transport.down = False
        await room.press("r")
        await room.sees("alpha  not known yet")


@pytest.mark.slow
@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_what_is_settled_comes_first_and_gold_that_can_be_told_is_said(room: Room, size: tuple[int, int]) -> None:
    bodies = [{"predicted_value": {"text": f"1{number}"}, "part_revision_id": f"p{number % 5}"} for number in range(40)]
    gold = [{"predicted_value": {"text": "M8"}, "is_gold": True, "gold_answer": "correct"} for _ in range(12)]
    await room.bench.web.add(room.bench.campaign, *bodies, *gold)
    async with room.opened(size=size):
        await room.sees("Nothing to review")
        await room.press("y")
        await room.sees("settled  nothing yet · 40 open", "→ 80 votes on 40 items that nobody has answered")
        await room.sees("gold     looks different from the work: people can tell it", "100 % of gold has no drawing")
        assert room.text.index("settled") < room.text.index("next") < room.text.index("gold  ")
