"""Start to first question, and key to next task painted, against Textual alone showing the same screen.

Both programs run under the same pseudo-terminal, in turn, so that a drifting machine cancels out in the ratios. The
home holds the demo campaign, so `gonogo` starts as it does for a person who comes back.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from tests.benchmarks.terminal import Program, summary

BARE = [sys.executable, "-m", "tests.benchmarks.bare_screen"]
OURS = [sys.executable, "-m", "gonogo"]
QUESTION = "Is (this|the|note) "
OWN = r"\[\?1004h[\s\S]*· detail "
"""Question and drawing, painted by the program itself: after Textual took the terminal."""
STARTS = 6
PRESSES = 60
GUARD = 0.25  # seconds; verdict keys are deaf for 0.2 s after a paint


def run() -> dict[str, Any]:
    """Paired figures: `start` (ms until the question is seen) and `press` (ms from key to end of repaint)."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"GONOGO_HOME": folder, "LANG": "C.UTF-8", "PYTHONPATH": os.getcwd()}
        prepare = [*OURS, "demo", "--prepare", "--no-tour"]
        subprocess.run(prepare, env={**os.environ, **env}, check=True, capture_output=True)
        with Program([*OURS, "demo"], env=env) as first:  # the first start opens the desk and leaves it filled
            first.wait_for(QUESTION)
            first.settle(3.0)
        return {"start": _starts(env), "press": _presses(env)}


def _starts(env: dict[str, str]) -> dict[str, Any]:
    """Milliseconds until the question is `seen` (the frame of the last run, or the program's own), and until the
    program itself shows it with its drawing and answers keys (`ready`); `cold` is `seen` where no frame was kept."""
    bare, seen, ready, cold = [], [], [], []
    frame = Path(env["GONOGO_HOME"], "state", "first-frame")
    for _ in range(STARTS):
        with Program(BARE, env=env) as program:
            bare.append(program.wait_for(QUESTION))
        with Program(OURS, env=env) as program:
            seen.append(program.wait_for(QUESTION))
            ready.append(program.wait_for(OWN, raw=True))
            program.settle(1.0)
        frame.unlink()
        with Program(OURS, env=env) as program:
            cold.append(program.wait_for(QUESTION))
            program.settle(1.0)
    report: dict[str, Any] = {"bare_ms": summary(bare)}
    for name, times in (("seen", seen), ("ready", ready), ("cold", cold)):
        ratios = [a / b for a, b in zip(times, bare, strict=True)]
        report |= {f"{name}_ms": summary(times), f"{name}_ratio": round(statistics.median(ratios), 2)}
    return report


def _presses(env: dict[str, str]) -> dict[str, Any]:
    pause = threading.Event()
    ours, bare = [], []
    with Program(BARE, env=env) as floor, Program(OURS, env=env) as program:
        floor.wait_for(QUESTION)
        program.wait_for(QUESTION)
        program.settle(4.0)
        for _ in range(PRESSES):
            pause.wait(GUARD)
            floor.settle()
            program.settle()
            bare.append(floor.press(b"a"))
            ours.append(program.press(b"a"))
    ours_, bare_ = summary(ours), summary(bare)
    return {
        "gonogo_ms": ours_,
        "bare_ms": bare_,
        "ratio_p50": round(ours_["p50"] / bare_["p50"], 2),
        "ratio_p95": round(ours_["p95"] / bare_["p95"], 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
