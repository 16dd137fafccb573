"""Model report of 100,000 predictions: its time, over reading the same rows and nothing else.

`python -m tests.benchmarks.model_report` prints JSON. One in twelve predictions is wrong, one in six has its value
written in another way than its truth, so that values must be parsed.
"""

from __future__ import annotations

import json
import random
import statistics
import tempfile
import time
from typing import Any

from sqlalchemy import Connection, insert

from gonogo.schemas.gonogo_api import Prediction
from gonogo.server.model_report.known_outcomes import _PREDICTIONS
from gonogo.server.model_report.report import ReportQuery, model_report
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import predictions, projects
from gonogo.server.tasks.predictions import store_predictions
from tests.benchmarks.pairs import database
from tests.server.house import House

SIZE = 100_000


def run(size: int = SIZE, repeats: int = 5) -> dict[str, Any]:
    """Seconds of the report and of the floor, median of `repeats`, and their ratio."""
    with tempfile.TemporaryDirectory() as folder, database("sqlite", folder) as url, House(url) as house:
        project = new_id()
        with house.write() as connection:
            values: dict[str, object] = {
                "id": project,
                "org_id": house.lead.org_id,
                "name": "p",
                "status": "active",
                "selection_policy": {},
            }
            values |= {"target_kinds": [], "uses_platform_pool": False, "created_at": house.now}
            connection.execute(insert(projects).values(values))
        run_id = _store(house, project, size)
        with house.read() as connection:
            whole = [
                _timed(lambda: model_report(connection, project, ReportQuery([run_id], bound=0.01)))
                for _ in range(repeats)
            ]
            floor = [_timed(lambda: _read(connection, run_id)) for _ in range(repeats)]
    ratios = [a / b for a, b in zip(whole, floor, strict=True)]
    return {
        "predictions": size,
        "report_seconds": statistics.median(whole),
        "reading_seconds": statistics.median(floor),
        "report_over_reading": statistics.median(ratios),
        "spread": [min(ratios), max(ratios)],
    }


def _store(house: House, project: str, size: int) -> str:
    rng = random.Random(5)
    for start in range(0, size, 1000):
        batch = [_prediction(number, rng) for number in range(start, start + 1000)]
        with house.write() as connection:
            stored = store_predictions(connection, house.lead.org_id, project, "run", batch, house.now)
    return stored.calculation_id


def _prediction(number: int, rng: random.Random) -> Prediction:
    size = f"{rng.randrange(1, 4000) / 10:g}"
    text = f"⌀{size} +0,1 0" if number % 3 else f"M{number % 30 + 3}"
    truth = text
    if number % 12 == 0:
        truth = text + "5"
    elif number % 6 == 1:
        truth = text.replace(".", ",").replace("⌀", "Ø")
    return Prediction(
        id=f"p{number}",
        detail_kind="dimension" if number % 3 else "thread",
        source=("gpt", "qwen", "edocr")[number % 3],
        predicted_value={"text": text},
        predicted_confidence=rng.betavariate(8, 1),
        truth={"text": truth},
        drawing_bbox=[number % 500, 0.0, number % 500 + 10.0, 10.0],
        field_name=f"f{number}",
    )


def _read(connection: Connection, run_id: str) -> int:
    return len(connection.execute(_PREDICTIONS.where(predictions.c.calculation_id == run_id)).all())


def _timed(work: Any) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
