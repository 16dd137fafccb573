"""Gold candidates: one list, one key each, all at once with a confirmation."""

from __future__ import annotations

from typing import Any

import pytest

from gonogo.tui.screens.lead.gold_candidates import GoldCandidatesScreen
from tests.server.web import OURS
from tests.tui.screens.conftest import Room


async def proposed(room: Room, text: str, **ruling: Any) -> str:
    task = await room.bench.task(predicted_value={"text": text})
    body = {"verdict": "incorrect", "corrected_value": {"text": f"{text}5"}, "gold_candidate": True, **ruling}
    answer = await room.bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json=body)
    assert answer.status_code == 201, answer.text
    return task


async def candidates(room: Room, status: str = "candidate") -> list[str]:
    path = f"{OURS}/campaigns/{room.bench.campaign}/gold-candidates"
    candidates = (await room.bench.web.lead.get(path, params={"status": status})).json()["data"]
    return [candidate["task"]["predicted_value"]["text"] for candidate in candidates]


async def in_the_list(room: Room, key: str = "g") -> None:
    await room.sees("find")
    await room.press(key)
    await room.until(lambda: isinstance(room.screen, GoldCandidatesScreen))


async def ready(room: Room) -> None:
    """The keys count: the candidate and its drawing (or why there is none) are seen."""
    screen = room.screen
    assert isinstance(screen, GoldCandidatesScreen)
    await room.until(lambda: not screen._changing and not screen.guard.waiting)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_each_shows_all_there_is_and_is_decided_by_one_key(room: Room, size: tuple[int, int]) -> None:
    await proposed(room, "16,5", error_type="digit", note="see view A")
    await proposed(room, "R7")
    async with room.opened(size=size):
        await in_the_list(room)
        await room.sees("proposed: 2", "R7", "16,5", "a accept", "s decline")
        await ready(room)
        await room.press("down")
        await room.sees("incorrect → 16,55", "digit", "see view A", "false accept", "No drawing")
        await ready(room)
        await room.press("a")
        await room.sees("16,5 is gold now", "proposed: 1")
        await ready(room)
        await room.press("s")
        await room.sees("R7 is not gold", "No ruling is proposed as gold")
        assert await candidates(room, "accepted") == ["16,5"]
        assert await candidates(room, "declined") == ["R7"]


@pytest.mark.slow
async def test_a_declined_one_is_taken_after_all(room: Room) -> None:
    await proposed(room, "R7")
    async with room.opened():
        await in_the_list(room)
        await room.sees("proposed: 1")
        await ready(room)
        await room.press("s")
        await room.sees("No ruling is proposed")
        await room.press("t", "t")
        await room.sees("declined: 1")
        await ready(room)
        await room.press("a")
        await room.sees("Nothing was declined")
        assert await candidates(room, "accepted") == ["R7"]


@pytest.mark.slow
async def test_all_are_accepted_only_after_a_yes(room: Room) -> None:
    await proposed(room, "16,5")
    await proposed(room, "R7", verdict="correct", corrected_value=None)
    async with room.opened():
        await in_the_list(room)
        await room.sees("proposed: 2")
        await ready(room)
        await room.press("A")
        await room.sees("2 rulings become gold: 1 with a wrong prediction", "can't take gold back")
        await room.press("escape")
        assert len(await candidates(room)) == 2
        await room.press("A", *"yes", "enter")
        await room.sees("2 accepted as gold", "No ruling is proposed")
        assert sorted(await candidates(room, "accepted")) == ["16,5", "R7"]


async def test_an_empty_list_says_where_candidates_come_from(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await in_the_list(room)
        await room.sees("No ruling is proposed as gold", "proposes one with g")
        await room.press("A")
        await room.sees("nothing in this list")
        await room.press("escape")
        await room.sees("Nothing to review")


async def test_a_list_that_cannot_be_read_says_why(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.sees("find")
        room.transport.down = True
        await room.press("g")
        await room.sees("could not be read")
        room.transport.down = False
        await room.press("r")
        await room.sees("No ruling is proposed")


async def test_a_held_key_decides_once(room: Room) -> None:
    for number in range(3):
        await proposed(room, f"R{number}")
    async with room.opened():
        await in_the_list(room)
        await room.sees("proposed: 3")
        await ready(room)
        room.clock.pass_(1)
        for _ in range(6):
            await room.pilot.press("s")
        await room.sees("proposed: 2")
        assert len(await candidates(room, "declined")) == 1


async def test_what_was_ruled_is_never_markup(room: Room) -> None:
    evil = "[@click=app.quit]16[/]\u202e"
    await proposed(room, evil, note=evil, error_type=evil)
    async with room.opened():
        await in_the_list(room)
        await room.sees("[@click=app.quit]16[/]")
        assert "\u202e" not in room.text
