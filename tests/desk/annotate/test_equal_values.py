"""Pages of equal values: claimed ahead, confirmed at once, each item an answer of its own."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.desk.annotate.answer_timer import split_times, sum_times
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.core.errors import DeskError
from gonogo.desk.core.models import Decision, SendState, Stage, Times
from tests.desk.conftest import MakeDesk
from tests.support.labeling_server import FakeClock, Fault, ScriptedServer, names, until


async def page_desk(make_desk: MakeDesk, n: int, *, limit: int = 4) -> tuple[ScriptedServer, AnnotateSession]:
    """A desk that was in the campaign before, and shows its first page."""
    server = ScriptedServer(names(n), grouping=True)
    before = await make_desk(server, start=True)
    await until(lambda: before.takes_notes and before.guideline)
    await before.close()
    server.held.clear()
    desk = await make_desk(server, start=False)
    desk.page.limit(limit)
    await desk.start()
    await until(lambda: len(desk.page.tasks) == min(limit, n))
    return server, desk


def all_correct(ids: Iterable[str]) -> dict[str, Decision]:
    return {task: Decision("correct") for task in ids}


async def test_a_page_becomes_as_many_answers_whose_times_add_up(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 30, limit=7)
    ids = desk.page.ids
    assert desk.current is None
    assert desk.state.stage is Stage.TASK
    clock.now += 3  # waiting for the crops
    desk.shown()
    clock.now += 10.003
    desk.key()
    desk.page.decide({**all_correct(ids), ids[2]: Decision("incorrect")})
    assert desk.page.ids != ids, "the next page is there"
    clock.now += 3
    desk.page.decide(all_correct(desk.page.ids))
    await clock.advance(3.1)
    await until(lambda: set(ids) <= set(server.answers))
    answers = [server.answers[task] for task in ids]
    assert [answer["group_size"] for answer in answers] == [7] * 7
    assert sum(answer["duration_ms"] for answer in answers) == 10_003
    assert max(a["duration_ms"] for a in answers) - min(a["duration_ms"] for a in answers) <= 1
    assert [answer["verdict"] for answer in answers].count("incorrect") == 1
    keys = {key for task in ids for key, _body in server.bodies(task)}
    assert len(keys) == 7, "each has an idempotency key of its own"


async def test_a_page_is_saved_as_a_whole_or_not_at_all(make_desk: MakeDesk, folder: Path) -> None:
    _server, desk = await page_desk(make_desk, 12)
    ids = desk.page.ids
    broken = {**all_correct(ids), ids[3]: Decision("incorrect", {"text": "\ud800"})}
    with pytest.raises(DeskError):
        desk.page.decide(broken)
    assert desk.page.ids == ids
    with sqlite3.connect(folder / "outbox.sqlite") as database:
        stored = {row[0] for row in database.execute("SELECT task_id FROM verdict")}
    assert stored.isdisjoint(ids)


async def test_undo_takes_the_whole_page_back_with_its_verdicts_and_time(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 12)
    ids, done = desk.page.ids, desk.state.done
    desk.shown()
    clock.now += 4
    desk.page.decide({**all_correct(ids), ids[1]: Decision("incorrect")})
    following = desk.page.ids
    assert desk.state.done == done + 4
    await clock.advance(10)
    assert all(answer.state is SendState.ON_DESK for answer in desk.state.recent[-4:]), "nothing came after it"
    assert desk.undo() is not None
    assert desk.page.ids == ids
    assert desk.page.taken_back == {**dict.fromkeys(ids, "correct"), ids[1]: "incorrect"}
    assert desk.state.done == done
    assert not set(ids) & set(server.answers)
    desk.shown()
    clock.now += 1
    desk.page.decide(all_correct(ids))
    assert desk.page.ids == following
    assert sum(answer.decision.times.duration_ms for answer in desk.state.recent[-4:]) == 5000


async def test_a_sent_page_cannot_be_taken_back(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 8)
    ids = desk.page.ids
    desk.page.decide(all_correct(ids))
    desk.page.decide(all_correct(desk.page.ids))
    await clock.advance(60)
    await until(lambda: set(ids) <= set(server.answers))
    undone = desk.undo()
    assert undone is None or undone[0].id not in ids


async def test_what_does_not_fit_comes_as_the_next_page_and_what_has_no_drawing_alone(make_desk: MakeDesk) -> None:
    _server, desk = await page_desk(make_desk, 20, limit=6)
    ids = desk.page.ids
    desk.page.decide(all_correct(ids[:3]), alone=[ids[4]])
    assert desk.current is not None
    assert desk.current.id == ids[4]
    desk.decide(Decision("unsure"))
    assert desk.page.ids == [ids[3], ids[5]]


async def test_a_page_can_be_answered_one_by_one(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 20)
    ids = desk.page.ids
    desk.page.ask_alone()
    for task in ids:
        assert desk.current is not None
        assert desk.current.id == task
        desk.decide(Decision("correct"))
    assert desk.page.tasks
    await clock.advance(10)
    await until(lambda: ids[0] in server.answers)
    assert "group_size" not in server.answers[ids[0]]


async def test_the_next_page_is_claimed_meanwhile_within_the_limit(make_desk: MakeDesk) -> None:
    server, desk = await page_desk(make_desk, 200, limit=24)
    await until(lambda: len(desk.page.upcoming) == 24)
    assert len(server.held) <= 72
    limits = [json.loads(body)["limit"] for operation, _name, _key, body in server.calls if operation == "next_group"]
    assert set(limits[-2:]) == {24}


async def test_after_a_restart_the_page_is_back_without_the_network(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 30, limit=5)
    await until(lambda: desk.state.ahead >= 10)
    server.down = True
    for _page in range(2):
        desk.page.decide(all_correct(desk.page.ids))
    await clock.run_until(lambda: desk.state.retry_in is not None, most=60)
    ids = desk.page.ids
    await desk.close()
    again = await make_desk(server)
    assert again.page.ids == ids
    assert len(ids) == 5


async def test_offline_a_page_waits_on_the_disk(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 8)
    ids = desk.page.ids
    server.down = True
    desk.page.decide(all_correct(ids))
    desk.page.decide(all_correct(desk.page.ids))
    await clock.advance(5)
    assert desk.state.unsent >= 8
    server.down = False
    desk.retry_now()
    await clock.run_until(lambda: set(ids) <= set(server.answers), most=120)


async def test_one_refused_item_of_a_page_holds_up_no_other(make_desk: MakeDesk, clock: FakeClock) -> None:
    server, desk = await page_desk(make_desk, 8)
    ids = desk.page.ids
    server.faults.append(Fault("submit", 422, "validation_error", only_task=ids[1]))
    desk.page.decide(all_correct(ids))
    desk.page.decide(all_correct(desk.page.ids))
    await clock.run_until(lambda: {*ids} - {ids[1]} <= set(server.answers), most=60)
    await until(lambda: desk.state.parked == 1)


async def test_a_campaign_without_pages_is_asked_as_ever(make_desk: MakeDesk) -> None:
    server = ScriptedServer(names(12))
    desk = await make_desk(server)
    desk.page.limit(9)
    await until(lambda: desk.current and desk.guideline and desk.state.ahead >= 2)
    assert server.count("next_group") == 0
    assert not desk.page.tasks


async def test_in_a_terminal_for_one_drawing_tasks_come_one_by_one(make_desk: MakeDesk) -> None:
    server = ScriptedServer(names(30), grouping=True)
    desk = await make_desk(server)
    await until(lambda: desk.current and desk.guideline and desk.state.ahead >= 2)
    for _answer in range(10):
        await until(lambda: desk.current)
        desk.decide(Decision("correct"))
    await until(lambda: server.count("next_group"))
    assert not desk.page.tasks


COUNTS = st.integers(0, 10_000_000)


@given(st.builds(Times, COUNTS, COUNTS, COUNTS, COUNTS, st.booleans()), st.integers(1, 24))
def test_shares_of_a_page_add_up_and_differ_by_a_millisecond(times: Times, n: int) -> None:
    shares = split_times(times, n)
    assert sum_times(shares) == times
    assert sum(share.duration_ms for share in shares) == times.duration_ms
    assert max(share.looking for share in shares) - min(share.looking for share in shares) <= 1
