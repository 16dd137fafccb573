"""Changing an answer that has left the desk, over a server in this process."""

from __future__ import annotations

from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.models import Decision, SendState, Stage
from tests.desk.conftest import MakeDesk, ready_desk
from tests.support.labeling_server import FakeClock, Fault, ScriptedServer, names, until


async def desk_with_a_sent_answer(make_desk: MakeDesk, clock: FakeClock) -> tuple[ScriptedServer, AnnotateSession]:
    """A desk at the third of four tasks: the server has the answer to the first, the second lies on the desk."""
    server, desk = await ready_desk(make_desk, 4)
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: "task-000" in server.answers)
    await until(lambda: desk.state.recent[0].state is SendState.SENT)
    return server, desk


async def test_a_delivered_answer_is_changed_by_a_request_of_its_own_and_both_stay_in_the_history(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await desk_with_a_sent_answer(make_desk, clock)
    done, current = desk.state.done, desk.current
    number = desk.history()[-1].number
    assert desk.rejected.amend(number) == Decision("correct", times=desk.history()[-1].decision.times)
    assert desk.current is not None
    assert desk.current.id == "task-000"
    assert desk.rejected.amending
    desk.decide(Decision("incorrect", {"text": "16,4"}))
    assert desk.current == current
    assert desk.state.done == done  # an answer counts once
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: server.count("amend") == 1)
    assert server.answers["task-000"]["verdict"] == "incorrect"
    assert len(server.bodies("task-000")) == 1
    await until(lambda: sum(row.state is SendState.SENT for row in desk.history()) >= 3)
    assert [row.decision.verdict for row in desk.history() if row.task.id == "task-000"] == ["incorrect", "correct"]


async def test_progress_counts_a_changed_answer_once_after_a_restart_too(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await ready_desk(make_desk, 6, undo_seconds=0.0)
    for _ in range(2):
        desk.decide(Decision("correct"))
        await clock.run_until(lambda: desk.current and desk.state.unsent == 0, step=5)
    desk.rejected.amend(desk.history()[-1].number)
    desk.decide(Decision("incorrect"))
    await clock.run_until(lambda: server.count("amend") == 1 and desk.state.unsent == 0, step=5)
    assert (desk.state.done, desk.state.total) == (2, 6)
    await clock.finish(desk.close())
    again = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: again.current)
    assert (again.state.done, again.state.total) == (2, 6)
    again.decide(Decision("correct"))
    await clock.run_until(lambda: again.current and again.state.unsent == 0, step=5)
    assert again.state.done == 3


async def test_undo_of_a_change_shows_the_question_again_and_then_leaves_the_answer(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await desk_with_a_sent_answer(make_desk, clock)
    current, done = desk.current, desk.state.done
    desk.rejected.amend(desk.history()[-1].number)
    desk.decide(Decision("unsure"))
    undone = desk.undo()
    assert undone is not None
    assert undone[0].id == "task-000"
    assert desk.rejected.amending
    assert desk.state.done == done
    assert desk.rejected.cancel()
    assert desk.current == current
    desk.decide(Decision("correct"))
    await clock.advance(20)
    assert server.count("amend") == 0
    assert server.answers["task-000"]["verdict"] == "correct"


async def test_a_change_that_is_refused_is_kept_with_its_reason_and_the_first_answer_stands(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await ready_desk(make_desk, 3)
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: len(server.answers) == 3)
    await until(lambda: all(row.state is SendState.SENT for row in desk.history()))
    server.faults.append(Fault("amend", 409, details={"reason": "task_resolved"}))
    desk.rejected.amend(desk.history()[-1].number)
    desk.decide(Decision("incorrect"))
    await clock.run_until(lambda: desk.state.parked == 1)
    assert desk.state.stage is Stage.DRAINED
    assert desk.state.done == 3
    assert server.answers["task-000"]["verdict"] == "correct"
    (refused,) = [row for row in desk.history() if row.state is SendState.PARKED]
    assert refused.final
    assert "scripted conflict" in refused.detail.splitlines()[0]


async def test_a_refused_answer_cannot_be_amended(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(3), faults=[Fault("submit", 422, "validation_error")])
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.takes_amendments)
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.parked == 1)
    refused = next(row for row in desk.history() if row.state is SendState.PARKED)
    assert desk.rejected.amend(refused.number) is None
