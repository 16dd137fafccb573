"""Claim-and-vote pairs through uvicorn, against the same framework answering constants; a lean client, own processes.

    python -m tests.benchmarks.pairs [sqlite|postgresql] [--tasks 20000] [--workers 4] [--folder DIR]

The two servers take turns, so that whatever else the machine does hits both alike. A pair is two requests and two
durable transactions; what two bare ones take on this disk is measured beside. On PostgreSQL 32 clients and `--workers`
processes are measured against a bare loop in SQL: the same claim and the same vote, committed, by 32 connections, with
nothing around them.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import sqlite3
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psycopg
import uvicorn
from fastapi import FastAPI
from pydantic import BaseModel

from gonogo.schemas.labeling import LabelSubmission, LabelSubmit, ServedTask
from gonogo.server.run import bind, run_server, run_workers
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.postgres import Cluster
from tests.server.house import House
from tests.server.live import Lean, ready
from tests.server.storm import signed_in
from tests.server.web import LABELING

PEER = {"alone": 4.5, "with 16": 2.4, "at 50,000 tasks": 1.3}
"""Pairs a second of Label Studio in the same scenario, on the machine of `performance.md`."""
CROWD = {"sqlite": 16, "postgresql": 32}
PAGES = (7, 19)
"""Database pages that a claim and a vote write, with their indexes and their rows of the audit log."""


def run(
    kind: str = "sqlite",
    tasks: int = 20_000,
    workers: int = 1,
    turns: int = 6,
    pairs: int = 60,
    folder: str | None = None,
) -> dict[str, Any]:
    """Pairs a second alone and in a crowd, p50 and p95 of a pair, and the ratios to the floors of the same turns."""
    with tempfile.TemporaryDirectory(dir=folder) as here, database(kind, here) as url, House(url) as house:
        house.now = datetime.now(UTC)
        campaign = house.campaign(target_redundancy=3)
        for start in range(0, tasks, 5_000):
            house.add(campaign, *[_body(n) for n in range(start, min(tasks, start + 5_000))])
        tokens = signed_in(house, campaign, CROWD[kind])
        house.store.dispose()
        settings = ServerSettings(
            database_url=url, requests_per_minute_per_caller=None, requests_per_minute_per_key=None, share_limits=False
        )
        with serving(ours, settings, workers) as product, serving(_constant) as constant:
            found = _turns({"ours": product, "constant": constant}, tokens, campaign, turns, pairs)
        found |= {"tasks": tasks, "workers": workers}
        if kind == "postgresql":
            found["bare_loop_pairs_per_second"] = bare = bare_loop(url, campaign, CROWD[kind])
            found["crowd_over_bare_loop"] = round(found["crowd_pairs_per_second"]["ours"] / bare, 2)
        else:
            found["two_bare_commits_p50_ms"] = commits = bare_commits(Path(here) / "bare.db")
            floor = found["pair_p50_ms"]["constant"] + commits
            found["alone_over_constant_and_bare_commits"] = round(floor / found["pair_p50_ms"]["ours"], 2)
            found["over_label_studio"] = {
                "alone": round(found["alone_pairs_per_second"]["ours"] / PEER["alone"]),
                "with 16": round(found["crowd_pairs_per_second"]["ours"] / PEER["with 16"]),
            }
        return {kind: found}


@contextmanager
def database(kind: str, folder: str) -> Iterator[str]:
    """The URL of a fresh, durable database with the schema."""
    if kind == "postgresql":
        cluster = Cluster(durable=True)
        try:
            yield cluster.database()
        finally:
            cluster.stop()
        return
    url = f"sqlite:///{Path(folder) / 'server.db'}"
    store = Store(url)
    store.upgrade()
    store.dispose()
    yield url


@contextmanager
def serving(target: Any, *arguments: Any) -> Iterator[tuple[int, int]]:
    """`target(listening, …)` in a process of its own; answers port and process id."""
    with bind("127.0.0.1", 0) as listening:
        port = int(listening.getsockname()[1])
        process = multiprocessing.get_context("spawn").Process(target=target, args=(listening, *arguments))
        process.start()
    try:
        asyncio.run(ready(port))
        assert process.pid is not None
        yield port, process.pid
    finally:
        process.terminate()
        process.join(30)


def _turns(
    servers: dict[str, tuple[int, int]], tokens: list[str], campaign: str, turns: int, pairs: int
) -> dict[str, Any]:
    ports = {name: port for name, (port, _process) in servers.items()}
    used = dict.fromkeys(servers, 0.0)
    times: dict[str, list[float]] = {name: [] for name in ports}
    rates: dict[str, list[float]] = {name: [] for name in ports}
    for turn in range(turns + 1):  # the first warms up
        for name, port in ports.items():
            before = processor_time(servers[name][1])
            alone = asyncio.run(_session(port, tokens[0], campaign, pairs))
            used[name] += (processor_time(servers[name][1]) - before) * (turn > 0)
            crowd = asyncio.run(_crowd(port, tokens, campaign, max(5, pairs // 4)))
            if turn:
                times[name] += alone
                rates[name].append(crowd)
    alone_rate = {name: 1000 / (sum(values) / len(values)) for name, values in times.items()}
    crowd_rate = {name: median(values) for name, values in rates.items()}
    return {
        "processor_ms_per_pair": {name: round(1000 * value / turns / pairs, 2) for name, value in used.items()},
        "pair_p50_ms": {name: round(median(values), 2) for name, values in times.items()},
        "pair_p95_ms": {name: round(sorted(values)[len(values) * 95 // 100], 2) for name, values in times.items()},
        "alone_pairs_per_second": {name: round(value) for name, value in alone_rate.items()},
        "alone_over_constant": round(median(times["constant"]) / median(times["ours"]), 2),
        "crowd_pairs_per_second": {name: round(value) for name, value in crowd_rate.items()},
        "crowd_over_constant": round(crowd_rate["ours"] / crowd_rate["constant"], 2),
    }


def processor_time(process: int) -> float:
    """Seconds used by a process and the processes it started; it tells more than the clock on a busy machine."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own + sum(processor_time(int(child)) for child in children)


