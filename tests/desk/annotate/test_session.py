"""The desk as the screen uses it, over a server whose faults are programmed."""

from __future__ import annotations

import json
from functools import partial

from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.models import Decision, SendState, Stage, Times
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import FakeClock, Fault, ScriptedServer, names, until


async def test_a_verdict_shows_the_next_task_at_once_and_is_sent_behind(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead >= 2)
    first = desk.current
    assert first is not None
    desk.shown()
    desk.decide(Decision("correct"))
    assert desk.current is not None
    assert desk.current.id != first.id
    assert desk.state.recent[-1].state is SendState.ON_DESK
    desk.decide(Decision("incorrect", {"text": "16,4"}, 0.8))
    await clock.advance(3.1)
    await until(lambda: first.id in server.answers)
    assert server.answers[first.id]["verdict"] == "correct"
    await until(lambda: desk.state.recent[0].state is SendState.SENT)


async def test_undo_gives_back_the_task_and_what_was_typed(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead >= 2)
    first = desk.current
    assert first is not None
    before = desk.state
    desk.decide(Decision("incorrect", {"text": "16,4"}))
    assert (before.can_undo, desk.state.can_undo) == (False, True)
    second = desk.current
    undone = desk.undo()
    assert undone is not None
    task, decision = undone
    assert (task, decision.corrected_value) == (first, {"text": "16,4"})
    assert desk.current is first
    assert desk.upcoming() == second
    desk.decide(Decision("correct"))
    await clock.advance(10)
    assert desk.state.recent[-1].state is SendState.ON_DESK  # nothing was answered after it
    desk.decide(Decision("correct"))
    await clock.advance(3.1)
    await until(lambda: first.id in server.answers)
    assert server.answers[first.id] == {"verdict": "correct", "duration_ms": 0}
    assert len(server.bodies(first.id)) == 1


async def test_what_has_left_the_desk_cannot_be_taken_back(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1))
    desk = await make_desk(server)
    await until(lambda: desk.current)
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.stage is Stage.DRAINED)
    await clock.advance(3.1)
    await until(lambda: server.answers)
    assert desk.undo() is None


async def test_the_clock_of_the_person_is_sent(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(5))
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead >= 2)
    first = desk.current
    assert first is not None
    clock.now += 2  # waiting for the crop
    desk.shown()
    clock.now += 5
    desk.key()
    desk.edit(True)
    clock.now += 4
    desk.decide(Decision("incorrect", {"text": "1"}))
    assert desk.state.recent[-1].decision.times == Times(5000, 4000, 0, 2000)
    desk.decide(Decision("unsure"))
    await clock.advance(4)
    await until(lambda: first.id in server.answers)
    assert server.answers[first.id]["duration_ms"] == 9000


async def test_a_retry_after_a_lost_answer_is_byte_identical(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1), faults=[Fault("submit", "lost"), Fault("submit", "refused")])
    desk = await make_desk(server)
    await until(lambda: desk.current)
    desk.decide(Decision("incorrect", {"text": "⌀16,4 ±0,1"}, 0.6))
    await until(lambda: desk.state.stage is Stage.DRAINED)
    await clock.advance(3.1)
    await until(lambda: desk.state.stage is Stage.OFFLINE)
    assert desk.state.unsent == 1
    await clock.run_until(lambda: desk.state.unsent == 0, most=90)
    sent = server.bodies("task-000")
    assert len(sent) == 3
    assert len(set(sent)) == 1
    assert json.loads(sent[0][1])["corrected_value"] == {"text": "⌀16,4 ±0,1"}


async def test_a_refused_verdict_is_parked_and_blocks_nobody(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(4), faults=[Fault("submit", 422, "validation_error", only_task="task-000")])
    desk = await make_desk(server, undo_seconds=0.0)
    for _ in range(3):
        await until(lambda: desk.current)
        desk.decide(Decision("correct"))
    await until(lambda: desk.state.parked == 1 and len(server.answers) == 1)
    parked = desk.history()[-1]
    assert parked.state is SendState.PARKED
    assert "validation_error" in parked.detail
    assert len(server.bodies("task-000")) == 1


