"""Key to next conflict painted, against Textual alone showing the same screen.

Both programs run under the same pseudo-terminal, press by press in turn, so that a drifting machine cancels out in
the ratios. The home holds the demo drawings and a campaign in which two people disagree on every task.

`python -m tests.benchmarks.adjudicate_latency` runs it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from tests.benchmarks.terminal import Program, summary

BARE = [sys.executable, "-m", "tests.benchmarks.bare_screen"]
OURS = [sys.executable, "-m", "gonogo"]
CAMPAIGN = "conflicts"
SIZE = (160, 50)
"""As the annotate loop is measured."""
PRESSES = 60
SPARE = 10
GUARD = 0.3
"""Seconds between keys: ruling keys are deaf for 0.2 s after a paint."""
KEYS = (b"a", b"s", b"1", b"f")
SHOWN = ("target_kind", "detail_kind", "field_name", "prompt", "drawing_bbox", "part_revision_id", "predicted_value")


def run(presses: int = PRESSES) -> dict[str, Any]:
    """Paired figures in ms, `gonogo` and `bare`, and their ratios."""
    with tempfile.TemporaryDirectory() as folder:
        env = {"GONOGO_HOME": folder, "LANG": "C.UTF-8", "PYTHONPATH": os.getcwd()}
        prepare = [*OURS, "demo", "--prepare", "--no-tour"]
        subprocess.run(prepare, env={**os.environ, **env}, check=True, capture_output=True)
        with Program([*OURS, "demo"], env=env) as first:  # signs in to the workspace
            first.wait_for("Is (this|the|note) ")
            first.settle(1.0)
        asyncio.run(_disagree(Path(folder) / "data" / "workspace.db", presses + SPARE))
        return _presses(env, presses)


async def _disagree(database: Path, n_tasks: int) -> None:
    """A campaign of the demo's questions, with one vote for and one against each."""
    from tests.server.house import House
    from tests.server.review.conftest import Bench
    from tests.server.web import LABELING, serving

    with House(database) as house:
        async with serving(house) as web:
            demo = (await web.lead.get(f"{LABELING}/campaigns")).json()["data"][0]["id"]
            found = (await web.lead.get(f"{LABELING}/campaigns/{demo}/tasks", params={"limit": 500})).json()["data"]
            campaign = await web.campaign(name=CAMPAIGN, gold_fraction=0, target_redundancy=2)
            bench = Bench(web, campaign)
            for number in range(n_tasks):
                like = found[number % len(found)]
                task = await bench.task(**{name: like[name] for name in SHOWN if like.get(name) is not None})
                await bench.vote(task, ana="correct", bob=("incorrect", f"{number},5"))
            for client in bench.people.values():
                await client.aclose()


def _presses(env: dict[str, str], presses: int) -> dict[str, Any]:
    pause = threading.Event()
    ours, bare = [], []
    with Program(BARE, *SIZE, env=env) as floor, Program([*OURS, "review", CAMPAIGN], *SIZE, env=env) as program:
        floor.wait_for("Is (this|the|note) ")
        program.wait_for("harm")
        program.settle(3.0)
        program.press(b"\r")
        program.settle(4.0)
        for number in range(presses):
            pause.wait(GUARD)
            floor.settle()
            program.settle()
            key = KEYS[number % len(KEYS)]
            bare.append(floor.press(key))
            ours.append(program.press(key))
    ours_, bare_ = summary(ours), summary(bare)
    return {
        "gonogo_ms": ours_,
        "bare_ms": bare_,
        "ratio_p50": round(ours_["p50"] / bare_["p50"], 2),
        "ratio_p95": round(ours_["p95"] / bare_["p95"], 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
