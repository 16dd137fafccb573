"""What cuts the work short, in the real program: a pane that is closed, a session that ends."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_main_job import HUMAN, answer, progress
from tests.e2e.test_main_job import material as material
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]


def processes(home: Path) -> list[str]:
    """The programs that work on this home."""
    found = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"GONOGO_HOME={home}".encode() in environment.read_bytes().split(b"\0"):
                found.append(environment.parent.name)
        except OSError:
            continue
    return found


def whole(outbox: Path) -> int:
    """The answers in the outbox, after a look at every page of it."""
    with closing(sqlite3.connect(outbox)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(db.execute("SELECT count(*) FROM verdict").fetchone()[0])


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are found through /proc")
def test_a_closed_pane_ends_the_program_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    env = {"GONOGO_HOME": str(home), "LANG": "C.UTF-8"}
    with Terminal([*GONOGO, "demo", "--no-tour"], tmp_path, env=env) as terminal:
        wait_until(lambda: progress(terminal) == 0, terminal.screen, 30)
        answer(terminal, "a", 0)
    # the server of the terminal is killed with a question open: SIGHUP, and no terminal to write to any more
    ended = time.monotonic()
    wait_until(lambda: not processes(home), lambda: f"still there: {processes(home)}", 20)
    assert time.monotonic() - ended < 15  # two seconds on a machine that is not busy
    assert whole(next(home.rglob("outbox.sqlite"))) == 1
    with Terminal([*GONOGO, "demo", "--no-tour"], tmp_path, env=env) as terminal:
        wait_until(lambda: progress(terminal) == 1, terminal.screen, 30)
        answer(terminal, "a", 1)
        terminal.press("C-q")
        terminal.wait_gone()


@pytest.mark.slow
def test_a_session_that_ends_in_mid_work_is_begun_again(lead: Cli, tmp_path: Path, material: tuple[Path, Path]) -> None:
    """Same person, same question, what was typed is there, and every answer reaches the server once."""
    predictions, drawings = material
    lead("import", str(predictions), "--drawings", str(drawings), "--campaign", "pmi")
    database = next(lead.home.rglob("workspace.db"))
    with lead.serving() as url:
        key = lead.json("keys", "create", "--name", "lead")["key"]
        remote = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
        link = lead.json("assign", "pmi", "ana@example.com", env=remote)["magic_link_url"]
        env = {"GONOGO_HOME": str(tmp_path / "annotator"), "LANG": "C.UTF-8"}
        with Terminal(GONOGO, tmp_path, env=env) as terminal:
            terminal.sign_in(link)
            terminal.wait_for("right?")
            answer(terminal, "a", 0)
            lead("revoke", "pmi", "ana@example.com", "--yes", env=remote)
            again = lead.json("assign", "pmi", "ana@example.com", env=remote)["magic_link_url"]
            answer(terminal, "s", 1)
            leads_to(terminal, "d", "Enter send")
            terminal.press("C-u")
            terminal.type("draft 12,34")
            leads_to(terminal, "Escape", "d fix")  # alone: with a letter behind it a terminal takes it for Alt
            terminal.wait_for("signed out")
            leads_to(terminal, "r", "Invitation link")
            terminal.sign_in(again)
            terminal.wait_for("right?")
            leads_to(terminal, "d", "Enter send")
            terminal.wait_for("draft 12,34")
            leads_to(terminal, "Enter", "3 / ")
            terminal.press("C-q")
            terminal.wait_gone()
        with closing(sqlite3.connect(database)) as db:
            wait_until(lambda: _votes(db)[1] == 3, lambda: f"{_votes(db)} arrived")
            assert _votes(db) == (3, 3)


def leads_to(terminal: Terminal, key: str, text: str) -> None:
    """Press `key`, at a person's pace, until `text` is there: a key is deaf when it comes too early."""

    def attempt() -> bool:
        threading.Event().wait(HUMAN)
        if text not in terminal.screen():
            terminal.press(key)
        try:
            terminal.wait_for(text, 2.0)
        except AssertionError:
            return False
        return True

    wait_until(attempt, lambda: f"{key!r} did not lead to {text!r}:\n{terminal.screen()}")


def _votes(db: sqlite3.Connection) -> tuple[int, int]:
    """Tasks with a vote, and votes."""
    row = db.execute("SELECT count(DISTINCT task_id), count(*) FROM submissions").fetchone()
    return int(row[0]), int(row[1])
