"""Pages of the results API over a campaign of a million cases: at any depth, with each filter; milliseconds.

`python -m tests.benchmarks results`, or `python -m tests.benchmarks.results 50000` for a smaller campaign. Requests go
through the whole application in this process, with key, session and JSON; only the socket is missing. The floor is a
request that asks the database nothing, in the same run.
"""

from __future__ import annotations

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.results.auth import create_results_password
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.server.house import House

CASES, PAGES = 1_000_000, 60
LIST = "/results/public/v1/list"
_SPREAD = 2_654_435_761  # coprime to any number of cases used here: changes come in an order unlike that of the tasks
_ID = "printf('%08x-{kind}-4000-8000-%012x', ({i} * 2654435761) % 4294967296, {i})"
_N = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < :count)"
_FILL = (
    """WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE (i + 1) * 50 < :count)
    INSERT INTO parts (id, org_id, name, created_at) SELECT 'part-' || i, :org, 'part ' || i, 0 FROM n""",
    "INSERT INTO part_revisions (id, part_id, created_at) SELECT 'rev-' || substr(id, 6), id, 0 FROM parts",
    """INSERT INTO drawings (id, part_revision_id, sha256, content_type, filename, created_at)
    SELECT 'd' || id, id, 'x', 'image/png', id || '.png', 0 FROM part_revisions""",
    f"""{_N} INSERT INTO tasks (id, campaign_id, target_kind, detail_kind, field_name, prompt, predicted_value,
    predicted_confidence, drawing_bbox, part_revision_id, n_required, created_at, sheet_seq, place, status,
    submission_count, consensus_verdict, agreement)
    SELECT {_ID.format(kind="7a5c", i="i")}, :campaign, 'pmi', 'dimension', 'nominal', 'Is this dimension read right?',
    '{{"text": "⌀16,5 +0,1 0"}}', 0.5, '[0.1, 0.1, 0.2, 0.2]', 'rev-' || (i / 50), 3, 0, i / 50, printf('%010d', i),
    CASE WHEN i % 1000 = 0 THEN 'in_review' ELSE 'resolved' END, 3, 'correct', 0.6667 FROM n""",
    """WITH v(vote) AS (VALUES (1), (2), (3))
    INSERT INTO submissions (id, task_id, campaign_id, voter_id, voter_kind, verdict, duration_ms, created_at)
    SELECT printf('%08x-%04x-4000-8000-%012x', (number * 2654435761) % 4294967296, vote, number), tasks.id, :campaign,
    'voter-' || ((number + vote * 7) % 40), 'annotator', CASE vote WHEN 3 THEN 'incorrect' ELSE 'correct' END, 2400,
    number FROM tasks, v""",
    f"""INSERT INTO cases (task_number, campaign_id, seq, state, updated_at)
    SELECT number, :campaign, 1 + (number * {_SPREAD}) % :count,
    CASE status WHEN 'in_review' THEN 'Flagged' ELSE 'Labeled' END,
    :start + 1000000 * (1 + (number * {_SPREAD}) % :count) FROM tasks""",
)
START = 1_760_000_000_000_000  # microseconds; the change of sequence id n came n seconds later


def fill(house: House, count: int) -> str:
    """A settled campaign of `count` cases with three votes each, put in by the database itself. Its id."""
    campaign = house.campaign(name="large", target_redundancy=3)
    values = {"campaign": campaign, "org": house.lead.org_id, "count": count, "start": START}
    with house.store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        connection.exec_driver_sql("PRAGMA synchronous = OFF")
        connection.exec_driver_sql("PRAGMA cache_size = -400000")
        connection.exec_driver_sql("BEGIN")
        (trigger,) = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'cases_task_made'")).one()
        connection.exec_driver_sql("DROP TRIGGER cases_task_made")
        for statement in _FILL:
            connection.execute(text(statement), values)
        connection.exec_driver_sql(trigger)
        connection.exec_driver_sql("COMMIT")
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    house.store.dispose()  # the next connection has the usual settings again
    return campaign


def run(n_cases: int = CASES) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "gonogo.db"
        store = Store(f"sqlite:///{path}")
        store.upgrade()
        store.dispose()
        started = time.perf_counter()
        with House(path) as house:
            fill(house, n_cases)
        made = time.perf_counter() - started
        found = asyncio.run(_measure(path, n_cases))
    return {"cases": n_cases, "seconds to make them": round(made, 1), **found}


async def _measure(path: Path, n_cases: int) -> dict[str, Any]:
    settings = ServerSettings(
        database_url=f"sqlite:///{path}", requests_per_minute_per_key=None, requests_per_minute_per_caller=None
    )
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        made = create_key(app.state.store, "bench", ["parts:read"])
        password = create_results_password(app.state.store, made.id)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://test", headers={"X-API-KEY": made.key}
        ) as http:
            answer = await http.post("/auth/public/v1/login", json=password.model_dump())
            http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            floor = [await _timed(http, "/auth/public/v1/version", {}) for _ in range(PAGES)]
            found: dict[str, Any] = {"floor": _spread(floor)}
            for name, queries in _cases(n_cases):
                times = [await _timed(http, LIST, {"task_id": 1, **query}) for query in queries]
                found[name] = _spread(times)
            return found


def _cases(n_cases: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What is asked: a name, and the queries. Places are drawn from everywhere, so that no cache helps."""
    rng = random.Random(3)

    def deep(**more: Any) -> list[dict[str, Any]]:
        return [{"last_sequence_id": rng.randrange(n_cases), **more} for _ in range(PAGES)]

    def since(share: float) -> str:
        seconds = START / 1e6 + share * n_cases
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))

    yield "first page", [{}] * PAGES
    yield "any depth", deep()
    yield "last page", [{"last_sequence_id": n_cases - 100}] * PAGES
    yield "a rare state, any depth", deep(labeling_state="Flagged")
    yield "a state nobody is in", deep(labeling_state="Canceled")
    yield "updated lately", [{"updated_after": since(0.9999)}] * PAGES
    yield "updated lately, a rare state", [{"updated_after": since(0.9), "labeling_state": "Flagged"}] * PAGES
    yield "updated after the last", [{"updated_after": since(1.1)}] * PAGES
    yield "every read (verbose)", deep(verbose="true")
    yield "a thousand a page", deep(limit=1000)[:10]


async def _timed(http: httpx.AsyncClient, path: str, query: dict[str, Any]) -> float:
    started = time.perf_counter()
    answer = await http.get(path, params=query)
    taken = time.perf_counter() - started
    assert answer.status_code == 200, answer.text
    return 1000 * taken


def _spread(times: list[float]) -> dict[str, float]:
    return {
        "p50": round(statistics.median(times), 2),
        "p95": round(statistics.quantiles(times, n=20)[-1], 2),
        "max": round(max(times), 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else CASES), indent=2))
