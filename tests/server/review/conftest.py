"""A campaign on a whole server in this process, and people who vote in it; on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from tests.server.house import House
from tests.server.web import LABELING, OURS, Web, serving

Vote = str | tuple[str, str]


@dataclass
class Bench:
    """`task(...)` makes a task; `vote(...)` has people answer it, as they would over HTTP."""

    web: Web
    campaign: str
    people: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)

    async def person(self, name: str, role: str = "annotator") -> httpx.AsyncClient:
        if name not in self.people:
            self.people[name] = await self.web.sign_in(self.campaign, f"{name}@works.test", role)
            self.ids[name] = (await self.people[name].get(f"{OURS}/me")).json()["id"]
        return self.people[name]

    async def task(self, **fields: Any) -> str:
        (made,) = await self.web.add(self.campaign, {"predicted_value": {"text": "16,5"}, **fields})
        return made

    async def vote(self, task: str, **votes: Vote) -> None:
        for name, given in votes.items():
            verdict, value = given if isinstance(given, tuple) else (given, None)
            body: dict[str, Any] = {"verdict": verdict, "duration_ms": 3000}
            if value is not None:
                body["corrected_value"] = {"text": value}
            answer = await (await self.person(name)).post(f"{LABELING}/tasks/{task}/submit", json=body)
            assert answer.status_code == 201, answer.text

    async def queue(self, client: httpx.AsyncClient | None = None, **query: Any) -> dict[str, Any]:
        path = f"{OURS}/campaigns/{self.campaign}/review"
        answer = await (client or self.web.lead).get(path, params=query)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ids_in_queue(self, client: httpx.AsyncClient | None = None, **query: Any) -> list[str]:
        return [item["task"]["id"] for item in (await self.queue(client, **query))["data"]]

    def api(self) -> GonogoClient:
        """Our own client, acting as the lead."""
        transport = httpx.ASGITransport(self.web.app)
        return GonogoClient("http://embedded.localhost", ApiKey("embedded"), transport=transport)


@pytest.fixture
async def bench(database: str) -> AsyncIterator[Bench]:
    with House(database) as house:
        async with serving(house) as web:
            campaign = await web.campaign(gold_fraction=0, target_redundancy=2)
            made = Bench(web, campaign)
            yield made
            for client in made.people.values():
                await client.aclose()
