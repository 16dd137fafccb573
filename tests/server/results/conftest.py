"""Our own server with a campaign, votes in it, and what signs in to its results API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.results.auth import create_results_password
from gonogo.server.settings import ServerSettings
from tests.sqlite import fresh_database

TOKEN = "local-lead-of-this-test"
LABELING = "/api/v1/parts/labeling"
GONOGO = "/api/v1/gonogo"


@dataclass
class Served:
    """The app, a lead at it, and the campaign's number and id."""

    app: FastAPI
    lead: httpx.AsyncClient
    campaign: str = ""
    number: int = 0
    key: str = ""
    username: str = ""
    api_password: str = ""

    def transport(self) -> httpx.ASGITransport:
        return httpx.ASGITransport(self.app, raise_app_exceptions=False)

    async def ok(self, method: str, path: str, **more: Any) -> Any:
        answer = await self.lead.request(method, path, **more)
        assert answer.is_success, answer.text
        return answer.json()

    async def add(self, count: int, **fields: Any) -> list[str]:
        """Adds tasks; answers their ids."""
        body = {"tasks": [{"target_kind": "pmi", "prompt": f"{n}?", **fields} for n in range(count)]}
        made = await self.ok("POST", f"{LABELING}/campaigns/{self.campaign}/tasks", json=body)
        return [item["id"] for item in made["data"]]

    async def vote(self, task_id: str, verdict: str = "correct") -> None:
        await self.ok("POST", f"{LABELING}/tasks/{task_id}/submit", json={"verdict": verdict})

    async def signed_in(self) -> httpx.AsyncClient:
        """A plain program, as somebody wrote it for that API."""
        http = httpx.AsyncClient(transport=self.transport(), base_url="http://test", headers={"X-API-KEY": self.key})
        body = {"username": self.username, "api_password": self.api_password}
        answer = await http.post("/auth/public/v1/login", json=body)
        assert answer.status_code == 200, answer.text
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        return http


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """On SQLite."""
    async with serving(fresh_database(tmp_path / "server.db")) as found:
        yield found


@pytest.fixture
async def either(database: str) -> AsyncIterator[Served]:
    """The same, once on each of the two databases."""
    async with serving(database) as found:
        yield found


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[Served]:
    app = create_app(ServerSettings(database_url=url, embedded_token=TOKEN))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test", headers={"X-API-Key": TOKEN}) as lead:
            found = Served(app, lead)
            body = {"name": "pmi", "target_redundancy": 1, "gold_fraction": 0, "consensus_method": "majority"}
            found.campaign = (await found.ok("POST", f"{LABELING}/campaigns", json=body))["id"]
            found.number = (await found.ok("GET", f"{GONOGO}/campaigns/{found.campaign}"))["number"]
            made = create_key(app.state.store, "reports", ["parts:read"])
            password = create_results_password(app.state.store, made.id)
            found.key, found.username, found.api_password = made.key, password.username, password.api_password
            yield found
