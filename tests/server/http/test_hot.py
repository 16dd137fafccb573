"""The short way of next-task and submit answers, stores and books exactly what the long way does."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import select

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.schema.campaigns import audit_log, orgs, sessions, submissions
from tests.server.http.conftest import TOKEN, Clock, client_of, started
from tests.server.http.work import LABELING, campaign_with, person, session_of

LONG = "?by=the-long-way"
"""Any query sends a request the long way."""

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
async def two_servers(settings: ServerSettings, clock: Clock, tmp_path: Any) -> AsyncIterator[list[FastAPI]]:
    """Two alike: one is asked the short way, the other the long one."""
    other = ServerSettings(database_url=f"sqlite:///{tmp_path}/other.db", embedded_token=TOKEN)
    async with started(create_app(settings, clock=clock)) as one, started(create_app(other, clock=clock)) as two:
        yield [one, two]


def same_shape(found: Any) -> Any:
    """`found` without what is random."""
    if isinstance(found, dict):
        return {name: same_shape(value) for name, value in found.items() if name not in CHANGING}
    return [same_shape(item) for item in found] if isinstance(found, list) else found


async def life(app: FastAPI, way: str) -> list[Any]:
    """Status, headers and body of each answer, and what is then in the audit log and among the votes."""
    seen: list[Any] = []
    async with client_of(app, **{"X-API-Key": TOKEN}) as lead:
        campaign = await campaign_with(lead, len(BODIES) + 2)
        somebody = person(lead, await session_of(lead, campaign, "a@b"))
        stranger = person(lead, {"Authorization": "Bearer gs_unknown"})
        reviewer = person(lead, await session_of(lead, campaign, "r@b", role="reviewer"))

        async def ask(who: httpx.AsyncClient, path: str, **more: Any) -> httpx.Response:
            answer = await who.post(f"{LABELING}/{path}{way}", **more)
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


async def test_both_ways_answer_store_and_book_the_same(two_servers: list[FastAPI]) -> None:
    short, long = [await life(app, way) for app, way in zip(two_servers, ("", LONG), strict=True)]
    assert len(short) > 60
    for one, other in zip(short, long, strict=True):
        assert one == other


async def test_a_replay_is_the_first_answer_byte_for_byte(lead: httpx.AsyncClient) -> None:
    campaign = await campaign_with(lead, 3)
    asked = {"url": f"{LABELING}/campaigns/{campaign}/next-task", "headers": {"Idempotency-Key": "one"}}
    first, again = await lead.post(**asked), await lead.post(**asked)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert {**again.headers, "idempotent-replayed": "-"} == {**first.headers, "idempotent-replayed": "-"}


async def test_jobs_that_wait_together_commit_together_and_one_that_fails_takes_back_only_itself(
    store: Store, clock: Clock
) -> None:
    batch = GroupCommit(store)

    async def add(name: str) -> str:
        def job(connection: Any) -> str:
            connection.execute(orgs.insert().values(id=name, name=name, created_at=clock()))
            if name == "bad":
                raise ValueError(name)
            return name

        return await batch.do(job)

    found = await asyncio.gather(*(add(name) for name in ("one", "bad", "two")), return_exceptions=True)
    assert [str(item) for item in found] == ["one", "bad", "two"]
    assert isinstance(found[1], ValueError)
    with pytest.raises(ValueError, match="bad"):
        await add("bad")
    with store.read() as connection:
        assert set(connection.execute(select(orgs.c.name)).scalars()) == {"one", "two"}


async def test_the_chain_of_the_audit_log_stays_whole_when_jobs_and_transactions_are_taken_back(
    store: Store, clock: Clock
) -> None:
    batch = GroupCommit(store)

    async def note(name: str) -> str:
        def job(connection: Any) -> str:
            audit.append(connection, name, clock(), actor="somebody")
            if name == "bad":
                raise ValueError(name)
            return name

        return await batch.do(job)

    with batch.resident():
        await asyncio.gather(*(note(name) for name in ("one", "bad", "two")), return_exceptions=True)
        with pytest.raises(ValueError, match="bad"):
            await note("bad")
        await note("three")
        with store.unit() as unit:
            with suppress(ValueError), store.write() as inner:
                audit.append(inner, "inner", clock(), actor="somebody")
                raise ValueError("inner")
            audit.append(unit, "four", clock(), actor="somebody")
    with store.read() as connection:
        actions = connection.execute(select(audit_log.c.action).order_by(audit_log.c.number)).scalars().all()
        assert [action for action in actions if action != "open_chain"] == ["one", "two", "three", "four"]
        assert audit.verify(connection).broken is None


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
