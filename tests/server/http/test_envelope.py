"""Every answer bears a request id and the API version; every error has the published envelope."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.exc import OperationalError

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.settings import API_VERSION, ServerSettings
from gonogo.server.store.engine import Store
from tests.server.http.conftest import TOKEN, Clock, client_of, started
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok, person, session_of


def assert_error(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert set(body) == {"error", "request_id"}
    assert body["error"]["code"] == code
    assert isinstance(body["error"]["details"], dict)
    assert body["error"]["message"]
    assert body["request_id"] == answer.headers["X-Request-ID"]
    assert_headers(answer)


def assert_headers(answer: httpx.Response) -> None:
    assert re.fullmatch(r"req_[0-9a-f]{24}", answer.headers["X-Request-ID"])
    assert answer.headers["X-API-Version"] == API_VERSION


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/", 404, "not_found"),
        ("GET", f"{LABELING}/campaigns/", 404, "not_found"),
        ("GET", f"{LABELING}/nothing", 404, "not_found"),
        ("PUT", f"{LABELING}/campaigns", 405, "method_not_allowed"),
        ("OPTIONS", f"{LABELING}/campaigns", 405, "method_not_allowed"),
        ("DELETE", "/openapi.json", 405, "method_not_allowed"),
        ("GET", f"{LABELING}/campaigns/00000000-0000-4000-8000-000000000000", 404, "not_found"),
        ("GET", f"{LABELING}/campaigns?limit=0", 422, "validation_error"),
        ("GET", f"{LABELING}/campaigns?limit=many", 422, "validation_error"),
        ("GET", f"{LABELING}/campaigns?status=half-open", 422, "validation_error"),
        ("POST", f"{LABELING}/campaigns", 422, "validation_error"),
        ("POST", f"{GONOGO}/sessions", 422, "validation_error"),
        ("GET", f"{GONOGO}/drawings/no.1.token/drawing.png", 404, "not_found"),
    ],
)
async def test_errors(lead: httpx.AsyncClient, method: str, path: str, status: int, code: str) -> None:
    assert_error(await lead.request(method, path, headers={"X-Request-ID": "mine"}), status, code)


@pytest.mark.parametrize("headers", [{}, {"X-API-Key": "ak_live_00000000_x"}, {"X-API-Key": ""}, {"X-API-Key": "ü"}])
async def test_no_valid_key_is_401(anyone: httpx.AsyncClient, headers: dict[str, str]) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    for method, path in (("GET", "/campaigns"), ("POST", "/campaigns"), ("DELETE", "/campaigns/a/assignments/b")):
        answer = await anyone.request(method, LABELING + path, headers=encoded)  # type: ignore[arg-type]
        assert_error(answer, 401, "invalid_api_key")


async def test_no_valid_session_is_401(anyone: httpx.AsyncClient) -> None:
    answer = await anyone.get(f"{GONOGO}/me", headers={"Authorization": "Bearer nonsense"})
    assert_error(answer, 401, "invalid_session")


async def test_an_upload_without_a_credential_is_refused_before_it_is_read(app: FastAPI) -> None:
    read: list[int] = []

    async def receive() -> dict[str, object]:
        read.append(1)
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    sent: list[MutableMapping[str, Any]] = []
    await app(http_scope(f"{GONOGO}/drawings", query_string=b"part=p", method="POST"), receive, send)
    assert sent[0]["status"] == 401
    assert read == []


def http_scope(path: str, **more: object) -> dict[str, object]:
    scope: dict[str, object] = {"type": "http", "http_version": "1.1", "scheme": "http", "path": path}
    scope |= {
        "raw_path": path.encode(),
        "root_path": "",
        "headers": [],
        "client": ("192.0.2.1", 1),
        "server": ("s", 80),
    }
    return {**scope, **more}


async def test_a_reader_may_not_write(app: FastAPI) -> None:
    key = create_key(app.state.store, "reader", ["parts:read"]).key
    async with client_of(app, **{"X-API-Key": key}) as reader:
        assert_error(await reader.post(f"{LABELING}/campaigns", json={"name": "a"}), 403, "insufficient_scope")
        assert (await reader.get(f"{LABELING}/campaigns")).status_code == 200
        for path, body in (("keys", {"name": "n", "scopes": ["parts:write"]}), ("drawings?part=p", {})):
            assert_error(await reader.post(f"{GONOGO}/{path}", json=body), 403, "insufficient_scope")


async def test_a_conflict_names_its_reason(lead: httpx.AsyncClient) -> None:
    campaign_id = await campaign_with(lead)
    await session_of(lead, campaign_id, "ann@example.com")
    answer = await lead.post(f"{LABELING}/campaigns/{campaign_id}/assignments", json={"email": "ann@example.com"})
    assert_error(answer, 409, "conflict")
    assert answer.json()["error"]["details"]["reason"] == "already_invited"


async def test_unknown_scopes_are_dropped_and_none_left_is_400(lead: httpx.AsyncClient) -> None:
    made = await ok(lead.post(f"{GONOGO}/keys", json={"name": "k", "scopes": ["parts:read", "uploads:write"]}))
    assert made["scopes"] == ["parts:read"]
    answer = await lead.post(f"{GONOGO}/keys", json={"name": "k", "scopes": ["uploads:write"]})
    assert_error(answer, 400, "bad_request")


async def test_a_bug_is_500_and_a_database_that_is_away_503(settings: ServerSettings, clock: Clock) -> None:
    app = create_app(settings, clock=clock)
    router = make_router(Tag.TASKS)

    @router.get("/bug")
    @open_to("lead")
    async def bug() -> None:
        raise ZeroDivisionError("secret-detail")

    @router.get("/away")
    @open_to("lead")
    async def away() -> None:
        raise OperationalError("SELECT secret-detail", {}, Exception("database is locked"))

    app.include_router(router)
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as http:
        for path, status, code in (("/bug", 500, "internal_error"), ("/away", 503, "unavailable")):
            answer = await http.get(path)
            assert_error(answer, status, code)
            assert "secret-detail" not in answer.text


async def test_successes_bear_the_headers_too(lead: httpx.AsyncClient, store: Store) -> None:
    campaign_id = await campaign_with(lead)
    for path in (f"{GONOGO}/capabilities", "/openapi.json", f"{GONOGO}/campaigns/{campaign_id}/export"):
        answer = await lead.get(path, headers={"X-Request-ID": "mine"})
        assert answer.status_code == 200
        assert_headers(answer)
    async with person(lead, {}) as nobody:
        assert_headers(await nobody.get(f"{GONOGO}/capabilities"))
