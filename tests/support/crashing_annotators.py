"""People who answer as fast as they can and are killed at random moments; what they called saved is written down.

`python -m tests.support.crashing_annotators` reads its plan (JSON, one line) from standard input. Each round is a
fork of this process, which has imported everything, so that a round costs no start of an interpreter.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from gonogo.client.credential import ApiKey, SessionToken
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.annotate.session import AnnotateSession
from gonogo.desk.connection.server_adapter import HttpTaskServer
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import Decision, SendState
from gonogo.desk.core.settings import Settings
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.flush import flush
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import Address
from gonogo.desk.session.dependencies import SessionDependencies
from gonogo.desk.session.task_pictures import AskUrl
from gonogo.json_types import JsonObject
from gonogo.sheets.models import NoPicture, Picture, PictureRequest, SheetRef
from gonogo.sheets.sheet_text import SheetText

REPO = Path(__file__).resolve().parents[2]
BEGUN = 9
"""The file descriptor on which a life says that it has answered."""
SPEED = 20.0
"""The people's clocks run so much faster, so that their waits between tries are short."""
DRAIN_SECONDS = 60.0
VERDICTS = ("correct", "incorrect", "unsure")


JUMPS = (-86_400.0, -130.0, 0.0, 0.0, 130.0, 86_400.0)
"""Seconds by which the wall clock of a life is off, where clocks jump."""


class Hurried(Clock):
    def __init__(self, wrong_by: float = 0.0) -> None:
        self.wrong_by = wrong_by

    def wall(self) -> float:
        return super().wall() + self.wrong_by

    def monotonic(self) -> float:
        return super().monotonic() * SPEED

    def boot(self) -> float:
        return super().boot() * SPEED

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds / SPEED)


