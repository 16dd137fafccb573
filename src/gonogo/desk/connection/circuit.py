"""The line to the server, as all of one desk sees it: clear, waiting for the next try, or signed out.

Sending and fetching share it, so that an outage is met with one request at a time, at times spread by chance
(full jitter, base 1 s, cap 30 s, for ever), and a pause the server asks for holds for everything.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    NetworkError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.desk.core.clock import Clock, wait_for

BASE_SECONDS = 1.0
CAP_SECONDS = 30.0
THROTTLE_SECONDS = 5.0
"""The least pause after a 429 that does not say how long."""
ENDED = "The server takes this sign-in no longer: it has run out, or a lead ended it."
AGAIN = "Key r signs in again, with a new link or key from your lead."


@dataclass(frozen=True, slots=True)
class Outage:
    """Why nothing can be sent. `next_try` is on the monotonic clock; `None`: not before a new sign-in."""

    message: str
    next_step: str
    next_try: float | None

    @property
    def signed_out(self) -> bool:
        return self.next_try is None


def is_trouble(error: GonogoClientError) -> bool:
    """Whether `error` says something of the line and not of the one request."""
    return isinstance(
        error, NetworkError | ServerError | RateLimitedError | UnexpectedAnswerError | AuthenticationError
    )


class ServerConnection:
    """Lets requests through when it is clear, one at a time while it is in trouble. `changed` is called on changes."""

    def __init__(
        self, clock: Clock, changed: Callable[[], None], *, chance: Callable[[], float] = random.random
    ) -> None:
        self.trouble: Outage | None = None
        self.recovering = False
        self._clock = clock
        self._changed = changed
        self._chance = chance
        self._failures = 0
        self._probe = asyncio.Lock()
        self._now = asyncio.Event()

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next try; `None` when the line is clear or signed out."""
        if self.trouble is None or self.trouble.next_try is None:
            return None
        return max(0.0, self.trouble.next_try - self._clock.monotonic())

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait until a request may go out, and learn from the error it raises. Call `clear` when it was answered."""
        if self.trouble is None:
            with self._learning():
                yield
            return
        async with self._probe:
            await self._wait()
            with self._learning():
                yield

    def clear(self) -> None:
        """The server answered as a server does."""
        self._failures = 0
        if self.trouble is not None:
            self.trouble = None
            self.recovering = True
            self._changed()

    def failed(self, error: GonogoClientError) -> None:
        """What `error` means for the next request."""
        if not is_trouble(error):
            self.clear()
            return
        now = self._clock.monotonic()
        if isinstance(error, AuthenticationError):
            self.trouble = Outage(ENDED, AGAIN, None)
        else:
            self.trouble = Outage(str(error), error.next_step, now + self._pause(error))
            self._failures += 1
        self._now.clear()
        self._changed()

    def signed_out(self, message: str, next_step: str) -> None:
        """There is no credential to send with."""
        self.trouble = Outage(message, next_step, None)
        self._now.clear()
        self._changed()

    def retry_now(self) -> None:
        """Let the next request try at once, and start over with short waits."""
        self._failures = 0
        self._now.set()

    def _pause(self, error: GonogoClientError) -> float:
        backoff = self._chance() * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(self._failures, 10))
        asked = error.retry_after if isinstance(error, RateLimitedError | ServerError) else None
        if isinstance(error, RateLimitedError) and asked is None:
            return THROTTLE_SECONDS + backoff
        return max(backoff, asked or 0.0)

    async def _wait(self) -> None:
        """Return when the trouble is over, its next try is due, or a person asked for it."""
        while self.trouble is not None and not self._now.is_set():
            seconds = self.retry_in
            if seconds is not None and seconds <= 0:
                break
            await wait_for(self._now, seconds, self._clock)
        self._now.clear()

    def _learning(self) -> _Learning:
        return _Learning(self)


class _Learning:
    """Tells the line of the client's errors that pass through."""

    def __init__(self, line: ServerConnection) -> None:
        self._line = line

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, GonogoClientError):
            self._line.failed(error)
