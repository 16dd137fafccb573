"""What a person waits for: the desk against a client that submits and then fetches, 100 ms away from its server.

`waiting`: wall time not spent deciding, over 500 tasks. `saved`: from the key until the verdict is on the disk; its
floor is one page written and synced by hand. `memory`: how much the process grows over 5,000 tasks, the eight hours
of a day. Each says whether it `met` what was promised.

`python -m tests.benchmarks.annotate_latency` runs it at this size (some minutes); `run()` by itself is smaller.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx

from gonogo.client.credential import SessionToken
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import RetryPolicy
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.models import Decision
from gonogo.desk.core.settings import Settings
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.schemas.labeling import LabelSubmit
from tests.support.crashing_annotators import NoDrawings
from tests.support.labeling_server import BASE, CAMPAIGN, ScriptedServer, names

LATENCY = 0.1
DECIDING = 0.15
"""Seconds a scripted decision takes: faster than the keys' guard lets anybody be, which is hardest for the desk."""
N_FETCHING = 60
"""The client that submits and then fetches waits the same for every task; so many say how long."""
MEMORY_DISK = Path("/dev/shm")
"""Growth does not depend on the disk, while each task waits for four syncs."""
TOKEN = "good-token"
MOST_SHARE, MOST_SAVED_MS, MOST_GROWN_MB = 0.05, 25.0, 20.0


class Distant(httpx.AsyncBaseTransport):
    """A server `latency` seconds away, there and back."""

    def __init__(self, server: ScriptedServer, latency: float) -> None:
        self._inner, self._latency = server.transport(), latency

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self._latency / 2)
        response = await self._inner.handle_async_request(request)
        await asyncio.sleep(self._latency / 2)
        return response


def client_of(server: ScriptedServer, latency: float) -> GonogoClient:
    policy = RetryPolicy(tries=1)
    return GonogoClient(BASE, SessionToken(TOKEN), transport=Distant(server, latency), retry=policy)


def desk_of(server: ScriptedServer, folder: Path, latency: float, undo_seconds: float) -> AnnotateSession:
    async def connect() -> HttpTaskServer:
        return HttpTaskServer(client_of(server, latency))

    address = Address(BASE, "annotator-1", CAMPAIGN)
    memory, profile = StateStore(folder / "memory.sqlite"), Settings(undo_seconds=undo_seconds)
    outbox = folder / "outbox.sqlite"
    return AnnotateSession(
        SessionDependencies(address, address, connect, lambda _: NoDrawings(), outbox, memory, profile)
    )


async def with_the_desk(folder: Path, n_tasks: int, latency: float, deciding: float, undo: float) -> dict[str, Any]:
    """Answer `n_tasks`; seconds of wall time not spent deciding, and milliseconds of each `decide`."""
    server = ScriptedServer(names(n_tasks))
    desk, news, saved = desk_of(server, folder, latency, undo), asyncio.Event(), []
    desk.subscribe(news.set)
    await desk.start()
    await _current(desk, news)  # starting is another benchmark's
    started, decided = time.perf_counter(), 0.0
    for number in range(n_tasks):
        await _current(desk, news)
        desk.shown()
        if deciding:
            before = time.perf_counter()
            await asyncio.sleep(deciding)
            decided += time.perf_counter() - before
        before = time.perf_counter()
        desk.decide(Decision("incorrect", {"text": f"⌀{number}"}))
        saved.append((time.perf_counter() - before) * 1000)
    waited = time.perf_counter() - started - decided
    await desk.close()
    return {"waited": waited, "saved": saved, "answered": len(server.answers)}


async def _current(desk: AnnotateSession, news: asyncio.Event) -> None:
    while desk.current is None:
        news.clear()
        await news.wait()


async def submit_then_fetch(n_tasks: int, latency: float) -> float:
    """Seconds a task that are not spent deciding, when each is sent before the next is asked for."""
    server = ScriptedServer(names(n_tasks))
    async with client_of(server, latency) as client:
        started = time.perf_counter()
        while (task := (await client.next_task(CAMPAIGN)).task) is not None:
            await client.submit(task.id, LabelSubmit(verdict="correct", duration_ms=1))
        return (time.perf_counter() - started) / n_tasks


async def growth(folder: Path, n_tasks: int) -> dict[str, Any]:
    """Megabytes the process has grown between the first tenth of a long day's work and its end."""
    megabytes, server = [], ScriptedServer(names(n_tasks))
    desk, news = desk_of(server, folder, 0.0, 0.0), asyncio.Event()
    desk.subscribe(news.set)
    await desk.start()
    for number in range(n_tasks):
        await _current(desk, news)
        desk.shown()
        desk.decide(Decision("correct"))
        server.calls.clear()  # the server's own memory is not the desk's
        if number % (n_tasks // 10) == n_tasks // 10 - 1:
            server.replays.clear()
            gc.collect()
            megabytes.append(_resident())
    await desk.close()
    grown = round(megabytes[-1] - megabytes[0], 1)
    return {"tasks": n_tasks, "mb_after_each_tenth": megabytes, "grown_mb": grown, "met": grown < MOST_GROWN_MB}


def _resident() -> float:
    """Resident memory now, in megabytes (at its highest, where the system does not say)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return round(pages * resource.getpagesize() / 1e6, 1)


def synced_pages(count: int) -> list[float]:
    """Milliseconds to append a page of 4 KiB to a file and sync it, where the outboxes of this run lie."""
    times = []
    with tempfile.TemporaryFile(buffering=0) as file:
        for _ in range(count):
            before = time.perf_counter()
            file.write(b"." * 4096)
            os.fsync(file.fileno())
            times.append((time.perf_counter() - before) * 1000)
    return times


def run(n_tasks: int = 200, n_long: int = 1500) -> dict[str, Any]:
    plain = asyncio.run(submit_then_fetch(N_FETCHING, LATENCY)) * n_tasks
    desk = _in_folder(lambda folder: with_the_desk(folder, n_tasks, LATENCY, DECIDING, undo=3.0))
    saved, floor = sorted(desk["saved"]), sorted(synced_pages(100))
    return {
        "waiting": {
            "tasks": n_tasks,
            "latency_ms": LATENCY * 1000,
            "answered": desk["answered"],
            "desk_s": round(desk["waited"], 2),
            "submit_then_fetch_s": round(plain, 2),
            "share": round(desk["waited"] / plain, 3),
            "met": desk["waited"] <= MOST_SHARE * plain,
        },
        "saved_ms": {
            "p50": round(statistics.median(saved), 2),
            "p95": round(saved[int(len(saved) * 0.95)], 2),
            "max": round(saved[-1], 2),
            "synced_page_p95": round(floor[int(len(floor) * 0.95)], 2),
            "ratio_p95": round(saved[int(len(saved) * 0.95)] / floor[int(len(floor) * 0.95)], 2),
            "met": saved[int(len(saved) * 0.95)] <= MOST_SAVED_MS,
        },
        "memory": _in_folder(lambda folder: growth(folder, n_long), MEMORY_DISK if MEMORY_DISK.is_dir() else None),
    }


def _in_folder(
    work: Callable[[Path], Coroutine[Any, Any, dict[str, Any]]], where: Path | None = None
) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(dir=where) as folder:
        return asyncio.run(work(Path(folder)))


if __name__ == "__main__":
    json.dump(run(500, 5000), sys.stdout, indent=2)
