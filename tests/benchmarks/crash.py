"""1,000 lives of one desk, each ended by kill -9, behind a network that spoils 30 % of all requests.

`python -m tests.benchmarks.crash [ROUNDS]`. `lost`: verdicts called saved that the server does not have as they were
given; `doubled`: tasks with more than one verdict. Both must be 0.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.desk.faulty import FAULTS
from tests.desk.test_chaos import crash

ROUNDS = 100
FULL_ROUNDS = 1000


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        outcome, met = asyncio.run(crash(Path(folder), rounds=rounds, n_tasks=rounds * 20, seed=rounds))
        return {
            "rounds": rounds,
            "saved": len(outcome.promised),
            "on_the_server": len(outcome.stored),
            "lost": len(outcome.lost),
            "doubled": len(outcome.doubled),
            "drained": outcome.drained,
            "rows": {state.value: count for state, count in outcome.here.items()},
            "requests": met.total(),
            "faults": {fault: met[fault] for fault in FAULTS},
            "seconds": round(time.monotonic() - started, 1),
        }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else FULL_ROUNDS), indent=2))
