"""Overlapped commits: run the next write job on PostgreSQL while the last one is being committed.

A commit waits for the disk, and a job runs on the event loop, which would stand still meanwhile. So a worker has a few
connections to write on; each commits in a thread, which only waits. Figures: `docs/design/performance.md`.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar
from weakref import WeakValueDictionary

from sqlalchemy import Connection
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gonogo.server.store.engine import Store
from gonogo.server.store.pinned_connection import PinnedConnection

T = TypeVar("T")
WRITERS = 3
"""Connections of a worker: a job takes as long as one or two commits."""


class OverlappedCommits:
    """The write jobs of one event loop, each in a transaction of its own."""

    def __init__(self, store: Store) -> None:
        self._writers = [PinnedConnection(store.engine) for _ in range(WRITERS)]
        self._threads = ThreadPoolExecutor(WRITERS, "gonogo-commit")
        self._free: asyncio.LifoQueue[PinnedConnection] = asyncio.LifoQueue()
        for writer in self._writers:
            self._free.put_nowait(writer)
        self._closed = False
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def run(self, job: Callable[[Connection], T], turn: str | None = None) -> T:
        """The result of `job`, once it is durable. What it raises leaves nothing of it behind.

        Of jobs with the same `turn` each begins when the one before it is durable.
        """
        if turn is None:
            return await self._run(job)
        async with self._turns.setdefault(turn, asyncio.Lock()):
            return await self._run(job)

    async def _run(self, job: Callable[[Connection], T]) -> T:
        writer = await self._free.get()
        if self._closed:  # nobody would close the connection that the writer opens anew
            self._free.put_nowait(writer)
            raise PoolTimeout("The server is stopping.")
        try:
            with writer.transaction(commit=False) as connection:
                result = job(connection)
            commit = asyncio.get_running_loop().run_in_executor(self._threads, writer.commit)
        except BaseException:
            self._free.put_nowait(writer)
            raise
        commit.add_done_callback(lambda _commit: self._free.put_nowait(writer))
        await asyncio.shield(commit)  # a request that is cancelled doesn't take the writer from its thread
        return result

    def close(self) -> None:
        """Waits for the last commits, and closes the connections; jobs that still wait for one are refused."""
        self._closed = True
        self._threads.shutdown()
        with contextlib.ExitStack() as stack:  # each is closed, also where closing another one fails
            for writer in self._writers:
                stack.callback(writer.close)
