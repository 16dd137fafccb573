"""The contact sheet: several at a time, wrong ones struck, each a ruling of its own."""

from __future__ import annotations

import json

import pytest

from gonogo.tui.screens.work.adjudicate import AdjudicateScreen
from gonogo.tui.screens.work.contact_sheet import ContactSheetScreen, Tile
from tests.tui.screens.conftest import Room
from tests.tui.screens.work.test_adjudicate import conflict, sent


async def on_the_sheet(room: Room, shown: int) -> ContactSheetScreen:
    await room.until(lambda: not room.screen.has_class("-card"))
    await room.press("c")
    await room.until(lambda: isinstance(room.screen, ContactSheetScreen) and not room.screen.guard.waiting)
    screen = room.screen
    assert isinstance(screen, ContactSheetScreen)
    assert len(screen.query("Tile")) == shown
    return screen


@pytest.mark.slow
async def test_six_fit_and_enter_rules_on_each_of_them(room: Room) -> None:
    tasks = [await conflict(room, f"{number}0", predicted_confidence=0.9 - number / 20) for number in range(1, 8)]
    async with room.opened(undo_seconds=0, size=(80, 40)):
        screen = await on_the_sheet(room, 6)
        await room.press("right", "s", "down", "f")
        assert room.text.count("✗ WRONG") == 1
        assert room.text.count("– left out") == 1
        await room.press("enter")
        await room.until(lambda: len(screen.query("Tile")) == 2 and not screen.guard.waiting)
        await room.press("enter")
        await room.until(lambda: len(sent(room)) == 7)
        said = {one.url.path.split("/")[-2]: json.loads(one.content)["verdict"] for one in sent(room)}
        assert said == {task: "incorrect" if task == tasks[1] else "correct" for task in tasks}
        await room.sees("Nothing waits in this list")


async def test_a_page_can_be_taken_back(room: Room) -> None:
    for number in (1, 2):
        await conflict(room, f"{number}0")
    async with room.opened(size=(80, 24)):
        screen = await on_the_sheet(room, 2)
        await room.press("enter")
        await room.sees("Nothing waits in this list")
        await room.press("u")
        await room.until(lambda: len(screen.query("Tile")) == 2)
        assert sent(room) == []


async def test_a_click_moves_the_cursor_to_a_tile_and_a_second_one_opens_it(room: Room) -> None:
    for number in (1, 2):
        await conflict(room, f"{number}0")
    async with room.opened(size=(80, 24)):
        screen = await on_the_sheet(room, 2)
        tile = screen.query(Tile).last()
        await room.pilot.click(tile, offset=(10, 3))
        await room.press("s")
        assert [one.mark for one in screen.query(Tile)] == ["right", "struck"]
        await room.pilot.click(tile, offset=(10, 3))
        await room.until(lambda: isinstance(room.screen, AdjudicateScreen))
