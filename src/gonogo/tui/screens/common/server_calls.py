"""Server calls of a screen: runs one at a time in each group, and passes errors to a callback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from textual.screen import Screen

from gonogo.client.errors import GonogoClientError, RateLimitedError
from gonogo.desk.core.errors import DeskError
from gonogo.tui import workers

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient

LEAST_PAUSE = 1.0
"""Least pause after a 429, in seconds."""
ServerError = GonogoClientError | DeskError
ServerCall = Callable[["GonogoClient"], Awaitable[None]]


class ServerCalls:
    """Runner of server calls as workers of `screen`, each with a client of `connect`. Errors go to `on_error`."""

    def __init__(
        self,
        screen: Screen[None],
        connect: Callable[[], Awaitable[AbstractAsyncContextManager[GonogoClient]]],
        on_error: Callable[[ServerError], None],
    ) -> None:
        self._screen = screen
        self._connect = connect
        self._on_error = on_error

    def start(self, call: ServerCall, group: str) -> None:
        """Starts `call`; cancels the running call of the same `group`."""
        workers.start_exclusive(self._screen, self.run, call, group=group)

    def read(self, call: ServerCall, group: str) -> None:
        """Starts `call`, which changes nothing on the server, and repeats it after pauses until it works."""
        workers.start_reading(self._screen, self.run, call, group=group)

    async def run(self, call: ServerCall) -> bool:
        """Runs `call`; after a 429, which carries nothing out, again at the end of the pause.

        Returns whether it worked.
        """
        while True:
            try:
                async with await self._connect() as client:
                    await call(client)
            except RateLimitedError as error:
                seconds = max(error.retry_after or 0.0, LEAST_PAUSE)
                step = f"We try again in {seconds:.0f} s."
                self._on_error(DeskError("The server asks us to go slower.", step))
                await asyncio.sleep(seconds)
                continue
            except (GonogoClientError, DeskError) as error:
                self._on_error(error)
                return False
            return True
