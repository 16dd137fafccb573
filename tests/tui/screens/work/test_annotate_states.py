"""What the screen says when there is nothing to judge, and at every size."""

from __future__ import annotations

import pytest

from gonogo.desk.core.models import Stage
from tests.tui.conftest import Running
from tests.tui.fake_services import Clock, FakeAnnotateSession, task
from tests.tui.screen_text import appears, press, settle, text_of


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stage": Stage.OFFLINE, "unsent": 3, "message": "No answer from host.", "retry_in": 9.0},
         ["No answer from host.", "3 answers saved here", "next try in 9 s"]),
        ({"stage": Stage.SIGNED_OUT}, ["sign in again", "Press r"]),
        ({"stage": Stage.REFUSED, "message": "This campaign is closed."},
         ["No question for you now", "campaign is closed", "Ask"]),
        ({"stage": Stage.DRAINED, "parked": 2}, ["Nothing left", "2 refused by the server"]),
        ({"stage": Stage.DRAINED, "done": 142, "total": 600}, ["All answers have reached the server."]),
        ({"stage": Stage.LOADING}, ["Fetching"]),
    ],
)  # fmt: skip
async def test_every_state_is_said_in_words(running: Running, changes: dict[str, object], words: list[str]) -> None:
    session = FakeAnnotateSession([])
    async with running(session) as pilot:
        session.tell(**changes)
        await settle(pilot)
        shown = " ".join(text_of(pilot.app.screen).split())
        assert [word for word in words if word not in shown] == []


async def test_signed_out_leads_to_signing_in(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([])
    async with running(session) as pilot:
        session.tell(stage=Stage.SIGNED_OUT)
        await press(pilot, clock, "r")
        assert "Invitation link" in text_of(pilot.app.screen)


@pytest.mark.parametrize("size", [(40, 10), (1, 1), (20, 5), (63, 40), (80, 24), (200, 60)])
async def test_the_value_and_the_verdict_keys_are_there_at_every_size(
    running: Running, clock: Clock, size: tuple[int, int]
) -> None:
    session = FakeAnnotateSession([task(1, {"text": "M8"}), task(2)])
    async with running(session, size=size) as pilot:
        if size[0] >= 40:
            shown = text_of(pilot.app.screen)
            assert "█" in shown or "M8" in shown
            assert "a correct" in shown
        if size == (40, 10):
            assert "Too small" in shown
            assert "f unsure" in shown
        await pilot.resize_terminal(80, 24)
        await settle(pilot)
        await press(pilot, clock, "a")
        assert len(session.answers) == 1


@pytest.mark.slow
async def test_signing_in_again_keeps_what_was_typed(running: Running, clock: Clock) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        await press(pilot, clock, "d", "9", "escape")
        session.tell(stage=Stage.SIGNED_OUT, message="The session has ended.")
        await settle(pilot)
        assert "signed out" in text_of(pilot.app.screen)
        await press(pilot, clock, "r", *"https", "enter")
        await appears(pilot, "a correct")
        await settle(pilot)
        await press(pilot, clock, "d", "enter")
        (answer,) = session.answers
        assert answer[0].id == "task-1"
        assert answer[1].corrected_value is not None
        assert str(answer[1].corrected_value["text"]).endswith("09")


@pytest.mark.parametrize(
    ("changes", "word"),
    [({"retry_in": 4.0, "unsent": 2}, "○ offline   2 kept here"), ({"stage": Stage.SIGNED_OUT}, "→ signed out")],
)
async def test_the_status_says_so_while_a_question_is_there(
    running: Running, clock: Clock, changes: dict[str, object], word: str
) -> None:
    session = FakeAnnotateSession([task(1), task(2)])
    async with running(session) as pilot:
        session.tell(**changes)
        await settle(pilot)
        assert word in text_of(pilot.app.screen)
        await press(pilot, clock, "a")  # and the work goes on
        assert len(session.answers) == 1


async def test_a_problem_from_before_the_first_question_is_said_with_it(running: Running) -> None:
    session = FakeAnnotateSession([])
    async with running(session) as pilot:
        session.tell(stage=Stage.LOADING, message="The outbox file was damaged.", next_step="Work goes on.")
        await settle(pilot)
        session.tasks = [task(1)]
        session.advance()
        await appears(pilot, "a correct")
        await appears(pilot, "▌ The outbox file was damaged. Work goes on.", 3)  # a notice, over the question


async def test_what_happened_to_the_outbox_is_said_over_the_question(running: Running, clock: Clock) -> None:
    """A damaged file, a full disk: not only when there is no question left."""
    session = FakeAnnotateSession([task(1)])
    async with running(session) as pilot:
        for _ in range(2):
            session.tell(message="The outbox file was damaged.", next_step="Work goes on with a new file.")
            await settle(pilot)
        said = " ".join(text_of(pilot.app.screen).replace("▌", " ").split())
        assert said.count("The outbox file was damaged. Work goes on with a new file.") == 1
