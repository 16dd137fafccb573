"""The application on a whole server in this process, at its review queue."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.tui.app import GonogoApp
from gonogo.tui.navigation import Start
from tests.server.house import House
from tests.server.http.conftest import InPieces
from tests.server.review.conftest import Bench
from tests.server.web import serving
from tests.sqlite import fresh_database
from tests.tui.fake_services import Clock
from tests.tui.screen_text import settle, text_of

BASE = "http://embedded.localhost"


class Plain(httpx.AsyncBaseTransport):
    """The same server without anything that is ours alone, as a plain ARCNM server would be."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.seen: list[httpx.Request] = []
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        if request.url.path.startswith("/api/v1/gonogo") and not _is_drawing(request):
            body = {"error": {"code": "not_found", "message": "Not found.", "details": {}}}
            return httpx.Response(404, json=body, headers={"X-Request-ID": "r"})
        answer = await self.inner.handle_async_request(request)
        if not request.url.path.endswith("/quality"):
            return answer
        published = json.loads(await answer.aread())
        published.pop("gonogo", None)
        return httpx.Response(answer.status_code, json=published)


def _is_drawing(request: httpx.Request) -> bool:
    """Whether a signed address of a drawing is fetched, which a plain server has at some place, too."""
    return request.method == "GET" and request.url.path.startswith("/api/v1/gonogo/drawings/")


class Watched(Plain):
    """Lets everything through and notes it."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        if self.down:
            raise httpx.ConnectError("refused", request=request)
        return await self.inner.handle_async_request(request)


@dataclass
class Room:
    """A bench, and the application beside it."""

    bench: Bench
    home: Path
    clock: Clock
    pilot: Pilot[None] = field(init=False)
    transport: Plain = field(init=False)

    @asynccontextmanager
    async def opened(
        self,
        *,
        size: tuple[int, int] = (120, 40),
        plain: bool = False,
        undo_seconds: float = 60.0,
        start: Start = "review",
        invitation: str = "",
        transport: type[Plain] | None = None,
    ) -> AsyncIterator[Room]:
        """The application in the bench's campaign: at its review queue, or where `start` says."""
        inner = InPieces(self.bench.web.app)
        self.transport = (transport or (Plain if plain else Watched))(inner)
        parts = EmbeddedParts(self.transport, "embedded", BASE)
        profile = Settings(undo_seconds=undo_seconds)
        vault = CredentialStore(list)  # nothing is kept beyond the test
        services = Account(AppPaths(self.home), profile, embedded=lambda: parts, vault=vault, transport=self.transport)
        await (services.sign_in_link(invitation, BASE) if invitation else services.sign_in_embedded())
        app = GonogoApp(services, start=start, campaign_id=self.bench.campaign, clock=self.clock)
        async with app.run_test(size=size, notifications=True) as pilot:
            self.pilot = pilot
            yield self

    @property
    def screen(self) -> Screen[Any]:
        return self.pilot.app.screen

    @property
    def text(self) -> str:
        return text_of(self.screen)

    async def until(self, holds: Callable[[], Any], seconds: float = 30.0) -> None:
        """Wait for a condition, with a deadline."""
        end = asyncio.get_running_loop().time() + seconds
        while not holds():
            if asyncio.get_running_loop().time() > end:
                raise AssertionError(f"it did not come to hold; the screen says:\n{self.text}")
            await self.pilot.pause(0.02)
        await settle(self.pilot)

    async def sees(self, *words: str) -> None:
        """Wait until all of `words` are on the screen."""
        await self.until(lambda: all(word in self.text for word in words))

    async def press(self, *keys: str) -> None:
        for key in keys:
            self.clock.pass_(1)
            await self.pilot.press(key)
        await settle(self.pilot)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    with House(fresh_database(tmp_path / "server.db")) as house:
        async with serving(house) as web:
            made = Bench(web, await web.campaign(gold_fraction=0, target_redundancy=2))
            yield made
            for client in made.people.values():
                await client.aclose()


@pytest.fixture
def room(bench: Bench, home: Path) -> Room:
    return Room(bench, home, Clock())
