"""Process of the sender: sends webhooks beside a server, so that its requests don't wait for them.

A message takes a millisecond of an event loop, and a backlog a quarter of it. The process starts when there is an
endpoint, has connections of its own and a lower priority, and ends with the server. It tells the server by a pipe what
it counted and what it logs. It works under the lease that the server took for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
import os
import random
import signal
import sys
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from multiprocessing.connection import Connection as Pipe
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.group_commit import GroupCommit
from gonogo.server.store.observers import observers
from gonogo.server.webhooks.worker import ROUNDS_AFTER_ERROR, SendingState, WebhookWorker, look_for_changes

log = logging.getLogger("gonogo.server")
_NICENESS: Final = 5
_END_SECONDS: Final = 5.0
_SPAWN: Final = multiprocessing.get_context("spawn")  # never a fork: the server has threads and open databases


@contextlib.asynccontextmanager
async def run_beside(state: SendingState, seconds: float) -> AsyncIterator[None]:
    """Runs the sender in a process while there are endpoints and no other server sends, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(_supervise(state, stop, seconds))
    try:
        yield
    finally:
        stop.set()
        await task


async def _supervise(state: SendingState, stop: asyncio.Event, seconds: float) -> None:
    worker = WebhookWorker(state)  # it only takes the lease
    pause = seconds
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause)
        pause = seconds
        if stop.is_set():
            return
        try:
            if await worker.may_send():
                await _run_process(state.settings, worker.holder, stop)
        except (SQLAlchemyError, OSError) as error:
            pause = seconds * ROUNDS_AFTER_ERROR
            log.warning("webhooks: the sender could not start (%s); tried again later", type(error).__name__)
        except Exception:
            pause = seconds * ROUNDS_AFTER_ERROR
            log.exception("webhooks: the sender failed; tried again later")


async def _run_process(settings: ServerSettings, holder: str, stop: asyncio.Event) -> None:
    """Starts the process, and hands on what it says until it ends or `stop` is set."""
    ours, theirs = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_send, args=(settings, holder, theirs), name="gonogo-webhooks", daemon=True)
    await asyncio.to_thread(process.start)
    theirs.close()
    reading = asyncio.create_task(asyncio.to_thread(_hand_on, ours))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait((reading, stopping), return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if stop.is_set():
        with contextlib.suppress(OSError):
            ours.send(None)
    await asyncio.to_thread(process.join, _END_SECONDS)
    if process.is_alive():
        process.kill()
        await asyncio.to_thread(process.join)  # else `close` may find it still running
    await reading
    if not stop.is_set():
        log.error("webhooks: the sender ended (%s); another one starts", process.exitcode)
    process.close()
    ours.close()


def _hand_on(pipe: Pipe) -> None:
    """Hands events and log lines of the process to this one's, until it ends."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            kind, *values = pipe.recv()
            if kind == "log":
                log.log(*values)
            for observer in observers:
                if kind == "acted":
                    observer.acted(*values)
                elif kind == "sent":
                    observer.sent_webhooks(*values)


# --- in the process ----------------------------------------------------------------------------------------


class Reporter(logging.Handler):
    """Log handler and observer that tells the server by the pipe."""

    def __init__(self, pipe: Pipe) -> None:
        super().__init__(logging.INFO)
        self._pipe = pipe
        self._lock = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[0] if record.exc_info else None
        self._tell("log", record.levelno, record.getMessage() + (f" ({error.__name__})" if error else ""))

    def acted(self, action: str) -> None:
        self._tell("acted", action)

    def refreshed(self, seconds: float) -> None:
        """Never called: nothing is measured here."""

    def sent_webhooks(self, n_delivered: int, n_failed: int, n_given_up: int) -> None:
        self._tell("sent", n_delivered, n_failed, n_given_up)

    def _tell(self, *values: object) -> None:
        with self._lock, contextlib.suppress(OSError):  # the server is gone, and this process ends in a moment
            self._pipe.send(values)


@dataclass
class SenderState:
    """What the worker uses of a server, in a process without one."""

    settings: ServerSettings
    store: Store
    group_commit: GroupCommit
    rng: random.Random = field(default_factory=random.SystemRandom)

    def clock(self) -> datetime:
        return datetime.now(UTC)


def _send(settings: ServerSettings, holder: str, pipe: Pipe) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):  # the server ends this process, when its own requests are finished
        signal.signal(number, signal.SIG_IGN)
    if sys.platform != "win32":
        os.nice(_NICENESS)
    reporter = Reporter(pipe)
    observers.append(reporter)
    logger = logging.getLogger("gonogo")
    logger.handlers, logger.propagate = [reporter], False
    logger.setLevel(logging.INFO)
    store = Store(settings.database_url)
    try:
        asyncio.run(_send_until_stopped(SenderState(settings, store, GroupCommit(store)), holder, pipe))
    finally:
        store.close()


async def _send_until_stopped(state: SenderState, holder: str, pipe: Pipe) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):  # the server is gone
            pipe.recv()
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(stop.set)

    threading.Thread(target=listen, daemon=True).start()
    worker = WebhookWorker(state, holder)
    await look_for_changes(worker, stop, state.settings.webhook_seconds or 1.0)
    await worker.aclose()
