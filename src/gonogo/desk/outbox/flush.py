"""Outbox flush: sends the waiting answers once without an open session, for the command line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gonogo.desk.connection.circuit_breaker import Outage, ServerConnection
from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import Address, OutboxRow
from gonogo.desk.outbox.sender import OnState, Sender

TRIES = 3
"""After so many failures in a row the server counts as unreachable."""
SETTLED = (SendState.SENT, SendState.LATE, SendState.PARKED)


@dataclass(frozen=True, slots=True)
class FlushReport:
    """Counts of the answers by outcome: `left` still wait, `on_desk` can still be taken back in an open app."""

    sent: int = 0
    late: int = 0
    parked: int = 0
    left: int = 0
    on_desk: int = 0
    trouble: Outage | None = None


async def flush(
    file: Path,
    address: Address,
    server: TaskServer,
    clock: Clock,
    on_settled: OnState,
) -> FlushReport:
    """Send every answer of `address` that waits; `on_settled` is called for each delivered or refused one.

    Ends when none is left, after `TRIES` failures in a row, or on 401. Raises `OutboxError`.
    """
    tally: Counter[SendState] = Counter()
    over, failures = asyncio.Event(), 0

    def changed() -> None:
        nonlocal failures
        failures = failures + 1 if connection.trouble else 0
        if connection.trouble and (connection.trouble.signed_out or failures >= TRIES):
            over.set()

    def settled(row: OutboxRow, state: SendState, detail: str) -> None:
        if state in SETTLED:
            tally[state] += 1
            on_settled(row, state, detail)

    async def connected() -> TaskServer:
        return server

    connection = ServerConnection(clock, changed)
    outbox = Outbox(file, wall=clock.wall)
    sender = Sender(outbox, address, connection, connected, clock, settled)
    try:
        await _until_first(sender.run, sender.idle.wait, over.wait)
        if sender.problem is not None:
            raise sender.problem
        outbox.requeue_owned()
        counts = outbox.counts(address)
    finally:
        outbox.close()
    sent, late, parked = (tally[state] for state in SETTLED)
    return FlushReport(sent, late, parked, counts.queued + counts.sending, counts.on_desk, connection.trouble)


async def _until_first(*works: Callable[[], Awaitable[object]]) -> None:
    """Runs all of `works` until one ends, then cancels the others."""
    jobs = [asyncio.ensure_future(work()) for work in works]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
