"""Background tasks: run work beside a session; a task that fails is logged and restarted, and never ends the
session.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gonogo.desk.core.clock import Clock

logger = logging.getLogger(__name__)
RESTART_SECONDS = 5.0


class TaskSupervisor:
    """Background tasks of one session. `on_failure` is called with the name and the error of one that failed."""

    def __init__(self, clock: Clock, on_failure: Callable[[str, Exception], None]) -> None:
        self._clock = clock
        self._on_failure = on_failure
        self._tasks: list[asyncio.Task[None]] = []

    def start(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Runs `work` in the background until it returns."""
        self._tasks.append(asyncio.create_task(self._supervise(name, work), name=f"desk {name}"))

    async def stop(self) -> None:
        """Cancels all tasks and waits until they have ended."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _supervise(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except Exception as error:
                logger.exception("the desk's %s loop failed", name)
                self._on_failure(name, error)
                await self._clock.sleep(RESTART_SECONDS)
            else:
                return
