"""Key to next question painted, against Textual alone repainting the same content; and with the server far away.

Three programs under three pseudo-terminals of 160 x 50 take turns, key by key, so that a drifting machine cancels out
in the ratios: the bare screen (the floor), gonogo beside its server, and gonogo with 300 ms added to every call.
`processor_ms` is the processor time of all threads of the program from the key to the end of its repaint, and
`behind_ms` what it works until the next key: sending, fetching, making the next drawing ready.

`python -m tests.benchmarks.presses` presses 300 times (six minutes); `run()` by itself 40 times.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.benchmarks.terminal import Program, summary
from tests.e2e.conftest import Cli
from tests.support.crashing_annotators import stored_in
from tests.support.faulty_proxy import message
from tests.support.loopback_server import LoopbackServer

BARE = [sys.executable, "-m", "tests.benchmarks.bare_screen"]
OPEN = "import sys; from gonogo.cli.workstation import open_workstation as o; o(campaign_id=sys.argv[1])"
QUESTION = "Is (this|the|note) "
SIZE = (160, 50)
PRESSES, FULL_PRESSES = 40, 300
PACE = 0.8
"""Seconds between two keys of one program: faster than anybody judges."""
FAR_SECONDS = 0.3
WARM = 5
"""Presses before those that count."""
MOST_RATIO, MOST_P95, MOST_FAR = 1.3, 1.6, 1.1


@dataclass
class Measured:
    """One program's presses, in milliseconds: to the end of the repaint, processor time of it, and behind it."""

    program: Program
    painted: list[float] = field(default_factory=list)
    worked: list[float] = field(default_factory=list)
    behind: list[float] = field(default_factory=list)
    missed: int = 0
    _worked: float = 0.0

    def press(self, *, count: bool) -> None:
        begin = processor_ms(self.program.pid)
        try:
            took = self.program.press(b"a")
        except TimeoutError:  # on a busy machine the paint before came so late that the key was still deaf
            self.missed += 1
            took = self.program.press(b"a", 30.0)
            count = False
        end = processor_ms(self.program.pid)
        if count:
            self.painted.append(took)
            self.worked.append(end - begin)
            self.behind.append(begin - self._worked)
        self._worked = end

    def told(self) -> dict[str, Any]:
        return {
            "painted_ms": summary(self.painted),
            "processor_ms": summary(self.worked),
            "behind_ms": summary(self.behind[1:]),
            "missed": self.missed,
        }


def processor_ms(pid: int) -> float:
    """Processor time of all threads of a process until now; 0 where the system does not tell."""
    try:
        threads = Path(f"/proc/{pid}/task").iterdir()
        return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e6
    except (OSError, ValueError, IndexError):
        return 0.0


def run(presses: int = PRESSES) -> dict[str, Any]:
    """Figures of the three programs, their ratios, and whether these are within what was promised."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        cli = Cli(folder / "server")
        near, far = _campaigns(cli, folder, presses + WARM + 20)
        url = stack.enter_context(cli.serving())
        distant = stack.enter_context(far_away(int(url.rpartition(":")[2])))
        programs = [
            stack.enter_context(Program(BARE, *SIZE, env={"LANG": "C.UTF-8", "PYTHONPATH": os.getcwd()})),
            stack.enter_context(_gonogo(cli, near, url, folder / "near")),
            stack.enter_context(_gonogo(cli, far, distant, folder / "far")),
        ]
        measured = [Measured(program) for program in programs]
        _press_in_turn(measured, presses)
        for program in programs[1:]:
            program.signal(15)
            program.ended(10)
        answered = len(stored_in(next(cli.home.rglob("workspace.db"))))
    floor, here, there = measured
    figures = {name: one.told() for name, one in (("bare", floor), ("gonogo", here), ("gonogo_far", there))}
    return {"presses": presses, "answered": answered, **figures, **_judged(floor, here, there)}


def _judged(floor: Measured, here: Measured, there: Measured) -> dict[str, Any]:
    at = [summary(one.painted) for one in (floor, here, there)]
    ratio, p95 = at[1]["p50"] / at[0]["p50"], at[1]["p95"] / at[0]["p95"]
    far = at[2]["p50"] / at[1]["p50"]
    work = statistics.median(here.worked) / max(statistics.median(floor.worked), 0.01)
    return {
        "ratio_p50": round(ratio, 2),
        "ratio_p95": round(p95, 2),
        "ratio_processor": round(work, 2),
        "ratio_far": round(far, 2),
        "met": {
            "p50": ratio <= MOST_RATIO,
            "processor": work <= MOST_RATIO,
            "p95": p95 <= MOST_P95,
            "far": far <= MOST_FAR,
        },
    }


def _press_in_turn(measured: list[Measured], presses: int) -> None:
    for one in measured:
        one.program.wait_for(QUESTION, 60)
        one.program.settle(3.0)
    pause = threading.Event()
    for number in range(WARM + presses):
        begun = time.monotonic()
        for one in measured:
            one.program.settle()
            one.press(count=number >= WARM)
        pause.wait(max(0.0, PACE - (time.monotonic() - begun)))


def _gonogo(cli: Cli, campaign_id: str, url: str, home: Path) -> Program:
    key = cli.json("keys", "create", "--name", home.name)["key"]
    env = {"GONOGO_HOME": str(home), "GONOGO_BASE_URL": url, "GONOGO_API_KEY": key, "LANG": "C.UTF-8"}
    return Program([sys.executable, "-c", OPEN, campaign_id], *SIZE, env=env)


def _campaigns(cli: Cli, folder: Path, n_tasks: int) -> tuple[str, str]:
    """Two campaigns over the sample's drawings, with `n_tasks` each; their ids."""
    from gonogo.demo.parts import draw_all

    places = []
    for part, board in draw_all().items():
        name = part.split()[0] + ".pdf"
        (folder / name).write_bytes(board.pdf())
        places += [(part, name, callout) for callout in board.callouts]
    found = []
    for campaign in ("near", "far"):
        lines = [
            {"part": part, "drawing": name, "page": 1, "bbox": one.bbox, "bbox_unit": "pt"}
            | {"id": f"{campaign}-{number}", "predicted_value": {"text": one.text}}
            for number, (part, name, one) in ((n, places[n % len(places)]) for n in range(n_tasks))
        ]
        file = folder / f"{campaign}.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        cli("import", str(file), "--drawings", str(folder), "--campaign", campaign)
        found.append(str(cli.json("campaign", "show", campaign)["id"]))
    return found[0], found[1]


@contextmanager
def far_away(port: int, seconds: float = FAR_SECONDS) -> Iterator[str]:
    """The address of a proxy to `port` that adds `seconds` to every request."""
    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", port)
        try:
            while request := await message(reader):
                await asyncio.sleep(seconds)
                back.write(request)
                writer.write(await message(there))
        finally:
            back.close()

    async def main() -> None:
        async with LoopbackServer(serve) as server:
            found.append(server.port)
            ready.set()
            await asyncio.Event().wait()

    job = loop.create_task(main())
    thread = threading.Thread(target=lambda: _to_the_end(loop, job), daemon=True)
    thread.start()
    try:
        assert ready.wait(10)
        yield f"http://127.0.0.1:{found[0]}"
    finally:
        loop.call_soon_threadsafe(job.cancel)
        thread.join(10)


def _to_the_end(loop: asyncio.AbstractEventLoop, job: asyncio.Task[None]) -> None:
    with contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(job)
    loop.close()


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]) if len(sys.argv) > 1 else FULL_PRESSES), indent=2))
