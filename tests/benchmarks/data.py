"""Import and export by the command line, at scale; and the same rows by the plainest means there are.

`python -m tests.benchmarks data` prints the numbers as JSON, for 100,000 predictions; as a program of its own it takes
a number, and may do a part of it: `python -m tests.benchmarks.data 1000000 --only import`. What each step took goes to
stderr when it is done. Pages of results are measured by `results`.

Each step is a fresh `gonogo` process, timed from its start to its end, on the embedded workspace and against a
`gonogo serve`. The floors are taken in the same run: `sqlite3.executemany` of the same rows into the same tables, and
`json.dumps` of the same records. `rate` is records a second of a whole process; `work_rate` leaves out what the same
process takes for a file of one prediction, and `met` goes by it; `cpu_rate` is by processor time, which a busy machine
distorts less. Memory is the process's peak (`VmHWM`), server's and client's.
"""

from __future__ import annotations

import argparse
import filecmp
import json
import os
import random
import resource
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SHEET = 40
"""Predictions a drawing."""
SERVED = 20_000
"""What a server takes within a minute's requests; with more its rate limit would be what is measured."""
STEPS = ("import", "export", "served")
IMPORT_RATE, EXPORT_RATE, MEMORY_MB = 5_000, 20_000, 150
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
GONOGO = (sys.executable, "-c", "from gonogo.cli.workstation import main; main()")


@dataclass(frozen=True)
class Done:
    """One process: how long it took, and its peak of memory."""

    seconds: float
    cpu: float
    memory_mb: float
    out: str


