"""Notes with answers, questions given to the lead, and questions put off, over a server in this process."""

from __future__ import annotations

import json

from gonogo.desk.core.models import HELP, Decision, SendState, TaskNote
from tests.desk.conftest import MakeDesk, ready_desk
from tests.support.labeling_server import FakeClock, ScriptedServer, names, until


async def test_a_note_travels_with_its_answer_and_an_answer_without_one_says_nothing(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await ready_desk(make_desk, 3)
    desk.decide(Decision("unsure", note=TaskNote("two_readings", "3 or 8")))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: len(server.answers) == 2)
    assert server.answers["task-000"] == {
        "verdict": "unsure", "duration_ms": 0, "reason": "two_readings", "note": "3 or 8",
    }  # fmt: skip
    assert server.answers["task-001"] == {"verdict": "correct", "duration_ms": 0}


async def test_a_question_given_to_the_lead_is_sent_like_an_answer_and_counts_as_done(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await ready_desk(make_desk, 3)
    desk.decide(Decision(HELP, note=TaskNote("unreadable")))
    assert desk.current is not None
    assert desk.current.id == "task-001"
    assert desk.state.done == 1
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: server.asked and server.answers)
    assert server.asked == {"task-000": {"reason": "unreadable", "duration_ms": 0}}
    assert "task-000" not in server.answers
    await until(lambda: desk.state.recent[0].state is SendState.SENT)
    assert [(row.decision.verdict, row.decision.note) for row in desk.history()][-1] == (HELP, TaskNote("unreadable"))


async def test_undo_takes_back_a_question_to_the_lead_with_its_words(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await ready_desk(make_desk, 3)
    await until(lambda: desk.state.ahead)
    desk.decide(Decision(HELP, note=TaskNote("other", "which standard?")))
    undone = desk.undo()
    assert undone is not None
    task, decision = undone
    assert (task.id, decision.note) == ("task-000", TaskNote("other", "which standard?"))
    assert desk.current is task
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: server.answers)
    assert server.asked == {}


async def test_a_question_put_off_goes_back_to_the_server_and_its_time_goes_on(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server, desk = await ready_desk(make_desk, 2)
    await until(lambda: desk.state.ahead)
    desk.shown()
    clock.now += 2
    assert desk.put_off()
    assert desk.current is not None
    assert desk.current.id == "task-001"
    await until(lambda: server.count("release") == 1)
    desk.shown()
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.current is not None)
    assert desk.current.id == "task-000"
    desk.shown()
    clock.now += 1
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: len(server.answers) == 2)
    assert json.loads(server.bodies("task-000")[0][1])["duration_ms"] == 3000


async def test_the_only_question_of_a_plain_server_cannot_be_put_off_others_go_behind_those_ahead(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(3), extensions=False, max_held=2)
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead == 1)
    assert desk.takes_notes is False
    assert desk.put_off()
    assert [desk.current and desk.current.id, desk.upcoming() and desk.upcoming().id] == ["task-001", "task-000"]  # type: ignore[union-attr]
    desk.decide(Decision("correct"))
    assert desk.current is not None
    assert desk.current.id == "task-000"
    assert server.count("release") == 0


async def test_nothing_is_put_off_where_nothing_else_is_there(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1), extensions=False, max_held=1)
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.takes_notes is False)
    assert not desk.put_off()
    assert desk.current is not None
