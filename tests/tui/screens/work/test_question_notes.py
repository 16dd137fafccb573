"""Keys for notes, questions to the lead, and putting a question off."""

from __future__ import annotations

from gonogo.desk.core.models import HELP, TaskNote
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, settle, text_of


async def test_a_note_stands_below_the_value_and_goes_with_the_answer(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "n")
        assert "A note with your answer" in text_of(pilot.app.screen)
        await pilot.press("t", "enter")  # two readings
        await settle(pilot)
        assert "note: two readings" in text_of(pilot.app.screen)
        assert session.answers == []
        await press(pilot, clock, "f")
        assert [(made.verdict, made.note) for _, made in session.answers] == [("unsure", TaskNote("two_readings"))]
        assert "note:" not in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert session.answers[1][1].note == TaskNote()


async def test_own_words_are_typed_and_can_be_changed_and_removed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "n")
        await pilot.press("s", "enter")  # something else
        await pilot.press("enter")
        assert "Type a few words, or press Esc." in text_of(pilot.app.screen)
        await pilot.press("3", "?", "enter")
        await settle(pilot)
        assert "note: 3?" in text_of(pilot.app.screen)
        await press(pilot, clock, "n")
        await pilot.press("enter")  # the cursor is on the reason chosen before
        await pilot.press("!", "enter")
        await settle(pilot)
        assert "note: 3?!" in text_of(pilot.app.screen)
        await press(pilot, clock, "n")
        await pilot.press("n", "enter")
        await settle(pilot)
        assert "note:" not in text_of(pilot.app.screen)


async def test_a_question_is_given_to_the_lead_and_taken_back(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, prompt="First?"), task(2, prompt="Second?")])
    async with running(session) as pilot:
        await press(pilot, clock, "q")
        await pilot.press("escape")
        assert session.answers == []
        await press(pilot, clock, "q")
        await pilot.press("u", "enter")
        await settle(pilot)
        assert [(made.verdict, made.note) for _, made in session.answers] == [(HELP, TaskNote("unreadable"))]
        assert "Second?" in text_of(pilot.app.screen)
        assert "Given to the lead. u takes it back." in text_of(pilot.app.screen)
        await press(pilot, clock, "u")
        assert session.answers == []
        assert "First?" in text_of(pilot.app.screen)
        assert "note: unreadable" in text_of(pilot.app.screen)


async def test_a_server_without_notes_is_said_before_anything_is_chosen(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    for known, words in ((False, "This server takes no notes"), (None, "hasn't said yet")):
        session.takes_notes = known
        async with running(session) as pilot:
            for key in ("n", "q"):
                await press(pilot, clock, key)
                assert words in text_of(pilot.app.screen)
            assert session.answers == []


async def test_w_puts_the_question_off_unless_it_is_the_only_one(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, prompt="First?"), task(2, prompt="Second?")])
    async with running(session) as pilot:
        await press(pilot, clock, "w")
        assert "Second?" in text_of(pilot.app.screen)
        assert "Put off" in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert "First?" in text_of(pilot.app.screen)
        await press(pilot, clock, "w")
        assert "This is the only question here now." in text_of(pilot.app.screen)
        assert len(session.answers) == 1
