"""A server with webhooks whose worker only tests move, and a receiver."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.webhooks.worker import WebhookWorker
from tests.server.house import House, people
from tests.server.web import OURS, Web
from tests.support.webhook_receiver import Message, Receiver

(ANNA,) = people(1)


@dataclass
class Hooks:
    """A server over `house`, spoken to by `web`, whose one `worker` takes its steps when a test says so."""

    web: Web
    worker: WebhookWorker

    @property
    def house(self) -> House:
        return self.web.house

    async def add(self, url: str, **fields: Any) -> dict[str, Any]:
        answer = await self.web.lead.post(f"{OURS}/webhooks", json={"url": url, **fields})
        assert answer.status_code == 201, answer.text
        created: dict[str, Any] = answer.json()
        return created

    async def show(self, hook: dict[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = (await self.web.lead.get(f"{OURS}/webhooks/{hook['id']}")).json()
        return shown

    async def deliveries(self, hook: dict[str, Any], **query: str) -> list[dict[str, Any]]:
        answer = await self.web.lead.get(f"{OURS}/webhooks/{hook['id']}/deliveries", params=query)
        listed: list[dict[str, Any]] = answer.json()["data"]
        return listed

    async def post(self, hook: dict[str, Any], path: str, **body: Any) -> Any:
        answer = await self.web.lead.post(f"{OURS}/webhooks/{hook['id']}/{path}", json=body or None)
        assert answer.is_success, answer.text
        return answer.json()

    async def run(self) -> None:
        """All that is to be done at this instant."""
        while await self.worker.step():
            pass
        await self.worker.idle()

    def settle(self, campaign: str, *tasks: str) -> list[str]:
        """Answers the tasks, which settles them, or as many new ones."""
        for task in tasks:
            self.house.submit(campaign, task, ANNA)
        return list(tasks)


@asynccontextmanager
async def hooks_of(house: House, *, private: bool = True, seconds: float = 10.0) -> AsyncIterator[Hooks]:
    settings = ServerSettings(
        database_url=house.store.url.render_as_string(hide_password=False),
        embedded_token="embedded",
        webhook_private=private,
        webhook_timeout_seconds=seconds,
        requests_per_minute_per_key=None,
        requests_per_minute_per_caller=None,
    )
    app = create_app(settings, store=house.store, clock=lambda: house.now)
    app.state.rng = house.rng
    web = Web(app, house, lead=None, anybody=None)  # type: ignore[arg-type]
    worker = WebhookWorker(app.state)
    async with web.client(**{"X-API-Key": "embedded"}) as lead, web.client() as anybody:
        web.lead, web.anybody = lead, anybody
        yield Hooks(web, worker)
        await worker.aclose()


@pytest.fixture
async def hooks(sqlite_house: House) -> AsyncIterator[Hooks]:
    async with hooks_of(sqlite_house) as opened:
        yield opened


@pytest.fixture
async def both_hooks(house: House) -> AsyncIterator[Hooks]:
    """The same on each database, for what depends on it."""
    async with hooks_of(house) as opened:
        yield opened


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as listening:
        yield listening


def verify(message: Message, secret: str) -> bool:
    """As the specification says it, written anew."""
    signed = f"{message.id}.{message.headers['webhook-timestamp']}.".encode() + message.body
    digest = hmac.new(base64.b64decode(secret.removeprefix("whsec_")), signed, hashlib.sha256).digest()
    expected = "v1," + base64.b64encode(digest).decode()
    return expected in message.headers["webhook-signature"].split(" ")
