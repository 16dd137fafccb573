"""Requests made from our own OpenAPI, with real ids and made-up ones: never a 5xx, never an undocumented answer."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server_shell.conftest import TOKEN, InPieces
from tests.server_shell.work import GONOGO, LABELING, PREDICTION, ok, predictions_in, task_bodies

ALWAYS = {400, 404, 405, 413, 422, 429}
CASES = 150


class Server:
    """One server for all cases, with something of each kind in it."""

    def __init__(self, loop: asyncio.Runner, http: httpx.AsyncClient) -> None:
        self._loop, self.http = loop, http
        self.ids: dict[str, str] = {}

    def run(self, coroutine: Any) -> Any:
        return self._loop.run(coroutine)

    async def fill(self) -> None:
        project, calculation = await predictions_in(self.http, [PREDICTION])
        body = {"name": "c", "gold_fraction": 0}
        campaign = (await ok(self.http.post(f"{GONOGO}/projects/{project}/campaigns", json=body)))["id"]
        tasks = f"{LABELING}/campaigns/{campaign}/tasks"
        task = (await ok(self.http.post(tasks, json={"tasks": task_bodies(20)})))["data"][0]["id"]
        await ok(
            self.http.post(
                f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions", json={"calculation_id": calculation}
            )
        )
        invited = f"{LABELING}/campaigns/{campaign}/assignments"
        assignment = (await ok(self.http.post(invited, json={"email": "a@b"})))["assignment"]["id"]
        self.ids = {"project_id": project, "campaign_id": campaign, "task_id": task, "assignment_id": assignment}
        self.ids["calculation_id"] = calculation


@contextmanager
def serving(url: str) -> Iterator[Server]:
    app = create_app(ServerSettings(database_url=url, embedded_token=TOKEN))
    with asyncio.Runner() as loop:
        lifespan = app.router.lifespan_context(app)
        loop.run(lifespan.__aenter__())
        headers = {"X-API-Key": TOKEN}
        server = Server(
            loop, httpx.AsyncClient(transport=InPieces(app), base_url="http://labels.test", headers=headers)
        )
        loop.run(server.fill())
        yield server
        loop.run(server.http.aclose())
        loop.run(lifespan.__aexit__(None, None, None))


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    on_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/fuzz.db" if on_file else cluster().database()
    with serving(url) as running:
        yield running


SCHEMA = schemathesis.openapi.from_dict(create_app(ServerSettings(database_url="sqlite:////nowhere/x.db")).openapi())
OPERATIONS: list[Any] = [cast(Any, result).ok() for result in SCHEMA.get_all_operations()]


@given(case=st.one_of([operation.as_strategy() for operation in OPERATIONS]), real=st.booleans(), key=st.booleans())
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_a_5xx_or_undocumented(server: Server, case: Case[Any], real: bool, key: bool) -> None:
    check(server, case, real, key)


def check(server: Server, case: Case[Any], real: bool, key: bool) -> int:
    """Sends the case; answers the status, which is documented, and has the envelope if it is an error."""
    answer = server.run(_send(server, case, real, key))
    documented = {int(status) for status in case.operation.definition.raw["responses"]}
    assert answer.status_code in documented | ALWAYS, (case.method, case.path, answer.status_code, answer.text)
    assert answer.headers["X-Request-ID"]
    if answer.status_code >= 400:
        body = json.loads(answer.content)
        assert set(body) == {"error", "request_id"}
    return int(answer.status_code)


async def _send(server: Server, case: Case[Any], real: bool, key: bool) -> httpx.Response:
    if real:
        _point_at_what_exists(server, case)
    sent = case.as_transport_kwargs(base_url="http://labels.test")
    headers = {name: str(value).encode("utf-8", "replace") for name, value in (sent.get("headers") or {}).items()}
    headers = {name: value for name, value in headers.items() if name.lower() not in {"x-api-key", "authorization"}}
    headers |= {"Idempotency-Key": str(uuid.uuid4()).encode()} if key else {}
    content = {"json": sent["json"]} if sent.get("json") is not None else {"content": sent.get("data") or None}
    asked = server.http.stream(sent["method"], sent["url"], params=sent.get("params"), headers=headers, **content)
    async with asked as answer:
        endless = answer.headers["Content-Type"].startswith("text/event-stream")
        body = await anext(answer.aiter_raw()) if endless else await answer.aread()
        return httpx.Response(
            answer.status_code, headers={"X-Request-ID": answer.headers["X-Request-ID"]}, content=body
        )


def _point_at_what_exists(server: Server, case: Case[Any]) -> None:
    """Real ids and real words in place of random ones, so that handlers are reached; nothing is closed for good."""
    if not case.path.endswith("/close"):
        case.path_parameters = {name: server.ids.get(name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        known = {**server.ids, "calculation_ids": [server.ids["calculation_id"]], "verdict": "incorrect"}
        body: dict[str, Any] = dict(case.body)
        case.body = {name: known.get(name, value) for name, value in body.items()}
