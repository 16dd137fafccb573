"""Claims and votes through the pipeline: what they answer, store and audit, on both databases alike."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import time
import warnings
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from sqlalchemy import select, text

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.errors import StoreClosedError
from gonogo.server.store.schema import audit_log, sessions, submissions, tasks
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server.house import House
from tests.server.http.conftest import TOKEN, Clock, client_of, on_both_databases, started
from tests.server.http.work import LABELING, campaign_with, person, session_of
from tests.server.storm import signed_in
from tests.sqlite import fresh_database

IDS = {"id", "campaign_id", "task_id", "receipt_id", "request_id"}
CHANGING = IDS | {"x-request-id", "content-length"}
BODIES: list[Any] = [
    {"verdict": "correct"},
    {"verdict": "incorrect", "corrected_value": {"text": "⌀9"}, "confidence": 0.5, "duration_ms": 7},
    {"verdict": "perhaps"},
    {"verdict": "correct", "corrected_value": {"text": "9"}},
    {"verdict": "incorrect", "corrected_value": {}},
    {"verdict": 5},
    {},
    [],
    None,
]


@pytest.fixture
async def both_servers(clock: Clock, tmp_path: Path) -> AsyncIterator[list[FastAPI]]:
    """One server on SQLite, one on PostgreSQL."""
    urls = (fresh_database(tmp_path / "server.db"), cluster().database())
    apps = [create_app(ServerSettings(database_url=url, embedded_token=TOKEN), clock=clock) for url in urls]
    async with started(apps[0]), started(apps[1]):
        yield apps


def same_shape(found: Any) -> Any:
    """`found` without what is random."""
    if isinstance(found, dict):
        return {name: same_shape(value) for name, value in found.items() if name not in CHANGING}
    return [same_shape(item) for item in found] if isinstance(found, list) else found


async def life(app: FastAPI) -> list[Any]:
    """Status, headers and body of each answer, and what is then in the audit log and among the votes."""
    seen: list[Any] = []
    async with client_of(app, **{"X-API-Key": TOKEN}) as lead:
        campaign = await campaign_with(lead, len(BODIES) + 2)
        somebody = person(lead, await session_of(lead, campaign, "a@b"))
        stranger = person(lead, {"Authorization": "Bearer gs_unknown"})
        reviewer = person(lead, await session_of(lead, campaign, "r@b", role="reviewer"))

        async def ask(who: httpx.AsyncClient, path: str, **more: Any) -> httpx.Response:
            answer = await who.post(f"{LABELING}/{path}", **more)
            headers = {name: value for name, value in answer.headers.items() if name not in CHANGING}
            seen.append((answer.status_code, headers, same_shape(answer.json())))
            return answer

        following = f"campaigns/{campaign}/next-task"
        for number, body in enumerate(BODIES):
            key = {"Idempotency-Key": f"key-{number}"}
            task = (await ask(somebody, following)).json()
            await ask(somebody, f"tasks/{task['id']}/submit", json=body, headers=key)
            await ask(somebody, f"tasks/{task['id']}/submit", json=body, headers=key)
            await ask(somebody, f"tasks/{task['id']}/submit", json=body)
        task = (await ask(somebody, following)).json()
        for who in (stranger, reviewer, lead):
            await ask(who, following)
            await ask(who, f"tasks/{task['id']}/submit", json={"verdict": "unsure"})
        nothing = "00000000-0000-4000-8000-000000000000"
        await ask(somebody, f"tasks/{nothing}/submit", json={"verdict": "unsure"})
        await ask(somebody, f"campaigns/{nothing}/next-task")
        await ask(somebody, f"tasks/{task['id']}/submit", content=b'{"verdict": "correct"}')
        await lead.post(f"{LABELING}/campaigns/{campaign}/close")
        await ask(somebody, following)
        await ask(somebody, f"tasks/{task['id']}/submit", json={"verdict": "unsure"})
    with app.state.store.read() as connection:
        booked = connection.execute(select(audit_log.c.action, audit_log.c.content).order_by(audit_log.c.number))
        seen += [(row.action, sorted(json.loads(row.content))) for row in booked]
        votes = connection.execute(select(submissions).order_by(submissions.c.number)).mappings()
        columns = ("verdict", "corrected_value", "confidence", "duration_ms", "counted", "late", "idempotency_key")
        seen += [[vote[name] for name in columns] for vote in votes]
    return seen


@needs_postgresql
async def test_both_databases_answer_store_and_audit_the_same(both_servers: list[FastAPI]) -> None:
    sqlite, postgresql = [await life(app) for app in both_servers]
    assert len(sqlite) > 60
    for one, other in zip(sqlite, postgresql, strict=True):
        assert one == other


async def test_a_replay_is_the_first_answer_byte_for_byte(lead: httpx.AsyncClient) -> None:
    campaign = await campaign_with(lead, 3)
    path, headers = f"{LABELING}/campaigns/{campaign}/next-task", {"Idempotency-Key": "one"}
    first, again = await lead.post(path, headers=headers), await lead.post(path, headers=headers)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {**again.headers, "idempotent-replayed": "-"} == {**first.headers, "idempotent-replayed": "-"}


async def test_a_session_that_ended_is_refused_though_it_was_known_a_moment_ago(
    app: FastAPI, lead: httpx.AsyncClient
) -> None:
    campaign = await campaign_with(lead, 3)
    somebody = person(lead, await session_of(lead, campaign, "a@b"))
    following, key = f"{LABELING}/campaigns/{campaign}/next-task", {"Idempotency-Key": "one"}
    for _turn in range(3):
        assert (await somebody.post(following, headers=key)).status_code == 200
    task = (await somebody.post(following)).json()
    with app.state.store.write() as connection:
        connection.execute(sessions.update().values(ended_at=app.state.clock()))
    answers = [
        await somebody.post(following),
        await somebody.post(following, headers=key),
        await somebody.post(following, headers={"Idempotency-Key": "two"}),
        await somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"}),
        await somebody.post(f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"}, headers=key),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [
        (401, "invalid_session")
    ] * 5


@pytest.mark.slow
async def test_a_vote_that_is_ended_by_a_deadlock_is_retried(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign()
    house.add(campaign, {})
    (token,) = signed_in(house, campaign, 1)
    with house.store.write() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f"ALTER DATABASE \"{name}\" SET deadlock_timeout = '2s'"))
    house.store.dispose()
    app = create_app(ServerSettings(database_url="unused"), store=house.store, clock=lambda: house.now)
    transport, bearer = httpx.ASGITransport(app), {"Authorization": f"Bearer {token}"}
    async with app.router.lifespan_context(app), httpx.AsyncClient(transport=transport, headers=bearer) as client:
        task = (await client.post(f"http://t{LABELING}/campaigns/{campaign}/next-task")).json()
        locked = threading.Event()
        rival = asyncio.ensure_future(asyncio.to_thread(_lock_the_other_way_round, house, task["id"], locked))
        await asyncio.to_thread(locked.wait, 30)
        answer = await client.post(f"http://t{LABELING}/tasks/{task['id']}/submit", json={"verdict": "correct"})
        await rival
    assert answer.status_code == 201
    with house.store.read() as connection:
        assert connection.execute(select(tasks.c.submission_count)).scalars().all() == [1]


def _lock_the_other_way_round(house: House, task_id: str, locked: threading.Event) -> None:
    with house.store.engine.begin() as connection:
        connection.execute(text("SET LOCAL deadlock_timeout = '60s'"))  # so that it is the other one who is ended
        connection.execute(text("SELECT 1 FROM tasks WHERE id = :task FOR UPDATE"), {"task": task_id})
        locked.set()
        waiting = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        end = time.monotonic() + 30
        while not connection.execute(waiting).scalar() and time.monotonic() < end:
            connection.execute(text("SELECT pg_stat_clear_snapshot()"))
        connection.execute(text("SELECT 1 FROM voters FOR UPDATE"))


@pytest.mark.slow
@on_both_databases
@pytest.mark.filterwarnings("error")
async def test_a_report_that_outlives_the_server_leaves_no_connection_behind(settings: ServerSettings) -> None:
    """Its thread reads and writes several times; the client is gone, and the app has stopped meanwhile."""
    app = create_app(settings)
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as lead:
        campaign = await campaign_with(lead, 900)
        reports = [asyncio.create_task(lead.get(f"{LABELING}/campaigns/{campaign}/quality")) for _report in range(3)]
        async with asyncio.timeout(20):
            while not app.state.store.engine.pool.checkedout():  # noqa: ASYNC110 - a pool has no event
                await asyncio.sleep(0.001)
        for report in reports:
            report.cancel()
        await asyncio.gather(*reports, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_default_executor()  # the threads have ended
    assert app.state.store._engines is None
    with pytest.raises(StoreClosedError):
        app.state.store.query_one(text("SELECT 1"))
    gc.collect()  # an open connection would warn here


@needs_postgresql
async def test_no_connection_is_left_to_the_collector_when_the_app_stops() -> None:
    """Of the pool, of the loop's own, of the writers that commit side by side, and of the work in the background."""
    open_before = {id(connection) for connection in open_connections()}
    await short_life(cluster().database())
    await asyncio.get_running_loop().shutdown_default_executor()
    left = [connection for connection in open_connections() if id(connection) not in open_before]
    assert left == []
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always", ResourceWarning)
        gc.collect()
    assert [str(warning.message) for warning in warned] == []


async def short_life(database_url: str) -> None:
    """An app in this process: eight people answer side by side, reports are made in threads, and it stops."""
    app = create_app(ServerSettings(database_url=database_url, embedded_token=TOKEN, watch_seconds=0.05))
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as lead, asyncio.TaskGroup() as group:
        campaign = await campaign_with(lead, 40)
        for number in range(8):
            group.create_task(answer_some(app, await session_of(lead, campaign, f"p{number}@example.com"), campaign))
        for _report in range(4):
            group.create_task(lead.get(f"{LABELING}/campaigns/{campaign}/quality"))
        assert open_connections()


async def answer_some(app: FastAPI, headers: dict[str, str], campaign: str) -> None:
    async with client_of(app, **headers) as person:
        for _question in range(3):
            task = (await person.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"]
            answer = await person.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})
            assert answer.status_code == 201


def open_connections() -> list[psycopg.Connection[Any]]:
    """The open connections of this process that nobody has collected."""
    found = [thing for thing in gc.get_objects() if issubclass(type(thing), psycopg.Connection)]
    return [connection for connection in found if not connection.closed]
