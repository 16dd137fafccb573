"""Claim-and-vote pairs through uvicorn, against the same framework answering constants; one worker, a lean client.

Run alone: `python -m tests.benchmarks.pairs`. The two servers take turns, so that whatever else the machine does hits
both alike. A pair is two requests and, on SQLite, two commits with `synchronous=FULL`.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.wire.labeling import LabelSubmission, LabelSubmit, ServedTask
from tests.postgres import Cluster, binaries
from tests.server.house import House
from tests.server.live import Lean, uvicorn_serving
from tests.server.storm import signed_in
from tests.server.web import LABELING

TASKS, CROWD = 20_000, 16
TURNS, PAIRS = 6, 60


def run(turns: int = TURNS, pairs: int = PAIRS) -> dict[str, Any]:
    """p50 in milliseconds alone, pairs a second alone and with 16, and the ratios to the constant answers."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'server.db'}"
        store = Store(url)
        store.upgrade()
        store.dispose()
        found = {"sqlite": _compare(url, turns, pairs)}
        if binaries() is not None:
            cluster = Cluster(durable=True)
            found["postgresql"] = _compare(cluster.database(), turns, pairs)
            cluster.stop()
    return found


def _compare(url: str, turns: int, pairs: int) -> dict[str, Any]:
    with House(url) as house:
        house.now = datetime.now(UTC)
        campaign = house.campaign(target_redundancy=3)
        house.add(
            campaign, *[{"part_revision_id": f"p{n // 50}", "predicted_value": {"text": "⌀8"}} for n in range(TASKS)]
        )
        tokens = signed_in(house, campaign, CROWD)
        settings = ServerSettings(
            database_url=url, requests_per_minute_per_caller=None, requests_per_minute_per_key=None
        )
        times: dict[str, list[float]] = {"ours": [], "constant": []}
        rates: dict[str, list[float]] = {"ours": [], "constant": []}
        with uvicorn_serving(create_app(settings, store=house.store)) as ours, uvicorn_serving(_constant()) as constant:
            for _turn in range(turns):
                for name, port in (("ours", ours), ("constant", constant)):
                    times[name] += asyncio.run(_session(port, tokens[0], campaign, pairs))
                    rates[name].append(asyncio.run(_crowd(port, tokens, campaign, pairs // 4)))
    p50 = {name: median(values) for name, values in times.items()}
    crowd = {name: median(values) for name, values in rates.items()}
    return {
        "pair_p50_ms": {name: round(value, 2) for name, value in p50.items()},
        "p50_over_constant": round(p50["ours"] / p50["constant"], 2),
        "pairs_per_second_with_16": {name: round(value) for name, value in crowd.items()},
        "crowd_rate_over_constant": round(crowd["ours"] / crowd["constant"], 2),
    }


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
            status, _answer = await client.post(f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct"})
            assert status == 201
            times.append((time.perf_counter() - started) * 1000)
    return times


def _constant() -> FastAPI:
    """FastAPI with the same models, and no database."""
    app = FastAPI()
    task = _blank(ServedTask)
    stored = _blank(LabelSubmission)

    @app.post(f"{LABELING}/campaigns/{{campaign_id}}/next-task")
    async def next_task(campaign_id: str) -> ServedTask:
        return task

    @app.post(f"{LABELING}/tasks/{{task_id}}/submit", status_code=201)
    async def submit(task_id: str, body: LabelSubmit) -> LabelSubmission:
        return stored

    return app


def _blank(model: type[BaseModel]) -> Any:
    """An instance with something in each field."""
    known = {"n_required": 3, "submission_count": 0, "confidence": 0.5, "duration_ms": 5, "agreement": 1.0}
    return model.model_construct(
        **{name: known.get(name) if name in known else _text(name) for name in model.model_fields}
    )


def _text(name: str) -> str | None:
    return None if name in {"drawing_bbox", "position", "predicted_value", "corrected_value"} else "x"


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
