"""The expert's queue over 100,000 tasks, and what a quality report does to next-task meanwhile; milliseconds.

`python -m tests.benchmarks review` prints the numbers as JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, text

from gonogo.server.app import create_app
from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.review.queue import ReviewQuery, queue_page
from gonogo.server.scoring.refresh import measure_campaign
from gonogo.server.scoring.store_consensus import write_consensus
from gonogo.server.scoring.worker_process import WORKER_THRESHOLD
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, users
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_campaign, fetch_one
from tests.benchmarks.campaign import NOW, fill

PAGE = 100


def run(n_tasks: int = 100_000) -> dict[str, Any]:
    """Pages of a queue in which every task is a conflict, and filters that read all of them."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'gonogo.db'}")
        store.upgrade()
        campaign_id = fill(store, n_tasks, 20, per_task=1)
        with store.write() as connection:
            connection.execute(text("UPDATE tasks SET status = 'in_review', posterior = 0.4 + (number % 997) / 2000.0"))
        found = {"conflicts": n_tasks, **_pages(store, campaign_id)}
        store.dispose()
    return {**found, "next-task": beside_quality()}


def _pages(store: Store, campaign_id: str) -> dict[str, float]:
    with store.read() as connection:
        campaign = fetch_campaign(connection, campaign_id)
        cursors: list[str | None] = [None]

        def page(wanted: ReviewQuery, cursor: str | None) -> str | None:
            return queue_page(connection, campaign, "reviewer", wanted, PAGE, cursor, NOW).next_cursor

        def walk() -> None:
            cursors.append(page(ReviewQuery(), cursors[-1]))

        return {
            "first page": _median(lambda: page(ReviewQuery(), None)),
            "following pages": _median(walk, 20),
            "text found nowhere": _median(lambda: page(ReviewQuery(text="no such text"), None)),
            "one annotator's": _median(lambda: page(ReviewQuery(annotator="nobody"), None)),
        }


def beside_quality(n_votes: int = 100_000) -> dict[str, float]:
    """next-task of one lead, alone and while reports of a campaign of `n_votes` are made without a pause; ms.

    As the server makes them (a worker process), and, for comparison, in a thread of the server. Tasks are settled
    before, as submits would have done. The three take turns, so that other load hits all of them alike.
    """
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'gonogo.db'}")
        store.upgrade()
        large = fill(store, n_votes, 20)
        with store.write() as connection:  # the embedded lead belongs to the large campaign's organisation
            campaign = fetch_one(connection, select(campaigns), CampaignRow)
            connection.execute(users.insert().values(id=new_id(), org_id=campaign.org_id, name="lead", created_at=NOW))
            write_consensus(connection, campaign, measure_campaign(connection, campaign), NOW)
        quality_report(store, large, NOW)  # the worker is up
        found = asyncio.run(_in_turns(store, large))
        store.dispose()
    return found


async def _in_turns(store: Store, large: str, turns: int = 4, requests: int = 60) -> dict[str, float]:
    settings = ServerSettings(database_url=store.url.render_as_string(), embedded_token="embedded")
    app = create_app(settings, store=store)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://labels.test", headers={"X-API-Key": "embedded"}
    )
    ways = {"alone": None, "beside reports": WORKER_THRESHOLD, "beside reports in a thread": sys.maxsize}
    taken: dict[str, list[float]] = {name: [] for name in ways}
    n_reports = dict.fromkeys(ways, 0)
    async with client:
        path = "/api/v1/parts/labeling/campaigns"
        made = (await client.post(path, json={"name": "small", "gold_fraction": 0})).json()["id"]
        wanted = [{"target_kind": "pmi", "field_name": "nominal"}] * 5
        await client.post(f"{path}/{made}/tasks", json={"tasks": wanted})
        for _ in range(turns):
            for name, limit in ways.items():
                stop = threading.Event()
                other = None if limit is None else asyncio.to_thread(_report_on_and_on, store, large, limit, stop)
                running = other and asyncio.create_task(other)
                for _ in range(requests):
                    started = time.perf_counter()
                    answer = await client.post(f"{path}/{made}/next-task")
                    taken[name].append(1000 * (time.perf_counter() - started))
                    assert answer.status_code == 200, answer.text
                    await asyncio.sleep(0.01)
                stop.set()
                n_reports[name] += 0 if running is None else await running
    found = {f"{name}, median": statistics.median(times) for name, times in taken.items()}
    found |= {f"{name}, p95": statistics.quantiles(times, n=20)[-1] for name, times in taken.items()}
    found |= {f"{name}, reports": float(n) for name, n in n_reports.items() if n}
    return {name: round(value, 2) for name, value in found.items()}


def _report_on_and_on(store: Store, campaign_id: str, large: int, stop: threading.Event) -> int:
    done = 0
    while not stop.is_set():
        quality_report(store, campaign_id, NOW, large=large)
        done += 1
    return done


def _median(work: Callable[[], object], times: int = 5) -> float:
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return 1000 * statistics.median(taken)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
