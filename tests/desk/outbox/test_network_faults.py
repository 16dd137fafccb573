"""Whatever a server, a network or a clock does: each verdict ends delivered, kept, or parked with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gonogo.desk.annotate.resume_store import load, save
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.models import Decision, SendState, Stage
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import BASE, CAMPAIGN, FakeClock, Fault, ScriptedServer, names

SENT, LATE, PARKED = SendState.SENT, SendState.LATE, SendState.PARKED


def conflict(reason: str, **more: Any) -> dict[str, Any]:
    return {"how": 409, "details": {"reason": reason, **more}}


# what one answer to the first verdict leads to, and what the history then says of it
CASES: dict[str, tuple[dict[str, Any], SendState, str]] = {
    "403": ({"how": 403, "code": "forbidden"}, PARKED, "403 forbidden"),
    "404": ({"how": 404, "code": "not_found"}, PARKED, "404 not_found"),
    "410": ({"how": 410, "code": "gone"}, PARKED, "410 gone"),
    "413": ({"how": 413, "code": "too_large"}, PARKED, "413"),
    "422": (
        {
            "how": 422,
            "code": "validation_error",
            "details": {"errors": [{"loc": ["body", "verdict"], "msg": "unknown"}]},
        },
        PARKED,
        "body.verdict: unknown",
    ),
    "409 in flight": ({"how": 409, "code": "idempotency_in_flight"}, SENT, ""),
    "409 other body": ({"how": 409, "code": "idempotency_conflict"}, PARKED, "another request"),
    "409 answered before": (conflict("already_submitted"), PARKED, "the first answer stands"),
    "409 answered before, kept": (conflict("already_submitted", receipt_id="r"), LATE, "uncounted"),
    "409 closed, kept": (conflict("campaign_closed", receipt_id="r"), LATE, "closed"),
    "409 closed": (conflict("campaign_closed"), PARKED, "409"),
    "409 settled, kept": (conflict("task_resolved", receipt_id="r"), LATE, "settled"),
    "409 settled": (conflict("task_resolved"), PARKED, "409"),
    "409 revoked, kept": (conflict("assignment_revoked", receipt_id="r"), LATE, "were removed"),
    "409 unknown reason": (conflict("moon_phase"), PARKED, "409"),
    "429": ({"how": 429, "code": "rate_limited"}, SENT, ""),
    "500": ({"how": 500, "code": "internal_error"}, SENT, ""),
    "502": ({"how": 502, "code": "bad_gateway"}, SENT, ""),
    "503": ({"how": 503, "code": "unavailable"}, SENT, ""),
    "html": ({"how": "html"}, SENT, ""),
    "truncated JSON": ({"how": "truncated"}, SENT, ""),
    "stall": ({"how": "stall"}, SENT, ""),
    "reset before the answer": ({"how": "lost"}, SENT, ""),
    "refused": ({"how": "refused"}, SENT, ""),
    "DNS away": ({"how": "dns"}, SENT, ""),
}


async def answer(desk: AnnotateSession, clock: FakeClock, count: int = 1) -> None:
    for _ in range(count):
        await clock.run_until(lambda: desk.current)
        desk.decide(Decision("correct"))


def by_task(desk: AnnotateSession) -> dict[str, tuple[SendState, str]]:
    return {one.task.id: (one.state, one.detail) for one in desk.history()}


def each_once(server: ScriptedServer) -> None:
    """No verdict travelled as two requests: one key and one body a task, however often it was tried."""
    for task in server.tasks:
        assert len(set(server.bodies(task))) <= 1


@pytest.mark.parametrize("name", CASES)
async def test_each_answer_ends_well(make_desk: MakeDesk, clock: FakeClock, name: str) -> None:
    how, state, detail = CASES[name]
    server = ScriptedServer(names(3), faults=[Fault("submit", only_task="task-000", **how)])
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 3)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    found = by_task(desk)
    assert found["task-000"][0] is state
    assert detail in found["task-000"][1]
    assert {found[task][0] for task in ("task-001", "task-002")} == {SENT}  # and it held up nobody
    assert ("task-000" in server.answers) == (state is SENT)
    each_once(server)


async def test_401_keeps_the_question_and_the_answers(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(5), faults=[Fault("submit", 401, "invalid_session")])
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 2)
    await clock.run_until(lambda: desk.state.stage is Stage.SIGNED_OUT)
    shown = desk.current
    assert shown is not None
    assert desk.state.next_step.startswith("Press r to sign in again")
    assert {state for state, _ in by_task(desk).values()} <= {SendState.QUEUED, SendState.ON_DESK}
    await clock.finish(desk.close())
    again = await make_desk(server, undo_seconds=0.0)  # signed in again
    assert again.current == shown
    await clock.run_until(lambda: again.state.unsent == 0)
    assert {state for state, _ in by_task(again).values()} == {SENT}
    each_once(server)


@pytest.mark.parametrize("begun", [True, False])
async def test_a_question_with_a_draft_stays_though_its_claim_ended(
    make_desk: MakeDesk, clock: FakeClock, begun: bool
) -> None:
    """Signed out, given back on the server, and signed in again: who typed something is asked the same again."""
    server = ScriptedServer(names(8), faults=[Fault("submit", 401, "invalid_session")])
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 2)
    await clock.run_until(lambda: desk.state.stage is Stage.SIGNED_OUT)
    shown = desk.current
    assert shown is not None
    await clock.finish(desk.close())
    server.held.remove(shown.id)  # revoked, and invited again
    again = await make_desk(server, undo_seconds=0.0)
    assert again.current == shown
    if begun:
        again.begun()
    again.shown()
    await clock.run_until(lambda: again.state.unsent == 0 and server.count("renew") >= 1)
    await clock.advance(1)
    assert (again.current == shown) == begun


@pytest.mark.parametrize("days", [-1, 1])
async def test_a_clock_set_to_another_day_changes_nothing(make_desk: MakeDesk, clock: FakeClock, days: int) -> None:
    server = ScriptedServer(names(8), faults=[Fault("submit", "lost")])
    desk = await make_desk(server)
    await answer(desk, clock, 2)
    shown = desk.current
    clock.shifted = days * 86400.0
    await clock.advance(1)
    assert desk.current == shown
    await answer(desk, clock, 6)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    assert [one.task.id for one in desk.history()] == names(8)[::-1]  # in order, though the clock ran back
    assert {state for state, _ in by_task(desk).values()} == {SENT}
    each_once(server)


@pytest.mark.parametrize("extensions", [True, False])
async def test_ten_minutes_away_from_the_desk(make_desk: MakeDesk, clock: FakeClock, extensions: bool) -> None:
    """Claims are renewed where they can be; where not, what ran out is not shown. The pause is not time at work."""
    server = ScriptedServer(names(8), extensions=extensions, lease_seconds=300)
    desk = await make_desk(server)
    await clock.run_until(lambda: desk.current and desk.state.ahead >= 2)
    desk.shown()
    shown, begun = desk.current, list(server.held)
    for _ in range(120):
        await clock.advance(5)
        if clock.now > 1300 and not extensions:
            server.held.clear()  # on the server they are free again
    assert desk.current == shown is not None  # a question that was looked at stays
    assert (server.count("renew") >= 2 * len(begun)) == extensions
    await answer(desk, clock, 8)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    assert set(server.answers) == set(names(8))
    assert 60_000 <= server.answers[names(8)[0]]["duration_ms"] <= 61_000
    each_once(server)


async def test_two_hours_of_sleep_lose_no_verdict(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(6))
    desk = await make_desk(server)
    await answer(desk, clock, 2)
    server.faults += [Fault("submit", "dns"), Fault("submit", "stall")]  # the network wakes up later
    clock.lid_closed(7200)
    server.held.clear()  # the leases ran out meanwhile
    await answer(desk, clock, 4)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    assert set(server.answers) == set(names(6))
    assert {state for state, _ in by_task(desk).values()} == {SENT}
    each_once(server)


@pytest.mark.slow
async def test_an_outage_with_every_kind_of_failure_is_survived(make_desk: MakeDesk, clock: FakeClock) -> None:
    """All are delivered when it is over."""
    server = ScriptedServer(names(5))
    desk = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: desk.state.ahead >= 2)
    kinds: list[int | str] = ["dns", "refused", "stall", "html", "truncated", 502, 503, 429]
    server.faults += [Fault(operation, how) for how in kinds for operation in ("submit", "next_task")]
    await answer(desk, clock, 5)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    assert set(server.answers) == set(names(5))
    each_once(server)


@pytest.mark.parametrize("how", [502, "html", "truncated", "lost"])
async def test_one_answer_that_always_fails_holds_up_no_other(
    make_desk: MakeDesk, clock: FakeClock, how: int | str
) -> None:
    """The rest is sent, the person reads which answer fails and why, and it is sent once the cause is gone."""
    poison = [Fault("submit", how, only_task="task-001") for _ in range(200)]
    server = ScriptedServer(names(5), faults=poison)
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 5)
    await clock.run_until(lambda: desk.state.unsent == 1, step=1)
    sent = {task for task, (state, _) in by_task(desk).items() if state is SENT}
    assert sent == {"task-000", "task-002", "task-003", "task-004"}
    await clock.run_until(lambda: "can't be delivered" in desk.state.message, step=1)
    assert "task-001" in desk.state.message
    tries = server.count("submit")
    await clock.advance(1200)
    assert server.count("submit") - tries <= 10  # with longer and longer pauses
    assert desk.state.stage is not Stage.OFFLINE
    server.faults.clear()
    desk.retry_now()
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    assert "can't be delivered" not in desk.state.message
    each_once(server)


async def test_an_outage_sets_no_answer_aside(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(4), faults=[Fault("submit", "dns") for _ in range(8)])
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 3)
    await clock.run_until(lambda: desk.state.unsent == 0, step=1)
    order = [call[1] for call in server.calls if call[0] == "submit"]
    assert list(dict.fromkeys(order)) == ["task-000", "task-001", "task-002"]
    each_once(server)


async def test_a_restored_question_that_was_delivered_long_ago_is_not_asked_again(
    make_desk: MakeDesk, clock: FakeClock, folder: Path
) -> None:
    """A killed program leaves questions on the disk; `outbox send` delivers them; the next start is minutes later."""
    server = ScriptedServer(names(6))
    desk = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: desk.current)
    memory, address = StateStore(folder / "memory.sqlite"), Address(BASE, "annotator-1", CAMPAIGN)
    await clock.run_until(lambda: load(memory, address, clock, forever=False).tasks)
    left_behind = load(memory, address, clock, forever=False)
    await answer(desk, clock, 2)
    await clock.run_until(lambda: desk.state.unsent == 0)
    await clock.finish(desk.close())
    save(memory, address, left_behind, clock)
    await clock.advance(130)
    again = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: again.current)
    assert again.current is not None
    assert again.current.id == "task-002"
    memory.close()


async def test_a_second_answer_is_not_called_delivered_when_the_first_one_stands(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    """The server asks again minutes later, the new answer's first try is cut, its second says: answered already."""
    server = ScriptedServer(names(2))
    desk = await make_desk(server, undo_seconds=0.0)
    await answer(desk, clock, 2)
    await clock.run_until(lambda: desk.state.unsent == 0)
    await clock.advance(130)
    server.tasks.insert(0, "task-000")
    first = server.answers.pop("task-000")
    desk.retry_now()
    await clock.run_until(lambda: desk.current is not None and desk.current.id == "task-000", step=1)
    server.answers["task-000"] = first
    server.faults += [Fault("submit", "lost"), Fault("submit", **conflict("already_submitted"))]
    desk.decide(Decision("incorrect"))
    await clock.run_until(lambda: desk.state.parked == 1, step=1)
    newest = desk.history()[0]
    assert (newest.state, newest.decision.verdict) == (PARKED, "incorrect")
    assert "the first answer stands" in newest.detail
