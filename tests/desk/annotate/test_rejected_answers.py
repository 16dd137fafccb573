"""A refused answer: given anew, sent as it was, or dropped; and what was typed is never lost on the way."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.annotate.submit_request import submission_request
from gonogo.desk.core.models import Decided, Decision, SendState, Stage
from gonogo.desk.outbox.outbox import Outbox
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import FakeClock, Fault, ScriptedServer, names
from tests.support.outbox_rows import ANN, put, task

FIXED = Decision("incorrect", {"text": "16,4"}, 0.8)


async def refused(
    make_desk: MakeDesk, clock: FakeClock, count: int = 3, *, how: int = 422, **more: object
) -> tuple[ScriptedServer, AnnotateSession, Decided]:
    """A desk whose answer to the first of `count` tasks was refused, and its line in the history."""
    fault = Fault("submit", how, only_task="task-000", **({"code": "validation_error"} | more))  # type: ignore[arg-type]
    server = ScriptedServer(names(count), faults=[fault], max_held=5 if count > 1 else 1)
    desk = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: desk.current)
    desk.decide(FIXED)
    if count > 1:
        await clock.run_until(lambda: desk.current)
    await clock.run_until(lambda: desk.state.parked == 1, step=10.0)
    return server, desk, next(one for one in desk.history() if one.state is SendState.PARKED)


def states(desk: AnnotateSession) -> list[tuple[str, SendState]]:
    """Oldest first."""
    return [(one.task.id, one.state) for one in desk.history()][::-1]


async def test_answered_again_it_is_a_new_request_and_the_old_one_is_kept(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk, item = await refused(make_desk, clock)
    before = desk.current
    assert desk.rejected.answer_again(item.number) == FIXED
    assert desk.current == item.task
    assert desk.state.stage is Stage.TASK
    desk.decide(Decision("incorrect", {"text": "16,5"}))
    assert desk.current == before  # the work goes on where it was left
    await clock.run_until(lambda: desk.state.unsent == 0, step=10.0)
    assert states(desk) == [("task-000", SendState.REPLACED), ("task-000", SendState.SENT)]
    assert desk.state.parked == 0
    (first, second) = server.bodies("task-000")
    assert first[0] != second[0]
    assert json.loads(second[1])["corrected_value"] == {"text": "16,5"}


async def test_taking_the_new_answer_back_brings_the_refused_one_back(make_desk: MakeDesk, clock: FakeClock) -> None:
    _, desk, item = await refused(make_desk, clock)
    desk.rejected.answer_again(item.number)
    desk.decide(Decision("unsure"))
    assert desk.state.parked == 0
    undone = desk.undo()
    assert undone is not None
    assert undone[0] == item.task == desk.current
    assert states(desk) == [("task-000", SendState.PARKED)]
    assert desk.rejected.answering
    desk.decide(FIXED)
    await clock.run_until(lambda: desk.state.unsent == 0, step=10.0)
    assert states(desk) == [("task-000", SendState.REPLACED), ("task-000", SendState.SENT)]


async def test_left_alone_it_stays_refused_and_the_question_before_is_back(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    _, desk, item = await refused(make_desk, clock)
    before = desk.current
    desk.rejected.answer_again(item.number)
    assert desk.rejected.cancel()
    assert not desk.rejected.cancel()
    assert desk.current == before
    assert states(desk) == [("task-000", SendState.PARKED)]


async def test_leaving_in_the_middle_of_it_loses_nothing_and_claims_nothing(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk, item = await refused(make_desk, clock)
    held = [one for one in server.held if one != "task-000"]
    desk.rejected.answer_again(item.number)
    await clock.finish(desk.close())
    assert [one for one in server.held if one in held] == []  # all of them were given back
    again = await make_desk(server)
    await clock.run_until(lambda: again.current)
    assert again.current != item.task
    assert states(again) == [("task-000", SendState.PARKED)]


async def test_it_can_be_answered_when_there_is_nothing_else(make_desk: MakeDesk, clock: FakeClock) -> None:
    """The server hands out no other question as long as this one has no answer it takes."""
    _, desk, item = await refused(make_desk, clock, 1)
    await clock.run_until(lambda: desk.state.stage is Stage.REFUSED)
    assert "press h to answer it again" in desk.state.next_step
    desk.rejected.answer_again(item.number)
    assert desk.state.stage is Stage.TASK
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.stage is Stage.DRAINED and desk.state.unsent == 0)
    assert states(desk)[-1] == ("task-000", SendState.SENT)


async def test_sent_again_as_it_was_under_a_new_key(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk, item = await refused(make_desk, clock)
    assert desk.rejected.resend(item.number)
    await clock.run_until(lambda: desk.state.unsent == 0, step=10.0)
    assert states(desk) == [("task-000", SendState.SENT)]
    (first, second) = server.bodies("task-000")
    assert (first[0] != second[0], first[1] == second[1]) == (True, True)
    assert not desk.rejected.resend(item.number)


async def test_dropped_its_question_comes_anew(make_desk: MakeDesk, clock: FakeClock) -> None:
    _, desk, item = await refused(make_desk, clock, 1)
    assert desk.rejected.drop(item.number)
    assert not desk.rejected.drop(item.number)
    await clock.run_until(lambda: desk.current)
    assert desk.current == item.task
    assert not desk.rejected.answering


async def test_a_first_answer_that_stands_is_not_asked_for_again(make_desk: MakeDesk, clock: FakeClock) -> None:
    reason = {"reason": "already_submitted"}
    _, desk, item = await refused(make_desk, clock, how=409, code="conflict", details=reason)
    assert item.final
    assert desk.rejected.answer_again(item.number) is None
    assert not desk.rejected.answering


async def test_the_time_of_both_tries_is_counted(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(2), faults=[Fault("submit", 422, "validation_error", only_task="task-000")])
    desk = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: desk.current)
    desk.shown()
    clock.now += 4
    desk.decide(FIXED)
    await clock.run_until(lambda: desk.state.parked == 1, step=10.0)
    desk.rejected.answer_again(desk.history()[-1].number)
    desk.shown()
    clock.now += 2
    desk.decide(FIXED)
    await clock.run_until(lambda: desk.state.unsent == 0, step=10.0)
    assert [json.loads(body)["duration_ms"] for _, body in server.bodies("task-000")] == [4000, 6000]


@pytest.fixture
def outbox(tmp_path: Path) -> Outbox:
    return Outbox(tmp_path / "outbox.sqlite")


def test_replaced_rows_are_neither_sent_nor_counted_and_go_with_the_old_ones(outbox: Outbox) -> None:
    number = put(outbox, "a")
    outbox.release([number])
    outbox.claim(ANN)
    outbox.finish(number, SendState.PARKED, "why")
    again = Decision("correct")
    new = outbox.add(ANN, task("a"), again, submission_request("a", again), replaces=number)
    found = outbox.get(number)
    assert found is not None
    assert (found.state, found.detail, found.response) == (SendState.REPLACED, "why", str(new))
    assert outbox.retry_parked([number]) == 0
    counts = outbox.counts(ANN)
    assert (counts.parked, counts.unsent) == (0, 1)
    outbox.release([new])
    claimed = outbox.claim(ANN)
    assert claimed is not None
    assert claimed.id == new
    assert not outbox.withdraw(new)
    outbox.finish(new, SendState.SENT)
    assert outbox.prune(4e9) == 2


def test_a_ruling_is_not_given_anew_as_an_answer(outbox: Outbox) -> None:
    """Both lie in one outbox; the annotate screen would make a vote of it."""
    made = Decision("correct")
    request = replace(submission_request("a", made), path="/api/v1/gonogo/tasks/a/ruling")
    number = outbox.add(ANN, task("a"), made, request)
    outbox.release([number])
    outbox.claim(ANN)
    outbox.finish(number, SendState.PARKED, "why")
    found = outbox.get(number)
    assert found is not None
    assert found.decided().final


@pytest.mark.parametrize("extensions", [True, False])
@pytest.mark.parametrize("anew", [True, False])
async def test_the_count_of_answers_has_each_once_however_often_it_was_sent(
    make_desk: MakeDesk, clock: FakeClock, extensions: bool, anew: bool
) -> None:
    fault = Fault("submit", 422, "validation_error", only_task="task-000")
    server = ScriptedServer(names(5), faults=[fault], extensions=extensions)
    desk = await make_desk(server, undo_seconds=0.0)
    for _ in range(2):
        await clock.run_until(lambda: desk.current)
        desk.decide(FIXED)
    await clock.run_until(lambda: desk.state.parked == 1 and desk.state.done == 1, step=10.0)
    item = next(answer for answer in desk.history() if answer.state is SendState.PARKED)
    if anew:
        desk.rejected.answer_again(item.number)
        desk.decide(FIXED)
    else:
        desk.rejected.resend(item.number)
    assert desk.state.done == 2
    await clock.run_until(lambda: desk.state.unsent == 0 and len(server.answers) == 2, step=10.0)
    assert desk.state.done == 2
