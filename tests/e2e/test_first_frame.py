"""The next start shows the question before the program is loaded, where it will be the question, and only there."""

from __future__ import annotations

import os
import re
import shutil
import signal
import termios
from pathlib import Path

import pytest

from tests.benchmarks.terminal import ESCAPES, Program
from tests.e2e.conftest import GONOGO, Cli

QUESTION = re.compile("Is (this|the|note) ")
DRAWING = "· detail "
TEXTUAL = "\x1b[?1004h"
"""Written when Textual takes the terminal: whatever stands before it was not painted by Textual."""


def terminal(lead: Cli, *arguments: str) -> Program:
    return Program([*GONOGO, *arguments], env=lead.env | {"COLUMNS": "", "LINES": ""}, rows=40)


def kept(lead: Cli) -> Path:
    return lead.home / "state" / "first-frame"


def session(lead: Cli, end: int = signal.SIGTERM) -> str:
    """Start, see the question whole, end; what the program wrote until then."""
    with terminal(lead, "demo", "--no-tour") as program:
        program.wait_for("\\[\\?1004h[\\s\\S]*· detail ", raw=True)
        program.settle(0.3)
        program.signal(end)
        program.ended()
        return program.text


def early(text: str) -> str:
    """What was on the screen before Textual came."""
    return ESCAPES.sub("", text.split(TEXTUAL)[0])


@pytest.fixture(scope="module")
def left_once(tmp_path_factory: pytest.TempPathFactory) -> Cli:
    """The demo was left with a question on the desk."""
    lead = Cli(tmp_path_factory.mktemp("left") / "home")
    lead("demo", "--prepare")
    session(lead)
    return lead


@pytest.fixture
def left(left_once: Cli, tmp_path: Path) -> Cli:
    shutil.copytree(left_once.home, tmp_path / "home")
    return Cli(tmp_path / "home")


@pytest.mark.slow
def test_the_question_is_there_before_the_program_once_and_never_goes_away(left: Cli) -> None:
    assert kept(left).stat().st_mode & 0o077 == 0
    text = session(left, end=signal.SIGKILL)
    assert QUESTION.search(early(text))
    assert DRAWING in early(text)
    for cleared in text.split("\x1b[?1049h")[1:]:  # wherever the screen is cleared, the question follows at once
        assert QUESTION.search(ESCAPES.sub("", cleared.split(TEXTUAL)[0]))
    update = text.split(TEXTUAL)[1]
    first = update[update.index("\x1b[1;1H") :]
    assert DRAWING in first.split("\x1b[?2026l")[0]  # the program's first update has the drawing, too
    again = session(left)  # the program was killed, so nothing was kept
    assert not QUESTION.search(early(again))
    assert kept(left).exists()


@pytest.mark.slow
def test_what_is_kept_goes_with_the_login(left: Cli) -> None:
    left("logout")
    assert not kept(left).exists()


def test_ended_before_the_program_took_over_the_terminal_is_as_it_was(left: Cli) -> None:
    with terminal(left) as program:
        program.wait_for("Is (this|the|note) ")
        assert TEXTUAL in program.text or not termios.tcgetattr(program.fd)[3] & termios.ECHO
        program.signal(signal.SIGTERM)
        code = program.ended()
        program.settle()
        assert os.waitstatus_to_exitcode(code) == 128 + signal.SIGTERM, program.text[-3000:]
        assert program.text.rindex("\x1b[?1049l") > program.text.rindex("\x1b[?1049h")
        assert program.text.rindex("\x1b[?25h") > program.text.rindex("\x1b[?25l")
        assert termios.tcgetattr(program.fd)[3] & termios.ECHO
        assert "Traceback" not in program.text
