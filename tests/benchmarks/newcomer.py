"""A newcomer's first minutes in fresh homes: first start of the demo, and processor time of commands on the workspace.

`seen_ms` is the first visible character of `gonogo demo`, `question_ms` its first question with the drawing under it;
commands are `processor_seconds`, user and system time of the whole process, best of `TIMES`. Absolute limits belong to
a quiet machine of two cores; `load` says how quiet it was.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.benchmarks.terminal import Program, summary

GONOGO = [sys.executable, "-m", "gonogo"]
QUESTION = r"right\?[\s\S]*· detail |· detail [\s\S]*right\?"
STARTS, TIMES = 3, 6
COMMANDS = (
    ("campaigns", "list"),
    ("campaigns", "show", "Demo: four parts"),
    ("projects", "list"),
    ("keys", "list"),
    ("outbox", "list"),
    ("config", "list"),
)
MOST_SEEN_MS, MOST_QUESTION_MS, MOST_PROCESSOR_SECONDS = 500, 4000, 0.6


def run() -> dict[str, Any]:
    """Times of both, and whether each is within its limit."""
    load = round(os.getloadavg()[0], 1)
    with tempfile.TemporaryDirectory() as name:
        starts = [_first_start(Path(name, str(number))) for number in range(STARTS)]
        commands = _commands(Path(name, "0"))
    seen, question = (summary([start[kind] for start in starts]) for kind in (0, 1))
    return {
        "load": load,
        "demo": {"seen_ms": seen, "question_ms": question},
        "processor_seconds": commands,
        "met": {
            "seen": seen["p50"] <= MOST_SEEN_MS,
            "question": question["p50"] <= MOST_QUESTION_MS,
            "campaigns list": commands["campaigns list"] <= MOST_PROCESSOR_SECONDS,
            "all commands": max(commands.values()) <= MOST_PROCESSOR_SECONDS,
        },
    }


def _first_start(home: Path) -> tuple[float, float]:
    """Milliseconds from the command in an empty home to the first character, and to the first question."""
    env = {"GONOGO_HOME": str(home), "LANG": "C.UTF-8"}
    with Program([*GONOGO, "demo"], env=env) as program:
        return program.wait_for(r"\S"), program.wait_for(QUESTION)


def _commands(home: Path) -> dict[str, float]:
    env = {**os.environ, "GONOGO_HOME": str(home)}
    return {" ".join(command): min(_processor_seconds(command, env) for _ in range(TIMES)) for command in COMMANDS}


def _processor_seconds(command: tuple[str, ...], env: dict[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([*GONOGO, *command], env=env, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return round(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 3)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
