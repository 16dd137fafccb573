"""Two windows of one person on one home, and how far ahead a window looks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.models import Decision, Stage
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.running_instances import RunningInstances
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, SheetRef
from tests.desk.conftest import MakeDesk, NoDrawings
from tests.support.labeling_server import FakeClock, ScriptedServer, names

ANN = Address("http://a.localhost", "ann", "c1")


def shown(*desks: AnnotateSession) -> list[str]:
    return [desk.current.id for desk in desks if desk.current is not None]


async def test_two_windows_never_show_the_same_question(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(30))
    one = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: one.current and one.state.ahead >= 2)
    two = await make_desk(server, undo_seconds=0.0)
    answered: list[str] = []
    while len(answered) < 30:
        await clock.run_until(lambda: one.current or two.current)
        assert len(set(shown(one, two))) == len(shown(one, two))
        for desk in (one, two):
            if desk.current is not None:
                answered += shown(desk)
                desk.decide(Decision("correct"))
        await clock.advance(2.5)
    assert sorted(answered) == names(30)
    await clock.run_until(lambda: len(server.answers) == 30)
    # Scripted time may run out a lease while a thread writes: then the very same request goes out again, no other.
    assert {len(set(server.bodies(name))) for name in names(30)} == {1}


async def test_a_second_window_does_not_take_over_what_the_first_has_on_its_desk(
    make_desk: MakeDesk, clock: FakeClock
) -> None:
    server = ScriptedServer(names(20))
    one = await make_desk(server)
    await clock.run_until(lambda: one.state.ahead >= 2)
    await clock.advance(6)  # the first has written down what it holds
    two = await make_desk(server)
    assert two.current is None
    await clock.run_until(lambda: two.current)
    assert len(set(shown(one, two))) == 2


async def test_a_window_with_nothing_says_where_the_questions_are(make_desk: MakeDesk, clock: FakeClock) -> None:
    server = ScriptedServer(names(20), max_held=1, extensions=False)  # gives the same one until it is answered
    one = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: one.current)
    two = await make_desk(server, undo_seconds=0.0)
    await clock.run_until(lambda: "other window" in two.state.message)
    assert two.state.stage is Stage.LOADING
    await clock.finish(one.close())  # its claim stays with the person
    await clock.run_until(lambda: two.current)
    assert shown(two) == ["task-000"]


def test_a_window_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    alive = {"one", "two"}
    made = [
        RunningInstances(StateStore(tmp_path / "memory.sqlite"), ANN, mark, alive=alive.__contains__)
        for mark in ("one", "two")
    ]
    one, two = made
    assert one.reserve("a")
    assert not two.reserve("a")
    assert two.reserve("b")
    one.update(["a"])
    assert (one.others, two.others) == (1, 1)
    alive.remove("one")  # killed: it could not say goodbye
    assert two.reserve("a")
    assert two.others == 0
    two.remove()
    assert RunningInstances(StateStore(tmp_path / "memory.sqlite"), ANN, "three").reserve("a")


class SlowDrawings(NoDrawings):
    """Each picture is there `seconds` after it was prepared."""

    def __init__(self, clock: FakeClock, seconds: float) -> None:
        super().__init__()
        self.clock, self.seconds = clock, seconds
        self.due: dict[PictureRequest, float] = {}

    def prepare(self, ref: SheetRef, request: PictureRequest) -> None:
        self.due.setdefault(request, self.clock.now + self.seconds)

    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None:
        there = self.due.get(request, self.clock.now + 1) <= self.clock.now
        return NoPicture("There is no drawing here.") if there else None

    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture:
        self.prepare(ref, request)
        await self.clock.sleep(self.due[request] - self.clock.now)
        return NoPicture("There is no drawing here.")


async def decide_calmly(desk: AnnotateSession, clock: FakeClock) -> None:
    """Twelve decisions of twelve seconds each."""
    form = PictureRequest(40, 20)
    desk.pictures.prepare(lambda task: replace(form, bbox=task.bbox))
    for _ in range(12):
        await clock.run_until(lambda: desk.current)
        assert desk.current is not None
        request = replace(form, bbox=desk.current.bbox)
        if desk.pictures.ready(desk.current, request) is None:
            await clock.finish(desk.pictures.picture(desk.current, request))
        desk.shown()
        await clock.advance(12)
        desk.key()
        desk.decide(Decision("correct"))


@pytest.mark.parametrize(("seconds", "ahead"), [(0.0, 2), (9.0, 3)])
async def test_slow_pictures_are_met_with_more_tasks_ahead(
    make_desk: MakeDesk, clock: FakeClock, seconds: float, ahead: int
) -> None:
    server = ScriptedServer(names(60), boxes=True)
    desk = await make_desk(server, drawings=SlowDrawings(clock, seconds))
    await decide_calmly(desk, clock)
    await clock.run_until(lambda: desk.state.ahead == ahead, most=30)
    await clock.run_until(lambda: desk.state.unsent == 1, step=5)
    assert desk.state.ahead == ahead
