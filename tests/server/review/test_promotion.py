"""Promotion of a campaign that goes on meanwhile: measured ahead, and what moved since is seen."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from sqlalchemy import event, select

from gonogo.schemas.labeling import PromoteResult
from gonogo.schemas.review import AnnotatorActionCreate
from gonogo.server.review.promotion import measure_for_promotion, promote
from gonogo.server.store.schema import campaigns, golden_items
from tests.server.review.conftest import Bench
from tests.server.web import LABELING


async def settled(bench: Bench, n: int = 3) -> list[str]:
    made = []
    for index in range(n):
        task = await bench.task(predicted_value={"text": f"R{index}"})
        given = ("incorrect", "9") if index == 0 else "correct"
        await bench.vote(task, ann=given, bob=given)
        made.append(task)
    return made


def promoted(bench: Bench, ahead: Any, *, force: bool = False) -> PromoteResult:
    with bench.web.house.store.write() as connection:
        return promote(connection, bench.web.house.row(bench.campaign), force, bench.web.house.now, ahead)


async def test_what_was_measured_ahead_is_promoted_with_the_right_values(bench: Bench) -> None:
    wrong, right, _ = await settled(bench)
    store, now = bench.web.house.store, bench.web.house.now
    done = promoted(bench, measure_for_promotion(store, bench.campaign, now))
    assert (done.accepted, done.alpha, done.promoted) == (True, 1, 3)
    with store.read() as connection:
        rows = {row.task_id: row for row in connection.execute(select(golden_items)).all()}
    assert (rows[wrong].verdict, rows[wrong].value) == ("incorrect", {"text": "9"})
    assert (rows[right].verdict, rows[right].value, rows[right].forced) == ("correct", {"text": "R1"}, False)
    assert len({row.id for row in rows.values()}) == 3
    assert all(len(row.id) == 36 and row.id == row.id.lower() and row.promoted_at == now for row in rows.values())
    assert promoted(bench, measure_for_promotion(store, bench.campaign, now)).promoted == 0


@pytest.mark.parametrize("change", ["votes", "discount"])
async def test_a_change_between_measure_and_promotion_is_seen(bench: Bench, change: str) -> None:
    await settled(bench)
    store, now = bench.web.house.store, bench.web.house.now
    ahead = measure_for_promotion(store, bench.campaign, now)
    assert ahead.report.accepted
    if change == "votes":  # they disagree: what was accepted is not any more
        for _ in range(3):
            await bench.vote(await bench.task(), ann="correct", bob="incorrect")
    else:
        async with bench.api() as api:
            action = AnnotatorActionCreate(action="discount")
            await api.act_on_annotator(bench.campaign, bench.ids["bob"], action)
    done = promoted(bench, ahead)
    assert (done.accepted, done.promoted) == (False, 0)
    assert done.alpha != ahead.report.alpha


async def test_settings_that_changed_since_the_measure_count(bench: Bench) -> None:
    await settled(bench)
    await bench.vote(await bench.task(), ann="correct", bob="incorrect")
    store = bench.web.house.store
    with store.write() as connection:
        connection.execute(campaigns.update().values(acceptance_alpha=0.1))
    ahead = measure_for_promotion(store, bench.campaign, bench.web.house.now)
    assert ahead.report.accepted
    with store.write() as connection:
        connection.execute(campaigns.update().values(acceptance_alpha=0.99))
    assert promoted(bench, ahead).accepted is False


async def test_votes_are_read_before_the_transaction_and_apart_from_the_event_loop(bench: Bench) -> None:
    """Else every annotator would wait while a large campaign is measured."""
    await settled(bench)
    readers: list[int] = []

    def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if "FROM submissions" in sql and "LIMIT" not in sql:
            readers.append(threading.get_ident())

    event.listen(bench.web.house.store.engine, "before_cursor_execute", note)
    answer = await bench.web.lead.post(f"{LABELING}/campaigns/{bench.campaign}/promote")
    event.remove(bench.web.house.store.engine, "before_cursor_execute", note)
    assert answer.json() == {"accepted": True, "alpha": 1, "forced": False, "promoted": 3}
    assert readers
    assert threading.get_ident() not in readers


async def test_people_vote_while_campaigns_are_promoted(bench: Bench) -> None:
    """Nobody is refused, and each vote is either in the promoted set or still to be promoted."""
    await settled(bench)
    more = [await bench.task() for _ in range(12)]
    path = f"{LABELING}/campaigns/{bench.campaign}/promote"

    async def work() -> None:
        for task in more:
            await bench.vote(task, ann="correct", bob="correct")

    async def promotions() -> int:
        answers = [await bench.web.lead.post(path) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200] * 3
        return sum(answer.json()["promoted"] for answer in answers)

    _, first = await asyncio.gather(work(), promotions())
    rest = (await bench.web.lead.post(path)).json()["promoted"]
    assert first + rest == 15
