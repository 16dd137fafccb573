"""Sends what lies in the outbox: in order, one at a time, for ever, and never anything but the stored bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gonogo.client.errors import GonogoClientError, ServerError
from gonogo.client.requests import sent_verdict
from gonogo.desk.connection.circuit import CAP_SECONDS, ServerConnection
from gonogo.desk.connection.protocol import TaskServer
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox import outcome
from gonogo.desk.outbox.outbox import Address, Outbox, OutboxRow
from gonogo.desk.outbox.outcome import DeliveryOutcome

LOOK_SECONDS = 15.0
"""How often to look for rows that another program left behind."""
DRAIN_SECONDS = 0.2
"""Between two verdicts after an outage: at most five a second."""
TRIES_IN_ORDER = 5
"""After so many 5xx answers to the same verdict the others may pass it."""


class Sender:
    """Works on `outbox` from a thread (its commits must not hold up a key press), with a connection of its own.

    `post` gives the client when there is one. `settled(number, state, detail)` is called on the loop for each change.
    """

    def __init__(
        self,
        outbox: Outbox,
        address: Address,
        line: ServerConnection,
        post: Callable[[], Awaitable[TaskServer]],
        clock: Clock,
        settled: Callable[[OutboxRow, SendState, str], None],
    ) -> None:
        self._outbox = outbox
        self._address = address
        self._line = line
        self._post = post
        self._clock = clock
        self._settled = settled
        self._kick = asyncio.Event()
        self._leaving: list[int] = []
        self._aside: dict[int, float] = {}
        self.problem: OutboxError | None = None
        self.idle = asyncio.Event()

    def release(self, numbers: list[int]) -> None:
        """These answers have left the desk and are to be sent."""
        self._leaving += numbers
        self.kick()

    def kick(self) -> None:
        """There may be something to do."""
        self.idle.clear()
        self._kick.set()

    def retry_now(self) -> None:
        self._aside.clear()
        self.kick()

    async def run(self) -> None:
        """Send until cancelled; a verdict that is on its way then stays `SENDING` until `Outbox.leave_all`."""
        while True:
            self._kick.clear()
            try:
                more = await self._next()
                self.problem = None
            except GonogoClientError:
                more = True  # the line knows, and waits
            except OutboxError as problem:
                self.problem, more = problem, False
            if not more:
                if not self._kick.is_set():  # nothing was added while we looked
                    self.idle.set()
                await wait_for(self._kick, self._rest(), self._clock)
            elif self._line.recovering:
                await self._clock.sleep(DRAIN_SECONDS)

    async def _next(self) -> bool:
        """Send one verdict; false when none is waiting."""
        post = await self._post()
        if not await self._anything():
            self._line.recovering = False
            return False
        async with self._line.turn():
            row = await asyncio.to_thread(self._outbox.claim, self._address, self._passed())
            if row is None:
                return False
            self._settled(row, SendState.SENDING, "")
            await self._deliver(post, row)
        return True

    async def _anything(self) -> bool:
        """Queue what left the desk, take over what others left, and see whether anything waits."""
        leaving = list(self._leaving)
        waiting = await asyncio.to_thread(self._prepare, leaving)
        del self._leaving[: len(leaving)]
        return waiting > len(self._passed())

    def _prepare(self, leaving: list[int]) -> int:
        self._outbox.leave_desk(leaving)
        self._outbox.adopt()
        counts = self._outbox.counts(self._address)
        return counts.queued + counts.sending

    async def _deliver(self, post: TaskServer, row: OutboxRow) -> None:
        try:
            answer = await post.send(row.request)
        except GonogoClientError as error:
            found = outcome.of_error(error, row.attempts)
            if isinstance(error, ServerError) and row.attempts >= TRIES_IN_ORDER:
                found = DeliveryOutcome(found.state, found.detail, CAP_SECONDS)
            await self._settle(row, found)
            raise
        self._line.clear()
        await self._settle(row, outcome.of_answer(answer, row.task_id, sent_verdict(row.request)))

    async def _settle(self, row: OutboxRow, found: DeliveryOutcome) -> None:
        if found.state is SendState.QUEUED and found.after is not None:
            self._aside[row.id] = self._clock.monotonic() + found.after
        else:
            self._aside.pop(row.id, None)
        await asyncio.to_thread(self._outbox.finish, row.id, found.state, found.detail, found.code or None)
        self._settled(row, found.state, found.detail)

    def _passed(self) -> list[int]:
        """Verdicts that failed by themselves and are not due yet."""
        now = self._clock.monotonic()
        for number in [number for number, due in self._aside.items() if due <= now]:
            del self._aside[number]
        return list(self._aside)

    def _rest(self) -> float:
        now = self._clock.monotonic()
        return min([LOOK_SECONDS, *(max(0.0, due - now) for due in self._aside.values())])