async def test_offline_then_healed(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    server.down = True
    for _ in range(3):
        desk.decide(Decision("correct"))
    await clock.advance(4)
    await until(lambda: desk.state.stage is Stage.OFFLINE)
    assert desk.state.retry_in is not None
    assert desk.state.message
    assert desk.state.next_step
    assert desk.state.unsent == 3
    server.down = False
    desk.retry_now()
    await until(lambda: desk.current)
    await clock.run_until(lambda: len(server.answers) == 3, most=60)
    assert [name for operation, name, _, _ in server.calls if operation == "submit"] == names(3)


async def test_nothing_is_sent_after_401_until_the_next_sign_in(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    first = desk.current
    desk.decide(Decision("correct"))
    server.credential = "other"
    shown = desk.current
    desk.decide(Decision("correct"))
    await clock.advance(4)
    await until(lambda: desk.state.stage is Stage.SIGNED_OUT)
    before = len(server.calls)
    await clock.advance(300)
    assert len(server.calls) == before
    now_shown = desk.current
    await clock.finish(desk.close())
    assert shown is not None
    assert now_shown is not None

    stranger = await make_desk(server, annotator="annotator-2", credential="other", prefetch=2)
    await until(lambda: stranger.current)
    await clock.advance(60)
    assert not server.answers  # nobody else's login sends these

    again = await make_desk(server, credential="other", prefetch=2)
    assert again.current is not None
    assert again.current.id == now_shown.id
    await clock.run_until(lambda: len(server.answers) == 2)
    assert first is not None
    assert first.id in server.answers


async def test_a_server_that_gives_one_task_at_a_time(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(6), max_held=1, extensions=False)
    desk = await make_desk(server)
    seen = []
    for _ in range(6):
        await until(lambda: desk.current)
        assert desk.current is not None
        seen.append(desk.current.id)
        desk.decide(Decision("correct"))
        await clock.advance(0.3)
    assert seen == names(6)
    await until(lambda: len(server.answers) == 6)


async def test_never_more_claims_than_the_server_allows(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(30), max_held=3)
    desk = await make_desk(server)
    most = 0
    for _ in range(12):
        await until(lambda: desk.current)
        most = max(most, len(server.held))
        desk.decide(Decision("correct"))
        await clock.advance(1)
    assert most <= 3
    seen = [row.task.id for row in desk.history()]
    assert len(seen) == len(set(seen)) == 12


async def test_the_first_question_of_the_embedded_workspace_needs_no_server(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server, embedded=True, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2 and desk.state.total)
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.ahead == 2)
    shown, after, before = desk.current, desk.upcoming(), desk.state
    await clock.finish(desk.close())
    assert len(server.held) == 3  # kept, the answered one was sent
    server.down = True
    clock.lid_closed(86_400)
    again = await make_desk(server, embedded=True, prefetch=2)
    assert again.state.stage is Stage.TASK
    assert (again.current, again.upcoming()) == (shown, after)
    assert (again.state.campaign_name, again.state.done, again.state.total) == ("Scripted", 1, before.total)
    assert again.state.recent[-1].task.id == "task-000"
    again.decide(Decision("unsure"))
    server.down = False
    again.shown()
    await clock.run_until(lambda: again.state.ahead == 2)
    assert len({call[1] for call in server.calls if call[0] == "next_task"}) == 1
    assert len(server.held) == 4


async def test_claims_are_given_back_at_the_end(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    desk = await make_desk(server, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    desk.decide(Decision("correct"))
    await clock.finish(desk.close())
    assert server.answers.keys() == {"task-000"}
    assert server.held == []
    await desk.close()


async def test_after_the_lid_was_closed_no_stale_task_is_shown(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10), extensions=False)
    desk = await make_desk(server, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    stale = desk.upcoming()
    assert stale is not None
    clock.lid_closed(7200)
    server.held = []  # their leases ran out; somebody else has answered the next one
    server.tasks.remove(stale.id)
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.current)
    assert desk.current is not None
    assert desk.current.id != stale.id
    assert stale.id not in [row.task.id for row in desk.history()]


async def test_claims_are_renewed_while_somebody_is_there(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10), lease_seconds=60)
    desk = await make_desk(server, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    await clock.run_until(lambda: server.count("renew") >= 3, most=30)
    for _ in range(60):
        await clock.advance(5)
    await until(lambda: server.count("renew") > 20)
    assert desk.state.ahead == 2
    for _ in range(500):
        await clock.advance(5)
    renewed = server.count("renew")
    for _ in range(50):
        await clock.advance(5)
    assert server.count("renew") == renewed  # nobody pressed a key for half an hour: others want to work too
    assert desk.current is not None


async def test_two_desks_on_one_home_send_each_answer_once(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(60), max_held=100)
    desks = [await make_desk(server, undo_seconds=0.0) for _ in range(2)]
    for _ in range(10):
        for desk in desks:
            await until(partial(getattr, desk, "current"))
            desk.decide(Decision("correct"))
    await until(lambda: len(server.answers) == 18)  # the last one of each can still be taken back
    for desk in desks:
        await clock.finish(desk.close())
    await until(lambda: len(server.answers) == 20)
    assert server.count("submit") == 20


def newest_sent(desk: AnnotateSession) -> bool:
    return desk.state.recent[-1].state is SendState.SENT


async def test_what_another_window_sent_is_shown_as_sent(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1))
    desk = await make_desk(server)
    await until(lambda: desk.current)
    server.faults.append(Fault("submit", "refused"))
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.stage is Stage.OFFLINE, step=1.0)
    other = await make_desk(server)
    for one in (desk, other):
        await clock.run_until(partial(newest_sent, one), most=60)
        assert one.state.unsent == 0
    assert server.count("submit") == 2


