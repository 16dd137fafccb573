"""Server calls of a screen: runs one at a time in each group, and passes errors to a callback."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from textual.screen import Screen

from gonogo.client.errors import GonogoClientError
from gonogo.desk.core.errors import DeskError
from gonogo.tui import workers

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient

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

    async def run(self, call: ServerCall) -> None:
        try:
            async with await self._connect() as client:
                await call(client)
        except (GonogoClientError, DeskError) as error:
            self._on_error(error)
