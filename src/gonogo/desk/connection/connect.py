"""How a desk comes to its server: connect, find out what the server can do, and how far the work is."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gonogo.client.errors import GonogoClientError, NetworkError, UnexpectedAnswerError
from gonogo.desk.connection.circuit import ServerConnection, is_trouble
from gonogo.desk.connection.protocol import TaskServer, WorkProgress
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.errors import DeskError
from gonogo.sheets.models import DrawingAddress

PATIENCE_SECONDS = 10.0
"""How long a drawing waits for the connection."""
STRANGE_ANSWERS = 3
"""After so many answers that are none, the server is taken for a plain one and the work itself is tried."""


class Connector:
    """The server once it is there. `open` gives it, or raises `DeskError` when there is no credential."""

    def __init__(self, open_: Callable[[], Awaitable[TaskServer]], line: ServerConnection, clock: Clock) -> None:
        self.remote: TaskServer | None = None
        self._open = open_
        self._line = line
        self._clock = clock
        self._connected = asyncio.Event()
        self._again = asyncio.Event()

    async def server(self) -> TaskServer:
        """The server; waits until there is one."""
        await self._connected.wait()
        assert self.remote is not None
        return self.remote

    async def drawing_url(self, part_revision_id: str) -> DrawingAddress:
        """Where the drawing lies. Raises `GonogoClientError`, also when there is no connection yet."""
        if not await wait_for(self._connected, PATIENCE_SECONDS, self._clock) or self.remote is None:
            raise NetworkError("There is no connection to the server yet.", next_step="Judge from the text, or wait.")
        return await self.remote.drawing_url(part_revision_id)

    def retry_now(self) -> None:
        self._again.set()

    async def connect(self) -> TaskServer:
        """Get the server; without a credential, wait for `retry_now` and look again."""
        while self.remote is None:
            try:
                self.remote = await self._open()
            except DeskError as problem:
                self._line.signed_out(str(problem), problem.next_step)
                self._again.clear()
                await self._again.wait()
            else:
                self._line.clear()
        self._connected.set()
        return self.remote

    async def greet(self) -> None:
        """Find out what the server can do, however long it takes to answer."""
        remote, strange = await self.server(), 0
        while strange < STRANGE_ANSWERS:
            try:
                async with self._line.turn():
                    await remote.greet()
                self._line.clear()
                return
            except GonogoClientError as error:
                strange += isinstance(error, UnexpectedAnswerError)
                if not is_trouble(error):
                    return

    async def standing(self, campaign_id: str) -> WorkProgress | None:
        """How far the work is; `None` when the server does not say, or not now."""
        remote = await self.server()
        try:
            async with self._line.turn():
                found = await remote.standing(campaign_id)
            self._line.clear()
        except GonogoClientError:
            return None
        return found

    async def aclose(self) -> None:
        if self.remote is not None:
            await self.remote.aclose()
