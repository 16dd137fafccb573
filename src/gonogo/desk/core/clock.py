"""The clocks of the desk, in one object that is handed in: tests move time instead of waiting for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any


class Clock:
    """The machine's own clocks, in seconds. A test hands in another with the same five methods."""

    def monotonic(self) -> float:
        """Never jumps; stands still while the machine sleeps. For the time a person worked."""
        return time.monotonic()

    def boot(self) -> float:
        """Never jumps and goes on while the machine sleeps. For leases, which run out on the server meanwhile."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def wall(self) -> float:
        """Seconds since 1970; may jump. Only for what is shown or compared between programs."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def wait_for(event: asyncio.Event, seconds: float | None, clock: Clock) -> bool:
    """Wait until `event` is set, at most `seconds` (`None`: for ever); says whether it was set."""
    if event.is_set():
        return True
    if seconds is None:
        await event.wait()
        return True
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(max(0.0, seconds)))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in waits:
            one.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return event.is_set()


async def within(seconds: float, clock: Clock, work: Callable[[], Awaitable[Any]]) -> bool:
    """Run `work` for at most `seconds`, then cancel it; says whether it came to its end without an error."""
    job = asyncio.ensure_future(work())
    alarm = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait([job, alarm], return_when=asyncio.FIRST_COMPLETED)
    finally:
        alarm.cancel()
        if not job.done():
            job.cancel()
        await asyncio.gather(job, alarm, return_exceptions=True)
    return job.done() and not job.cancelled() and job.exception() is None
