"""How fast the work goes, how long the rest takes, and the words a server knows the verdicts by."""

from __future__ import annotations

import json

import pytest

from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.models import Decision, SendState
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import FakeClock, ScriptedServer, names, until


async def answer(desk: AnnotateSession, clock: FakeClock, *, waiting: float, looking: float) -> None:
    await until(lambda: desk.current)
    await clock.advance(waiting)
    desk.shown()
    await clock.advance(looking)
    desk.key()
    desk.decide(Decision("correct"))
    await clock.run_until(lambda: desk.current)


async def test_the_pace_appears_after_ten_answers_and_gives_the_time_left(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(60))
    desk = await make_desk(server, undo_seconds=0.0)
    await until(lambda: desk.current and desk.state.total == 60)
    for looking in (2.0, 50.0, *[2.0] * 7):
        await answer(desk, clock, waiting=1.0, looking=looking)
        assert desk.state.pace is None
    await answer(desk, clock, waiting=1.0, looking=2.0)
    assert desk.state.pace == pytest.approx(3.0, abs=0.3)  # one long look does not move it
    assert desk.state.pace is not None
    assert desk.state.left_seconds == pytest.approx(50 * desk.state.pace)
    for _ in range(20):
        await answer(desk, clock, waiting=0.0, looking=1.0)
    assert desk.state.pace == pytest.approx(1.0, abs=0.3)
    assert len(desk.state.recent) == 8


async def test_a_little_faster_or_slower_does_not_move_the_pace(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(60))
    desk = await make_desk(server, undo_seconds=0.0)
    for _ in range(10):
        await answer(desk, clock, waiting=0.0, looking=4.0)
    paces = {desk.state.pace}
    for number in range(30):
        await answer(desk, clock, waiting=0.0, looking=3.8 + 0.1 * (number % 5))
        paces.add(desk.state.pace)
    assert len(paces) == 1


async def test_pace_is_known_from_the_last_run(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(40))
    desk = await make_desk(server)
    for _ in range(10):
        await answer(desk, clock, waiting=0.0, looking=2.0)
    await clock.finish(desk.close())
    again = await make_desk(server)
    assert again.state.pace == pytest.approx(2.0, abs=0.3)


async def test_the_servers_own_words_travel(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(10))
    words = {"correct": "ok", "incorrect": "wrong", "fix": "modified", "unsure": "skip"}
    desk = await make_desk(server, undo_seconds=0.0, verdicts=words)
    given = [Decision("correct"), Decision("incorrect"), Decision("incorrect", {"text": "⌀5"}), Decision("unsure")]
    for decision in given:
        await clock.run_until(lambda: desk.current)
        desk.decide(decision)
    await clock.run_until(lambda: desk.state.unsent == 0, step=5)
    sent = [json.loads(body)["verdict"] for operation, _, _, body in server.calls if operation == "submit"]
    assert sent == ["ok", "wrong", "modified", "skip"]
    rows = desk.history()[::-1]
    assert [row.state for row in rows] == [SendState.SENT] * 4  # the receipt names the server's word, too
    assert [row.decision.verdict for row in rows] == ["correct", "incorrect", "incorrect", "unsure"]


async def test_a_word_the_settings_do_not_name_travels_as_it_is(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(2))
    desk = await make_desk(server, verdicts={"correct": "ok"})
    await until(lambda: desk.current)
    desk.decide(Decision("not_on_this_sheet"))
    await clock.run_until(lambda: server.answers, step=5)
    assert [one["verdict"] for one in server.answers.values()] == ["not_on_this_sheet"]
