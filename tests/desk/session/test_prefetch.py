"""Prefetch: how many questions are held, and what becomes of them while the server is away."""

from __future__ import annotations

from gonogo.desk.core.models import Decision, Stage
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import FakeClock, ScriptedServer, names, until


async def test_five_questions_are_held_at_the_usual_pace_and_fewer_at_a_slow_one(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(40))
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead == 4)
    assert len(server.held) == 5
    for _ in range(12):
        await clock.run_until(lambda: desk.current)
        desk.shown()
        await clock.advance(30)
        desk.decide(Decision("correct"))
        await clock.run_until(lambda: desk.current and desk.state.unsent <= 1)
    await clock.run_until(lambda: desk.state.ahead == 2, most=20)
    await clock.run_until(lambda: desk.state.unsent == 1, step=5)
    assert desk.state.ahead == 2


async def test_with_the_server_away_work_goes_on_for_all_that_are_ahead_whatever_their_leases(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(40), lease_seconds=60)
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.state.ahead == 4)
    server.down = True
    for left in (4, 3, 2, 1, 0):
        await clock.advance(45)
        assert desk.state.stage is Stage.TASK
        assert desk.state.ahead == left
        desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.state.stage is Stage.OFFLINE)
    server.down = False
    await clock.run_until(lambda: len(server.answers) == 5)
