"""A whole server in this process, spoken to over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from fastapi import FastAPI

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.server.house import House

LABELING = "/api/v1/parts/labeling"
OURS = "/api/v1/gonogo"
NONCE = "a-client-nonce"


@dataclass
class Web:
    """`lead` acts with the embedded credential; `anybody` sends none."""

    app: FastAPI
    house: House
    lead: httpx.AsyncClient
    anybody: httpx.AsyncClient

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app)
        return httpx.AsyncClient(transport=transport, base_url="http://embedded.localhost", headers=headers)

    async def campaign(self, **fields: Any) -> str:
        name = f"campaign {self.house.rng.random()}"
        answer = await self.lead.post(f"{LABELING}/campaigns", json={"name": name, **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def add(self, campaign: str, *wanted: dict[str, Any]) -> list[str]:
        tasks = [{"target_kind": "pmi", "field_name": "nominal", **fields} for fields in wanted]
        answer = await self.lead.post(f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": tasks})
        assert answer.status_code == 201, answer.text
        return [task["id"] for task in answer.json()["data"]]

    async def invite(self, campaign: str, email: str, role: str = "annotator") -> dict[str, Any]:
        body = {"email": email, "role": role}
        answer = await self.lead.post(f"{LABELING}/campaigns/{campaign}/assignments", json=body)
        assert answer.status_code == 201, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def redeem(self, token: str, nonce: str = NONCE) -> httpx.Response:
        body = {"magic_link_token": token, "client_nonce": nonce}
        return await self.anybody.post(f"{OURS}/sessions", json=body)

    async def sign_in(self, campaign: str, email: str, role: str = "annotator") -> httpx.AsyncClient:
        invited = await self.invite(campaign, email, role)
        session = (await self.redeem(invited["magic_link_token"])).json()
        return self.client(Authorization=f"Bearer {session['session_token']}")


@asynccontextmanager
async def serving(house: House) -> AsyncIterator[Web]:
    settings = ServerSettings(
        database_url=house.store.url.render_as_string(hide_password=False),
        embedded_token="embedded",
        requests_per_minute_per_key=None,
        requests_per_minute_per_caller=None,
        watch_seconds=0.05,
    )
    app = create_app(settings, store=house.store, clock=lambda: house.now)
    web = Web(app, house, lead=None, anybody=None)  # type: ignore[arg-type]
    async with web.client(**{"X-API-Key": "embedded"}) as lead, web.client() as anybody:
        web.lead, web.anybody = lead, anybody
        yield web
