"""Retry policy: waits with exponential backoff and full jitter, and pauses all calls of a client after a 429.

The published advice for the API: five tries, base 1 s doubling, cap 30 s, full jitter, no `Retry-After` sent.
Not a library, because the pause is shared by all calls of a client, and clock, sleep and randomness are injected.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import TypeVar

from gonogo.client.errors import GonogoClientError, RateLimitedError, ServerError

T = TypeVar("T")
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds before something that could not be read is read again; the pause doubles with each failure."""
Reading = Coroutine[object, None, Exception | None]
"""One try to read something: the error, which was shown, or `None` when it worked."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Retry policy. All times in seconds.

    `tries` counts the first one; where more than that are `pauses`, so often is a 429 waited for: it comes from a
    server that works. After a 429 without `Retry-After` nothing is sent for at least `throttle`
    seconds, then one request each `spacing` seconds until `spread` seconds after it have passed. A wait longer
    than `patience` is not waited for: the call fails and says how long. `on_wait` hears of each wait.
    """

    tries: int = 5
    pauses: int = 0
    base: float = 1.0
    cap: float = 30.0
    throttle: float = 5.0
    spacing: float = 6.0
    spread: float = 60.0
    patience: float = 60.0
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random
    on_wait: Callable[[float, GonogoClientError], None] | None = None

    def backoff(self, failures: int) -> float:
        """Returns the seconds to wait after the `failures`-th failure (from 0): uniform in 0 … min(cap, base·2ⁿ)."""
        return self.chance() * min(self.cap, self.base * 2.0**failures)


ONCE = RetryPolicy(tries=1)
"""For callers with a schedule of their own, such as the outbox and the task stream."""


class Pace:
    """Shared pause: all calls of one client wait for it after a 429."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._next_at = float("-inf")
        self._spread_until = float("-inf")

    def remaining(self) -> float:
        """Returns the seconds until the next request may be sent."""
        return max(0.0, self._next_at - self._policy.clock())

    async def turn(self) -> None:
        """Waits until a request may be sent.

        Raises:
            RateLimitedError: the server asked for a pause longer than the policy's patience.
        """
        while wait := self.remaining():
            if wait > self._policy.patience:
                raise RateLimitedError(f"The server asked for a pause; {wait:.0f} s of it are left.", retry_after=wait)
            await self._policy.sleep(wait)
        now = self._policy.clock()
        if now < self._spread_until:
            self._next_at = now + self._policy.spacing

    def limited(self, error: RateLimitedError, failures: int) -> None:
        """Starts the pause after a 429, and writes its length into the error."""
        now, policy = self._policy.clock(), self._policy
        if error.retry_after is None:
            pause = policy.throttle + policy.backoff(failures)
            self._spread_until = now + policy.spread
        else:
            pause = error.retry_after
        self._next_at = max(self._next_at, now + pause)
        error.retry_after = self._next_at - now


async def with_retries(policy: RetryPolicy, pace: Pace, attempt: Callable[[], Awaitable[T]]) -> T:
    """Returns the result of `attempt`, tried until it succeeds, fails for good, or the tries are used up."""
    failures = 0
    while True:
        await pace.turn()
        try:
            return await attempt()
        except GonogoClientError as error:
            if isinstance(error, RateLimitedError):
                pace.limited(error, failures)
                wait = pace.remaining()
            else:
                retry_after = error.retry_after if isinstance(error, ServerError) else None
                wait = max(policy.backoff(failures), retry_after or 0.0)
            failures += 1
            most = max(policy.tries, policy.pauses) if isinstance(error, RateLimitedError) else policy.tries
            if not error.transient or failures >= most or wait > policy.patience:
                raise
            if policy.on_wait:
                policy.on_wait(wait, error)
            if not isinstance(error, RateLimitedError):  # the shared pause is waited for in `turn`
                await policy.sleep(wait)


def requested_pause(error: Exception) -> float:
    """Returns the seconds that the server asked to be left alone for; 0 when it did not."""
    return (error.retry_after if isinstance(error, RateLimitedError | ServerError) else None) or 0.0


async def read_until_it_works(
    read: Callable[[], Reading],
    *,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    first_pause: float = FIRST_PAUSE,
) -> None:
    """Reads again after growing pauses until there is no error; a pause is never shorter than the server asked for."""
    pause = first_pause
    while (error := await read()) is not None:
        await sleep(max(pause, requested_pause(error)))
        pause = min(2 * pause, LONGEST_PAUSE)
