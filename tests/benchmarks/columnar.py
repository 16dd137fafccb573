"""Quality and export of many votes by DuckDB and Arrow over our Parquet export, in constant memory, beside our own.

    python -m tests.benchmarks.columnar [--tasks 100000] [--folder DIR]

A campaign of ten votes a task lies in SQLite. Each step runs in a process of its own, which reports its seconds and the
peak of its memory; the floor is the peak of a process that only imports the same. All ways must find the same alpha.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from gonogo.server.export.stream import CampaignExport
from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.store.engine import Store
from gonogo.transfer.exporting.writers.parquet import ParquetWriter
from tests.benchmarks import scale
from tests.sqlite import fresh_database

TASKS: Final = 100_000
LIMIT: Final = "SET memory_limit = '256MB'; SET threads = 2; SET preserve_insertion_order = false"
VERDICT: Final = """CASE WHEN (t.number * 7919 + p.n * 104729) % 100 < 88
 THEN CASE WHEN t.number % 12 = 0 THEN 'incorrect' ELSE 'correct' END
 WHEN (t.number + p.n) % 5 = 0 THEN 'unsure' WHEN t.number % 12 = 0 THEN 'correct' ELSE 'incorrect' END"""
"""One of twelve readings is wrong, and 88 of a hundred votes say what is right."""

AGREEMENT: Final = """
WITH tasks AS (
  SELECT n_votes AS n, n_correct AS a, n_incorrect AS b, n_unsure AS c FROM '{file}' WHERE NOT is_gold AND n_votes >= 2
), sums AS (
  SELECT count(*) AS n_tasks, sum(n) AS votes, sum((n * n - a * a - b * b - c * c) / (n - 1)) AS observed,
    sum(n) ** 2 - sum(a) ** 2 - sum(b) ** 2 - sum(c) ** 2 AS expected,
    avg((a * (a - 1) + b * (b - 1) + c * (c - 1)) / (n * (n - 1))) AS agreeing,
    avg(a / n) AS correct, avg(b / n) AS incorrect, avg(c / n) AS unsure
  FROM tasks
), chance AS (
  SELECT *, (correct * (1 - correct) + incorrect * (1 - incorrect) + unsure * (1 - unsure)) / 2 AS by_chance FROM sums
)
SELECT n_tasks, votes, 1 - (votes - 1) * observed / expected AS alpha,
  (agreeing - by_chance) / (1 - by_chance) AS gwet_ac1 FROM chance
"""
"""Krippendorff's alpha (nominal) and Gwet's AC1 in one pass over three columns; `docs/scaling.md` has the same."""

VOTES: Final = """
SELECT task_id, consensus_verdict, unnest(from_json(submissions,
  '[{{"annotator_id": "VARCHAR", "verdict": "VARCHAR", "duration_ms": "BIGINT",
     "counted": "BOOLEAN"}}]'), recursive := true)
FROM '{file}' WHERE NOT is_gold
"""
"""One row a vote."""

PEOPLE: Final = f"""
SELECT annotator_id, count(*) AS votes, avg((verdict = 'incorrect')::int) AS incorrect,
  approx_quantile(duration_ms, 0.5) AS p50_ms
FROM ({VOTES}) WHERE counted IS NOT FALSE GROUP BY annotator_id ORDER BY votes DESC
"""


def run(n_tasks: int = TASKS, folder: str | None = None) -> dict[str, Any]:
    """Seconds and peak MB of each step."""
    with tempfile.TemporaryDirectory(dir=folder) as here:
        url = fresh_database(Path(here) / "gonogo.db")
        made = scale.campaign(url, n_tasks, gold=False, verdict=VERDICT)
        results: dict[str, Any] = {"votes": n_tasks * scale.VOTES, "made in s": made.seconds}
        for step in STEPS:
            command = [sys.executable, "-m", __spec__.name, "--step", step, "--campaign", made.id, "--folder", here]
            results[step] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        results["MB"] = {file.name: round(file.stat().st_size / 1e6, 1) for file in sorted(Path(here).iterdir())}
    alphas = {
        name: result["alpha"] for name, result in results.items() if isinstance(result, dict) and "alpha" in result
    }
    assert max(alphas.values()) - min(alphas.values()) < 1e-9, alphas
    return results


def _floor(_folder: Path, _campaign: str) -> dict[str, Any]:
    import duckdb
    import pyarrow.parquet  # noqa: F401

    duckdb.sql("SELECT 1").fetchall()
    return {}


def _our_export(folder: Path, campaign: str) -> dict[str, Any]:
    """The server's lines through the writer of `gonogo export --format parquet`, without HTTP between them."""
    store = Store(f"sqlite:///{folder / 'gonogo.db'}")
    with (folder / "results.parquet").open("wb") as out:
        writer = ParquetWriter(out)
        for lines in CampaignExport(store, campaign, "large"):
            for line in lines.splitlines():
                writer.add(json.loads(line))
        writer.close()
    store.close()
    return {}


