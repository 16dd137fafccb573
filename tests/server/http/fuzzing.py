"""Requests made from our own OpenAPI: what sends them, and what every answer must be."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import httpx
import schemathesis
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.server.http.conftest import TOKEN, InPieces
from tests.server.http.work import GONOGO, LABELING, PNG, PREDICTION, ok, predictions_in, session_of, task_bodies

CALLERS = ("lead", "lead", "lead", "annotator", "annotator", "reviewer", "nobody")
_BASE = "http://labels.test"
_MISSED = {404, 405}
"""An id with a slash in it, or none at all, leads to another address, or nowhere."""
DOCUMENT = create_app(ServerSettings(database_url="sqlite:////nowhere/x.db")).openapi()
SCHEMAS: dict[str, dict[str, Any]] = DOCUMENT["components"]["schemas"]
OPERATIONS: list[Any] = [
    cast(Any, result).ok() for result in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()
]


class Server:
    """One server for all cases, with something of each kind in it, and somebody of each role."""

    def __init__(self, loop: asyncio.Runner, http: httpx.AsyncClient) -> None:
        self._loop, self.http = loop, http
        self.ids: dict[str, str] = {}
        self.credentials: dict[str, dict[str, str]] = {"lead": {"X-API-Key": TOKEN}, "nobody": {}}

    def run(self, coroutine: Any) -> Any:
        return self._loop.run(coroutine)

    async def fill(self) -> None:
        lead = self.http
        lead.headers.update(self.credentials["lead"])
        project, calculation = await predictions_in(lead, [PREDICTION])
        body = {"name": "c", "gold_fraction": 0}
        campaign = (await ok(lead.post(f"{GONOGO}/projects/{project}/campaigns", json=body)))["id"]
        tasks = f"{LABELING}/campaigns/{campaign}/tasks"
        task = (await ok(lead.post(tasks, json={"tasks": task_bodies(20)})))["data"][0]["id"]
        made = f"{GONOGO}/campaigns/{campaign}/tasks-from-predictions"
        await ok(lead.post(made, json={"calculation_id": calculation}))
        invited = await ok(lead.post(f"{LABELING}/campaigns/{campaign}/assignments", json={"email": "a@b"}))
        drawing = await ok(lead.post(f"{GONOGO}/drawings", params={"part": "shaft"}, content=PNG))
        key = await ok(lead.post(f"{GONOGO}/keys", json={"name": "k", "scopes": ["parts:read"]}))
        ruling = await ok(
            lead.post(f"{GONOGO}/tasks/{task}/ruling", json={"verdict": "correct", "gold_candidate": True})
        )
        for role in ("annotator", "reviewer"):
            self.credentials[role] = await session_of(lead, campaign, f"{role}@b", role=role)
        annotator = await ok(lead.get(f"{GONOGO}/me", headers=self.credentials["annotator"]))
        del lead.headers["X-API-Key"]
        self.ids = {"project_id": project, "campaign_id": campaign, "task_id": task, "calculation_id": calculation}
        self.ids |= {"assignment_id": invited["assignment"]["id"], "key_id": key["id"], "voter_id": annotator["id"]}
        self.ids |= {"part_revision_id": drawing["part_revision_id"], "ruling_id": ruling["ruling"]["id"]}


@contextmanager
def serving(url: str) -> Iterator[Server]:
    settings = ServerSettings(
        database_url=url,
        embedded_token=TOKEN,
        requests_per_minute_per_key=None,
        requests_per_minute_per_caller=None,
        redeem_failures_per_minute=None,
    )
    app = create_app(settings)
    with asyncio.Runner() as loop:
        lifespan = app.router.lifespan_context(app)
        loop.run(lifespan.__aenter__())
        server = Server(loop, httpx.AsyncClient(transport=InPieces(app), base_url=_BASE))
        loop.run(server.fill())
        yield server
        loop.run(server.http.aclose())
        loop.run(lifespan.__aexit__(None, None, None))


def cases() -> st.SearchStrategy[Case[Any]]:
    """Of any operation; every fifth breaks what the OpenAPI says of a request."""
    good = st.one_of([operation.as_strategy() for operation in OPERATIONS])
    bad = [
        operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) for operation in OPERATIONS if _takes(operation)
    ]
    return st.one_of(good, good, good, good, st.one_of(bad))


def _takes(operation: Any) -> bool:
    """Whether there is something to get wrong in a request."""
    raw = operation.definition.raw
    return "requestBody" in raw or any(parameter["in"] == "query" for parameter in raw.get("parameters", ()))


def check(server: Server, case: Case[Any], caller: str, real: bool, key: bool) -> int:
    """Sends the case; answers the status. With `real` ids it has things that exist."""
    if real:
        point_at_what_exists(server, case)
    ending = case.operation.definition.raw["operationId"].startswith("end_session")  # everybody is wanted for longer
    headers = dict(server.credentials["lead" if ending else caller])
    if key:
        headers["Idempotency-Key"] = str(uuid.uuid4())
    answer = server.run(send(server, case, headers))
    promised(case, answer)
    return int(answer.status_code)


def promised(case: Case[Any], answer: httpx.Response) -> None:
    """The answer is documented: its status, its type, its body; an error has the envelope."""
    documented = {int(status) for status in case.operation.definition.raw["responses"]}
    status = answer.status_code
    assert status in documented or (status in _MISSED and case.path_parameters), (case.as_curl_command(), answer.text)
    assert answer.headers["X-Request-ID"]
    if status in documented:
        case.validate_response(answer, checks=[content_type_conformance, response_schema_conformance])
    if status >= 400:
        assert set(json.loads(answer.content)) == {"error", "request_id"}


async def send(server: Server, case: Case[Any], more: dict[str, str]) -> httpx.Response:
    """The answer to the case with these headers besides its own; of a stream without end, its first piece."""
    sent = case.as_transport_kwargs(base_url=_BASE)
    headers = {name: str(value).encode("utf-8", "replace") for name, value in (sent.get("headers") or {}).items()}
    headers = {name: value for name, value in headers.items() if name.lower() not in {"x-api-key", "authorization"}}
    headers |= {name: value.encode() for name, value in more.items()}
    content: Any = sent.get("data") or None
    if sent.get("json") is not None:
        content = json.dumps(sent["json"]).encode()
        headers = {"Content-Type": b"application/json"} | headers
    asked = server.http.stream(sent["method"], sent["url"], params=sent.get("params"), headers=headers, content=content)
    async with asked as answer:
        endless = answer.headers["Content-Type"].startswith("text/event-stream")
        body = await anext(answer.aiter_raw()) if endless else await answer.aread()
    read = httpx.Response(answer.status_code, headers=answer.headers, content=body, request=answer.request)
    read.elapsed = timedelta()
    return read


def point_at_what_exists(server: Server, case: Case[Any]) -> None:
    """Real ids and real words in place of random ones, so that handlers are reached; nothing is closed for good."""
    if not case.path.endswith("/close"):
        case.path_parameters = {name: server.ids.get(name, value) for name, value in case.path_parameters.items()}
    if isinstance(case.body, dict):
        known = {**server.ids, "calculation_ids": [server.ids["calculation_id"]], "verdict": "incorrect"}
        body: dict[str, Any] = dict(case.body)
        case.body = {name: known.get(name, value) for name, value in body.items()}
