"""Circuit breaker with backoff, shared by all requests of one session: closed, waiting for the next try, or signed out.

In an outage one request at a time goes out, at random times (full jitter, base 1 s, cap 30 s, without end); a pause
that the server asks for holds for every request. It is the session's only retry policy: the client's own is off.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
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
"""Least pause after a 429 without `Retry-After`."""
SPACING_SECONDS, SPREAD_SECONDS = 6.0, 60.0
"""After such a 429 one request each `SPACING_SECONDS`, for `SPREAD_SECONDS`: the published advice for the API."""
ENDED = "Your sign-in has expired, or a lead ended it."
AGAIN = "Press r to sign in again with a new link or key from your lead."


@dataclass(frozen=True, slots=True)
class Outage:
    """Reason why nothing can be sent. `next_try` is on the monotonic clock; `None`: not before a new sign-in."""

    message: str
    next_step: str
    next_try: float | None

    @property
    def signed_out(self) -> bool:
        return self.next_try is None


def is_trouble(error: GonogoClientError) -> bool:
    """Returns whether `error` concerns the connection and not the one request."""
    return isinstance(
        error, NetworkError | ServerError | RateLimitedError | UnexpectedAnswerError | AuthenticationError
    )


class ServerConnection:
    """Circuit breaker: passes requests while closed, one at a time in an outage. `on_change` is called on changes."""

    def __init__(
        self, clock: Clock, on_change: Callable[[], None], *, rng: Callable[[], float] = random.random
    ) -> None:
        self.trouble: Outage | None = None
        self.recovering = False
        self._clock = clock
        self._on_change = on_change
        self._random = rng
        self._failures = 0
        self._n_troubles = 0
        self._spread_until = self._spaced_until = float("-inf")
        self._one_at_a_time = asyncio.Lock()
        self._try_now = asyncio.Event()

    @property
    def retry_in(self) -> float | None:
        """Seconds until the next try; `None` when the circuit is closed or signed out."""
        if self.trouble is None or self.trouble.next_try is None:
            return None
        return max(0.0, self.trouble.next_try - self._clock.monotonic())

    @asynccontextmanager
    async def request_slot(self) -> AsyncIterator[int]:
        """Waits until a request may go out, and records the error it raises.

        Call `clear` with what this gives when the request was answered.
        """
        async with AsyncExitStack() as stack:
            if self.trouble is not None:
                await stack.enter_async_context(self._one_at_a_time)
                await self._wait()
            await self._wait_for_spacing()
            slot = self._n_troubles
            try:
                yield slot
            except GonogoClientError as error:
                self.failed(error, slot)
                raise

    def clear(self, slot: int | None = None) -> None:
        """Closes the circuit: the server has answered the request of `slot`.

        The answer to a request that went out before the last failure proves nothing about the time after it.
        """
        if slot is not None and slot != self._n_troubles:
            return
        self._failures = 0
        if self.trouble is not None:
            self.trouble = None
            self.recovering = True
            self._on_change()

    def failed(self, error: GonogoClientError, slot: int | None = None) -> None:
        """Records `error` of the request of `slot`, and plans the next try."""
        if not is_trouble(error):
            self.clear(slot)
            return
        self._n_troubles += 1
        now = self._clock.monotonic()
        if isinstance(error, AuthenticationError):
            self.trouble = Outage(ENDED, AGAIN, None)
        else:
            self.trouble = Outage(str(error), error.next_step, now + self._pause(error))
            self._failures += 1
        self._try_now.clear()
        self._on_change()

    def signed_out(self, message: str, next_step: str) -> None:
        """Opens the circuit until a new sign-in: there is no credential."""
        self.trouble = Outage(message, next_step, None)
        self._try_now.clear()
        self._on_change()

    def retry_now(self) -> None:
        """Lets the next request try at once, and starts over with short waits."""
        self._failures = 0
        self._try_now.set()

    def _pause(self, error: GonogoClientError) -> float:
        backoff = self._random() * min(CAP_SECONDS, BASE_SECONDS * 2.0 ** min(self._failures, 10))
        requested = error.retry_after if isinstance(error, RateLimitedError | ServerError) else None
        if isinstance(error, RateLimitedError) and requested is None:
            self._spread_until = self._clock.monotonic() + SPREAD_SECONDS
            return THROTTLE_SECONDS + backoff
        return max(backoff, requested or 0.0)

    async def _wait(self) -> None:
        """Returns when the outage is over, its next try is due, or a person asked for one."""
        while self.trouble is not None and not self._try_now.is_set():
            seconds = self.retry_in
            if seconds is not None and seconds <= 0:
                break
            await wait_for(self._try_now, seconds, self._clock)
        self._try_now.clear()

    async def _wait_for_spacing(self) -> None:
        while (seconds := self._spaced_until - self._clock.monotonic()) > 0:
            await self._clock.sleep(seconds)
        now = self._clock.monotonic()
        if now < self._spread_until:
            self._spaced_until = now + SPACING_SECONDS
