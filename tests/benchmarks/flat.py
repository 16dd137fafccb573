"""Whether a claim and a vote cost the same with a hundred times as much in the database; over HTTP, on both databases.

    python -m tests.benchmarks.flat [sqlite|postgresql] [--many 1000000] [--few 10000] [--pairs 3000] [--folder DIR]

Two campaigns in the middle of their work (`scale`: ten votes a task, so ten million with a million tasks; a tenth gold;
audit log and idempotency keys), each with a server of its own; one after the other answers a few pairs, so that
whatever else the machine does hits both alike. Every request has an idempotency key.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import tempfile
import time
import uuid
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.benchmarks import scale
from tests.benchmarks.pairs import ours, processor_time, serving
from tests.postgres import Cluster
from tests.server.live import Lean
from tests.server.web import LABELING

MANY, FEW, PAIRS = 1_000_000, 10_000, 3_000
TURN, WARM_UP = 20, 100
KINDS = ("sqlite", "postgresql")


@dataclass
class Case:
    """One size: the campaign, its server, and milliseconds of each request by turn."""

    campaign: scale.Campaign
    port: int
    process: int
    processor_seconds: float = 0.0
    turns: dict[str, list[list[float]]] = field(default_factory=lambda: {"next-task": [], "submit": []})


def run(
    kind: str | None = None, many: int = MANY, few: int = FEW, pairs: int = PAIRS, folder: str | None = None
) -> dict[str, Any]:
    """p50 and p95 of both requests at both sizes, and the ratio of each with a 95 % interval."""
    return {name: _run(name, many, few, pairs, folder) for name in KINDS if kind in (None, name)}


def _run(kind: str, many: int, few: int, pairs: int, folder: str | None) -> dict[str, Any]:
    with ExitStack() as stack:
        here = stack.enter_context(tempfile.TemporaryDirectory(dir=folder))
        cluster = Cluster(durable=True) if kind == "postgresql" else None
        if cluster is not None:
            stack.callback(cluster.stop)
        cases = {}
        for name, size in (("few", few), ("many", many)):
            campaign = scale.campaign(database(cluster, Path(here) / f"{name}.db"), size)
            settings = ServerSettings(
                database_url=campaign.url,
                requests_per_minute_per_caller=None,
                requests_per_minute_per_key=None,
                share_limits=False,
            )
            cases[name] = Case(campaign, *stack.enter_context(serving(ours, settings, 1)))
        asyncio.run(_in_turns(cases, pairs))
        found = _summary(cases)
    return {"tasks": {"few": few, "many": many}, "votes_a_task": scale.VOTES, "pairs": pairs, **found}


def database(cluster: Cluster | None, file: Path) -> str:
    """The URL of a fresh database of the cluster, or in `file`, with the schema in it."""
    if cluster is not None:
        return cluster.database()
    store = Store(f"sqlite:///{file}")
    store.upgrade()
    store.dispose()
    return f"sqlite:///{file}"


async def _in_turns(cases: dict[str, Case], pairs: int) -> None:
    for number in range(-(WARM_UP // TURN), pairs // TURN):
        for case in cases.values() if number % 2 else reversed(cases.values()):
            before = processor_time(case.process)
            times = await _turn(case, case.campaign.tokens[number % 10])
            if number >= 0:
                case.processor_seconds += processor_time(case.process) - before
                for name, values in times.items():
                    case.turns[name].append(values)


async def _turn(case: Case, token: str) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {"next-task": [], "submit": []}
    async with Lean(case.port, {"authorization": f"Bearer {token}"}) as client:

        async def ask(name: str, path: str, body: Any = None) -> Any:
            started = time.perf_counter()
            status, answer = await client.post(path, body, {"idempotency-key": str(uuid.uuid4())})
            times[name].append((time.perf_counter() - started) * 1000)
            assert status in (200, 201), answer
            return answer

        for _pair in range(TURN):
            task = await ask("next-task", f"{LABELING}/campaigns/{case.campaign.id}/next-task")
            await ask("submit", f"{LABELING}/tasks/{task['id']}/submit", {"verdict": "correct", "duration_ms": 4000})
    return times


def _summary(cases: dict[str, Case]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "seconds_to_fill": {name: case.campaign.seconds for name, case in cases.items()},
        "processor_ms_per_pair": {
            name: round(1000 * case.processor_seconds / len(case.turns["submit"]) / TURN, 2)
            for name, case in cases.items()
        },
    }
    for request in ("next-task", "submit"):
        few, many = cases["few"].turns[request], cases["many"].turns[request]
        found[request] = {
            f"p{percent}_ms": {
                name: round(_percentile(case.turns[request], percent), 2) for name, case in cases.items()
            }
            for percent in (50, 95, 99)
        }
        found[request] |= {f"p{percent}_many_over_few": _ratio(many, few, percent) for percent in (50, 95)}
    return found


def _percentile(turns: list[list[float]], percent: int) -> float:
    values = sorted(value for turn in turns for value in turn)
    return values[(len(values) - 1) * percent // 100]


def _ratio(many: list[list[float]], few: list[list[float]], percent: int) -> dict[str, Any]:
    """With the interval of 300 bootstrap samples of whole turns: neighbours in time share what disturbs them."""
    rng = random.Random(5)
    drawn = []
    for _sample in range(300):
        picked = rng.choices(range(len(many)), k=len(many))
        drawn.append(_percentile([many[i] for i in picked], percent) / _percentile([few[i] for i in picked], percent))
    drawn.sort()
    ratio = _percentile(many, percent) / _percentile(few, percent)
    return {"ratio": round(ratio, 2), "interval_95": [round(drawn[7], 2), round(drawn[-8], 2)]}


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("kind", nargs="?", choices=KINDS)
    for name, default in (("many", MANY), ("few", FEW), ("pairs", PAIRS)):
        arguments.add_argument(f"--{name}", type=int, default=default)
    arguments.add_argument("--folder", help="where the SQLite files go")
    print(json.dumps(run(**vars(arguments.parse_args())), indent=2))


if __name__ == "__main__":
    main()
