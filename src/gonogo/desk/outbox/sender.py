"""Outbox sender: sends the waiting answers to the server in order, one row at a time, always as the stored bytes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

from gonogo.client.errors import GonogoClientError, InterruptedExchangeError, ServerError, UnexpectedAnswerError
from gonogo.client.transport.requests import RequestKind, sent_verdict
from gonogo.desk.connection.circuit_breaker import ServerConnection
from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.clock import Clock, wait_for
from gonogo.desk.core.errors import OutboxError
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox import outcome
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.outcome import DeliveryOutcome
from gonogo.desk.outbox.rows import Address, OutboxRow

POLL_SECONDS = 15.0
"""Pause between two looks for rows that another program has left behind."""
DRAIN_SECONDS = 0.2
"""Pause between two rows after an outage: at most five a second."""
TRIES_IN_ORDER = 2
"""After so many failures of its own a row is set aside, and the others pass it."""
SET_ASIDE_SECONDS, SET_ASIDE_MOST = 30.0, 600.0
"""First and longest pause of a row that is set aside; it doubles with each failure."""
ROW_FAILURES = (ServerError, UnexpectedAnswerError, InterruptedExchangeError)
"""Errors that one row may cause: the request went out, and what came back was no answer to it."""
OnState = Callable[[OutboxRow, SendState, str], None]
"""Callback for each change of a row: the row, its new state, the detail."""


class Sender:
    """Sends the rows of one address. Works on `outbox` in a thread, so that its commits never hold up a key press.

    `server` gives the server when there is one. `on_state` is called on the loop.
    """

    def __init__(
        self,
        outbox: Outbox,
        address: Address,
        connection: ServerConnection,
        server: Callable[[], Awaitable[TaskServer]],
        clock: Clock,
        on_state: OnState,
    ) -> None:
        self.problem: OutboxError | None = None
        self.idle = asyncio.Event()
        self._outbox = outbox
        self._address = address
        self._connection = connection
        self._server = server
        self._clock = clock
        self._on_state = on_state
        self._wake = asyncio.Event()
        self._released: list[int] = []
        self._postponed: dict[int, float] = {}
        self._own_failures: dict[int, int] = {}
        self.set_aside: dict[int, OutboxRow] = {}
        """Rows that keep failing while others pass, by number; `detail` says why."""

    def release(self, numbers: list[int]) -> None:
        """Takes over answers that have left the desk and are to be sent."""
        self._released += numbers
        self.wake()

    def wake(self) -> None:
        """Looks for waiting rows at once."""
        self.idle.clear()
        self._wake.set()

    def retry_now(self) -> None:
        """Tries all rows at once, also those that are set aside."""
        self._postponed.clear()
        self.wake()

    async def run(self) -> None:
        """Sends until cancelled; a row that is being sent then stays `SENDING` until `Outbox.requeue_owned`."""
        while True:
            self._wake.clear()
            try:
                more = await self._send_next()
                self.problem = None
            except GonogoClientError:
                more = True  # the connection has recorded it, and waits
            except OutboxError as problem:
                self.problem, more = problem, False
            if not more:
                if not self._wake.is_set():  # nothing was added meanwhile
                    self.idle.set()
                await wait_for(self._wake, self._pause(), self._clock)
            elif self._connection.recovering:
                await self._clock.sleep(DRAIN_SECONDS)

    async def _send_next(self) -> bool:
        """Sends one row; false when none is waiting."""
        server = await self._server()
        # In an outage a slot may take long, or end somebody's `retry_now`: asked for only when there is a row to send.
        if self._connection.trouble is not None and not await self._anything_waits():
            return False
        async with self._connection.request_slot() as slot:
            row = await self._claim()
            if row is None:
                self._connection.recovering = False
                return False
            self._on_state(row, SendState.SENDING, "")
            await self._deliver(server, row, slot)
        return True

    async def _anything_waits(self) -> bool:
        released = list(self._released)
        waiting = await asyncio.to_thread(self._outbox.collect, self._address, released)
        del self._released[: len(released)]
        return waiting > len(self._postponed_now())

    async def _claim(self) -> OutboxRow | None:
        released, skip = list(self._released), self._postponed_now()
        row = await asyncio.to_thread(self._outbox.claim, self._address, released=released, skip=skip)
        del self._released[: len(released)]
        return row

    async def _deliver(self, server: TaskServer, row: OutboxRow, slot: int) -> None:
        try:
            receipt = await server.send(row.request, row.kind)
        except GonogoClientError as error:
            otherwise = await asyncio.to_thread(self._outbox.delivered_otherwise, row)
            amends = row.kind is RequestKind.AMENDMENT
            result = outcome.from_error(error, row.attempts, delivered_otherwise=otherwise, amends=amends)
            if result.state is not SendState.QUEUED or not isinstance(error, ROW_FAILURES):
                await self._finish(row, result)
                raise
            known = row.id in self.set_aside
            await self._finish(row, self._set_aside_after_failures(row, result))
            if known and self._connection.trouble is None:
                return  # others pass, so this failure says nothing about the connection
            raise
        if self._connection.trouble is not None:
            self._postponed.clear()  # the outage may have been all that was wrong with them
        self._connection.clear(slot)
        await self._finish(row, outcome.from_receipt(receipt, row.task_id, sent_verdict(row.request)))

    def _set_aside_after_failures(self, row: OutboxRow, result: DeliveryOutcome) -> DeliveryOutcome:
        """Returns the outcome of a failure that may lie in the row; from the second on with a pause of its own."""
        failures = self._own_failures[row.id] = self._own_failures.get(row.id, 0) + 1
        if failures < TRIES_IN_ORDER:
            return result
        self.set_aside[row.id] = replace(row, detail=result.detail)
        pause = min(SET_ASIDE_MOST, SET_ASIDE_SECONDS * 2.0 ** min(failures - TRIES_IN_ORDER, 10))
        return DeliveryOutcome(SendState.QUEUED, result.detail, pause)

    async def _finish(self, row: OutboxRow, result: DeliveryOutcome) -> None:
        if result.state is not SendState.QUEUED:
            self._own_failures.pop(row.id, None)
            self.set_aside.pop(row.id, None)
        if result.state is SendState.QUEUED and result.after is not None:
            self._postponed[row.id] = self._clock.monotonic() + result.after
        else:
            self._postponed.pop(row.id, None)
        await asyncio.to_thread(self._outbox.finish, row.id, result.state, result.detail, result.code or None)
        self._on_state(row, result.state, result.detail)

    def _postponed_now(self) -> list[int]:
        """Returns the rows that failed by themselves and are not due yet."""
        now = self._clock.monotonic()
        for number in [number for number, due in self._postponed.items() if due <= now]:
            del self._postponed[number]
        return list(self._postponed)

    def _pause(self) -> float:
        now = self._clock.monotonic()
        return min([POLL_SECONDS, *(max(0.0, due - now) for due in self._postponed.values())])
