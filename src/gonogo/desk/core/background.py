"""Work behind the screen: a loop that fails is written to the log and begun again; it never takes the desk with it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from gonogo.desk.core.clock import Clock

logger = logging.getLogger(__name__)
RESTART_SECONDS = 5.0


class TaskSupervisor:
    """Background loops of one desk. `failed` is told the name and the error of one that broke."""

    def __init__(self, clock: Clock, failed: Callable[[str, Exception], None]) -> None:
        self._clock = clock
        self._failed = failed
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        self._tasks.append(asyncio.create_task(self._keep(name, loop), name=f"desk {name}"))

    async def end(self) -> None:
        """Cancel all of them and wait until they are gone."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await loop()
            except Exception as error:
                logger.exception("the desk's %s loop failed", name)
                self._failed(name, error)
                await self._clock.sleep(RESTART_SECONDS)
            else:
                return