class NoDrawings:
    async def picture(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture:
        return NoPicture("There is no drawing here.")

    def picture_ready(self, ref: SheetRef, request: PictureRequest) -> Picture | NoPicture | None:
        return None

    def prepare(self, ref: SheetRef, request: PictureRequest) -> None:
        return None

    async def text(self, ref: SheetRef, page: int, query: str = "") -> SheetText | NoPicture:
        return NoPicture("This drawing has no text.")

    async def export_png(self, ref: SheetRef, request: PictureRequest) -> Path | NoPicture:
        return NoPicture("There is no drawing here.")

    async def aclose(self) -> None:
        return None


@dataclass(frozen=True)
class Plan:
    """`longest` is the longest life of one round in seconds.

    `sends`: every third life is `gonogo outbox send`, killed like the others. `clock_jumps`: each life has a wall clock
    of its own, wrong by one of JUMPS.
    """

    base_url: str
    token: str = field(repr=False)
    annotator: str
    campaign_id: str
    folder: str
    rounds: int
    longest: float = 0.8
    seed: int = 1
    sends: bool = False
    clock_jumps: bool = False

    @property
    def outbox_file(self) -> Path:
        return Path(self.folder) / "outbox.sqlite"


def desk_of(plan: Plan, clock: Hurried) -> AnnotateSession:

    async def connect() -> HttpTaskServer:
        return HttpTaskServer(GonogoClient(plan.base_url, SessionToken(plan.token), retry=None))

    def drawings(_: AskUrl) -> NoDrawings:
        return NoDrawings()

    address = Address(plan.base_url, plan.annotator, plan.campaign_id)
    memory = StateStore(Path(plan.folder) / "memory.sqlite")
    profile = Settings(undo_seconds=0.5)
    return AnnotateSession(
        SessionDependencies(address, address, connect, drawings, plan.outbox_file, memory, profile, clock=clock)
    )


async def send(plan: Plan, clock: Hurried) -> None:
    """Send what waits, as `gonogo outbox send` does."""

    def ignore(*_: object) -> None:
        return None

    server = HttpTaskServer(GonogoClient(plan.base_url, SessionToken(plan.token), retry=None))
    await flush(plan.outbox_file, Address(plan.base_url, plan.annotator, None), server, clock, ignore)


async def answer(plan: Plan, clock: Hurried, *, drain: bool) -> None:
    """Answer until killed; with `drain`, only send what is there, and return."""
    desk, news = desk_of(plan, clock), asyncio.Event()
    desk.subscribe(news.set)
    await desk.start()
    while not (drain and desk.state.unsent == 0):
        news.clear()
        if desk.current is None or drain:
            await news.wait()
            continue
        task = desk.current
        desk.shown()
        verdict = VERDICTS[hash(task.id) % 3]
        fix: JsonObject | None = {"text": f"⌀{random.randrange(100)}"} if verdict == "incorrect" else None
        desk.decide(Decision(verdict, fix))
        _say(f"saved {task.id} {verdict}")
        with contextlib.suppress(OSError):
            os.write(BEGUN, b".")
        await asyncio.sleep(random.random() * 0.01)
    await desk.close()


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write, so that a kill cannot cut it


def _round(plan: Plan, number: int, life: float | None) -> bool:
    """One life: killed after `life` seconds; `None`: let it drain. Says whether it ended by itself."""
    begun, begin = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(begin, BEGUN)
        random.seed(plan.seed * 100_000 + number)
        code = 1
        clock = Hurried(random.choice(JUMPS) if plan.clock_jumps and life is not None else 0.0)
        sends = plan.sends and number % 3 == 2 and life is not None
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(send(plan, clock) if sends else answer(plan, clock, drain=life is None))
            code = 0
        os._exit(code)
    os.close(begin)
    if life is not None and number % 2:  # every other life is counted from its first answer, so that a slow machine
        select.select([begun], [], [], 20.0)  # does not end them all while they start
    os.close(begun)
    deadline = time.monotonic() + (DRAIN_SECONDS if life is None else life)
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def main() -> None:
    plan = Plan(**json.loads(sys.stdin.readline()))
    chance = random.Random(plan.seed)
    for number in range(plan.rounds):
        _round(plan, number, chance.random() * plan.longest)
    _say("drained" if _round(plan, plan.rounds, None) else "not drained")


# --- what runs it, and compares ---------------------------------------------------------------------------


@dataclass
class Outcome:
    """Verdicts by task: `promised` were called saved, `stored` are the server's. `here`: the outbox's rows by state."""

    promised: dict[str, list[str]]
    stored: dict[str, list[str]]
    here: Counter[SendState]
    drained: bool

    @property
    def lost(self) -> list[str]:
        return [task for task, verdicts in self.promised.items() if self.stored.get(task) != verdicts]

    @property
    def doubled(self) -> list[str]:
        return [task for task, verdicts in self.stored.items() if len(verdicts) > 1]


async def run(plans: Sequence[Plan], database: Path) -> Outcome:
    """Let a fresh interpreter carry out each plan, all at once, then compare with the server's `database`."""
    said = await asyncio.gather(*map(_carried_out, plans))
    promised: dict[str, list[str]] = {}
    for words in (line.split() for lines in said for line in lines if line.startswith("saved ")):
        promised.setdefault(words[1], []).append(words[2])
    here: Counter[SendState] = Counter()
    for plan in plans:
        box = Outbox(plan.outbox_file)
        here.update(row.state for row in box.history())
        box.close()
    return Outcome(promised, stored_in(database), here, all(lines[-1] == "drained" for lines in said))


async def _carried_out(plan: Plan) -> list[str]:
    """What the people of the plan said, line by line."""
    command, pipe = (sys.executable, "-m", "tests.support.crashing_annotators"), asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(*command, cwd=REPO, stdin=pipe, stdout=pipe)
    out, _ = await child.communicate(f"{json.dumps(asdict(plan))}\n".encode())
    assert child.returncode == 0
    return out.decode().splitlines()


def stored_in(database: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with contextlib.closing(sqlite3.connect(database)) as db:
        for task, verdict in db.execute("SELECT task_id, verdict FROM submissions"):
            found.setdefault(str(task), []).append(verdict)
    return found


async def campaign(base_url: str, key: str, n_tasks: int, name: str = "PMI") -> tuple[str, str, str]:
    """A campaign of `n_tasks` with one person in it: campaign id, session token, annotator id."""
    from gonogo.schemas.gonogo_api import SessionCreate
    from gonogo.schemas.labeling import (
        CampaignAssignmentCreate,
        LabelingCampaignCreate,
        LabelingTaskCreate,
        LabelingTasksCreate,
    )

    async with GonogoClient(base_url, ApiKey(key)) as lead:
        made = await lead.create_campaign(LabelingCampaignCreate(name=name, gold_fraction=0.0, target_redundancy=1))
        value: JsonObject = {"text": "⌀16,5"}
        tasks = [LabelingTaskCreate(target_kind="pmi", prompt=f"{n}?", predicted_value=value) for n in range(n_tasks)]
        for start in range(0, n_tasks, 500):
            await lead.create_tasks(made.id, LabelingTasksCreate(tasks=tasks[start : start + 500]))
        invited = await lead.create_assignment(made.id, CampaignAssignmentCreate(email="ann@example.org"))
    async with GonogoClient(base_url) as nobody:
        session = await nobody.redeem(SessionCreate(magic_link_token=invited.magic_link_token, client_nonce="n" * 32))
    return made.id, session.session_token, invited.assignment.annotator_account_id or ""


if __name__ == "__main__":
    main()
