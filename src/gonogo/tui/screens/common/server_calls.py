"""Server calls of a screen: runs one at a time in each group; shows their errors, or passes them to a callback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from textual.screen import Screen

from gonogo.client.errors import (
    GonogoClientError,
    InterruptedExchangeError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from gonogo.client.transport.retry import FIRST_PAUSE, LONGEST_PAUSE, requested_pause
from gonogo.desk.core.errors import DeskError
from gonogo.tui import workers
from gonogo.tui.app_protocol import app_of

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient

ServerError = GonogoClientError | DeskError
OnError = Callable[[ServerError], None]
ServerCall = Callable[["GonogoClient"], Awaitable[None]]


class ServerCalls:
    """Runner of server calls as workers of `screen`, each with a client of `connect`.

    Errors of `read` and `start` go to `on_error`; those of `act` and `change`, which a key has asked for, are notices
    where the call has no callback of its own.
    """

    def __init__(
        self,
        screen: Screen[None],
        connect: Callable[[], Awaitable[AbstractAsyncContextManager[GonogoClient]]],
        on_error: OnError,
    ) -> None:
        self._screen = screen
        self._connect = connect
        self._on_error = on_error

    def start(self, call: ServerCall, group: str) -> None:
        """Starts `call`; cancels the running call of the same `group`."""
        workers.start_exclusive(self._screen, self.run, call, group=group)

    def act(self, call: ServerCall, group: str) -> None:
        """Starts `call`, which a key has asked for."""
        workers.start_exclusive(self._screen, self.run, call, self._notify, group=group)

    def change(
        self, call: ServerCall, group: str, *, then: Callable[[], None], on_error: OnError | None = None
    ) -> None:
        """Starts `call`, which changes something on the server; `then`, once it has, reads what is shown.

        The two are apart: what was changed is not changed again because it could not be read.
        """

        async def change() -> None:
            if await self.run(call, on_error or self._notify_change) is None:
                then()

        workers.start_exclusive(self._screen, change, group=group)

    def _notify(self, error: ServerError, more: str = "") -> None:
        app_of(self._screen).show_notice(f"{error} {error.next_step} {more}".strip(), error=True, seconds=15)

    def _notify_change(self, error: ServerError) -> None:
        is_unknown = isinstance(error, InterruptedExchangeError | UnexpectedAnswerError)
        self._notify(error, "It may have been done all the same: look before you do it again." if is_unknown else "")

    def read(self, call: ServerCall, group: str) -> None:
        """Starts `call`, which changes nothing on the server, and repeats it after pauses until it works."""
        workers.start_reading(self._screen, self.run, call, group=group)

    async def run(self, call: ServerCall, on_error: OnError | None = None) -> ServerError | None:
        """Runs `call`; after a 429, which carries nothing out, again at the end of the pause.

        Returns the error, if any, after `on_error` was called with it.
        """
        on_error = on_error or self._on_error
        pause = FIRST_PAUSE
        while True:
            try:
                async with await self._connect() as client:
                    await call(client)
            except RateLimitedError as error:
                seconds = max(requested_pause(error), pause)
                pause = min(2 * pause, LONGEST_PAUSE)
                step = f"We try again in {seconds:.0f} s."
                on_error(DeskError("The server asks us to go slower.", step))
                await asyncio.sleep(seconds)
                continue
            except (GonogoClientError, DeskError) as error:
                on_error(error)
                return error
            return None
