"""Numbers of the work on `/metrics`: what they count, and that a scrape costs the database nothing; both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import event, text

from gonogo.server.app import create_app
from gonogo.server.ops import metrics_sampler
from gonogo.server.settings import ServerSettings
from gonogo.server.store import compiled_statements
from tests.postgres import Cluster, binaries
from tests.server.exposition import Samples, samples, value
from tests.server.house import House, people
from tests.server.http.conftest import TOKEN, Clock
from tests.server.live import uvicorn_serving
from tests.server.web import LABELING

WAIT = 60


@asynccontextmanager
async def measured(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    with uvicorn_serving(app) as port:
        headers = {"X-API-Key": TOKEN}
        async with httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers=headers, trust_env=False, timeout=WAIT
        ) as http:
            yield http


async def numbers_of(http: httpx.AsyncClient) -> Samples:
    answer = await http.get("/metrics")
    assert answer.status_code == 200, answer.text
    return samples(answer.text)


async def until(http: httpx.AsyncClient, holds: Callable[[Samples], bool]) -> Samples:
    async with asyncio.timeout(WAIT):
        while True:
            numbers = await numbers_of(http)
            if holds(numbers):
                return numbers
            await asyncio.sleep(0.02)


def settings_of(database_url: str, **more: Any) -> ServerSettings:
    return ServerSettings(
        database_url=database_url, embedded_token=TOKEN, metrics=True, **{"metrics_seconds": 0.01, **more}
    )


@pytest.mark.slow
async def test_the_numbers_follow_the_work(database: str) -> None:
    clock = Clock()
    app = create_app(settings_of(database), clock=clock)
    async with measured(app) as http:
        campaign = (await http.post(f"{LABELING}/campaigns", json={"name": "c", "target_redundancy": 1})).json()["id"]
        wanted = [{"target_kind": "pmi", "field_name": "nominal"}] * 3
        await http.post(f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": wanted})
        claimed = (await http.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()
        numbers = await until(http, lambda numbers: value(numbers, "gonogo_claims_live") == 1)
        assert value(numbers, "gonogo_tasks", status="open") == 3
        assert value(numbers, "gonogo_tasks_claimable") == 2
        assert value(numbers, "gonogo_actions_total", action="next_labeling_task") == 1
        clock.advance(minutes=11)
        numbers = await until(http, lambda numbers: value(numbers, "gonogo_claims_overdue") == 1)
        assert value(numbers, "gonogo_claims_live") == 0
        await http.post(f"{LABELING}/campaigns/{campaign}/next-task")  # takes the expired claim back
        answered = await http.post(f"{LABELING}/tasks/{claimed['id']}/submit", json={"verdict": "correct"})
        assert answered.status_code == 201, answered.text
        numbers = await until(http, lambda numbers: value(numbers, "gonogo_tasks", status="open") == 2)
        assert value(numbers, "gonogo_actions_total", action="claim_ended") == 1
        assert value(numbers, "gonogo_actions_total", action="submit_label") == 1
        submit = {"method": "POST", "route": f"{LABELING}/tasks/{{task_id}}/submit"}
        assert value(numbers, "gonogo_requests_total", **submit, status="201") == 1
        assert value(numbers, "gonogo_request_seconds_count", **submit) == 1
        assert 0 < value(numbers, "gonogo_request_seconds_sum", **submit) < WAIT
        assert value(numbers, "gonogo_request_seconds_bucket", **submit, le="+Inf") == 1
        await http.get(f"{LABELING}/campaigns/{campaign}/quality")
        numbers = await until(http, lambda numbers: value(numbers, "gonogo_consensus_refresh_seconds_count") >= 1)
        in_use, is_open, limit = (
            value(numbers, f"gonogo_db_connections_{name}", database="primary") for name in ("in_use", "open", "limit")
        )
        assert 1 <= in_use <= is_open <= limit
        assert value(numbers, "gonogo_workers") == 1
        await http.post(f"{LABELING}/campaigns/{campaign}/close")
        await until(http, lambda numbers: value(numbers, "gonogo_tasks", status="open") == 0)


async def test_a_scrape_asks_the_database_nothing(house: House) -> None:
    database = house.store.url.render_as_string(hide_password=False)
    app = create_app(settings_of(database, metrics_seconds=3600.0), store=house.store)
    sent: list[str] = []
    async with measured(app) as http:
        await until(http, lambda numbers: value(numbers, "gonogo_queue_measured_time_seconds") > 0)
        event.listen(house.store.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
        compiled_statements.watchers.append(lambda statement, _values: sent.append(statement))
        try:
            await numbers_of(http)
        finally:
            compiled_statements.watchers.pop()
    assert sent == []


def test_tasks_are_counted_from_indexes(house: House) -> None:
    campaign = house.campaign()
    house.add(campaign, *[{}] * 5)
    house.work_off_some(campaign, people(1)[0], 1)
    house.next(campaign, people(1)[0])
    sent: list[tuple[str, Any]] = []
    compiled_statements.watchers.append(lambda statement, values: sent.append((statement, values)))
    counts = metrics_sampler.count_queue(house.store, house.now)
    compiled_statements.watchers.pop()
    assert counts == (4, 0, 3, 1, 0)
    with house.store.read() as connection:
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = "\n".join(str(tuple(line)) for line in connection.exec_driver_sql(f"{explain} {sent[0][0]}", sent[0][1]))
    assert "USING INDEX" not in plan.replace("USING INDEX sqlite_autoindex", ""), plan  # each index covers its count
    assert plan.count("ix_tasks_") >= 5, plan


@pytest.mark.slow
async def test_the_last_count_stands_with_its_time_while_the_database_is_away() -> None:
    if binaries() is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    own = Cluster()
    try:
        async with measured(create_app(settings_of(own.database()))) as http:
            campaign = (await http.post(f"{LABELING}/campaigns", json={"name": "c"})).json()["id"]
            wanted = [{"target_kind": "pmi", "field_name": "nominal"}] * 3
            await http.post(f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": wanted})
            await until(http, lambda numbers: value(numbers, "gonogo_tasks", status="open") == 3)
            own.kill()
            assert (await http.get("/readyz")).status_code == 503
            away = await numbers_of(http)
            assert value(away, "gonogo_tasks", status="open") == 3
            measured_at = value(away, "gonogo_queue_measured_time_seconds")
            own.start()
            await until(http, lambda numbers: value(numbers, "gonogo_queue_measured_time_seconds") > measured_at + 0.2)
    finally:
        own.stop()
