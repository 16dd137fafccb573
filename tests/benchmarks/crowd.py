"""Five hundred annotators at the pace of people: how long each waits for the next task, and whether anything fails.

    python -m tests.benchmarks.crowd [sqlite|postgresql] [--people 500] [--seconds 4] [--minutes 10] [--workers N]

Everybody keeps one connection, thinks for about `--seconds` (from half to one and a half of it), gives one verdict and
asks for the next task, on a campaign in the middle of its work (`scale`, a tenth gold), with rate limits on and an
idempotency key on every request. The crowd is a process of its own and light: it measures from the sending of a
request to the last byte of its answer, and says how late its own clock ran, which is its part of the times.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import tempfile
import time
import uuid
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.server.settings import ServerSettings
from tests.benchmarks import scale
from tests.benchmarks.flat import KINDS, database
from tests.benchmarks.pairs import ours, processor_time, serving
from tests.postgres import Cluster
from tests.server.live import Lean
from tests.server.web import LABELING

PEOPLE, SECONDS, MINUTES, TASKS, WORKERS = 500, 4.0, 10.0, 50_000, {"sqlite": 1, "postgresql": 1}
RAMP = 8.0
"""Seconds in which everybody arrives; nothing is measured before."""


@dataclass
class Seen:
    """Milliseconds by request, statuses, and by how much the client's own clock woke late."""

    times: dict[str, list[float]] = field(default_factory=lambda: {"next-task": [], "submit": []})
    statuses: Counter[str] = field(default_factory=Counter)
    late: list[float] = field(default_factory=list)
    nothing_left: int = 0


def run(
    kind: str | None = None,
    people: int = PEOPLE,
    seconds: float = SECONDS,
    minutes: float = MINUTES,
    tasks: int = TASKS,
    workers: int | None = None,
) -> dict[str, Any]:
    """Percentiles of both requests in milliseconds, statuses, and what the server and the crowd cost."""
    return {
        name: _run(name, people, seconds, minutes, tasks, workers or WORKERS[name])
        for name in KINDS
        if kind in (None, name)
    }


def _run(kind: str, people: int, seconds: float, minutes: float, tasks: int, workers: int) -> dict[str, Any]:
    with ExitStack() as stack:
        here = stack.enter_context(tempfile.TemporaryDirectory())
        cluster = Cluster(durable=True) if kind == "postgresql" else None
        if cluster is not None:
            stack.callback(cluster.stop)
        campaign = scale.campaign(database(cluster, Path(here) / "server.db"), tasks, people=people)
        settings = ServerSettings(database_url=campaign.url)
        port, process = stack.enter_context(serving(ours, settings, workers))
        receiver, sender = multiprocessing.Pipe(duplex=False)
        arguments = (sender, port, campaign.id, campaign.tokens, seconds, minutes)
        crowd = multiprocessing.get_context("spawn").Process(target=_crowd, args=arguments)
        before = processor_time(process)
        crowd.start()
        seen, crowd_seconds = receiver.recv()
        crowd.join()
        used = processor_time(process) - before
    asked = len(seen.times["next-task"])
    return {
        "people": people,
        "tasks": tasks,
        "workers": workers,
        "minutes": minutes,
        "pairs_per_second": round(asked / minutes / 60, 1),
        "milliseconds": {name: _percentiles(values) for name, values in seen.times.items()},
        "statuses": dict(seen.statuses),
        "nothing_left": seen.nothing_left,
        "client_woke_late_ms": _percentiles(seen.late),
        "processor_share": {
            "server": round(used / (60 * minutes + RAMP), 2),
            "crowd": round(crowd_seconds / (60 * minutes + RAMP), 2),
        },
    }


def _percentiles(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    wanted = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: round(ordered[int((len(ordered) - 1) * share)], 1) for name, share in wanted.items()}


# --- the crowd, in its own process ------------------------------------------------------------------------


def _crowd(sender: Any, port: int, campaign: str, tokens: list[str], seconds: float, minutes: float) -> None:
    before = time.process_time()
    seen = asyncio.run(_everybody(port, campaign, tokens, seconds, minutes))
    sender.send((seen, time.process_time() - before))


async def _everybody(port: int, campaign: str, tokens: list[str], seconds: float, minutes: float) -> Seen:
    seen = Seen()
    begins = time.perf_counter() + RAMP
    ends = begins + 60 * minutes
    async with asyncio.TaskGroup() as group:
        for number, token in enumerate(tokens):
            arrives = RAMP * number / len(tokens)
            group.create_task(_person(seen, port, token, campaign, arrives, seconds, begins, ends))
    return seen


async def _person(
    seen: Seen, port: int, token: str, campaign: str, arrives: float, seconds: float, begins: float, ends: float
) -> None:
    rng = random.Random(arrives)

    async def ask(client: Lean, name: str, path: str, body: Any, wanted: int) -> Any:
        started = time.perf_counter()
        try:
            status, answer = await client.post(path, body, {"idempotency-key": str(uuid.UUID(bytes=os.urandom(16)))})
        except (OSError, asyncio.IncompleteReadError, ValueError, IndexError) as error:
            seen.statuses[type(error).__name__] += 1
            client.drop()
            await client.__aenter__()
            return None
        if started >= begins:
            seen.times[name].append((time.perf_counter() - started) * 1000)
        seen.statuses[str(status)] += 1
        return answer if status == wanted else None

    async def wait(span: float) -> None:
        due = time.perf_counter() + span
        await asyncio.sleep(span)
        seen.late.append((time.perf_counter() - due) * 1000)

    await wait(arrives)
    async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
        while time.perf_counter() < ends:
            task = await ask(client, "next-task", f"{LABELING}/campaigns/{campaign}/next-task", None, 200)
            await wait(seconds * rng.uniform(0.5, 1.5))
            if task is None:
                seen.nothing_left += 1
                continue
            body = {"verdict": rng.choice(["correct", "correct", "incorrect"]), "duration_ms": int(1000 * seconds)}
            await ask(client, "submit", f"{LABELING}/tasks/{task['id']}/submit", body, 201)


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", choices=KINDS)
    for name, default in (("people", PEOPLE), ("tasks", TASKS), ("workers", None)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    for name, pace in (("seconds", SECONDS), ("minutes", MINUTES)):
        arguments.add_argument(f"--{name}", type=float, default=pace)
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
