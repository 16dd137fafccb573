"""Practice: known items, the same keys, and at once what was right; then the queue."""

from __future__ import annotations

import pytest

from gonogo.desk.practice.session import PracticeSession
from gonogo.json_types import as_object
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.screens.work.practice import PracticeScreen
from tests.server.web import OURS
from tests.tui.screens.conftest import Room

TRUTHS = ["⌀10,5 ±0,1", "⌀23,7 ±0,1", "⌀38,4 ±0,1", "⌀46,9 ±0,1"]


async def known_items(room: Room, texts: list[str] = TRUTHS) -> None:
    for text in texts:
        task = await room.bench.task(predicted_value={"text": text})
        body = {"verdict": "correct", "note": "see view A"}
        assert (await room.bench.web.lead.post(f"{OURS}/tasks/{task}/ruling", json=body)).status_code == 201


def practice_of(room: Room) -> PracticeSession:
    screen = room.screen
    assert isinstance(screen, PracticeScreen)
    return screen.session


async def at_an_item(room: Room) -> str:
    """An item is shown and its keys count; what it shows."""
    await room.until(lambda: isinstance(room.screen, PracticeScreen) and not room.screen.pane.guard.waiting)
    practice = practice_of(room)
    await room.until(lambda: practice.current is not None and practice.shown_attempt is None)
    assert practice.current is not None
    return str(as_object(practice.current.predicted_value)["text"])


async def answered(room: Room, key: str) -> None:
    practice, n = practice_of(room), len(practice_of(room).attempts)
    await room.press(key)
    await room.until(lambda: len(practice.attempts) > n)


@pytest.mark.slow
@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_each_answer_is_told_and_a_summary_ends_the_round(room: Room, size: tuple[int, int]) -> None:
    await known_items(room)
    await room.bench.task(prompt="The work itself?")
    async with room.opened(start="practice", size=size):
        for number in range(len(TRUTHS)):
            shown = await at_an_item(room)
            right = shown in TRUTHS
            await answered(room, "a" if number % 2 == 0 else ("a" if right else "s"))
            if right or number % 2:
                await room.sees("✓ Right", "Enter next")
            else:
                await room.sees("✗ Not right", "it is", "✗ incorrect", "in frame", "changed", "see view A")
            await room.press("a", "s")
            assert len(practice_of(room).attempts) == number + 1, "what was told is read before the next answer"
            await room.press("enter")
        await room.sees(f"of {len(TRUTHS)} right", "Score:", "The queue is open for you")
        await room.press("escape")
        await room.until(
            lambda: isinstance(room.screen, AnnotateScreen) and not isinstance(room.screen, PracticeScreen)
        )
        await room.sees("The work itself?")


async def test_undo_says_why_there_is_nothing_to_take_back(room: Room) -> None:
    await known_items(room)
    async with room.opened(start="practice"):
        await at_an_item(room)
        await room.press("u")
        await room.sees("answer this one first")
        await answered(room, "a")
        await room.press("u")
        await room.sees("Practice answers stay")


async def test_the_right_value_can_be_typed_as_in_the_work(room: Room) -> None:
    await known_items(room)
    async with room.opened(start="practice"):
        shown = await at_an_item(room)
        await room.press("d", "end", "9", "enter")
        await room.sees("you said", f"{shown}9")
        assert practice_of(room).attempts[0].decision.corrected_value is not None


async def test_without_items_it_says_where_they_come_from(room: Room) -> None:
    await room.bench.task(prompt="The work itself?")
    async with room.opened(start="practice"):
        await room.sees("Nothing to practise on yet", "experts have ruled on")
        await known_items(room, TRUTHS[:1])
        await room.press("r")
        await at_an_item(room)
        await room.press("escape")
        await room.sees("The work itself?")


async def test_an_answer_that_could_not_be_sent_leaves_its_item(room: Room) -> None:
    await known_items(room)
    async with room.opened(start="practice"):
        shown = await at_an_item(room)
        room.transport.down = True
        await room.press("a")
        await room.sees("Then answer again")
        room.transport.down = False
        assert await at_an_item(room) == shown
        await answered(room, "a")


async def test_on_a_plain_server_there_is_none_and_the_work_is_a_key_away(room: Room) -> None:
    await room.bench.task(prompt="The work itself?")
    async with room.opened(start="practice", plain=True):
        await room.sees("There is no practice now", "Esc goes to the queue")
        await room.press("escape")
        await room.sees("The work itself?")


@pytest.mark.slow
async def test_the_palette_opens_it_and_leaving_comes_back(room: Room) -> None:
    await room.bench.task(prompt="The work itself?")
    await known_items(room)
    async with room.opened(start="annotate"):
        await room.sees("The work itself?")
        await room.until(lambda: not room.screen.pane.guard.waiting)  # type: ignore[attr-defined]
        await room.press("ctrl+p", *"practice")
        await room.until(lambda: "see the right answer at once" in room.text)
        await room.press("down", "enter")
        await at_an_item(room)
        await room.press("escape")
        await room.sees("The work itself?")


@pytest.mark.slow
async def test_a_campaign_that_asks_for_a_warm_up_leads_there_and_opens_behind_it(room: Room) -> None:
    await known_items(room, TRUTHS[:2])
    await room.bench.task(prompt="The work itself?")
    settings = {"warm_up_items": 2}
    path = f"{OURS}/campaigns/{room.bench.campaign}/review-settings"
    assert (await room.bench.web.lead.patch(path, json=settings)).status_code == 200
    invited = await room.bench.web.invite(room.bench.campaign, "ana@works.test")
    async with room.opened(start="annotate", invitation=invited["magic_link_token"]):
        await room.sees("starts with a warm-up", "Press t to practise")
        await room.press("t")
        for _ in range(2):
            await at_an_item(room)
            await answered(room, "a")
            await room.press("enter")
        await room.sees("of 2 right", "The queue is open for you")
        await room.press("escape")
        await room.sees("The work itself?")
