"""Group commit: runs write jobs that wait together in one transaction, and so with one wait for the disk.

SQLite lets one writer in at a time, and with `synchronous=FULL` each commit waits for the disk. The jobs that arrive
while one commit is on its way are therefore done in the next transaction, each behind a savepoint of its own, so that
a job that fails takes back only itself; all are answered after the commit. On PostgreSQL each job is a transaction of
its own (`overlapped_commits`): together, two workers would lock the same rows in different orders.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from sqlalchemy import Connection

from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.overlapped_commits import OverlappedCommits
from gonogo.server.store.pinned_connection import forget_audit_head

T = TypeVar("T")
Job = Callable[[Connection], object]
Waiting = tuple[Job, "asyncio.Future[Any]"]

MOST = 64
"""Jobs of one transaction."""
_PATIENCE = 3
"""Rounds of the event loop that a transaction waits for more jobs, while more come."""


class GroupCommit:
    """The write jobs of one event loop. A job never waits; it gets the connection of the transaction it is part of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._together = not dialect_of(store.url).CONCURRENT_WRITERS
        self._overlapped: OverlappedCommits | None = None
        self._waiting: list[Waiting] = []

    async def run(self, job: Callable[[Connection], T], turn: str | None = None) -> T:
        """The result of `job`, once it is durable. What it raises leaves nothing of it behind.

        Jobs with the same `turn` see each other's effects; on SQLite all do.
        """
        if self._overlapped is not None:
            return await self._overlapped.run(job, turn)
        if not self._together:
            with self._store.write() as connection:
                return job(connection)
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self._waiting.append((job, future))
        if len(self._waiting) == 1:
            loop.call_soon(self._drain, loop, 1, 0)
        return await future

    @contextmanager
    def pinned(self) -> Iterator[None]:
        """While the block lasts, keeps the connections of the event loop; for its thread."""
        with self._store.pinned():
            if not self._together:
                self._overlapped = OverlappedCommits(self._store)
            try:
                yield
            finally:
                if self._overlapped is not None:
                    self._overlapped.close()
                self._overlapped = None

    def _drain(self, loop: asyncio.AbstractEventLoop, seen: int, rounds: int) -> None:
        if len(self._waiting) > seen and rounds < _PATIENCE:
            loop.call_soon(self._drain, loop, len(self._waiting), rounds + 1)
            return
        jobs, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
        if self._waiting:
            loop.call_soon(self._drain, loop, len(self._waiting), 0)
        try:
            with self._store.write() as connection:
                results: list[object] = [_attempt(connection, job, alone=len(jobs) == 1) for job, _future in jobs]
        except Exception as error:  # noqa: BLE001 - raised again in each of the requests
            results = [error] * len(jobs)
        for (_job, future), result in zip(jobs, results, strict=True):
            if future.done():  # the caller was cancelled
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)


def _attempt(connection: Connection, job: Job, *, alone: bool) -> object:
    """The job's result, or the exception it ended in, having taken back what it did."""
    if alone:
        return job(connection)
    driver = cast("sqlite3.Connection", connection.connection.driver_connection)
    driver.execute("SAVEPOINT job")
    try:
        result = job(connection)
    except Exception as error:  # noqa: BLE001 - raised again in the request whose job it was
        driver.execute("ROLLBACK TO job")
        forget_audit_head(connection)
        result = error
    driver.execute("RELEASE job")
    return result
