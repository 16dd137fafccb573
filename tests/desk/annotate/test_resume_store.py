"""The way to the first question: no network library, and no more than what is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from gonogo.desk.annotate.annotator_progress import Progress
from gonogo.desk.annotate.resume_store import ResumeSnapshot, load, save
from gonogo.desk.core.clock import Clock
from gonogo.desk.core.models import ClaimedTask
from gonogo.desk.core.state_store import StateStore
from gonogo.desk.outbox.rows import Address
from gonogo.sheets.models import Box, CellGrid, NoPicture, Picture, PictureRequest
from gonogo.sheets.picture_modes import PictureMode
from tests.support.outbox_rows import task

REPO = Path(__file__).resolve().parents[3]

CODE = """
import asyncio, sys
from dataclasses import asdict
from pathlib import Path
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.core.settings import load_profile
from gonogo.desk.account.account_service import Account
from gonogo.desk.account.identity import IDENTITY, SignedIn
from gonogo.desk.core.models import ClaimedTask, Stage

heavy = ("httpx", "pydantic", "keyring", "numpy", "PIL", "pypdfium2", "sqlalchemy", "fastapi", "textual", "tomlkit")

def loaded():
    return [name for name in heavy if name in sys.modules]

async def main():
    home = AppPaths(sys.argv[1])
    services = Account(home, load_profile(home), embedded=lambda: None)
    signed = services.remembered()
    assert signed is not None and signed.campaign_id == "c1"
    desk = services.open_desk(signed, signed.campaign_id)
    await desk.start()
    assert desk.state.stage is Stage.TASK and desk.current.id == "t1", desk.state
    from gonogo.sheets.models import PictureRequest
    assert desk.pictures.ready(desk.current, PictureRequest(60, 30, bbox=desk.current.bbox)).n_pages == 3
    assert loaded() == [], loaded()

asyncio.run(main())
"""


def picture() -> Picture:
    grid = CellGrid(2, 1, PictureMode.OCTANT, ("▘x",), b"\x00\x10", b"\xff\xfe", b"\x01\x00")
    return Picture(grid, Box(0, 0, 1, 1), Box(0.1, 0.1, 0.2, 0.2), 2, 3, 4.2, 90, locator=grid, note="turned")


def test_the_first_question_is_there_before_httpx_and_pydantic_are(tmp_path: Path) -> None:
    from dataclasses import asdict

    from gonogo.desk.account.identity import IDENTITY, SignedIn

    address = Address("http://embedded.localhost", "ann", "c1")
    memory = StateStore(tmp_path / "state" / "desk.sqlite")
    memory.put(IDENTITY, asdict(SignedIn(address.base_url, "embedded", "lead", "Ann", "c1", "embedded", "ann")))
    request = PictureRequest(60, 30, bbox=task("t1").bbox)
    save(
        memory,
        address,
        ResumeSnapshot((ClaimedTask(task("t1")), ClaimedTask(task("t2"))), (request, picture()), Progress("C", 3, 9)),
        Clock(),
    )
    memory.close()
    done = subprocess.run([sys.executable, "-c", CODE, str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_snapshot_comes_back_whole(tmp_path: Path) -> None:
    address, memory = Address("http://a.localhost", "ann", "c1"), StateStore(tmp_path / "m.sqlite")
    clock = Clock()
    request = PictureRequest(60, 30, bbox=(0.1, 0.1, 0.2, 0.2), mode=PictureMode.SEXTANT)
    now = clock.boot()
    tasks = (ClaimedTask(task("t1"), now + 500, 600), ClaimedTask(task("t2"), now - 1, 600), ClaimedTask(task("t3")))
    save(memory, address, ResumeSnapshot(tasks, (request, picture()), Progress("C", 3, 9, "guide")), clock)
    back = load(memory, address, clock, forever=False)
    assert [held.task for held in back.tasks] == [task("t1"), task("t3")]  # the claim on the second ran out
    assert not any(held.claimed for held in back.tasks)
    assert back.picture == (request, picture())
    assert back.progress == Progress("C", 3, 9, "guide")
    assert len(load(memory, address, clock, forever=True).tasks) == 3
    save(memory, address, ResumeSnapshot(tasks, (request, NoPicture("none"))), clock)
    assert load(memory, address, clock, forever=True).picture is None
    memory.put(f"desk {address.base_url} ann c1", {"tasks": [{"task": 5}]})
    assert load(memory, address, clock, forever=True) == ResumeSnapshot()
    memory.close()


def test_a_damaged_memory_is_forgotten_not_fatal(tmp_path: Path) -> None:
    path = tmp_path / "m.sqlite"
    path.write_bytes(b"not a database at all" * 100)
    memory = StateStore(path)
    assert memory.get("x") is None
    memory.put("x", {"a": 1})
    assert memory.get("x") == {"a": 1}
    memory.close()
