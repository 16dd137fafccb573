"""Connection to the server: makes the first contact, discovers capabilities, and fetches the progress of the
campaign.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from gonogo.client.errors import GonogoClientError, NetworkError, UnexpectedAnswerError
from gonogo.client.transport.retry import read_until_it_works
from gonogo.desk.connection.circuit_breaker import ServerConnection, is_trouble
from gonogo.desk.connection.server_protocol import TaskServer, WorkProgress
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.errors import DeskError
from gonogo.sheets.models import DrawingAddress

PATIENCE_SECONDS = 10.0
"""Longest time that a drawing waits for the connection."""
UNEXPECTED_ANSWERS = 3
"""After so many unusable responses the server counts as a plain one, and the work itself is tried."""
FIRST_LOOK, LONGEST_LOOK = 30.0, 600.0
"""Seconds before such a server is asked again whether it is a plain one; the pause doubles each time."""


class Connector:
    """Server of one session. `open_server` gives it, or raises `DeskError` when there is no credential."""

    def __init__(
        self, open_server: Callable[[], Awaitable[TaskServer]], connection: ServerConnection, clock: Clock
    ) -> None:
        self.connected: TaskServer | None = None
        self._open_server = open_server
        self._connection = connection
        self._clock = clock
        self._ready = asyncio.Event()
        self._retry = asyncio.Event()
        self._answered = False

    async def server(self) -> TaskServer:
        """Waits until there is a server; returns it."""
        await self._ready.wait()
        assert self.connected is not None
        return self.connected

    async def drawing_url(self, part_revision_id: str) -> DrawingAddress:
        """Returns the drawing's address. Raises `GonogoClientError`, also when there is no connection yet."""
        if not await wait_for(self._ready, PATIENCE_SECONDS, self._clock) or self.connected is None:
            raise NetworkError("There is no connection to the server yet.", next_step="Judge from the text, or wait.")
        return await self.connected.drawing_url(part_revision_id)

    def retry_now(self) -> None:
        """Looks for a credential, or for the server's capabilities, again at once."""
        self._retry.set()

    async def connect(self) -> TaskServer:
        """Opens the server; without a credential, waits for `retry_now` and tries again."""
        while self.connected is None:
            try:
                self.connected = await self._open_server()
            except DeskError as problem:
                self._connection.signed_out(str(problem), problem.next_step)
                self._retry.clear()
                await self._retry.wait()
            else:
                self._connection.clear()
        self._ready.set()
        return self.connected

    async def discover_capabilities(self) -> None:
        """Asks what the server can do, however long it takes to answer."""
        server, unexpected = await self.server(), 0
        while unexpected < UNEXPECTED_ANSWERS:
            try:
                async with self._connection.request_slot() as slot:
                    await server.discover_capabilities()
                self._connection.clear(slot)
                self._answered = True
                return
            except GonogoClientError as error:
                unexpected += isinstance(error, UnexpectedAnswerError)
                if not is_trouble(error):
                    self._answered = True
                    return

    async def rediscover_capabilities(self) -> bool:
        """Asks a server again that counts as plain because its answers were unusable: a network's login page may have
        answered in its place. Returns whether it has our extensions after all.
        """
        server, pause = await self.server(), FIRST_LOOK
        while not self._answered:
            self._retry.clear()
            await wait_for(self._retry, pause, self._clock)
            pause = min(2 * pause, LONGEST_LOOK)
            with contextlib.suppress(GonogoClientError):  # no outage: the work goes on without extensions
                await server.discover_capabilities()
                self._answered = True
                return server.extensions
        return False

    async def progress(self, campaign_id: str) -> WorkProgress | None:
        """Returns the campaign's progress; `None` when the server does not provide it.

        While it fails it is asked for again after pauses, but only the first failure counts as an outage.
        """
        server, asked, progress = await self.server(), False, None

        async def ask() -> Exception | None:
            nonlocal asked, progress
            first, asked = not asked, True
            try:
                if first:
                    async with self._connection.request_slot() as slot:
                        progress = await server.progress(campaign_id)
                    self._connection.clear(slot)
                elif self._connection.trouble is not None:
                    return NetworkError("There is an outage.")
                else:
                    progress = await server.progress(campaign_id)
            except GonogoClientError as error:
                return error if is_trouble(error) else None
            return None

        await read_until_it_works(ask, sleep=self._clock.sleep)
        return progress

    async def aclose(self) -> None:
        """Closes the server's client, if there is one."""
        if self.connected is not None:
            await self.connected.aclose()
