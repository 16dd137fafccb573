"""The session's history: what was answered and what became of it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.widgets import Input, OptionList

from gonogo.desk.core.models import HELP, Decided, Decision, SendState, Times
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import appears, press, settle, text_of


def answered(session: FakeAnnotateSession) -> None:
    """Three answers, the last one still on the desk."""
    fixed = Decision("incorrect", {"text": "R0,3"}, 0.8, Times(4200, 1500))
    session.past = [
        Decided(task(11, {"text": "M8"}), Decision("correct"), SendState.SENT, number=1),
        Decided(task(12, {"text": "R0,2"}), fixed, SendState.PARKED, "the campaign is closed", 2, final=False),
        Decided(task(13, {"text": "45°"}), Decision("unsure"), SendState.ON_DESK, number=3),
    ]


async def test_the_history_says_what_became_of_every_answer(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    answered(session)
    async with running(session) as pilot:
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
        assert len(session.answers) == 1


async def test_the_history_is_searched(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    answered(session)
    async with running(session) as pilot:
        await press(pilot, clock, "h", "slash", *"refused")
        screen = pilot.app.screen
        assert screen.query_one(OptionList).option_count == 1
        assert "1 found" in text_of(screen)
        screen.query_one(Input).value = "nothing like that"
        await settle(pilot)
        assert screen.query_one(OptionList).option_count == 0
        await press(pilot, clock, "enter", "u", "escape")


async def test_only_the_last_answer_is_taken_back_from_there(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "a")
        answered(session)
        session.past[-1] = replace(session.past[-1], task=task(1))
        await press(pilot, clock, "h", "down", "u")
        assert "Not taken back: refused by the server" in text_of(pilot.app.screen)
        assert len(session.answers) == 1
        await press(pilot, clock, "up", "u")
        assert session.answers == []


async def test_an_answer_that_has_left_says_so(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        session.tell(recent=(Decided(task(9, {"text": "M8"}), Decision("correct"), SendState.SENT),))
        await press(pilot, clock, "u")
        shown = " ".join(text_of(pilot.app.screen).replace("▌", " ").split())
        assert "the last answer (correct for M8) is sent; the server has it" in shown


async def test_a_refused_answer_is_given_anew_from_what_was_typed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    answered(session)
    async with running(session, size=(110, 30)) as pilot:
        session.tell(parked=1)
        await settle(pilot)
        assert "1 refused: h" in text_of(pilot.app.screen)
        await press(pilot, clock, "h", "down", "a")
        shown = text_of(pilot.app.screen)
        assert "R0,3" in shown
        assert "the campaign is closed" in " ".join(shown.replace("▌", " ").split())
        assert "sure 4 of 5" in shown
        await press(pilot, clock, "backspace", "4", "enter")
        (answer,) = session.answers
        assert answer[0].id == "task-12"
        assert answer[1].corrected_value is not None
        assert answer[1].corrected_value["text"] == "R0,4"
        assert answer[1].confidence == 0.8


async def test_answering_again_can_be_left_with_undo(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M6"}), task(2)])
    answered(session)
    async with running(session) as pilot:
        await press(pilot, clock, "h", "down", "a", "escape")
        assert "refused before" in text_of(pilot.app.screen)
        await press(pilot, clock, "u")
        assert session.current is not None
        assert session.current.id == "task-1"
        assert "The earlier answer stays;" in " ".join(text_of(pilot.app.screen).split())
        await press(pilot, clock, "a")
        assert [one.id for one, _ in session.answers] == ["task-1"]


async def test_an_answer_that_cannot_be_given_anew_says_why(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.past = [Decided(task(5), Decision("correct"), SendState.PARKED, "answered before", 5)]
    async with running(session) as pilot:
        await press(pilot, clock, "h", "a")
        assert "can't answer this one again here. answered before" in text_of(pilot.app.screen)


async def test_a_refused_answer_is_sent_as_it_is_or_dropped_after_asking(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    answered(session)
    async with running(session) as pilot:
        await press(pilot, clock, "h", "x")
        assert "Not deleted" in text_of(pilot.app.screen)
        await press(pilot, clock, "down", "x")
        assert "The same key again deletes" in text_of(pilot.app.screen)
        await press(pilot, clock, "up", "down", "x")  # another key in between: it asks once more
        assert len(session.past) == 3
        await press(pilot, clock, "r")
        assert session.past[1].state is SendState.QUEUED
        assert "2 waiting here" in text_of(pilot.app.screen)
        session.past[1] = replace(session.past[1], state=SendState.PARKED)
        session.tell()
        await appears(pilot, "1 refused")
        await press(pilot, clock, "x", "x")
        assert [one.number for one in session.past] == [1, 3]
        assert "2 answers" in text_of(pilot.app.screen)


async def test_only_what_is_not_with_the_server(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    answered(session)
    async with running(session) as pilot:
        await press(pilot, clock, "h", "w")
        assert pilot.app.screen.query_one(OptionList).option_count == 2
        await press(pilot, clock, "w")
        assert pilot.app.screen.query_one(OptionList).option_count == 3


async def test_an_answer_that_the_server_has_is_changed_in_its_question(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M6"}), task(2)])
    sent = Decided(task(9, {"text": "M8"}), Decision("correct"), SendState.SENT, number=3)
    session.past = [sent]
    async with running(session) as pilot:
        await press(pilot, clock, "h", "a")
        shown = " ".join(text_of(pilot.app.screen).replace("▌", " ").split())
        assert "You answered “correct”. Answer again to change it" in shown
        assert "changing your answer; undo leaves it" in shown
        await press(pilot, clock, "s")
        assert "You answered" not in text_of(pilot.app.screen)
        assert [(one.id, made.verdict) for one, made in session.answers] == [("task-9", "incorrect")]


@pytest.mark.parametrize(
    ("state", "verdict", "takes", "words"),
    [
        (SendState.SENT, "correct", False, "This server doesn't let answers be changed. Tell the campaign's lead."),
        (SendState.SENT, "correct", None, "The server hasn't said yet"),
        (SendState.SENT, HELP, True, "You gave this question to the lead"),
        (SendState.ON_DESK, "correct", True, "Still on your desk: u takes it back."),
        (SendState.LATE, "correct", True, "can't be changed: kept late"),
    ],
)
async def test_an_answer_that_cannot_be_changed_says_why(
    running: Running, clock: Clock, state: SendState, verdict: str, takes: bool | None, words: str
) -> None:
    session = FakeAnnotateSession([task(1)])
    session.takes_amendments = takes
    session.past = [Decided(task(9), Decision(verdict), state, number=3)]
    async with running(session, size=(110, 30)) as pilot:
        await press(pilot, clock, "h", "a")
        assert words in text_of(pilot.app.screen)


async def test_a_changed_answer_counts_once_and_its_first_version_says_so(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.past = [
        Decided(task(9, {"text": "M8"}), Decision("correct"), SendState.SENT, number=1),
        Decided(task(8, {"text": "M6"}), Decision("correct"), SendState.SENT, number=2),
        Decided(task(9, {"text": "M8"}), Decision("incorrect"), SendState.SENT, number=3),
        Decided(task(8, {"text": "M6"}), Decision("unsure"), SendState.PARKED, "why", number=4),
    ]
    async with running(session) as pilot:
        await press(pilot, clock, "h")
        shown = text_of(pilot.app.screen)
        assert "3 answers: 2 sent, 1 refused, 1 changed since" in shown
        changed = [line for line in shown.splitlines() if "✓ M8" in line]
        assert ["changed since" in line for line in changed] == [True]
        assert shown.count("changed since") == 2  # in the summary, too
