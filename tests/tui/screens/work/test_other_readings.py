"""Other readings of a place: hidden while the question is judged, on digits once the value is corrected."""

from __future__ import annotations

import json
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from gonogo.desk.core.models import Decided, Decision, DeskTask, SendState
from gonogo.tui.screens.work.annotate import AnnotateScreen
from gonogo.tui.widgets.task.reading_picker import ReadingStrip
from tests.server.web import LABELING, OURS
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, text_of
from tests.tui.screens.conftest import Room
from tests.tui.screens.expert.test_adjudicate import at_the_case, sent

OTHERS = ({"text": "Ø15 REF"}, {"text": "75"})


def merged(number: int = 1, **changes: Any) -> DeskTask:
    return task(number, {"text": "⌀5"}, other_readings=OTHERS, **changes)


def line_of(pilot: Pilot[None]) -> str:
    return cast(AnnotateScreen, pilot.app.screen).pane.editor.text


async def test_they_show_in_fix_mode_only_and_1_takes_the_first(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([merged(), merged(2)])
    async with running(session) as pilot:
        assert "REF" not in text_of(pilot.app.screen)
        await press(pilot, clock, "g")
        assert "REF" not in text_of(pilot.app.screen), "the question in full doesn't anchor, either"
        await press(pilot, clock, "escape", "d")
        shown = text_of(pilot.app.screen)
        assert "1 Ø15 REF   2 75   → then digits type" in shown
        assert line_of(pilot) == "⌀5"
        await press(pilot, clock, "1")
        assert line_of(pilot) == "Ø15 REF"
        await press(pilot, clock, "enter")
        ((answered, decision),) = session.answers
        assert (answered.id, decision.verdict) == ("task-1", "incorrect")
        assert decision.corrected_value is not None
        assert decision.corrected_value["text"] == "Ø15 REF"
        assert "other readings" not in text_of(pilot.app.screen), "the next question begins without them"


async def test_digits_are_digits_again_once_something_was_typed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([merged()])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "right", "1")
        assert line_of(pilot) == "⌀51"
        assert "Alt+1 Ø15 REF   Alt+2 75" in text_of(pilot.app.screen)
        await press(pilot, clock, "alt+2")
        assert line_of(pilot) == "75"
        await press(pilot, clock, "alt+0", "7")
        assert line_of(pilot) == "⌀517", "what was typed is back"


async def test_a_digit_out_of_reach_is_typed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([merged()])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "3", "1")
        assert line_of(pilot) == "⌀531"


async def test_a_digit_and_enter_at_once_are_asked(running: Running, clock: Clock) -> None:
    """A person who meant to add the digit has not seen that it took a reading."""
    session = FakeAnnotateSession([merged(), merged(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d")
        clock.pass_(1)
        pilot.app.simulate_key("1")
        await pilot.pause()
        clock.pass_(0.12)
        pilot.app.simulate_key("enter")
        await pilot.pause()
        assert session.answers == []
        assert "Another reading now" in text_of(pilot.app.screen)
        await press(pilot, clock, "enter")
        assert len(session.answers) == 1


async def test_a_correction_that_was_begun_keeps_its_digits(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([merged()])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "x", "escape", "d", "1")
        assert line_of(pilot) == "⌀5x1"
        await press(pilot, clock, "escape")
        assert "REF" not in text_of(pilot.app.screen)


async def test_the_signs_take_the_place_of_the_readings_and_give_it_back(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([merged()])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "f8")
        assert "REF" not in text_of(pilot.app.screen)
        await press(pilot, clock, "escape")
        assert "Ø15 REF" in text_of(pilot.app.screen)


async def test_a_question_without_others_has_no_strip(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "⌀5"})])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "1")
        assert line_of(pilot) == "⌀51"
        assert "other readings" not in text_of(pilot.app.screen)


@pytest.mark.parametrize("size", [(80, 24), (64, 12), (120, 40)])
async def test_line_and_readings_can_be_seen_together(running: Running, clock: Clock, size: tuple[int, int]) -> None:
    session = FakeAnnotateSession([merged()])
    async with running(session, size=size) as pilot:
        await press(pilot, clock, "d")
        screen = pilot.app.screen
        strip, line = screen.query_one(ReadingStrip).region, screen.query_one("#fix").region
        assert "1 Ø15 REF" in text_of(screen)
        assert screen.region.contains_region(strip)
        assert not strip.overlaps(line)


async def test_the_history_shows_what_others_read(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.past = [Decided(merged(11), Decision("correct"), SendState.SENT, number=1)]
    async with running(session) as pilot:
        await press(pilot, clock, "h", "enter")
        shown = text_of(pilot.app.screen)
        assert "Others read there" in shown
        assert "Ø15 REF" in shown


async def test_an_expert_sees_the_readers_and_takes_a_reading(room: Room) -> None:
    lead, campaign = room.bench.web.lead, room.bench.campaign
    project = (await lead.post(f"{LABELING}/projects", json={"name": "p"})).json()["id"]
    same = {"detail_kind": "dimension", "part_revision_id": "rev", "drawing_bbox": [0.1, 0.1, 0.2, 0.2]}
    read = {"edocr": "⌀5", "gpt": "Ø15"}
    lines = [
        {"id": reader, "source": reader, "predicted_value": {"text": text}, **same} for reader, text in read.items()
    ]
    body = {"project_id": project, "run": "r", "predictions": lines}
    run = (await lead.post(f"{OURS}/predictions", json=body)).json()["calculation_id"]
    path = f"{OURS}/campaigns/{campaign}/tasks-from-predictions"
    made = (await lead.post(path, json={"calculation_id": run, "merge_readings": True})).json()
    assert (made["n_tasks"], made["n_merged"]) == (1, 1)
    (asked,) = (await lead.get(f"{LABELING}/campaigns/{campaign}/tasks")).json()["data"]
    await room.bench.vote(asked["id"], ana="correct", bob="incorrect")
    async with room.opened(undo_seconds=0):
        await at_the_case(room)
        await room.sees("read by", "edocr  ⌀5  asked", "gpt    Ø15")
        await room.press("d")
        await room.sees("1 Ø15   → then digits type")
        await room.press("1", "enter")
        await room.until(lambda: sent(room))
        assert json.loads(sent(room)[0].content)["corrected_value"]["text"] == "Ø15"
