"""The claim storm in full: 50 people, 200 tasks, three votes each, 10 % gold, five kill -9 and restarts; and 50 threads
with one idempotency key, a hundred times. Both databases; breaking a promise ends it with an error.

Run alone: `python -m tests.benchmarks.storm [sqlite|postgresql]`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from gonogo.server.store.engine import Store
from tests.postgres import Cluster
from tests.server.one_key import one_key
from tests.server.storm import storm

LIMIT = 180.0


def run(only: str | None = None) -> dict[str, Any]:
    """Seconds until all was done, and how often each status was answered."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ["GONOGO_HOME"] = folder
        if only != "postgresql":
            url = f"sqlite:///{Path(folder) / 'server.db'}"
            store = Store(url)
            store.upgrade()
            store.dispose()
            found["sqlite"] = _storm(url)
        if only != "sqlite":
            cluster = Cluster(durable=True)
            found["postgresql"] = _storm(cluster.database())
            cluster.stop()
    return found


def _storm(url: str) -> dict[str, Any]:
    found = asyncio.run(storm(url, people=50, n_tasks=200, kills=5, workers=2, limit=LIMIT))
    return {**found, "one_key": dict(one_key(url, threads=50, rounds=100))}


if __name__ == "__main__":
    print(json.dumps(run(sys.argv[1] if len(sys.argv) > 1 else None), indent=2))
