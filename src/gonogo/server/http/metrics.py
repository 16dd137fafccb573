"""Prometheus metrics: counters and one histogram, written in its text format.

Each worker counts in memory and leaves a copy in a folder that the workers of one machine share, so that whichever
of them is asked answers for all. Routes are named, never addresses: nothing here tells one task from another.
"""

from __future__ import annotations

import json
import os
import time
from collections import Counter
from pathlib import Path

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds of the histogram's buckets."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_EVERY = 2.0

Counts = dict[str, float]


class Metrics:
    """Requests by method, route and status, and how long they took. Without a folder nothing is kept."""

    def __init__(self, folder: str | None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._counts: Counter[str] = Counter()
        self._copied_at = 0.0
        self.started = time.time()

    @property
    def enabled(self) -> bool:
        return self._folder is not None

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        if self._folder is None:
            return
        known = method if method in METHODS else "other"  # a stranger may send any word, and each would be kept
        where = f'method="{known}",route="{route}"'
        self._counts[f'gonogo_requests_total{{{where},status="{status}"}}'] += 1
        bucket = next((str(bound) for bound in SECONDS if seconds <= bound), "+Inf")
        self._counts[f'bucket {{{where},le="{bucket}"}}'] += 1
        self._counts[f"gonogo_request_seconds_sum{{{where}}}"] += seconds  # type: ignore[assignment]
        if time.monotonic() - self._copied_at > _EVERY:
            self.leave_copy()

    def leave_copy(self) -> None:
        """Writes this worker's counts where the others look."""
        assert self._folder is not None
        self._copied_at = time.monotonic()
        path = self._folder / f"{os.getpid()}.json"
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(self._counts))
        fresh.replace(path)

    def text(self) -> str:
        """All workers' numbers, in the exposition format 0.0.4."""
        self.leave_copy()
        assert self._folder is not None
        total: Counter[str] = Counter()
        files = sorted(self._folder.glob("*.json"))
        for file in files:
            total.update(json.loads(file.read_text()))
        lines = ["# TYPE gonogo_requests_total counter"]
        lines += [f"{name} {total[name]}" for name in sorted(total) if name.startswith("gonogo_requests_total")]
        lines.append("# TYPE gonogo_request_seconds histogram")
        lines += _histogram(total)
        lines += ["# TYPE gonogo_worker_start_time_seconds gauge", f"gonogo_worker_start_time_seconds {self.started}"]
        lines += ["# TYPE gonogo_workers_seen gauge", f"gonogo_workers_seen {len(files)}"]
        return "\n".join(lines) + "\n"


def _histogram(total: Counter[str]) -> list[str]:
    """Cumulative buckets, sum and count of each route."""
    sums = sorted(name for name in total if name.startswith("gonogo_request_seconds_sum"))
    lines = []
    for name in sums:
        where = name.removeprefix("gonogo_request_seconds_sum{").removesuffix("}")
        seen = 0
        for bound in (*map(str, SECONDS), "+Inf"):
            seen += total[f'bucket {{{where},le="{bound}"}}']
            lines.append(f'gonogo_request_seconds_bucket{{{where},le="{bound}"}} {seen}')
        lines += [f"{name} {total[name]:.6f}", f"gonogo_request_seconds_count{{{where}}} {seen}"]
    return lines
