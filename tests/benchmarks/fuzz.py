"""Requests made from our own OpenAPI, as many as are asked for, on both databases: no 5xx, nothing undocumented.

    python -m tests.benchmarks.fuzz [cases] [sqlite|postgresql]

The same cases and checks as `tests/server_shell/test_fuzz.py`, which runs a few hundred: half of them with the ids of
things that exist, half with an idempotency key. A broken promise ends the run with the smallest case that breaks it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from tests.postgres import Cluster
from tests.server_shell.test_fuzz import OPERATIONS, Server, check, serving

CASES = 20_000


def run(cases: int = CASES, only: str | None = None) -> dict[str, Any]:
    """How often each status was answered."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if only != "postgresql":
            found["sqlite"] = _fuzz(f"sqlite:///{folder}/fuzz.db", cases)
        if only != "sqlite":
            cluster = Cluster()
            found["postgresql"] = _fuzz(cluster.database(), cases)
            cluster.stop()
    return found


def _fuzz(url: str, cases: int) -> dict[str, int]:
    seen: Counter[int] = Counter()
    strategy = st.one_of([operation.as_strategy() for operation in OPERATIONS])

    @given(case=strategy, real=st.booleans(), key=st.booleans())
    @settings(max_examples=cases, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def every(server: Server, case: Case[Any], real: bool, key: bool) -> None:
        seen[check(server, case, real, key)] += 1

    with serving(url) as server:
        every(server)  # type: ignore[call-arg]
    return {str(status): count for status, count in sorted(seen.items())}


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    print(json.dumps(run(size, sys.argv[2] if len(sys.argv) > 2 else None), indent=2))
