"""What a lead does about one person: consequences first, a reason for the trail, and back again where it can be."""

from __future__ import annotations

import pytest

from gonogo.report.quality import evidence
from gonogo.tui.screens.lead.annotators import AnnotatorsScreen
from tests.server.web import OURS
from tests.tui.screens.conftest import Room


async def on_the_screen(room: Room) -> None:
    await room.sees("find")
    await room.press("p")
    await room.until(lambda: isinstance(room.screen, AnnotatorsScreen))
    await room.sees("what leads did")


async def trail(room: Room) -> list[tuple[str, str | None]]:
    response = await room.bench.web.lead.get(f"{OURS}/campaigns/{room.bench.campaign}/annotator-actions")
    return [(action["action"], action["note"]) for action in reversed(response.json()["data"])]


async def voted(room: Room) -> str:
    task = await room.bench.task()
    await room.bench.vote(task, ana="correct", bob="correct")
    return task


@pytest.mark.slow
async def test_pausing_says_what_it_does_wants_a_reason_and_is_undone_by_the_same_key(room: Room) -> None:
    await voted(room)
    async with room.opened():
        await on_the_screen(room)
        await room.sees("ana@works.test", "bob@works.test", "1 vote", "p pause", "nothing speaks against")
        await room.press("p")
        await room.sees("Pause ana@works.test?", "No new tasks", "audit trail")
        await room.press("escape")
        assert await trail(room) == []
        await room.press("p", "enter")
        await room.sees("Say why in a few words")
        await room.press(*"clicks", "enter")
        await room.sees("paused since", "“clicks”", "by you")
        assert await trail(room) == [("pause", "clicks")]
        await room.press("p")
        await room.sees("working again")
        await room.until(lambda: "paused since" not in room.text)
        assert [action for action, _ in await trail(room)] == ["pause", "resume"]


@pytest.mark.slow
async def test_votes_are_taken_out_and_counted_again(room: Room) -> None:
    task = await voted(room)
    async with room.opened(size=(80, 24)):
        await on_the_screen(room)
        await room.press("d")
        await room.sees("Take ana@works.test's votes out", "d counts them again")
        await room.press(*"guesses", "enter")
        await room.sees("1 vote is discounted", "– discounted")
        assert (await room.bench.web.lead.get(f"{OURS}/tasks/{task}/review")).json()["task"]["status"] == "open"
        await room.press("d", *"checked", "enter")
        await room.until(lambda: "discounted" not in room.text)
        assert await trail(room) == [("discount", "guesses"), ("restore", "checked")]


@pytest.mark.slow
async def test_tasks_are_asked_again_and_it_is_said_that_this_stays(room: Room) -> None:
    task = await voted(room)
    async with room.opened():
        await on_the_screen(room)
        await room.press("o")
        await room.sees("settled tasks again?", "can't undo")
        assert room.text.count("can't undo") == 1
        await room.press(*"new rule", "enter")
        await room.sees("tasks asked again, 1 task")
        assert "1 tasks" not in room.text
        assert (await room.bench.web.lead.get(f"{OURS}/tasks/{task}/review")).json()["task"]["status"] == "open"


async def test_nobody_to_act_on_is_said(room: Room) -> None:
    await room.bench.task()
    async with room.opened():
        await room.sees("find")
        await room.press("p")
        await room.sees("Nobody has voted")
        await room.press("p", "d", "o")
        assert isinstance(room.screen, AnnotatorsScreen)


@pytest.mark.slow
async def test_the_quality_screen_leads_there_and_back(room: Room) -> None:
    await voted(room)
    async with room.opened():
        await room.sees("find")
        await room.press("y")
        await room.sees("alpha")
        await room.press("p")
        await room.sees("what leads did")
        await room.press("escape", "g")
        await room.sees("No ruling is proposed as gold")


@pytest.mark.parametrize(
    ("signs", "said"),
    [
        ({"too_fast": True, "too_fast_recent": 7}, "7 of the last 20"),
        ({"run": {"verdict": "correct", "length": 34, "probability": 2e-7}}, "34 times correct in a row"),
        ({"drift": {"against": "gold", "before": 0.94, "now": 0.7, "votes": 50}}, "94 % before, 70 % in the last 50"),
        ({}, ""),
    ],
)
def test_each_flag_is_said_with_its_evidence(signs: dict[str, object], said: str) -> None:
    lines = list(evidence(signs))
    assert said in " ".join(lines)
    assert bool(lines) == bool(signs)
