"""The next start shows the question before the program is loaded, where it will be the question, and only there."""

from __future__ import annotations

import os
import re
import signal
import termios
from pathlib import Path

import pytest

from tests.benchmarks.terminal import ESCAPES, Program
from tests.e2e.conftest import GONOGO, Cli

QUESTION = re.compile("Is (this|the|note) ")
TEXTUAL = "\x1b[?1004h"
"""Written when Textual takes the terminal: whatever stands before it was not painted by Textual."""


@pytest.fixture
def left(lead: Cli) -> Cli:
    """The demo was left with a question on the desk."""
    lead("demo", "--prepare")
    session(lead)
    assert kept(lead).exists()
    return lead


def kept(lead: Cli) -> Path:
    return lead.home / "state" / "first-frame"


def session(lead: Cli, rows: int = 40, end: int = signal.SIGTERM) -> str:
    """Start, see the question whole, end; what the program wrote until then."""
    with Program([*GONOGO, "demo"], env=lead.env | {"COLUMNS": "", "LINES": ""}, rows=rows) as program:
        program.wait_for("\\[\\?1004h[\\s\\S]*· detail ", raw=True)
        program.settle(0.3)
        program.signal(end)
        program.ended()
        return program.text


def early(text: str) -> str:
    """What was on the screen before Textual came."""
    return ESCAPES.sub("", text.split(TEXTUAL)[0])


def test_the_question_is_there_before_the_program_and_never_goes_away(left: Cli) -> None:
    text = session(left)
    assert QUESTION.search(early(text))
    assert "· detail " in early(text)  # its drawing, too
    for cleared in text.split("\x1b[?1049h")[1:]:  # wherever the screen is cleared, the question follows at once
        assert QUESTION.search(ESCAPES.sub("", cleared.split(TEXTUAL)[0]))
    update = text.split(TEXTUAL)[1]
    first = update[update.index("\x1b[1;1H") :]
    assert "· detail " in first.split("\x1b[?2026l")[0]  # and the program's first update has the drawing


def test_it_is_shown_once_and_not_after_a_kill(left: Cli) -> None:
    text = session(left, end=signal.SIGKILL)
    assert QUESTION.search(early(text))
    assert not kept(left).exists()
    assert not QUESTION.search(early(session(left)))


def test_a_terminal_of_another_size_starts_as_ever(left: Cli) -> None:
    text = session(left, rows=30)
    assert not QUESTION.search(early(text))


def test_what_is_kept_is_the_owners_and_goes_with_the_login(left: Cli) -> None:
    assert kept(left).stat().st_mode & 0o077 == 0
    left("logout")
    assert not kept(left).exists()


def test_a_damaged_frame_is_no_frame(left: Cli) -> None:
    for damage in (b"", b"\xff\xfe\x00", b"{}\n\x1b[2J", b'{"key": 1, "until": "x"}\nIs this '):
        kept(left).write_bytes(damage)
        assert not QUESTION.search(early(session(left)))


def test_ended_before_the_program_took_over_the_terminal_is_as_it_was(left: Cli) -> None:
    with Program([*GONOGO], env=left.env | {"COLUMNS": "", "LINES": ""}) as program:
        program.wait_for("Is (this|the|note) ")
        assert not termios.tcgetattr(program.fd)[3] & termios.ECHO or TEXTUAL in program.text
        program.signal(signal.SIGTERM)
        code = program.ended()
        program.settle()
        assert os.waitstatus_to_exitcode(code) == 128 + signal.SIGTERM
        assert program.text.rindex("\x1b[?1049l") > program.text.rindex("\x1b[?1049h")
        assert program.text.rindex("\x1b[?25h") > program.text.rindex("\x1b[?25l")
        assert termios.tcgetattr(program.fd)[3] & termios.ECHO
        assert "Traceback" not in program.text
