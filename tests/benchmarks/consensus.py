"""How fast consensus and agreement are, against what else does the same on the same machine in the same run.

`python -m tests.benchmarks.consensus` prints the numbers as JSON. Beside our methods it runs a yardstick (the sparse
floor would need scipy; a bare `bincount` of the same votes is in every numpy), and crowd-kit and krippendorff if the
environment happens to have them. Times are medians in seconds, of the fit alone.
"""

from __future__ import annotations

import gc
import json
import statistics
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from gonogo.server.consensus.agreement import krippendorff_alpha
from gonogo.server.consensus.dawid_skene import dawid_skene
from gonogo.server.consensus.intervals import alpha_interval
from gonogo.server.consensus.majority import majority, weighted_majority
from gonogo.server.consensus.one_coin import one_coin
from gonogo.server.consensus.votes import Votes
from tests.server.consensus.simulate import simulate

SIZES = {10_000: 50, 100_000: 200, 1_000_000: 1000}
"""Votes → annotators; 3 votes a task, 5 classes."""
CLASSIC = {"smoothing": 0.0, "bound": "per_label"}
"""Our settings that coincide with crowd-kit's."""


def run(sizes: dict[int, int] | None = None, *, repeats: int = 3) -> dict[str, Any]:
    """All measurements, by number of votes; and the quality report of a campaign of 100,000 votes."""
    found: dict[str, Any] = {}
    for n_votes, n_annotators in (sizes or SIZES).items():
        found[str(n_votes)] = _measure(n_votes, n_annotators, repeats)
    found["quality report, 100,000 votes"] = quality_report(100_000)
    return found


def _measure(n_votes: int, n_annotators: int, repeats: int) -> dict[str, Any]:
    votes = simulate(1, n_tasks=n_votes // 3, n_annotators=n_annotators, n_classes=5, per_task=3)[0]
    classic = dawid_skene(votes, smoothing=0.0, bound="per_label")
    counts = votes.counts()
    timed: dict[str, Callable[[], object]] = {
        "bincount of the coincidences": votes.counts,
        "dawid_skene, defaults": lambda: dawid_skene(votes),
        "dawid_skene, classic": lambda: dawid_skene(votes, smoothing=0.0, bound="per_label"),
        "dawid_skene, 30 steps": lambda: dawid_skene(votes, smoothing=0.0, max_iterations=30, tolerance=-np.inf),
        "one_coin": lambda: one_coin(votes),
        "weighted_majority": lambda: weighted_majority(votes),
        "majority": lambda: majority(votes),
        "alpha": lambda: krippendorff_alpha(votes.counts()),
        "alpha interval": lambda: alpha_interval(counts),
    }
    found: dict[str, Any] = {name: _median(work, repeats) for name, work in timed.items()}
    found["steps, classic"] = classic.iterations
    found["peak MiB, dawid_skene"] = _peak(timed["dawid_skene, 30 steps"])
    return found | _peers(votes, classic.posterior)


def _peers(votes: Votes, posterior: Any) -> dict[str, Any]:
    try:
        import krippendorff  # type: ignore[import-not-found]
        import pandas as pd  # type: ignore[import-not-found,import-untyped,unused-ignore]
        from crowdkit.aggregation import DawidSkene  # type: ignore[import-not-found]
    except ImportError:
        return {}
    frame = pd.DataFrame({"task": votes.task, "worker": votes.annotator, "label": votes.label})
    model = DawidSkene()
    counts = votes.counts()
    found: dict[str, Any] = {"crowd-kit DawidSkene": _median(lambda: model.fit(frame), 1)}
    theirs = model.probas_.reindex(range(votes.n_tasks)).reindex(columns=range(votes.n_classes)).to_numpy()
    found["crowd-kit steps"] = len(model.loss_history_)
    found["largest difference of a posterior"] = float(np.abs(theirs - posterior).max())
    found["krippendorff"] = _median(lambda: krippendorff.alpha(value_counts=counts, level_of_measurement="nominal"), 1)
    return found


def quality_report(n_votes: int, n_annotators: int = 20) -> dict[str, float]:
    """A campaign of `n_votes` in SQLite, once its tasks are settled: processor seconds of each part of its report."""
    from gonogo.server.quality.report import build_report
    from gonogo.server.scoring.refresh import measure_campaign
    from gonogo.server.scoring.store_consensus import write_consensus
    from gonogo.server.store.engine import Store
    from gonogo.server.store.typed_rows import fetch_campaign
    from tests.benchmarks.campaign import NOW, fill

    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{Path(folder) / 'gonogo.db'}")
        store.upgrade()
        campaign_id = fill(store, n_votes, n_annotators)
        with store.read() as connection:
            campaign = fetch_campaign(connection, campaign_id)
        with store.write() as connection:  # every submit would have settled its task
            write_consensus(connection, campaign, measure_campaign(connection, campaign), NOW)
        started = time.process_time()
        with store.read() as connection:
            measured = measure_campaign(connection, campaign)
        measured_at = time.process_time()
        build_report(measured, campaign)
        reported = time.process_time()
        with store.write() as connection:
            write_consensus(connection, campaign, measured, NOW)
        found = {
            "read and consensus": measured_at - started,
            "report": reported - measured_at,
            "write": time.process_time() - reported,
        }
        store.dispose()
    return found


def _median(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        gc.collect()
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return statistics.median(taken)


def _peak(work: Callable[[], object]) -> float:
    """Memory above the data, as numpy reports it to tracemalloc."""
    gc.collect()
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / 2**20


if __name__ == "__main__":
    chosen = {int(n): SIZES.get(int(n), 200) for n in sys.argv[1:]} or None
    print(json.dumps(run(chosen), indent=2))
