"""Several transactions of one event loop on their way to PostgreSQL's disk.

A commit waits for the disk, and a worker that waited with it would do nothing meanwhile. So a transaction's last
message, the COMMIT, is sent, and while the answer is awaited the worker goes on with the next transaction on another
connection. Whatever locks a transaction holds while the loop goes on, its end is already with the server: another one
that blocks the loop for such a lock cannot keep it from ending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from gonogo.server.store.compiled import wire_of
from gonogo.server.store.engine import Kept, Store

if TYPE_CHECKING:
    from gonogo.server.store.postgres_pipeline import Wire

T = TypeVar("T")

MOST = 4
"""Connections of one event loop that write, beside the one of `Store.write`."""


class Lanes:
    """The connections; each is opened when it is first needed."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._free: list[_Lane] = []
        self._slots = asyncio.Semaphore(MOST)
        self._loop = asyncio.get_running_loop()

    @property
    def here(self) -> bool:
        """Whether it is their loop that runs; some callers of an app have a loop for each request."""
        return asyncio.get_running_loop() is self._loop

    async def do(self, job: Callable[[Connection], T]) -> T:
        """The result of `job`, once it is durable. What it raises leaves nothing of it behind."""
        async with self._slots:
            lane = self._free.pop() if self._free else _Lane(self._store)
            try:
                return await lane.do(job)
            except DBAPIError as error:
                if error.connection_invalidated:
                    self.close()  # those that rest broke with it
                raise
            finally:
                self._free.append(lane)

    def close(self) -> None:
        """Closes those on which nothing is on its way."""
        while self._free:
            self._free.pop().close()


class _Lane:
    """One connection, and one transaction at a time."""

    def __init__(self, store: Store) -> None:
        self._kept = Kept(store)
        self._loop = asyncio.get_running_loop()
        self._wire: Wire | None = None
        self._listens_to: int | None = None
        self._said: asyncio.Future[None] | None = None

    async def do(self, job: Callable[[Connection], T]) -> T:
        try:
            with self._kept.undoing() as connection:
                result = job(connection)
                await self._commit(connection)
                return result
        except BaseException:
            self._ignore()  # the connection may be closed, and the next one have the same number
            raise

    async def _commit(self, connection: Connection) -> None:
        if connection.in_transaction():  # somebody used SQLAlchemy, which began one of its own
            connection.commit()
            return
        self._wire = wire = wire_of(connection)
        if not wire.send_commit():
            return
        try:
            self._said = self._loop.create_future()
            self._listen(wire.socket)
            await self._said
        finally:  # also when the request was given up: the end of its transaction is sent, and can only be waited for
            wire.committed()

    def _listen(self, socket: int) -> None:
        if self._listens_to != socket:
            self._ignore()
            self._loop.add_reader(socket, self._readable)
            self._listens_to = socket

    def _readable(self) -> None:
        if self._wire is None or self._said is None or self._said.done():
            self._ignore()  # nothing was asked: the server goes away, and the next statement will tell
        elif self._wire.answered:
            self._said.set_result(None)

    def _ignore(self) -> None:
        if self._listens_to is not None:
            self._loop.remove_reader(self._listens_to)
            self._listens_to = None

    def close(self) -> None:
        self._ignore()
        self._kept.close()
