"""Clock interface: gives the desk the time; tests replace it and move the time instead of waiting."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable


class Clock:
    """Clocks of the machine, in seconds."""

    def monotonic(self) -> float:
        """Returns a time that never jumps and stands still while the machine sleeps: for the time a person worked."""
        return time.monotonic()

    def boot(self) -> float:
        """Returns a time that never jumps and goes on while the machine sleeps: for leases, which expire meanwhile."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime(time.CLOCK_BOOTTIME)
        return time.monotonic()

    def wall(self) -> float:
        """Returns seconds since 1970; may jump. Only for what is shown or compared between programs."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


async def wait_for(event: asyncio.Event, seconds: float | None, clock: Clock) -> bool:
    """Waits until `event` is set, at most `seconds` (`None`: without limit); returns whether it was set."""
    if event.is_set():
        return True
    if seconds is None:
        await event.wait()
        return True
    waits = [asyncio.ensure_future(event.wait()), asyncio.ensure_future(clock.sleep(max(0.0, seconds)))]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
        await asyncio.gather(*waits, return_exceptions=True)
    return event.is_set()


async def within(seconds: float, clock: Clock, work: Callable[[], Awaitable[object]]) -> bool:
    """Runs `work` for at most `seconds`, then cancels it; returns whether it ended without an error."""
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