async def test_a_drained_queue_explains_itself_and_is_asked_again(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1))
    desk = await make_desk(server)
    await until(lambda: desk.current)
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.stage is Stage.DRAINED)
    assert desk.state.can_undo
    assert "You're done" in desk.state.message
    assert desk.state.next_step
    asked = server.count("next_task")
    await clock.advance(5)
    assert server.count("next_task") == asked
    server.tasks.append("task-late")
    desk.retry_now()
    await until(lambda: desk.current)
    assert desk.current is not None
    assert desk.current.id == "task-late"


async def test_the_end_of_the_queue_says_the_number_of_the_status_line(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(3))
    desk = await make_desk(server)
    for _ in range(3):
        await clock.run_until(lambda: desk.current)
        desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.stage is Stage.DRAINED)
    for unsent in (1, 0):  # with the last answer on the desk, and when the server has it
        await clock.run_until(lambda: desk.state.unsent <= unsent)  # noqa: B023
        assert (desk.state.done, desk.state.total) == (3, 3)
        assert "You're done: 3 of 3 answered." in desk.state.message


async def test_a_refused_campaign_is_said_in_words(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(5), faults=[Fault("next_task", 403, "insufficient_scope")])
    desk = await make_desk(server)
    await until(lambda: desk.state.stage is Stage.REFUSED)
    assert "may not work in this campaign" in desk.state.message
    desk.retry_now()
    await until(lambda: desk.current)


async def test_html_is_not_an_answer(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(2), faults=[Fault("submit", "html")])
    desk = await make_desk(server, undo_seconds=0.0)
    for _ in range(2):
        await clock.run_until(lambda: desk.current)
        desk.decide(Decision("correct"))
    await clock.run_until(lambda: len(server.answers) == 2)
    assert len(set(server.bodies("task-000"))) == 1


async def test_an_answer_after_the_close_is_kept_late(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(1))
    desk = await make_desk(server)
    await until(lambda: desk.current)
    server.closed = True
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.unsent == 0)
    assert desk.state.recent[-1].state is SendState.LATE
    assert "uncounted" in desk.state.recent[-1].detail


async def test_without_a_credential_the_desk_says_so_and_keeps_what_is_there(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(5))
    desk = await make_desk(server, credential=None)
    await until(lambda: desk.state.stage is Stage.SIGNED_OUT)
    assert "Sign in again" in desk.state.next_step


async def test_429_holds_everything_back(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(20))
    desk = await make_desk(server, undo_seconds=0.0, prefetch=2)
    await until(lambda: desk.current and desk.state.ahead == 2)
    server.faults += [Fault("submit", 429, "rate_limited") for _ in range(50)]
    server.faults += [Fault("next_task", 429, "rate_limited") for _ in range(50)]
    desk.decide(Decision("correct"))
    desk.decide(Decision("correct"))
    await until(lambda: desk.state.retry_in is not None)
    before = len(server.calls)
    for _ in range(240):
        await clock.advance(0.25)
    assert len(server.calls) - before <= 10


async def test_a_verdict_the_server_chokes_on_lets_the_others_pass(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(8))
    server.faults += [Fault("submit", 500, "internal_error", only_task="task-000") for _ in range(1000)]
    desk = await make_desk(server, undo_seconds=0.0)
    for _ in range(3):
        await clock.run_until(lambda: desk.current)
        desk.decide(Decision("correct"))
    await clock.run_until(lambda: "task-001" in server.answers, most=300)
    server.faults.clear()
    await clock.run_until(lambda: "task-000" in server.answers, most=120)
