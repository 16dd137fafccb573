"""Requests made from our own OpenAPI, as many as are asked for, on both databases: no 5xx, nothing undocumented.

    python -m tests.benchmarks.fuzz [cases] [sqlite|postgresql]

The same cases and checks as `tests/server/http/test_fuzz.py`, which runs a few hundred. Half of them are single
requests (a fifth breaks the OpenAPI's rules; ids of things that exist or not; every role; with and without idempotency
key), half stand in chains, each about what the ones before it made. It goes in pieces, each with a seed of its own; how
far it is goes to stderr. A broken promise is in the result, with its smallest case, and it goes on.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case

from tests.postgres import Cluster
from tests.server.http.chains import Step, chains, follow
from tests.server.http.fuzzing import CALLERS, Server, cases, check, serving

CASES = 20_000
PIECE = 500
"""Cases of one run."""
ENOUGH = 5
"""Broken promises after which it ends."""
CHAIN = 30


@dataclass
class Seen:
    """What came of it so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    in_chains: int = 0
    broken: list[str] = field(default_factory=list)


def run(n: int = CASES, only: str | None = None) -> dict[str, Any]:
    """How often each status was answered, and what was not as promised."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        if only != "postgresql":
            found["sqlite"] = _fuzz(f"sqlite:///{folder}/fuzz.db", n)
        if only != "sqlite":
            cluster = Cluster()
            found["postgresql"] = _fuzz(cluster.database(), n)
            cluster.stop()
    return found


def _fuzz(url: str, n: int) -> dict[str, Any]:
    seen, first = Seen(), random.SystemRandom().randrange(2**32)
    started = time.process_time()
    kinds = (_single, _chained)
    number = 0
    with serving(url) as server:
        while (done := seen.statuses.total()) < n and len(seen.broken) < ENOUGH:
            wanted = min(PIECE, n - done)
            try:
                kinds[number % len(kinds)](server, seen, wanted, first + number)
            except Exception as error:
                seen.broken.append("".join(traceback.format_exception(error))[-3000:])
            number += 1
            spent = time.process_time() - started
            print(
                f"{url.partition(':')[0]}: {seen.statuses.total()} of {n}, {spent:.0f} s", file=sys.stderr, flush=True
            )
    return {
        "cases": seen.statuses.total(),
        "in_chains": seen.in_chains,
        "statuses": {str(status): count for status, count in sorted(seen.statuses.items())},
        "broken": seen.broken,
        "first_seed": first,
        "processor_seconds": round(time.process_time() - started),
    }


def _single(server: Server, seen: Seen, n: int, number: int) -> None:
    @seed(number)
    @given(case=cases(), caller=st.sampled_from(CALLERS), real=st.booleans(), key=st.booleans())
    @_settings(n)
    def every(case: Case[Any], caller: str, real: bool, key: bool) -> None:
        seen.statuses[check(server, case, caller, real, key)] += 1

    every()


def _chained(server: Server, seen: Seen, n: int, number: int) -> None:
    @seed(number)
    @given(chain=chains(CHAIN))
    @_settings(max(1, n // CHAIN))
    def every(chain: list[Step]) -> None:
        answered = follow(server, chain)
        seen.statuses.update(answered)
        seen.in_chains += answered.total()

    every()


def _settings(n: int) -> Callable[[Any], Any]:
    """Nothing is kept, aimed at or explained: that costs more than it finds here."""
    phases = (Phase.generate, Phase.shrink)
    return settings(
        max_examples=n, deadline=None, database=None, phases=phases, suppress_health_check=list(HealthCheck)
    )


if __name__ == "__main__":
    size = int(sys.argv[1]) if len(sys.argv) > 1 else CASES
    print(json.dumps(run(size, sys.argv[2] if len(sys.argv) > 2 else None), indent=2, ensure_ascii=False))
