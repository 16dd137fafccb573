"""Sends what waits in the outbox once, with no desk open: for the command line."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from gonogo.desk.connection.circuit import Outage, ServerConnection
from gonogo.desk.connection.protocol import TaskServer
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Address, Outbox, OutboxRow
from gonogo.desk.outbox.sender import Sender

TRIES = 3
"""After so many failures in a row the server counts as not reached."""
SETTLED = (SendState.SENT, SendState.LATE, SendState.PARKED)


@dataclass(frozen=True, slots=True)
class FlushReport:
    """What became of the answers: `left` still wait, `on_desk` can still be taken back in an open app."""

    sent: int = 0
    late: int = 0
    parked: int = 0
    left: int = 0
    on_desk: int = 0
    trouble: Outage | None = None


async def flush(
    file: Path,
    address: Address,
    remote: TaskServer,
    clock: Clock,
    told: Callable[[OutboxRow, SendState, str], None],
) -> FlushReport:
    """Send every answer of `address` that waits; `told` hears of each that was settled.

    Ends when none is left, when the server was not reached `TRIES` times in a row, or on 401. Raises `OutboxError`.
    """
    tally: Counter[SendState] = Counter()
    over, failures = asyncio.Event(), 0

    def changed() -> None:
        nonlocal failures
        failures = failures + 1 if line.trouble else 0
        if line.trouble and (line.trouble.signed_out or failures >= TRIES):
            over.set()

    def settled(row: OutboxRow, state: SendState, detail: str) -> None:
        if state in SETTLED:
            tally[state] += 1
            told(row, state, detail)

    async def post() -> TaskServer:
        return remote

    line = ServerConnection(clock, changed)
    outbox = Outbox(file, wall=clock.wall)
    sender = Sender(outbox, address, line, post, clock, settled)
    try:
        await _until_first(sender.run, sender.idle.wait, over.wait)
        if sender.problem is not None:
            raise sender.problem
        outbox.leave_all()
        counts = outbox.counts(address)
    finally:
        outbox.close()
    sent, late, parked = (tally[state] for state in SETTLED)
    return FlushReport(sent, late, parked, counts.queued + counts.sending, counts.on_desk, line.trouble)


async def _until_first(*works: Callable[[], Awaitable[object]]) -> None:
    """Run all of `works` until one ends, then cancel the others."""
    jobs = [asyncio.ensure_future(work()) for work in works]
    try:
        await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for job in jobs:
            job.cancel()
        await asyncio.gather(*jobs, return_exceptions=True)