def run(n: int = 100_000, only: str | None = None) -> dict[str, Any]:
    """Import of `n` predictions, twice, export of their `n` tasks in each form, and the same with a server.

    `only` leaves out the figures of all but one of `STEPS`. Each step is told to stderr when it is done.
    """
    with tempfile.TemporaryDirectory(prefix="gonogo-data-") as name:
        folder = Path(name)
        one, many = write(folder / "one", 1), write(folder / "many", n)
        found: dict[str, Any] = {"predictions": n, "drawings": -(-n // SHEET)}
        home = folder / "home"
        if only != "served":
            found |= imports(home, folder, one, many, n, again=only != "export")
        if only in (None, "export"):
            vote(home / "data" / "workspace.db")
            found |= exports(home, folder, n)
        if only in (None, "served"):
            few = min(n, SERVED)
            found |= told("import into gonogo serve", served(folder, one, write(folder / "few", few), few))
        return found


def told(step: str, found: dict[str, Any]) -> dict[str, Any]:
    """The figures of a step under its name, said to stderr at once: a long run shows where it is."""
    print(f"{step}: {json.dumps(found, ensure_ascii=False)}", file=sys.stderr, flush=True)
    return {step: found}


def imports(home: Path, folder: Path, one: Path, many: Path, n: int, *, again: bool) -> dict[str, Any]:
    """Into the embedded workspace; with `again` also a second time, and against its floor."""
    start = gonogo(home, "import", str(one), "--campaign", "one")
    first = gonogo(home, "import", str(many), "--campaign", "many")
    floor = plain_inserts(home / "data" / "workspace.db", folder / "plain.db") if again else None
    found = told("import, embedded", figures(n, first, start, IMPORT_RATE, floor))
    if again:
        second = gonogo(home, "import", str(many), "--campaign", "many")
        more = {**figures(n, second, start, IMPORT_RATE, None), "nothing new": _nothing_new(second)}
        found |= told("import again", more)
    return found


def write(folder: Path, n: int) -> Path:
    """A file of `n` predictions beside their drawings, a fifth of them with a truth."""
    folder.mkdir()
    rng = random.Random(1)
    path = folder / "predictions.jsonl"
    with path.open("w", encoding="utf-8") as lines:
        for index in range(n):
            sheet = f"part-{index // SHEET}"
            if index % SHEET == 0:
                (folder / f"{sheet}.png").write_bytes(PNG + sheet.encode())
            value = {"text": f"⌀{rng.randrange(1, 500)},{rng.randrange(10)} +0,1 0"}
            x, y = rng.randrange(10, 4000), rng.randrange(10, 4000)
            line = {
                "id": f"{index}",
                "part": sheet,
                "drawing": f"{sheet}.png",
                "bbox": [x, y, x + 90, y + 30],
                "bbox_unit": "px",
                "detail_kind": "dimension",
                "predicted_value": value,
                "predicted_confidence": round(rng.random(), 3),
            }
            lines.write(json.dumps(line | ({"truth": value} if index % 5 == 0 else {}), ensure_ascii=False) + "\n")
    return path


def gonogo(home: Path, *arguments: str, env: dict[str, str] | None = None, out: Path | None = None) -> Done:
    """Runs one command to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    report = home.parent / "peak"
    program = (
        "import atexit,re,pathlib\n"
        "atexit.register(lambda: pathlib.Path(__import__('os').environ['PEAK']).write_text("
        "re.search(r'VmHWM:\\s+(\\d+)', pathlib.Path('/proc/self/status').read_text())[1]))\n"
        "from gonogo.cli.workstation import main; main()"
    )
    settings = {**os.environ, "GONOGO_HOME": str(home), "PEAK": str(report), **(env or {})}
    with (out or Path(os.devnull)).open("wb") as stdout:
        done = subprocess.run(
            (sys.executable, "-c", program, *arguments),
            env=settings,
            stdout=stdout,
            stderr=subprocess.PIPE,
            check=False,
        )
    seconds = time.perf_counter() - started
    said = done.stderr.decode()
    if done.returncode:
        raise RuntimeError(f"gonogo {' '.join(arguments)} ended with {done.returncode}: {said}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Done(seconds, cpu, int(report.read_text()) / 1024, said)


def figures(n: int, done: Done, start: Done, wanted: int, floor: float | None) -> dict[str, Any]:
    """Rates of one step; `floor` is the seconds of the plainest way to do the same."""
    work, cpu = max(done.seconds - start.seconds, done.seconds / 10), max(done.cpu - start.cpu, done.cpu / 10)
    found = {
        "rate": round(n / done.seconds),
        "work_rate": round(n / work),
        "cpu_rate": round(n / cpu),
        "memory_mb": round(done.memory_mb),
        "wanted": wanted,
        "met": n / work >= wanted,
        "memory_met": done.memory_mb <= MEMORY_MB,
    }
    return (
        found if floor is None else {**found, "floor_rate": round(n / floor), "times_the_floor": round(cpu / floor, 1)}
    )


def _nothing_new(done: Done) -> bool:
    return " 0 new tasks" in done.out and "\n0 new predictions" in done.out


def plain_inserts(source: Path, target: Path) -> float:
    """CPU seconds that `executemany` takes for the rows of the two large tables, indexes and all, synced once."""
    with sqlite3.connect(f"file:{source}?mode=ro", uri=True) as rows, sqlite3.connect(target) as plain:
        plain.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
        plain.isolation_level = None
        spent = 0.0
        for table in ("predictions", "tasks"):
            named = rows.execute("SELECT sql FROM sqlite_master WHERE tbl_name = ? AND type <> 'trigger'", (table,))
            for (statement,) in named.fetchall():
                if statement:
                    plain.execute(statement)
            found = rows.execute(f"SELECT * FROM {table}")
            marks = ",".join("?" * len(found.description))
            plain.execute("BEGIN")
            while batch := found.fetchmany(10_000):
                started = time.process_time()
                plain.executemany(f"INSERT INTO {table} VALUES ({marks})", batch)
                spent += time.process_time() - started
            started = time.process_time()
            plain.execute("COMMIT")
            spent += time.process_time() - started
    return spent


_VOTES = """
INSERT INTO submissions (id, task_id, campaign_id, voter_id, voter_kind, verdict, corrected_value, duration_ms,
                         claimed_at, created_at, counted, late)
SELECT lower(hex(randomblob(16))), id, campaign_id, 'voter-' || :voter, 'annotator',
       CASE (number + :voter) % 5 WHEN 0 THEN 'incorrect' ELSE 'correct' END,
       CASE (number + :voter) % 5 WHEN 0 THEN '{"text": "M8"}' END, 1500 + number % 999,
       created_at + number * 1000000, created_at + number * 1000000 + 1500000, 1, 0
FROM tasks
"""


def vote(database: Path) -> None:
    """Three votes on every task, put straight into the database."""
    with sqlite3.connect(database) as connection:
        for voter in range(3):
            connection.execute(_VOTES, {"voter": voter})


def exports(home: Path, folder: Path, n: int) -> dict[str, Any]:
    start = gonogo(home, "export", "one", "--out", str(folder / "one.jsonl"))
    found: dict[str, Any] = {}
    out = folder / "out.jsonl"
    done = gonogo(home, "export", "many", "--out", str(out))
    lines = figures(n, done, start, EXPORT_RATE, plain_dump(out))
    lines["bytes_a_task"] = out.stat().st_size // n
    piped = folder / "piped.jsonl"
    gonogo(home, "export", "many", out=piped)
    lines["same bytes again"] = filecmp.cmp(piped, out, shallow=False)
    found |= told("export, jsonl", lines)
    out.unlink()
    piped.unlink()
    for form in ("csv", "coco", "labelstudio", "parquet"):
        target = folder / f"out.{form}"
        done = gonogo(home, "export", "many", "--format", form, "--out", str(target))
        found |= told(f"export, {form}", figures(n, done, start, EXPORT_RATE, None))
        target.unlink()
    return found


def plain_dump(path: Path) -> float:
    """CPU seconds of `json.dumps` and a write for each of the records of an export."""
    spent = 0.0
    with path.open("rb") as lines, Path(os.devnull).open("wb") as sink:
        for line in lines:
            record = json.loads(line)
            started = time.process_time()
            sink.write(json.dumps(record, ensure_ascii=False).encode() + b"\n")
            spent += time.process_time() - started
    return spent


def served(folder: Path, one: Path, many: Path, n: int) -> dict[str, Any]:
    """The same import over HTTP, into a server on this machine with a database of its own."""
    home = folder / "client"
    with server(folder) as (url, key, peak):
        env = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
        start = gonogo(home, "import", str(one), "--campaign", "one", env=env)
        done = gonogo(home, "import", str(many), "--campaign", "many", env=env)
        found = figures(n, done, start, IMPORT_RATE, None)
        read = gonogo(home, "export", "many", env=env, out=folder / "served.jsonl")
        found["export"] = figures(n, read, start, EXPORT_RATE, None)
        return {**found, "server_memory_mb": peak()}


@contextmanager
def server(folder: Path) -> Iterator[tuple[str, str, Any]]:
    """Address, API key, and what tells the peak of its memory."""
    database = f"sqlite:///{folder / 'served.db'}"
    home = folder / "keys"
    keys = folder / "keys.json"
    gonogo(home, "keys", "create", "--name", "b", "--scopes", "parts:read,parts:write", "--database", database,
           "--json", out=keys)  # fmt: skip
    key = json.loads(keys.read_text())["key"]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ("serve", "--host", "127.0.0.1", "--port", str(port), "--database", database)
    process = subprocess.Popen(
        (*GONOGO, *arguments),
        env={**os.environ, "GONOGO_HOME": str(folder / "server")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                urllib.request.urlopen(f"{url}/api/v1/gonogo/capabilities", timeout=5).close()
                break
            except OSError:
                if time.monotonic() > deadline or process.poll() is not None:
                    raise
                time.sleep(0.2)
        yield url, key, lambda: _peak_mb(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _peak_mb(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.data")
    parser.add_argument("predictions", nargs="?", type=int, default=100_000)
    parser.add_argument("--only", choices=STEPS, help="one part of it, with what it needs")
    given = parser.parse_args()
    print(json.dumps(run(given.predictions, given.only), indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
