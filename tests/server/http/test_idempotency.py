"""A repeated request has one effect and the same answer, byte for byte."""

from __future__ import annotations

import sqlite3
import threading
import uuid
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.context import Context
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.ops import maintenance
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import orgs
from tests.server.http.conftest import TOKEN, Clock, client_of, on_both_databases, started, uvicorn_over
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok, person, session_of, task_bodies

REPLAYED = "Idempotent-Replayed"


def key(value: str = "key-1") -> dict[str, str]:
    return {"Idempotency-Key": value}


async def n_tasks(lead: httpx.AsyncClient, campaign_id: str) -> int:
    return int((await ok(lead.get(f"{LABELING}/campaigns/{campaign_id}/tasks?limit=1")))["count"])


@on_both_databases
async def test_a_repeat_gets_the_same_bytes_and_changes_nothing(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 0)
    path, body = f"{LABELING}/campaigns/{campaign_id}/tasks", {"tasks": task_bodies(2)}
    first = await lead.post(path, json=body, headers=key())
    again = await lead.post(path, json=body, headers=key())
    assert (first.status_code, first.content) == (again.status_code, again.content)
    assert REPLAYED not in first.headers
    assert again.headers[REPLAYED] == "true"
    assert dict(again.headers) == {**first.headers, REPLAYED.lower(): "true"}
    assert await n_tasks(lead, campaign_id) == 2


