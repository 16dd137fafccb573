"""A damaged outbox, in the real program: said at the first question, what could be read is taken over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.test_interruptions import whole
from tests.e2e.test_main_job import answer, progress
from tests.e2e.tmux import AVAILABLE, Terminal, wait_until

pytestmark = [
    pytest.mark.tmux,
    pytest.mark.slow,
    pytest.mark.skipif(not AVAILABLE, reason="tmux is not installed; .ci/run installs it"),
]


def _empty(outbox: Path) -> None:
    outbox.write_bytes(b"")


def _overwrite(outbox: Path) -> None:
    with outbox.open("r+b") as file:
        file.write(os.urandom(4096))


@pytest.mark.parametrize(("damage", "words"), [(_empty, "had been emptied or"), (_overwrite, "file was damaged")])
def test_a_damaged_outbox_is_said_at_the_first_question(
    lead: Cli, tmp_path: Path, damage: Callable[[Path], None], words: str
) -> None:
    with Terminal([*GONOGO, "demo", "--no-tour"], tmp_path, env=lead.env) as terminal:
        wait_until(lambda: progress(terminal) == 0, terminal.screen, 40)
        answer(terminal, "a", 0)
        answer(terminal, "s", 1)
        terminal.press("C-q")
        terminal.wait_gone()
    outbox = lead.home / "state" / "outbox.sqlite"
    damage(outbox)
    before = time.monotonic()
    with Terminal([*GONOGO, "demo", "--no-tour"], tmp_path, env=lead.env) as terminal:
        wait_until(lambda: progress(terminal) >= 0, terminal.screen, 20)
        assert time.monotonic() - before < 20  # five seconds on a machine that is not busy
        terminal.wait_for(words)
        terminal.press("C-q")
        terminal.wait_gone()
    whole(outbox)


def test_the_command_line_says_it_too(lead: Cli) -> None:
    outbox = lead.home / "state" / "outbox.sqlite"
    lead("outbox", "list")
    assert "nothing was ever answered here" in lead.err
    outbox.parent.mkdir(parents=True)
    outbox.write_bytes(b"")
    lead("outbox", "list")
    assert "emptied or deleted" in lead.err
