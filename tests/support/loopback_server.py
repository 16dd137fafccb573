"""A server on a free port of this machine, in the running loop, that leaves no connection open at its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Self

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
HUNG_UP = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError)
"""What reading and writing raise when the other side is gone, as it may be."""


class LoopbackServer:
    """An async context manager that serves each connection in a task of its own; `port` is where.

    At its end it cancels what still serves and aborts what is still open. A task that was cancelled before it began
    runs not even its `finally`, so tasks cannot close their connections themselves: a socket left open is collected
    during some later test, which then fails. An error of `serve` is raised at the end.
    """

    port: int

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._connections: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._ended = False

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._ended = True
        self._server.close()
        for task in self._connections:
            task.cancel()
        results = await asyncio.gather(*self._connections, return_exceptions=True)
        for writer in self._connections.values():
            writer.transport.abort()
            await _closed(writer)
        await self._server.wait_closed()
        for result in results:
            if isinstance(result, Exception):
                raise result

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._ended:
            writer.transport.abort()
            return
        self._connections[asyncio.create_task(self._one(reader, writer))] = writer

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(*HUNG_UP):
                await self._serve(reader, writer)
        finally:
            writer.close()
            await _closed(writer)


async def _closed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        await asyncio.shield(writer.wait_closed())  # who is cancelled while waiting would cancel it for all
