"""A whole server over a database of its own, in this process or behind a real uvicorn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from gonogo.embedded.asgi_exchange import Exchange
from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.run import ServerRunner, bind
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.sqlite import fresh_database
from tests.support.object_store import S3Server, s3_server

TOKEN = "the embedding program's own token"


class Clock:
    """The server's clock, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@pytest.fixture
def clock() -> Clock:
    return Clock()


on_both_databases = pytest.mark.parametrize(
    "database_url", ["sqlite", pytest.param("postgresql", marks=needs_postgresql)], indirect=True
)


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A fresh SQLite file; on PostgreSQL, too, in modules and tests that are marked `on_both_databases`."""
    if getattr(request, "param", "sqlite") == "postgresql":
        return cluster().database()
    return fresh_database(tmp_path / "server.db")


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Server]:
    """An object store on loopback."""
    with s3_server(monkeypatch) as server:
        yield server


@pytest.fixture
def settings(database_url: str) -> ServerSettings:
    return ServerSettings(database_url=database_url, embedded_token=TOKEN, public_url="http://labels.test")


@pytest.fixture
async def app(settings: ServerSettings, clock: Clock) -> AsyncIterator[FastAPI]:
    async with started(create_app(settings, clock=clock)) as app:
        yield app


@asynccontextmanager
async def started(app: FastAPI) -> AsyncIterator[FastAPI]:
    async with app.router.lifespan_context(app):
        yield app


class InPieces(httpx.AsyncBaseTransport):
    """The app in this loop, as `httpx.ASGITransport`; but an answer without end can be read, and left."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        return await Exchange(request, body, asyncio.get_running_loop()).answer(self._app)


def client_of(app: FastAPI, **headers: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://labels.test", headers=headers)


@pytest.fixture
async def lead(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """The embedding program: a lead without rate limits."""
    async with client_of(app, **{"X-API-Key": TOKEN}) as client:
        yield client


@pytest.fixture
async def anyone(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(app) as client:
        yield client


@pytest.fixture
async def keyed_lead(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A lead with an API key, limits and all."""
    key = create_key(app.state.store, "tests", ["parts:read", "parts:write"]).key
    async with client_of(app, **{"X-API-Key": key}) as client:
        yield client


@contextmanager
def uvicorn_over(settings: ServerSettings, port: int = 0) -> Iterator[str]:
    """A real server on a free port of this machine, or on this one; answers its base URL."""
    with runner_over(settings, port) as (url, _server):
        yield url


@contextmanager
def runner_over(settings: ServerSettings, port: int = 0) -> Iterator[tuple[str, ServerRunner]]:
    """The same, with the server itself."""
    listening = bind("127.0.0.1", port)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    ready = threading.Event()
    server = ServerRunner(create_app(replace(settings, public_url=url)), on_started=ready.set)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        assert ready.wait(10)
        yield url, server
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


@pytest.fixture
def store(settings: ServerSettings) -> Iterator[Store]:
    """The database itself, beside a running server."""
    store = Store(settings.database_url)
    store.upgrade()
    yield store
    store.dispose()
