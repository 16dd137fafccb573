"""Whether PostgreSQL keeps its pace: pairs a second of 32 clients in each ten seconds of a minute.

    python -m tests.benchmarks.sustained [--clients 32] [--seconds 60] [--tasks 200000] [--workers 2] [--bare]

Every claim and every vote changes a row at the head of the queue's index, and leaves dead ones behind; a bare loop of
the same statements fell to half its pace within a minute. `--bare` runs that loop as well, after a minute of rest on
the same database, with the same SQL as `pairs`. What grew is told beside it: dead rows, the share of updates in place.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import threading
import time
from collections import Counter
from typing import Any

import psycopg

from gonogo.server.settings import ServerSettings
from tests.benchmarks import scale
from tests.benchmarks.pairs import _bare_pair, ours, processor_time, serving
from tests.postgres import Cluster
from tests.server.live import Lean
from tests.server.web import LABELING

CLIENTS, SECONDS, TASKS, WORKERS, WINDOW = 32, 60, 200_000, 2, 10
_STATE = """
SELECT relname, n_live_tup, n_dead_tup, n_tup_upd, n_tup_hot_upd, autovacuum_count, pg_relation_size(relid) / 8192
FROM pg_stat_user_tables WHERE relname IN ('tasks', 'voters', 'submissions', 'audit_log', 'campaigns')"""


def run(
    clients: int = CLIENTS, seconds: int = SECONDS, tasks: int = TASKS, workers: int = WORKERS, bare: bool = False
) -> dict[str, Any]:
    """Pairs a second by windows of ten seconds, the last over the first, and what the tables look like then."""
    cluster = Cluster(durable=True)
    try:
        campaign = scale.campaign(cluster.database(), tasks, people=max(clients, 100))
        settings = ServerSettings(
            database_url=campaign.url, requests_per_minute_per_caller=None, requests_per_minute_per_key=None
        )
        found: dict[str, Any] = {"clients": clients, "tasks": tasks, "workers": workers}
        with serving(ours, settings, workers) as (port, process):
            receiver, sender = multiprocessing.Pipe(duplex=False)
            arguments = (sender, port, campaign.id, campaign.tokens[:clients], seconds)
            crowd = multiprocessing.get_context("spawn").Process(target=_crowd, args=arguments)
            before = processor_time(process)
            crowd.start()
            found["ours"] = _paces(receiver.recv(), seconds)
            crowd.join()
            found["ours"]["processor_ms_per_pair"] = round(
                1000 * (processor_time(process) - before) / max(1, found["ours"]["pairs"]), 2
            )
        found["tables"] = _tables(campaign.url)
        if bare:
            found["bare_loop"] = _paces(_bare(campaign.url, campaign.id, clients, seconds), seconds)
            found["tables_after_bare_loop"] = _tables(campaign.url)
    finally:
        cluster.stop()
    return found


def _paces(counts: Counter[int], seconds: int) -> dict[str, Any]:
    """From pairs by second; the last window is that of the last whole ten seconds."""
    windows = [
        round(sum(counts[second] for second in range(start, start + WINDOW)) / WINDOW)
        for start in range(0, seconds - WINDOW + 1, WINDOW)
    ]
    return {
        "pairs": sum(counts.values()),
        "pairs_per_second": windows,
        "last_over_first": round(windows[-1] / max(1, windows[0]), 2),
    }


def _tables(url: str) -> dict[str, Any]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(_STATE).fetchall()
    return {
        name: {
            "live": live,
            "dead": dead,
            "in_place": round(hot / updated, 2) if updated else None,
            "vacuums": vacuums,
            "pages": pages,
        }
        for name, live, dead, updated, hot, vacuums, pages in rows
    }


# --- the clients, in their own process --------------------------------------------------------------------


def _crowd(sender: Any, port: int, campaign: str, tokens: list[str], seconds: int) -> None:
    sender.send(asyncio.run(_everybody(port, campaign, tokens, seconds)))


async def _everybody(port: int, campaign: str, tokens: list[str], seconds: int) -> Counter[int]:
    counts: Counter[int] = Counter()
    started = asyncio.Event()
    begins = [0.0]

    async def work(token: str) -> None:
        async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
            await _pair(client, campaign)  # the first one opens the server's connections
            await started.wait()
            while (passed := time.perf_counter() - begins[0]) < seconds:
                await _pair(client, campaign)
                counts[int(passed)] += 1

    async with asyncio.TaskGroup() as group:
        for token in tokens:
            group.create_task(work(token))
        await asyncio.sleep(2)
        begins[0] = time.perf_counter()
        started.set()
    return counts


async def _pair(client: Lean, campaign: str) -> None:
    status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
    assert status == 200, task
    status, answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
    assert status == 201, answer


def _bare(url: str, campaign: str, connections: int, seconds: int) -> Counter[int]:
    counts: Counter[int] = Counter()
    lock = threading.Lock()
    begins = time.perf_counter()

    def work(number: int) -> None:
        with psycopg.connect(url) as connection:
            while (passed := time.perf_counter() - begins) < seconds:
                _bare_pair(connection, campaign, f"bare-{number}")
                with lock:
                    counts[int(passed)] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return counts


def main() -> None:
    arguments = argparse.ArgumentParser()
    for name, default in (("clients", CLIENTS), ("seconds", SECONDS), ("tasks", TASKS), ("workers", WORKERS)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--bare", action="store_true", help="the bare loop of SQL as well")
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
