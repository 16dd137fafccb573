"""1,000 lives of desks, each ended by kill -9, behind a network that spoils 30 % of all requests.

Every third life is `gonogo outbox send`; each life has a wall clock of its own, up to a day wrong.

`python -m tests.benchmarks.crash [ROUNDS]`. Eight people work side by side, each on a home of their own, so that the
waits of one are the work of another. `lost`: verdicts called saved that the server does not have as they were given;
`doubled`: tasks with more than one verdict. `met`: both are 0, and all that was saved has reached the server.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.desk.outbox.test_crashes import crash
from tests.support.faulty_proxy import FAULTS

ROUNDS = 96
FULL_ROUNDS = 1000
PEOPLE = 8
TASKS_A_ROUND = 20
"""More than anybody answers in one life."""


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """`rounds` lives in all, rounded up to the same number for each person."""
    each = -(-rounds // PEOPLE)
    with tempfile.TemporaryDirectory() as folder:
        started = time.monotonic()
        n_tasks = each * TASKS_A_ROUND
        work = crash(
            Path(folder), rounds=each, n_tasks=n_tasks, seed=rounds, people=PEOPLE, sends=True, clock_jumps=True
        )
        outcome, met = asyncio.run(work)
        seconds = time.monotonic() - started
    return {
        "rounds": each * PEOPLE,
        "saved": len(outcome.promised),
        "on_the_server": len(outcome.stored),
        "lost": len(outcome.lost),
        "doubled": len(outcome.doubled),
        "drained": outcome.drained,
        "met": outcome.drained and not outcome.lost and not outcome.doubled and bool(outcome.promised),
        "rows": {state.value: count for state, count in outcome.here.items()},
        "requests": met.total(),
        "faults": {fault: met[fault] for fault in FAULTS},
        "seconds": round(seconds, 1),
        "rounds_per_second": round(each * PEOPLE / seconds, 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else FULL_ROUNDS), indent=2))
