"""What watchers cost those who work: claim-and-vote pairs with nobody and with 20 streams watching, in turns.

    python -m tests.benchmarks.watching [sqlite|postgresql] [--tasks 20000] [--watchers 20] [--pairs 400] [--turns 6]

One annotator works without a rest; the streams are read in a process of their own. Processor time is the server's.
`arrives_ms` is from the answer to a vote, given in peace, to its event at all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from statistics import median
from typing import Any

from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from tests.benchmarks import pairs as bench
from tests.server.house import House
from tests.server.live import Lean
from tests.server.storm import signed_in
from tests.server.web import LABELING, OURS

VOTES_IN_PEACE = 10


def run(
    kind: str = "sqlite", tasks: int = 20_000, watchers: int = 20, pairs: int = 400, turns: int = 6
) -> dict[str, Any]:
    """Processor time and length of a pair with and without watchers, their ratio, and how soon a vote is told."""
    with tempfile.TemporaryDirectory() as folder, bench.database(kind, folder) as url, House(url) as house:
        house.now = datetime.now(UTC)
        campaign = house.campaign(target_redundancy=3)
        for start in range(0, tasks, 5_000):
            house.add(campaign, *[{"part_revision_id": f"p{n // 50}"} for n in range(start, min(tasks, start + 5_000))])
        worker, voter = signed_in(house, campaign, 2)
        key = create_key(house.store, "watchers", ["parts:read"]).key
        house.store.dispose()
        settings = ServerSettings(
            database_url=url,
            requests_per_minute_per_caller=None,
            requests_per_minute_per_key=None,
            share_limits=False,
            streams_per_key=watchers,
        )
        with bench.serving(bench.ours, settings, 1) as (port, process):
            found = _turns(port, process, worker, key, campaign, watchers, pairs, turns)
            found["arrives_ms"] = asyncio.run(_arrivals(port, voter, key, campaign, watchers))
        return {kind: found | {"tasks": tasks, "watchers": watchers}}


def _turns(
    port: int, process: int, worker: str, key: str, campaign: str, watchers: int, pairs: int, turns: int
) -> dict[str, Any]:
    used: dict[str, list[float]] = {"nobody": [], "watched": []}
    times: dict[str, list[float]] = {"nobody": [], "watched": []}
    for turn in range(turns + 1):  # the first warms up
        for name, count in (("nobody", 0), ("watched", watchers)):
            with _watched(port, key, campaign, count):
                before = bench.processor_time(process)
                took = asyncio.run(bench._session(port, worker, campaign, pairs))
                spent = bench.processor_time(process) - before
            if turn:
                used[name].append(1000 * spent / pairs)
                times[name] += took
    cost = {name: sum(values) / len(values) for name, values in used.items()}
    seconds = sum(times["watched"]) / 1000
    return {
        "processor_ms_per_pair": {name: round(value, 3) for name, value in cost.items()},
        "processor_watched_over_nobody": round(cost["watched"] / cost["nobody"], 3),
        "processor_ms_of_watching_per_second": round((cost["watched"] - cost["nobody"]) * pairs * turns / seconds, 1),
        "pair_p50_ms": {name: round(median(values), 2) for name, values in times.items()},
        "pair_p95_ms": {name: round(sorted(values)[len(values) * 95 // 100], 2) for name, values in times.items()},
        "p50_watched_over_nobody": round(median(times["watched"]) / median(times["nobody"]), 3),
    }


@contextmanager
def _watched(port: int, key: str, campaign: str, count: int) -> Iterator[None]:
    """While the block lasts, so many streams are read by another process."""
    if not count:
        yield
        return
    context = multiprocessing.get_context("spawn")
    ready, stop = context.Event(), context.Event()
    reader = context.Process(target=_read_on, args=(port, key, campaign, count, ready, stop))
    reader.start()
    try:
        assert ready.wait(120)
        yield
    finally:
        stop.set()
        reader.join(30)


def _read_on(port: int, key: str, campaign: str, count: int, ready: Event, stop: Event) -> None:
    async def read() -> None:
        streams = [await _open(port, key, campaign) for _ in range(count)]
        await asyncio.gather(*(_event(reader) for reader, _writer in streams))
        tasks = [asyncio.create_task(_swallow(reader)) for reader, _writer in streams]
        ready.set()
        await asyncio.to_thread(stop.wait)
        for task, (_reader, writer) in zip(tasks, streams, strict=True):
            task.cancel()
            writer.close()

    asyncio.run(read())


async def _open(port: int, key: str, campaign: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**22)
    path = f"{OURS}/campaigns/{campaign}/progress/stream"
    writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\nx-api-key: {key}\r\n\r\n".encode())
    status = await reader.readline()
    assert b" 200 " in status, status
    return reader, writer


async def _event(reader: asyncio.StreamReader) -> None:
    while not (await reader.readline()).startswith(b"data: "):
        pass


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(65_536):
        pass


async def _arrivals(port: int, token: str, key: str, campaign: str, count: int) -> dict[str, float]:
    """Milliseconds from the answer to a vote to its event, at the first and at the last of the watchers."""
    streams = [await _open(port, key, campaign) for _ in range(count)]
    await asyncio.gather(*(_event(reader) for reader, _writer in streams))
    first, last = [], []
    async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
        for _vote in range(VOTES_IN_PEACE):
            _status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
            await asyncio.gather(*(_event(reader) for reader, _writer in streams))  # the claim
            await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
            began = time.perf_counter()
            reads = [asyncio.create_task(_event(reader)) for reader, _writer in streams]
            await asyncio.wait(reads, return_when=asyncio.FIRST_COMPLETED)
            first.append((time.perf_counter() - began) * 1000)
            await asyncio.gather(*reads)
            last.append((time.perf_counter() - began) * 1000)
    for _reader, writer in streams:
        writer.close()
    return {"first_p50": round(median(first)), "last_p50": round(median(last)), "last_worst": round(max(last))}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", default="sqlite", choices=("sqlite", "postgresql"))
    for name, default in (("tasks", 20_000), ("watchers", 20), ("pairs", 400), ("turns", 6)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
