"""The expert's queue over 100,000 tasks, and what a quality report does to next-task meanwhile; milliseconds.

`python -m tests.benchmarks review` prints the numbers as JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select, text

from gonogo.server.app import create_app
from gonogo.server.review import Wanted, queue_page
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import campaigns, new_id, users
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
        found["next-task"] = asyncio.run(_beside_quality(store))
        store.dispose()
    return found


def _pages(store: Store, campaign_id: str) -> dict[str, float]:
    with store.read() as connection:
        campaign = connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one()
        cursors: list[str | None] = [None]

        def page(wanted: Wanted, cursor: str | None) -> str | None:
            return queue_page(connection, campaign, "reviewer", wanted, PAGE, cursor, NOW).next_cursor

        def walk() -> None:
            cursors.append(page(Wanted(), cursors[-1]))

        return {
            "first page": _median(lambda: page(Wanted(), None)),
            "following pages": _median(walk, 20),
            "text found nowhere": _median(lambda: page(Wanted(text="no such text"), None)),
            "one annotator's": _median(lambda: page(Wanted(annotator="nobody"), None)),
        }


async def _beside_quality(store: Store) -> dict[str, float]:
    """next-task of one lead, alone and while quality reports of a large campaign are made without a pause."""
    with store.write() as connection:  # the embedded lead belongs to the large campaign's organisation
        org = connection.execute(select(campaigns.c.org_id)).scalar_one()
        connection.execute(users.insert().values(id=new_id(), org_id=org, name="lead", created_at=NOW))
    settings = ServerSettings(database_url=store.url.render_as_string(), embedded_token="embedded")
    app = create_app(settings, store=store)
    transport = httpx.ASGITransport(app)
    headers = {"X-API-Key": "embedded"}
    async with httpx.AsyncClient(transport=transport, base_url="http://labels.test", headers=headers) as client:
        path = "/api/v1/parts/labeling/campaigns"
        made = (await client.post(path, json={"name": "small", "gold_fraction": 0})).json()["id"]
        wanted = [{"target_kind": "pmi", "field_name": "nominal"}] * 5
        await client.post(f"{path}/{made}/tasks", json={"tasks": wanted})
        large = (await client.get(path)).json()["data"][-1]["id"]
        assert large != made
        found: dict[str, float] = {}
        for name, busy in (("alone", False), ("beside quality reports", True)):
            stop = asyncio.Event()
            other = asyncio.create_task(_keep_asking(client, f"{path}/{large}/quality", stop)) if busy else None
            taken = []
            for _ in range(200):
                started = time.perf_counter()
                answer = await client.post(f"{path}/{made}/next-task")
                taken.append(time.perf_counter() - started)
                assert answer.status_code == 200, answer.text
                await asyncio.sleep(0.01)
            stop.set()
            if other is not None:
                found["reports meanwhile"] = float(await other)
            found[f"{name}, median"] = 1000 * statistics.median(taken)
            found[f"{name}, p95"] = 1000 * statistics.quantiles(taken, n=20)[-1]
        return found


async def _keep_asking(client: httpx.AsyncClient, path: str, stop: asyncio.Event) -> int:
    done = 0
    while not stop.is_set():
        answer = await client.get(path)
        assert answer.status_code == 200, answer.text
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
