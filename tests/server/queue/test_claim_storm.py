"""Fifty people at once, over HTTP, against a real uvicorn."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict

import pytest
from sqlalchemy import select

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.schema import submissions, tasks
from tests.server.house import House
from tests.server.live import Lean, uvicorn_serving
from tests.server.storm import signed_in
from tests.server.web import LABELING

PEOPLE, TASKS, VOTES = 50, 60, 3


@pytest.mark.slow
async def test_fifty_people_share_the_work_exactly(house: House) -> None:
    campaign = house.campaign(target_redundancy=VOTES, gold_fraction=0.1)
    house.add(campaign, *[{}] * TASKS, *[{"is_gold": True, "gold_answer": "correct"}] * 20)
    people = signed_in(house, campaign, PEOPLE)
    settings = ServerSettings(
        database_url="unused", requests_per_minute_per_caller=None, requests_per_minute_per_key=None
    )
    clock = iter(range(10**9))

    def tick() -> object:  # every request at its own instant: claims can be ordered exactly
        house.pass_time(microseconds=next(clock) % 2 + 1)
        return house.now

    app = create_app(settings, store=house.store, clock=tick)  # type: ignore[arg-type]
    served: dict[str, list[str]] = defaultdict(list)

    async def work(token: str, port: int) -> None:
        async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
            while True:
                status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
                assert status == 200
                if task is None:
                    break
                served[token].append(task["id"])
                status, _answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
                assert status == 201

    with uvicorn_serving(app) as port:
        for _round in range(2):  # the second comes back for what others held when the first one ended
            await asyncio.gather(*(work(token, port) for token in people))

    with house.store.read() as connection:
        ordinary = connection.execute(select(tasks).where(~tasks.c.is_gold)).all()
        given = connection.execute(select(submissions)).all()
    assert {(row.status, row.submission_count) for row in ordinary} == {("resolved", VOTES)}
    assert max(Counter((row.task_id, row.voter_id) for row in given).values()) == 1
    assert all(len(ids) == len(set(ids)) for ids in served.values())
    held = defaultdict(list)
    for row in given:
        assert row.counted
        assert not row.late
        held[row.task_id].append((row.claimed_at, row.created_at))
    for spans in held.values():
        spans.sort()
        for (_start, end), (start, _end) in itertools.pairwise(spans):
            assert end <= start, "two people held one task at the same time"
