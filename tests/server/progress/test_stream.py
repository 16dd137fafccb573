"""A campaign's progress as it happens: who is told, what it costs, and how a stream ends; on both databases."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import event, text

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store import compiled_statements
from tests.server.house import House, people
from tests.server.http.conftest import TOKEN, InPieces, runner_over, started, uvicorn_over
from tests.server.live import uvicorn_serving
from tests.server.web import LABELING, OURS, serving

WAIT = 60.0
LEAD = {"X-API-Key": TOKEN}


@dataclass
class Stream:
    """One open stream, read event by event."""

    answer: httpx.Response

    def __post_init__(self) -> None:
        self.lines = self.answer.aiter_lines()

    async def next(self) -> tuple[str, str, dict[str, Any]]:
        """Id, name and data of the next event."""
        found: dict[str, str] = {}
        async with asyncio.timeout(WAIT):
            async for line in self.lines:
                name, _, value = line.partition(": ")
                if not line and found:
                    return found.get("id", ""), found["event"], json.loads(found["data"])
                if name:
                    found[name] = value
        raise AssertionError("the stream is over")

    async def over(self) -> bool:
        async with asyncio.timeout(WAIT):
            return [line async for line in self.lines if line] == []


def http_client(url: str, headers: dict[str, str]) -> httpx.AsyncClient:
    """For plain HTTP; loading certificates takes longer than all the rest."""
    transport = httpx.AsyncHTTPTransport(verify=ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), trust_env=False)
    return httpx.AsyncClient(transport=transport, base_url=url, headers=headers, timeout=WAIT)


@asynccontextmanager
async def watching(url: str, campaign: str, **headers: str) -> AsyncIterator[Stream]:
    path = f"{url}{OURS}/campaigns/{campaign}/progress/stream"
    async with (
        http_client("", {**LEAD, **headers}) as http,
        http.stream("GET", path) as answer,
    ):
        if answer.status_code != 200:
            await answer.aread()
        yield Stream(answer)


async def post(url: str, path: str, body: Any = None, **headers: str) -> Any:
    async with http_client(url, {**LEAD, **headers}) as http:
        answer = await http.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()


def settings_of(database: str, **more: Any) -> ServerSettings:
    return ServerSettings(database_url=database, embedded_token=TOKEN, watch_seconds=0.05, **more)


def with_tasks(house: House, count: int = 2) -> tuple[str, list[str]]:
    campaign = house.campaign()
    return campaign, house.add(campaign, *[{}] * count)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT):
        while not holds():  # noqa: ASYNC110 - another thread makes it hold
            await asyncio.sleep(0.02)


async def test_what_comes_in_through_one_worker_is_told_by_another_until_the_end(database: str, house: House) -> None:
    campaign, (task, _other) = with_tasks(house)
    with uvicorn_over(settings_of(database)) as one, uvicorn_over(settings_of(database)) as two:
        async with watching(one, campaign) as stream:
            assert stream.answer.headers["Content-Type"].startswith("text/event-stream")
            assert stream.answer.headers["X-Accel-Buffering"] == "no"
            first, name, state = await stream.next()
            assert (name, state["n_open"], state["n_held"], state["n_resolved"]) == ("progress", 2, 0, 0)
            claimed = await post(two, f"{LABELING}/campaigns/{campaign}/next-task")
            second, _, state = await stream.next()
            assert (state["n_held"], state["people"][0]["n_held"]) == (1, 1)
            await post(two, f"{OURS}/tasks/{claimed['id']}/release")
            third, _, state = await stream.next()
            assert state["n_held"] == 0
            await post(two, f"{LABELING}/tasks/{task}/submit", {"verdict": "correct"})
            fourth, _, state = await stream.next()
            assert (state["n_open"], state["n_resolved"], state["people"][0]["n_done"]) == (1, 1, 1)
            assert int(first) < int(second) < int(third) < int(fourth)
            await post(two, f"{LABELING}/campaigns/{campaign}/close")
            _, _, state = await stream.next()
            assert state["status"] == "closed"
            assert (await stream.next())[1:] == ("end", {"reason": "closed"})
            assert await stream.over()
        async with watching(one, campaign) as again:  # it says what is, and that it stays so
            assert (await again.next())[2]["status"] == "closed"
            assert (await again.next())[1] == "end"


async def test_a_stream_goes_on_where_the_last_one_was_left(database: str, house: House) -> None:
    campaign, (one, two) = with_tasks(house)
    with uvicorn_over(settings_of(database)) as url:
        async with watching(url, campaign) as stream:
            had, _, state = await stream.next()
        async with watching(url, campaign, **{"Last-Event-ID": had}) as stream:
            await post(url, f"{LABELING}/tasks/{one}/submit", {"verdict": "correct"})
            later, _, state = await stream.next()  # not what was had
            assert (later != had, state["n_resolved"]) == (True, 1)
        await post(url, f"{LABELING}/tasks/{two}/submit", {"verdict": "correct"})
        for odd in (had, "something else"):
            async with watching(url, campaign, **{"Last-Event-ID": odd}) as stream:
                assert (await stream.next())[2]["n_resolved"] == 2


async def test_a_void_credential_ends_the_stream_and_the_others_go_on(database: str, house: House) -> None:
    campaign, (task, _other) = with_tasks(house)
    made = create_key(house.store, "reader", ["parts:read"])
    with uvicorn_over(settings_of(database)) as url:
        invited = await post(url, f"{LABELING}/campaigns/{campaign}/assignments", {"email": "r@x", "role": "reviewer"})
        redeem = {"magic_link_token": invited["magic_link_token"], "client_nonce": "a nonce of mine"}
        session = (await post(url, f"{OURS}/sessions", redeem))["session_token"]
        async with (
            watching(url, campaign) as lead,
            watching(url, campaign, **{"X-API-Key": made.key}) as reader,
            _as_session(url, campaign, session) as reviewer,
        ):
            for stream in (lead, reader, reviewer):
                assert (await stream.next())[1] == "progress"
            async with http_client(url, LEAD) as http:
                await http.delete(f"{OURS}/keys/{made.id}")
                assert (await reader.next())[1:] == ("end", {"reason": "credential"})
                assignment = invited["assignment"]["id"]
                await http.delete(f"{LABELING}/campaigns/{campaign}/assignments/{assignment}")
            assert (await reviewer.next())[1:] == ("end", {"reason": "credential"})
            assert await reader.over()
            await post(url, f"{LABELING}/tasks/{task}/submit", {"verdict": "correct"})
            assert (await lead.next())[2]["n_resolved"] == 1


@asynccontextmanager
async def _as_session(url: str, campaign: str, token: str) -> AsyncIterator[Stream]:
    headers = {"Authorization": f"Bearer {token}"}
    path = f"{url}{OURS}/campaigns/{campaign}/progress/stream"
    async with http_client("", headers) as http, http.stream("GET", path) as answer:
        yield Stream(answer)


async def test_a_server_that_stops_says_so_and_waits_for_no_watcher(sqlite_house: House) -> None:
    campaign, _tasks = with_tasks(sqlite_house)
    url_of = settings_of(sqlite_house.store.url.render_as_string())
    running = uvicorn_over(url_of)
    url = running.__enter__()
    async with watching(url, campaign) as stream:
        await stream.next()
        stopped = asyncio.create_task(asyncio.to_thread(running.__exit__, None, None, None))
        assert (await stream.next())[1:] == ("end", {"reason": "stopping"})  # cut off by force, it would not come
        assert await stream.over()
        await stopped


@pytest.mark.slow
def test_a_stopped_process_ends_its_streams_and_itself(sqlite_house: House, tmp_path: Path) -> None:
    campaign, _tasks = with_tasks(sqlite_house)
    secret = create_key(sqlite_house.store, "lead", ["parts:read", "parts:write"]).key
    command = [sys.executable, "-m", "gonogo", "serve", "--port", "0"]
    database = sqlite_house.store.url.render_as_string()
    environment = {**os.environ, "GONOGO_HOME": str(tmp_path / "home"), "GONOGO_DATABASE_URL": database}
    running = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        assert running.stderr is not None
        url = running.stderr.readline().split("serves ")[1].split()[0]

        async def watch() -> None:
            async with watching(url, campaign, **{"X-API-Key": secret}) as stream:
                await stream.next()
                running.send_signal(signal.SIGTERM)
                assert (await stream.next())[1:] == ("end", {"reason": "stopping"})
                assert await stream.over()

        asyncio.run(watch())
        assert running.wait(WAIT) == 0
    finally:
        running.kill()
        running.communicate()


async def test_a_signal_to_one_server_leaves_the_next_one_of_the_process_its_streams(sqlite_house: House) -> None:
    campaign, (task, _other) = with_tasks(sqlite_house)
    settings = settings_of(sqlite_house.store.url.render_as_string())
    with runner_over(settings) as (url, server):
        async with watching(url, campaign) as stream:
            await stream.next()
            server.handle_exit(signal.SIGTERM, None)
            assert (await stream.next())[1:] == ("end", {"reason": "stopping"})
    with runner_over(settings) as (url, _server):
        async with watching(url, campaign) as stream:
            await stream.next()
            await post(url, f"{LABELING}/tasks/{task}/submit", {"verdict": "correct"})
            assert (await stream.next())[2]["n_resolved"] == 1


async def test_a_quiet_stream_gives_signs_of_life(sqlite_house: House) -> None:
    campaign, _tasks = with_tasks(sqlite_house)
    settings = settings_of(sqlite_house.store.url.render_as_string(), stream_ping_seconds=0.05)
    with uvicorn_over(settings) as url:
        async with watching(url, campaign) as stream:
            await stream.next()
            async with asyncio.timeout(WAIT):
                lines = [await anext(stream.lines) for _line in range(4)]
            assert lines == [": nothing new", "", ": nothing new", ""]


async def test_a_client_that_does_not_read_loses_its_stream(sqlite_house: House) -> None:
    campaign, _tasks = with_tasks(sqlite_house)
    settings = settings_of(
        sqlite_house.store.url.render_as_string(), streams_per_key=1, stream_ping_seconds=0.01, stream_send_seconds=0.1
    )
    app = create_app(settings)
    path = f"{OURS}/campaigns/{campaign}/progress/stream"
    async with (
        started(app),
        httpx.AsyncClient(transport=InPieces(app), base_url="http://x", headers=LEAD, timeout=WAIT) as http,
        http.stream("GET", path) as unread,
    ):
        assert unread.status_code == 200
        async with asyncio.timeout(WAIT):
            while True:  # until its place is free again
                async with http.stream("GET", path) as second:
                    if second.status_code == 200:
                        return
                await asyncio.sleep(0.02)


async def test_streams_of_one_key_are_counted(sqlite_house: House) -> None:
    campaign, _tasks = with_tasks(sqlite_house)
    other = create_key(sqlite_house.store, "other", ["parts:read"]).key
    with uvicorn_over(settings_of(sqlite_house.store.url.render_as_string(), streams_per_key=1)) as url:
        async with watching(url, campaign) as first:
            await first.next()
            async with watching(url, campaign) as second:
                assert second.answer.status_code == 429
                error = second.answer.json()["error"]
                assert (error["code"], error["details"]) == ("too_many_requests", {"limit": 1})
            async with watching(url, campaign, **{"X-API-Key": other}) as third:
                assert (await third.next())[1] == "progress"
        for _try in range(200):
            async with watching(url, campaign) as again:
                if again.answer.status_code == 200:
                    return
            await asyncio.sleep(0.05)
        raise AssertionError("a stream that was left is counted for ever")


async def test_nothing_is_asked_without_watchers_and_little_without_changes(house: House) -> None:
    campaign, (task, _other) = with_tasks(house)
    sent: list[str] = []

    def remember(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent.append(statement)

    def remember_prepared(statement: str, _parameters: object) -> None:
        sent.append(statement)

    def looks() -> int:
        return len([one for one in sent if "AS mark" in one])

    def takings() -> int:
        return len([one for one in sent if "GROUP BY tasks.status" in one])

    async with serving(house) as web:
        state = web.app.state.watching
        with uvicorn_serving(web.app) as port:
            url = f"http://127.0.0.1:{port}"
            event.listen(house.store.engine, "before_cursor_execute", remember)
            compiled_statements.watchers.append(remember_prepared)
            key = {"X-API-Key": "embedded"}
            async with watching(url, campaign, **key) as one, watching(url, campaign, **key) as two:
                await one.next()
                await two.next()
                assert not state.resting
                so_far = looks()
                await until(lambda: looks() >= so_far + 3)
                assert takings() == 1  # for two watchers
                await post(url, f"{LABELING}/tasks/{task}/submit", {"verdict": "correct"}, **key)
                assert (await one.next())[2] == (await two.next())[2]
                assert takings() == 2
            await until(lambda: bool(state.resting))
            compiled_statements.watchers.remove(remember_prepared)
            event.remove(house.store.engine, "before_cursor_execute", remember)


def test_the_number_that_is_looked_at_comes_from_indexes(house: House) -> None:
    from gonogo.server.progress import stream as module

    campaign, _tasks = with_tasks(house, 3)
    house.work_off_some(campaign, people(1)[0], 1)
    sent: list[tuple[str, Any]] = []
    compiled_statements.watchers.append(lambda statement, values: sent.append((statement, values)))
    with house.store.read() as connection:
        mark = module._MARK.scalar(connection, {"campaign": campaign, "now": house.now})
        compiled_statements.watchers.pop()
        assert mark > 0
        sqlite = connection.dialect.name == "sqlite"
        if not sqlite:
            connection.execute(text("SET LOCAL enable_seqscan = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        plan = "\n".join(str(tuple(line)) for line in connection.exec_driver_sql(f"{explain} {sent[0][0]}", sent[0][1]))
    assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "") if sqlite else "Seq Scan" not in plan, plan


async def test_who_votes_may_not_watch(sqlite_house: House) -> None:
    async with serving(sqlite_house) as web:
        campaign = await web.campaign()
        ana = await web.sign_in(campaign, "ana@example.com")
        assert (await ana.get(f"{OURS}/campaigns/{campaign}/progress/stream")).status_code == 403