async def _crowd(port: int, tokens: list[str], campaign: str, pairs: int) -> float:
    started = time.perf_counter()
    await asyncio.gather(*(_session(port, token, campaign, pairs) for token in tokens))
    return len(tokens) * pairs / (time.perf_counter() - started)


async def _session(port: int, token: str, campaign: str, pairs: int) -> list[float]:
    """Milliseconds of each pair."""
    times = []
    async with Lean(port, {"authorization": f"Bearer {token}"}) as client:
        for _pair in range(pairs):
            started = time.perf_counter()
            _status, task = await client.post(f"{LABELING}/campaigns/{campaign}/next-task")
            status, answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
            assert status == 201, answer
            times.append((time.perf_counter() - started) * 1000)
    return times


# --- the floors --------------------------------------------------------------------------------------------


def bare_commits(file: Path, pairs: int = 200) -> float:
    """Milliseconds (p50) of two durable commits of SQLite, of as many pages as a claim and a vote write."""
    times = []
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE pages (id INTEGER PRIMARY KEY, content BLOB)")
        connection.executemany("INSERT INTO pages (content) VALUES (?)", [(bytes(3000),)] * max(PAGES))
        for pair in range(pairs):
            started = time.perf_counter()
            for pages in PAGES:
                connection.execute("BEGIN IMMEDIATE")
                connection.execute("UPDATE pages SET content = ? WHERE id <= ?", (bytes([pair % 256]) * 3000, pages))
                connection.execute("COMMIT")
            times.append((time.perf_counter() - started) * 1000)
    return round(median(times), 2)


def bare_loop(url: str, campaign: str, connections: int, seconds: float = 5.0) -> float:
    """Pairs a second of the bare SQL: claim with `SKIP LOCKED` and commit, vote and commit; psycopg, prepared."""
    done = [0] * connections
    stop = time.monotonic() + seconds

    def work(number: int) -> None:
        with psycopg.connect(url) as connection:
            while time.monotonic() < stop:
                _bare_pair(connection, campaign, f"bare-{number}")
                done[number] += 1

    threads = [threading.Thread(target=work, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return round(sum(done) / seconds)


def _bare_pair(connection: psycopg.Connection[Any], campaign: str, voter: str) -> None:
    now = time.time_ns() // 1000
    row = connection.execute(_CLAIM, {"campaign": campaign, "voter": voter, "now": now}, prepare=True).fetchone()
    connection.commit()
    assert row is not None
    connection.execute(_VOTE, {"task": row[0], "campaign": campaign, "voter": voter, "now": now}, prepare=True)
    connection.execute(_COUNT, {"task": row[0]}, prepare=True)
    connection.commit()


_CLAIM = """
UPDATE tasks SET rank = NULL, holder_id = %(voter)s, claimed_at = %(now)s, claim_expires_at = %(now)s + 600000000
WHERE id = (SELECT id FROM tasks WHERE campaign_id = %(campaign)s AND rank IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM submissions s WHERE s.task_id = tasks.id AND s.voter_id = %(voter)s)
    ORDER BY rank LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING id"""
_VOTE = """
INSERT INTO submissions (id, task_id, campaign_id, voter_id, voter_kind, verdict, created_at)
VALUES (gen_random_uuid()::text, %(task)s, %(campaign)s, %(voter)s, 'annotator', 'correct', %(now)s)"""
_COUNT = """
UPDATE tasks SET submission_count = submission_count + 1, holder_id = NULL, claimed_at = NULL, claim_expires_at = NULL
WHERE id = %(task)s"""


def ours(listening: Any, settings: ServerSettings, workers: int) -> None:
    """The server under measurement, for `serving`."""
    if workers == 1:
        run_server(settings, listening)
    else:
        run_workers(settings, listening, workers)


def _constant(listening: Any) -> None:
    """FastAPI with the same models, and no database."""
    app = FastAPI()
    task: ServedTask = _blank(ServedTask)
    stored: LabelSubmission = _blank(LabelSubmission)

    @app.post(f"{LABELING}/campaigns/{{campaign_id}}/next-task")
    async def next_task(campaign_id: str) -> ServedTask:
        return task

    @app.post(f"{LABELING}/tasks/{{task_id}}/submit", status_code=201)
    async def submit(task_id: str, body: LabelSubmit) -> LabelSubmission:
        return stored

    uvicorn.Server(uvicorn.Config(app, log_level="error", access_log=False, ws="none")).run([listening])


def _blank(model: type[BaseModel]) -> Any:
    """An instance with something in each field."""
    known: dict[str, Any] = {
        "n_required": 3,
        "submission_count": 0,
        "confidence": 0.5,
        "duration_ms": 5,
        "agreement": 1.0,
    }
    values: dict[str, Any] = {name: known[name] if name in known else _text(name) for name in model.model_fields}
    return model.model_construct(None, **values)


def _text(name: str) -> str | None:
    return None if name in {"drawing_bbox", "position", "predicted_value", "corrected_value"} else "x"


def _body(number: int) -> dict[str, Any]:
    return {"part_revision_id": f"p{number // 50}", "predicted_value": {"text": "⌀8"}}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", default="sqlite", choices=sorted(CROWD))
    for name, default in (("tasks", 20_000), ("workers", 1), ("turns", 6), ("pairs", 60)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--folder", help="where the SQLite file goes")
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