def _our_report(folder: Path, campaign: str) -> dict[str, Any]:
    """The whole report: consensus by Dawid–Skene, intervals, people, kinds, sheets; it writes the consensus, too."""
    store = Store(f"sqlite:///{folder / 'gonogo.db'}")
    report = quality_report(store, campaign, datetime.now(UTC), large=sys.maxsize)
    store.close()
    return {"alpha": report.alpha}


def _duckdb_agreement(folder: Path, _campaign: str) -> dict[str, Any]:
    row = _duckdb(folder).execute(AGREEMENT.format(file=folder / "results.parquet")).fetchone()
    assert row is not None
    return {"alpha": row[2], "gwet_ac1": row[3]}


def _arrow_agreement(folder: Path, _campaign: str) -> dict[str, Any]:
    """The same sums from batches of Arrow."""
    import numpy as np
    import pyarrow.parquet as pq

    observed, by_class = 0.0, np.zeros(3)
    columns = ["n_correct", "n_incorrect", "n_unsure"]
    for batch in pq.ParquetFile(folder / "results.parquet").iter_batches(65_536, columns=columns):
        table = np.column_stack([column.to_numpy() for column in batch.columns]).astype(float)
        votes = table.sum(axis=1)
        table, votes = table[votes >= 2], votes[votes >= 2]
        observed += float(((votes * votes - (table * table).sum(axis=1)) / (votes - 1)).sum())
        by_class += table.sum(axis=0)
    total = by_class.sum()
    return {"alpha": float(1 - (total - 1) * observed / (total * total - (by_class * by_class).sum()))}


def _duckdb_people(folder: Path, _campaign: str) -> dict[str, Any]:
    rows = _duckdb(folder).execute(PEOPLE.format(file=folder / "results.parquet")).fetchall()
    return {"people": len(rows), "votes": sum(row[1] for row in rows)}


def _duckdb_export(folder: Path, _campaign: str) -> dict[str, Any]:
    """One row a vote, as Parquet."""
    votes = VOTES.format(file=folder / "results.parquet")
    _duckdb(folder).execute(f"COPY ({votes}) TO '{folder / 'votes.parquet'}' (FORMAT parquet, COMPRESSION zstd)")
    return {}


def _duckdb(folder: Path) -> Any:
    import duckdb

    connection = duckdb.connect()
    connection.execute(f"{LIMIT}; SET temp_directory = '{folder}/duckdb'")
    return connection


STEPS: Final[dict[str, Callable[[Path, str], dict[str, Any]]]] = {
    "floor: imports": _floor,
    "ours: export to Parquet": _our_export,
    "ours: quality report": _our_report,
    "DuckDB: alpha and AC1": _duckdb_agreement,
    "Arrow: alpha": _arrow_agreement,
    "DuckDB: people": _duckdb_people,
    "DuckDB: one row a vote": _duckdb_export,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--folder")
    parser.add_argument("--step", choices=STEPS)
    parser.add_argument("--campaign", default="")
    given = parser.parse_args()
    if given.step is None:
        print(json.dumps(run(given.tasks, given.folder), indent=2, ensure_ascii=False))
        return
    started = time.perf_counter()
    result = STEPS[given.step](Path(given.folder), given.campaign)
    seconds = round(time.perf_counter() - started, 2)
    print(json.dumps({"seconds": seconds, "peak MB": _peak_megabytes()} | result))


def _peak_megabytes() -> int:
    """Peak of this process since it began; `ru_maxrss` would begin with that of the parent that forked it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return round(int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) * 1024 / 1e6)  # type: ignore[index]


if __name__ == "__main__":
    main()