async def test_without_a_key_each_request_counts(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 0)
    for _ in range(2):
        await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": task_bodies(1)}))
    assert await n_tasks(lead, campaign_id) == 2


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{LABELING}/projects", b'{"name": "other"}'),
        (f"{LABELING}/projects", b'{"name":"a"}'),  # the same JSON, other bytes
        (f"{LABELING}/campaigns", b'{"name": "a"}'),
        (f"{LABELING}/projects?x=1", b'{"name": "a"}'),
    ],
)
@on_both_databases
async def test_a_key_belongs_to_one_request(lead: httpx.AsyncClient, path: str, body: bytes) -> None:
    headers = {**key(), "Content-Type": "application/json"}
    await ok(lead.post(f"{LABELING}/projects", content=b'{"name": "a"}', headers=headers))
    answer = await lead.post(path, content=body, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "idempotency_conflict"
    assert (await ok(lead.get(f"{LABELING}/projects")))["count"] == 1


@on_both_databases
async def test_a_key_belongs_to_one_caller_whatever_the_login(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 3)
    path = f"{LABELING}/campaigns/{campaign_id}/next-task"
    ann = await session_of(lead, campaign_id, "ann@example.com")
    ben = await session_of(lead, campaign_id, "ben@example.com")
    async with person(lead, ann) as her:
        first = await her.post(path, headers=key())
    async with person(lead, ben) as other:
        assert (await ok(other.post(path, headers=key())))["id"] != first.json()["id"]
    assignments = await ok(lead.get(f"{LABELING}/campaigns/{campaign_id}/assignments"))
    hers = next(item["id"] for item in assignments["data"] if item["annotator_email"] == "ann@example.com")
    await ok(lead.delete(f"{LABELING}/campaigns/{campaign_id}/assignments/{hers}"))
    ann_again = await session_of(lead, campaign_id, "ann@example.com")
    async with person(lead, ann_again) as her:
        again = await her.post(path, headers=key())
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")


@on_both_databases
async def test_a_refusal_is_replayed_with_its_request_id(lead: httpx.AsyncClient) -> None:
    path = f"{LABELING}/campaigns/{uuid.uuid4()}/close"
    first = await lead.post(path, headers=key())
    again = await lead.post(path, headers=key())
    assert (again.status_code, again.content) == (404, first.content)
    assert again.headers["X-Request-ID"] == again.json()["request_id"] == first.headers["X-Request-ID"]
    assert again.headers[REPLAYED] == "true"


@on_both_databases
async def test_a_late_verdict_is_kept_once_although_its_answer_is_409(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 1)
    headers = await session_of(lead, campaign_id, "ann@example.com")
    async with person(lead, headers) as ann:
        task = await ok(ann.post(f"{LABELING}/campaigns/{campaign_id}/next-task"))
        await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/close"))
        path = f"{LABELING}/tasks/{task['id']}/submit"
        answers = [await ann.post(path, json={"verdict": "correct"}, headers=key()) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].content == answers[1].content
    stored = await ok(lead.get(f"{GONOGO}/campaigns/{campaign_id}/submissions"))
    assert [(item["counted"], item["late"]) for item in stored["data"]] == [(False, True)]


async def test_delete_heeds_keys_too(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead, 0)
    await session_of(lead, campaign_id, "ann@example.com")
    (assignment,) = (await ok(lead.get(f"{LABELING}/campaigns/{campaign_id}/assignments")))["data"]
    path = f"{LABELING}/campaigns/{campaign_id}/assignments/{assignment['id']}"
    first, again = [await lead.delete(path, headers=key()) for _ in range(2)]
    assert first.status_code == 200
    assert (again.content, again.headers[REPLAYED]) == (first.content, "true")


async def test_401_and_429_leave_the_key_free(settings: ServerSettings, clock: Clock, store: Store) -> None:
    limited = ServerSettings(database_url=settings.database_url, requests_per_minute_per_key=1)
    secret = create_key(store, "k", ["parts:write"]).key
    body = {"name": "a"}
    async with started(create_app(limited, clock=clock)) as app, client_of(app) as http:
        assert (await http.post(f"{LABELING}/projects", json=body, headers=key())).status_code == 401
        with_key = {**key(), "X-API-Key": secret}
        assert (await http.get(f"{LABELING}/projects", headers=with_key)).status_code == 200
        assert (await http.post(f"{LABELING}/projects", json=body, headers=with_key)).status_code == 429
        clock.advance(seconds=61)
        answer = await http.post(f"{LABELING}/projects", json=body, headers=with_key)
    assert answer.status_code == 201
    assert REPLAYED not in answer.headers


@on_both_databases
async def test_a_key_lives_24_hours(lead: httpx.AsyncClient, clock: Clock) -> None:
    campaign_id = await campaign_with(lead, 0)
    path, body = f"{LABELING}/campaigns/{campaign_id}/tasks", {"tasks": task_bodies(1)}
    await ok(lead.post(path, json=body, headers=key()))
    clock.advance(hours=23.9)
    assert (await lead.post(path, json=body, headers=key())).headers[REPLAYED] == "true"
    clock.advance(hours=0.2)
    answer = await lead.post(path, json=body, headers=key())
    assert REPLAYED not in answer.headers
    assert await n_tasks(lead, campaign_id) == 2


@pytest.mark.parametrize("bad", ["", "two words", "x" * 256, "tab\there", "ümlaut"])
async def test_a_malformed_key_is_refused(lead: httpx.AsyncClient, bad: str) -> None:
    headers = {"Idempotency-Key": bad.encode("latin-1"), "Content-Type": "application/json"}
    answer = await lead.post(f"{LABELING}/projects", content=b'{"name": "a"}', headers=headers)  # type: ignore[arg-type]
    assert answer.status_code == 422
    assert answer.json()["error"]["details"]["errors"][0]["loc"] == ["header", "Idempotency-Key"]


@on_both_databases
async def test_a_failure_undoes_everything_and_frees_the_key(settings: ServerSettings) -> None:
    app = create_app(settings)
    fails = [True, False]
    router = make_router(Tag.TASKS)

    @router.post("/boom")
    @open_to("lead")
    def boom(ctx: Context, tx: Connection) -> dict[str, int]:
        tx.execute(orgs.insert().values(id="x", name="x", created_at=ctx.now))
        if fails.pop(0):
            raise RuntimeError("in the middle")
        return {"rows": len(tx.execute(orgs.select().where(orgs.c.id == "x")).all())}

    app.include_router(router)
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as http:
        failed = await http.post("/boom", headers=key())
        assert (failed.status_code, failed.json()["error"]["code"]) == (500, "internal_error")
        answer = await http.post("/boom", headers=key())
        assert (answer.status_code, answer.json()) == (200, {"rows": 1})
        assert REPLAYED not in answer.headers


def all_bytes(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("server.db*"))


def test_a_handler_that_could_wait_in_its_transaction_is_refused_when_it_is_registered() -> None:
    """Another handler on the same loop would then wait for its lock for ever."""
    router = make_router(Tag.TASKS)

    async def waits(tx: Connection) -> dict[str, int]:
        return {}

    async def changes() -> dict[str, int]:
        return {}

    def blocks() -> dict[str, int]:
        return {}

    for handler in (waits, changes, blocks):
        with pytest.raises(TypeError, match="tx"):
            router.post("/waits")(open_to("lead")(handler))


def test_a_handler_that_names_no_roles_is_refused_when_it_is_registered() -> None:
    router = make_router(Tag.TASKS)

    def changes(tx: Connection) -> dict[str, int]:
        return {}

    with pytest.raises(TypeError, match="roles"):
        router.post("/changes")(changes)


async def test_the_database_never_holds_the_secrets_of_an_answer(
    app: FastAPI, lead: httpx.AsyncClient, tmp_path: Path
) -> None:
    campaign_id = await campaign_with(lead, 0)
    path = f"{LABELING}/campaigns/{campaign_id}/assignments"
    answers = [
        await ok(lead.post(path, json={"email": "ann@example.com"}, headers=key("k1"))),
        await ok(lead.post(f"{GONOGO}/keys", json={"name": "n", "scopes": ["parts:read"]}, headers=key("k2"))),
    ]
    app.state.store.dispose()
    stored = all_bytes(tmp_path)
    assert b"ann@example.com" in stored
    for secret in (answers[0]["magic_link_token"], answers[1]["key"], TOKEN):
        assert secret.encode() not in stored


@pytest.mark.slow
@on_both_databases
def test_50_threads_with_one_key_have_one_effect(settings: ServerSettings, store: Store) -> None:
    secret = create_key(store, "k", ["parts:read", "parts:write"]).key
    answers: list[httpx.Response] = []
    start = threading.Barrier(50)
    headers = {**key(str(uuid.uuid4())), "X-API-Key": secret}
    with uvicorn_over(settings) as url:
        created = httpx.post(f"{url}{LABELING}/campaigns", json={"name": "c"}, headers={"X-API-Key": secret})
        path = f"{url}{LABELING}/campaigns/{created.json()['id']}/tasks"

        def send() -> None:
            with httpx.Client(trust_env=False, timeout=30) as http:
                start.wait()
                answers.append(http.post(path, json={"tasks": task_bodies(1)}, headers=headers))

        threads = [threading.Thread(target=send) for _ in range(50)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = httpx.get(path, headers={"X-API-Key": secret}).json()["count"]
    assert count == 1
    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert sum(REPLAYED in answer.headers for answer in answers) == 49


def test_expired_keys_are_forgotten(settings: ServerSettings, store: Store, tmp_path: Path, clock: Clock) -> None:
    from starlette.responses import Response

    from gonogo.server.auth.principals import Principal
    from gonogo.server.http.idempotency import IdempotentRequest, idempotent

    caller = Principal("user", "u", "o", "lead")
    for number in range(5):
        ask = IdempotentRequest(caller, f"k{number}", f"0{number}", "f")
        with store.write() as connection:
            idempotent(connection, ask, clock.now, timedelta(hours=24), lambda: Response(b"x"), lambda: None)
        clock.advance(hours=20)
    assert maintenance.run_once(store, settings, clock.now)["idempotency_keys"] == 4
    with closing(sqlite3.connect(tmp_path / "server.db")) as database:
        rows: list[Any] = database.execute("select key from idempotency_keys order by key").fetchall()
    assert rows == [("04",)]
