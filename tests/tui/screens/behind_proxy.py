"""The application on a real server behind a real proxy that breaks chosen requests."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import uvicorn

from gonogo.desk.account.account_service import Account
from gonogo.desk.account.credentials import CredentialStore
from gonogo.desk.account.identity import SignedIn
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import Settings
from gonogo.server.auth.api_keys import create_key
from gonogo.server.run import bind
from gonogo.tui.app import GonogoApp
from gonogo.tui.navigation import Start
from tests.server.review.conftest import Bench
from tests.support.faulty_proxy import FaultyProxy
from tests.tui.screens.conftest import Room

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<==)\d+")


@dataclass
class FaultyLine:
    """Line between the application and its server: every request of `kind` meets `fault`.

    A kind is method and path with `*` for each id: `GET /api/v1/gonogo/campaigns/*/review`. `seen` are the kinds of
    the requests that came, `n_met` counts those that met the fault.
    """

    proxy: FaultyProxy
    kind: str = ""
    fault: str = "none"
    seen: list[str] = field(default_factory=list)
    n_met: int = 0

    def plan(self, line: str) -> str:
        kind = _ID.sub("*", line.partition("?")[0])
        self.seen.append(kind)
        if kind != self.kind:
            return "none"
        self.n_met += 1
        return self.fault

    def break_requests(self, kind: str, fault: str) -> None:
        self.kind, self.fault, self.n_met = kind, fault, 0

    def heal(self) -> None:
        self.break_requests("", "none")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.proxy.port}"


@dataclass
class RoomBehindProxy(Room):
    """Room whose application reaches the bench's server by TCP, through `line`."""

    line: FaultyLine = field(init=False)
    services: Account = field(init=False)

    @asynccontextmanager
    async def behind_proxy(
        self, *, start: Start = "review", campaign: bool = True, sign_in: bool = True, undo_seconds: float = 60.0
    ) -> AsyncIterator[RoomBehindProxy]:
        """The application, signed in with a lead's key, in the bench's campaign or before the choice of one."""
        key = create_key(self.bench.web.house.store, "lead", ["parts:read", "parts:write"]).key
        async with _serving(self.bench) as port, FaultyProxy(port) as proxy:
            self.line = FaultyLine(proxy)
            proxy.plan = self.line.plan
            profile = Settings(undo_seconds=undo_seconds)
            self.services = Account(AppPaths(self.home), profile, vault=CredentialStore(list))
            if sign_in:
                await self.services.sign_in_key(key, self.line.url)
            self.key = key
            chosen = self.bench.campaign if campaign else None
            app = GonogoApp(self.services, start=start, campaign_id=chosen, clock=self.clock)
            async with app.run_test(size=(120, 40), notifications=True) as pilot:
                self.pilot = pilot
                yield self

    @property
    def signed(self) -> SignedIn:
        """The login that the application goes on with."""
        signed = self.services.remembered()
        assert signed is not None
        return signed

    @property
    def words(self) -> str:
        """Everything on the screen in one line, without frames."""
        return " ".join(re.sub(r"[│╭╮╰╯─▌▐▎]", " ", self.text).split())


@asynccontextmanager
async def _serving(bench: Bench) -> AsyncIterator[int]:
    """The bench's server on a free port, in this loop: its work in memory belongs to one loop."""
    with bind("127.0.0.1", 0) as listener:
        config = uvicorn.Config(bench.web.app, log_level="error", access_log=False, ws="none", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            await serving
