"""Answering: which key makes which decision, and which key does nothing."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import Input

from gonogo.desk.core.errors import OutboxError
from gonogo.sheets.models import Level, NoPicture
from gonogo.tui.screens.work.annotate import AnnotateScreen
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import press, settle, text_of


def screen_of(pilot: Pilot[None]) -> AnnotateScreen:
    return cast(AnnotateScreen, pilot.app.screen)


@pytest.mark.parametrize(("key", "verdict"), [("a", "correct"), ("s", "incorrect"), ("f", "unsure")])
async def test_one_key_is_one_verdict_and_the_next_question_is_there(
    running: Running, clock: Clock, key: str, verdict: str
) -> None:
    session = FakeAnnotateSession([task(1), task(2, {"text": "R0,2"}, prompt="And this radius?")])
    async with running(session) as pilot:
        await press(pilot, clock, key)
        assert [(one.id, made.verdict, made.corrected_value) for one, made in session.answers] == [
            ("task-1", verdict, None)
        ]
        assert "And this radius?" in text_of(pilot.app.screen)


async def test_the_desk_is_told_when_a_question_has_been_painted(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "a")
    assert [call for call in session.calls if call.startswith("shown")] == ["shown task-1", "shown task-2"]


async def test_a_question_without_its_drawing_is_not_answered_before_the_drawing_or_a_reason_is_there(
    running: Running, clock: Clock
) -> None:
    session = FakeAnnotateSession([task(1), task(2)], draw=lambda *_: None)
    async with running(session) as pilot:
        await settle(pilot)
        assert "This drawing never came." in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert len(session.answers) == 1


async def test_verdict_keys_are_deaf_just_after_the_paint(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "a")
        clock.pass_(0.15)
        await pilot.press("s")
        assert len(session.answers) == 1
        assert "wait" in text_of(pilot.app.screen)
        clock.pass_(0.15)
        await pilot.press("a")
        assert len(session.answers) == 2


async def test_a_burst_takes_itself_back_and_says_so(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        clock.pass_(1)
        await pilot.press("a", "a", "x", "a")  # the clock stands still: pasted, held, or sent by the terminal
        await settle(pilot)
        assert session.answers == []
        assert session.current is not None
        assert session.current.id == "task-1"
        assert "taken back" in text_of(pilot.app.screen)


async def test_pasted_text_is_never_a_verdict(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        pilot.app.post_message(events.Paste("asdf"))
        await settle(pilot)
        assert session.answers == []


@pytest.mark.parametrize("key", ["u", "backspace"])
async def test_undo_brings_the_question_back(running: Running, clock: Clock, key: str) -> None:
    session = FakeAnnotateSession([task(1, prompt="First?"), task(2, prompt="Second?")])
    async with running(session) as pilot:
        await press(pilot, clock, "a", key)
        assert session.answers == []
        assert "First?" in text_of(pilot.app.screen)
        await press(pilot, clock, key)
        assert "Nothing to take back" in text_of(pilot.app.screen)


async def test_the_last_answer_can_be_taken_back_after_the_last_question(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, prompt="Only one?")])
    async with running(session) as pilot:
        await press(pilot, clock, "a")
        assert "Nothing left for you here" in text_of(pilot.app.screen)
        await press(pilot, clock, "u", "s")
        assert [made.verdict for _, made in session.answers] == ["incorrect"]


async def test_a_fix_starts_with_the_reading_and_sends_text_and_parts(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "⌀16,5 +0,1 0"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d")
        line = screen_of(pilot).query_one("#fix", Input)
        assert line.value == "⌀16,5 +0,1 0"
        await press(pilot, clock, *["backspace"] * 6, *"+0,2 0"[1:], "enter")
        (answered, decision), *_ = session.answers
        assert answered.id == "task-1"
        assert decision.verdict == "incorrect"
        assert decision.corrected_value is not None
        assert decision.corrected_value["text"] == "⌀16,5 0,2 0"


@pytest.mark.parametrize(
    ("read", "key", "line"),
    [
        ("16,5 +0,1 0", "f3", "⌀16,5 +0,1 0"),
        ("16,5 +0,1 0", "f4", "16,5 0 -0,1"),
        ("16,5", "f6", "16.5"),
        ("16,5", "f7", "16,5 mm"),
        ("16,5", "alt+a", "16,5⌀"),
    ],
)
async def test_a_usual_repair_is_one_key(running: Running, clock: Clock, read: str, key: str, line: str) -> None:
    session = FakeAnnotateSession([task(1, {"text": read}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", key)
        assert screen_of(pilot).pane.editor.line.value == line
        await press(pilot, clock, "enter")
        assert session.answers[0][1].corrected_value is not None
        assert session.answers[0][1].corrected_value["text"] == line


async def test_the_tolerance_comes_back_and_a_repair_without_effect_is_said(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16,5 +0,1 0"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "ctrl+u", *"18,5", "f5")
        assert screen_of(pilot).pane.editor.line.value == "18,5 +0,1 0"
        await press(pilot, clock, "ctrl+u", *"abc", "f6")
        assert "No decimal comma" in text_of(pilot.app.screen)


async def test_what_changed_against_the_reading_is_shown_while_typing(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16,5 +0,1 0"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "left", "left", "backspace", "2")
        shown = text_of(pilot.app.screen)
        assert "16,5 +0,[1→2] 0" in shown
        assert "reads as" in shown
        await press(pilot, clock, "ctrl+u", *"16 xyz")
        assert "kept as text" in text_of(pilot.app.screen)


async def test_a_sign_is_picked_from_the_palette(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "ctrl+k")
        shown = text_of(pilot.app.screen)
        assert all(sign in shown for sign in ("a ⌀ dia", "e ⌖ pos", "g ⏥ flat")), (
            "a glyph that is missing is still known"
        )
        await press(pilot, clock, "b", "1")
        assert screen_of(pilot).pane.editor.line.value == "16±1"
        await press(pilot, clock, "f8", "escape", "a")
        assert screen_of(pilot).pane.editor.line.value == "16±1a", "Esc closes only the palette"
        assert "g ⏥ flat" not in text_of(pilot.app.screen)


async def test_a_typed_name_becomes_its_sign(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "ctrl+u", *"pos", "tab", *"|", *"dia", "tab", *"0,1", *"mmc", "tab", *"|A")
        assert screen_of(pilot).pane.editor.line.value == "⌖|⌀0,1Ⓜ|A"
        await press(pilot, clock, *"par", "tab", *"c", "tab")
        assert screen_of(pilot).pane.editor.line.value == "⌖|⌀0,1Ⓜ|A∥c"
        assert "circ ○" in text_of(pilot.app.screen), "several names begin with c"


@pytest.mark.parametrize("typed", ["１２,5", "nan", "1e999", "1_000", "М8"])
async def test_what_no_drawing_shows_is_asked_once_and_then_sent_as_text(
    running: Running, clock: Clock, typed: str
) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "ctrl+u")
        screen_of(pilot).pane.editor.line.value = typed
        await press(pilot, clock, "enter")
        assert session.answers == []
        assert "drawing would show" in " ".join(text_of(pilot.app.screen).split())
        await press(pilot, clock, "enter")
        assert session.answers[0][1].corrected_value == {"text": typed, "kind": "text"}


async def test_code_points_of_look_alikes_are_in_the_details(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16,5 −0,1"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "g")
        assert "U+2212 minus sign, looks like -" in text_of(pilot.app.screen)


async def test_incorrect_without_a_value_is_sent_from_inside_the_line(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "16"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "7", "ctrl+s")
        assert [(made.verdict, made.corrected_value) for _, made in session.answers] == [("incorrect", None)]
        await press(pilot, clock, "u", "d")
        assert screen_of(pilot).pane.editor.line.value == "167"


async def test_confidence_goes_with_one_answer(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2), task(3), task(4, {"text": "16"}), task(5)])
    async with running(session) as pilot:
        await press(pilot, clock, "4")
        assert "sure 4 of 5" in text_of(pilot.app.screen)
        await press(pilot, clock, "a")
        assert "sure" not in text_of(pilot.app.screen).replace("unsure", "")
        await press(pilot, clock, "a", "2", "2", "a", "1", "d", "7", "enter")
        assert [made.confidence for _, made in session.answers] == [0.8, None, None, 0.2]
        await press(pilot, clock, "u")
        assert "sure 1 of 5" in text_of(pilot.app.screen)


async def test_pace_and_time_left_are_shown_and_can_be_hidden(running: Running, clock: Clock, home: Path) -> None:
    session = FakeAnnotateSession([task(1)], total=600)
    async with running(session) as pilot:
        session.tell(pace=4.24, left_seconds=2280.0)
        await settle(pilot)
        assert "4.2 s each, 38 min left" in text_of(pilot.app.screen)
        await press(pilot, clock, "p")
        assert "min left" not in text_of(pilot.app.screen)
    assert "show_pace = false" in (home / "config" / "settings.toml").read_text()


async def test_letters_type_while_typing(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", *"asdfuzgoir?", "up")
        assert screen_of(pilot).query_one("#fix", Input).value == "M8asdfuzgoir?"
        assert session.answers == []
        assert pilot.app.screen is screen_of(pilot)


async def test_keys_that_arrive_together_keep_their_order(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "12"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d")
        for key, character in (("backspace", "\x7f"), ("7", "7"), ("left", None), ("3", "3"), ("enter", "\r")):
            pilot.app.post_message(events.Key(key, character))
        await settle(pilot)
        assert screen_of(pilot).query_one("#fix", Input).value == "137"
        assert session.answers == []
        assert "press it again" in text_of(pilot.app.screen)
        await press(pilot, clock, "enter")
        assert session.answers[0][1].corrected_value is not None
        assert session.answers[0][1].corrected_value["text"] == "137"


async def test_an_unchanged_or_empty_line_is_not_sent(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "enter")
        assert "Unchanged" in text_of(pilot.app.screen)
        await press(pilot, clock, "backspace", "backspace", "enter")
        assert "empty" in text_of(pilot.app.screen)
        assert session.answers == []


async def test_escape_leaves_and_keeps_what_was_typed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "x", "1", "escape")
        assert not screen_of(pilot).pane.editing
        await press(pilot, clock, "d")
        assert screen_of(pilot).query_one("#fix", Input).value == "M8x1"
        assert [call for call in session.calls if call.startswith("edit")] == ["edit True", "edit False", "edit True"]


async def test_undoing_a_fix_brings_its_text_back(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2, {"text": "R1"})])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "x", "1", "enter", "u", "d")
        assert screen_of(pilot).query_one("#fix", Input).value == "M8x1"


async def test_an_answer_that_could_not_be_saved_stays_and_is_said(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    session.fails = OutboxError("The disk is full.", "Make room, then answer again.")
    async with running(session) as pilot:
        await press(pilot, clock, "a")
        shown = text_of(pilot.app.screen)
        assert "NOT saved" in shown
        assert "Make room" in shown
        session.fails = None
        await press(pilot, clock, "a")
        assert len(session.answers) == 1
        assert "NOT saved" not in text_of(pilot.app.screen)


async def test_a_fix_that_could_not_be_saved_keeps_its_text(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2)])
    session.fails = OutboxError("The disk is full.")
    async with running(session) as pilot:
        await press(pilot, clock, "d", "x", "1", "enter")
        assert screen_of(pilot).query_one("#fix", Input).value == "M8x1"


async def test_the_drawing_follows_the_keys(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2), task(3, part_revision_id="another")])
    async with running(session) as pilot:
        await press(pilot, clock, "z")
        assert session.requests[-1].level == Level.VIEW
        await press(pilot, clock, "right", "plus", "o")
        last = session.requests[-1]
        assert (last.pan_x, last.zoom, last.rotation) == (0.25, 1.4, 90)
        assert last.bbox == task().bbox
        await press(pilot, clock, "O")
        assert session.requests[-1].rotation == 105
        await press(pilot, clock, "a")
        kept = session.asked["task-2"]
        assert (kept.level, kept.zoom, kept.pan_x, kept.rotation) == (Level.VIEW, 1.4, 0.0, None)
        await press(pilot, clock, "a")
        assert session.asked["task-3"].level.value == "detail", "another sheet"


async def test_retry_asks_the_server_and_for_the_drawing_again(running: Running, clock: Clock) -> None:
    answers = [NoPicture("Cut off.", retry=True)]
    session = FakeAnnotateSession([task(1), task(2)], draw=lambda *_: answers[0])
    async with running(session) as pilot:
        assert "Cut off." in text_of(pilot.app.screen)
        answers[0] = NoPicture("Still cut off.")
        await press(pilot, clock, "r")
        assert "retry_now" in session.calls
        assert "Still cut off." in text_of(pilot.app.screen)


async def test_focus_is_reported_to_the_desk(running: Running) -> None:
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        pilot.app.post_message(events.AppBlur())
        pilot.app.post_message(events.AppFocus())
        await settle(pilot)
        assert [call for call in session.calls if call.startswith("focused")] == ["focused False", "focused True"]


async def test_help_and_the_question_in_full(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    session.guideline = "Read tolerances letter by letter."
    async with running(session) as pilot:
        await press(pilot, clock, "question_mark")
        assert "Take the last answer back." in text_of(pilot.app.screen)
        await press(pilot, clock, "escape", "g")
        assert "Read tolerances letter by letter." in text_of(pilot.app.screen)
        await press(pilot, clock, "i")
        assert "7a31f7ce-2a2b-4c74-8c2e-19b6ad10aa01" in text_of(pilot.app.screen)
        await press(pilot, clock, "escape", "a")
        assert len(session.answers) == 1


async def test_leaving_closes_the_desk(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        await press(pilot, clock, "ctrl+q")
    assert session.calls[-1] == "close"


async def test_two_readings_of_one_place_in_a_row_are_announced(running: Running, clock: Clock) -> None:
    near = (0.401, 0.4, 0.5, 0.5)
    places = [task(1), task(2, bbox=near), task(3, bbox=(0.1, 0.1, 0.2, 0.2)), task(4, part_revision_id="other")]
    session = FakeAnnotateSession([*places, task(5, bbox=(*near, 2.0))])
    async with running(session) as pilot:
        announced = []
        for _ in range(5):
            announced.append("another reading of" in text_of(pilot.app.screen))
            await pilot.resize_terminal(100, 31 if len(announced) % 2 else 30)
            await settle(pilot)
            assert ("another reading of" in text_of(pilot.app.screen)) == announced[-1]
            await press(pilot, clock, "a")
        assert announced == [False, True, False, False, False]


async def test_the_line_that_was_typed_in_leaves_the_announcement(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session, size=(80, 24)) as pilot:
        await press(pilot, clock, "a", "d", "escape")
        assert "another reading of" in text_of(pilot.app.screen)
