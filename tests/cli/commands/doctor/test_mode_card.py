"""The test card of `gonogo doctor`, in a terminal that answers by a script."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
import termios
import threading
import time
from pathlib import Path

import pytest

from gonogo.cli.commands.doctor.mode_card import ROWS, card, choose, painted, samples, show_card
from gonogo.sheets.models import CellGrid
from gonogo.sheets.picture_modes import PictureMode
from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.probe import TerminalReplies
from tests.support.scripted_terminal import KITTY_REPLIES, ScriptedTerminal

SIXEL = TerminalReplies("XTerm(379)", sixel=True, cell=(8, 16), complete=True)
ENVIRONMENT = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}


def test_every_mode_shows_the_same_piece_and_pixels_only_where_they_are_drawn() -> None:
    plain = samples(TerminalCapabilities(ENVIRONMENT), ENVIRONMENT)
    assert [sample.mode for sample in plain] == [
        PictureMode.HALF,
        PictureMode.QUADRANT,
        PictureMode.SEXTANT,
        PictureMode.OCTANT,
        PictureMode.BRAILLE,
    ]
    assert all(len(sample.rows) == ROWS for sample in plain)
    pixels = samples(TerminalCapabilities(ENVIRONMENT, answers=SIXEL), ENVIRONMENT)
    assert [sample.mode for sample in pixels][5:] == [PictureMode.SIXEL]
    text = card(pixels)
    assert "6 sixel" in text
    assert text.count("\x1bP0;1;0q") == 1


@pytest.mark.parametrize(
    ("typed", "kept"), [(["3"], "sextant"), (["9", "4"], "octant"), ([""], ""), (["x", "y", "z"], ""), (["²"], "")]
)
def test_the_answer_is_kept_for_this_terminal(tmp_path: Path, typed: list[str], kept: str) -> None:
    file = tmp_path / "state" / "terminals.json"
    written: list[str] = []
    lines = iter([*typed, "", ""])
    said = show_card(
        TerminalCapabilities(ENVIRONMENT, file), ENVIRONMENT, write=written.append, ask=lambda: next(lines) + "\n"
    )  # fmt: skip
    assert TerminalCapabilities(ENVIRONMENT, file).remembered == kept
    assert (kept or "Nothing was changed") in said
    assert (file.exists()) is bool(kept)


def test_auto_forgets_and_another_terminal_is_not_touched(tmp_path: Path) -> None:
    file = tmp_path / "terminals.json"
    here, there = (TerminalCapabilities({"TERM": term}, file) for term in ("xterm", "foot"))
    choose(here, "braille")
    assert there.remembered == ""
    assert (
        TerminalCapabilities({"TERM": "xterm"}, file).mode("octant") is PictureMode.BRAILLE
    )  # before the settings' choice for all
    choose(TerminalCapabilities({"TERM": "xterm"}, file), "auto")
    assert TerminalCapabilities({"TERM": "xterm"}, file).mode("octant") is PictureMode.OCTANT


@pytest.mark.parametrize(
    ("environment", "start"),
    [
        (ENVIRONMENT, "\x1b[38;2;20;20;20;48;2;235;235;235m▀"),
        ({"TERM": "xterm-256color"}, "\x1b[38;5;232;48;5;255m▀"),
        ({"TERM": "xterm"}, "\x1b[30;107m▀"),
    ],
)
def test_the_card_uses_the_colours_there_are(environment: dict[str, str], start: str) -> None:
    grid = CellGrid(1, 1, PictureMode.HALF, ("▀",), b"\0", b"\xff", b"\0")
    assert painted(grid, environment) == [start + "\x1b[0m"]


class Person:
    """`gonogo doctor` in a terminal of its own, whose end this is."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.end, program = pty.openpty()
        termios.tcsetwinsize(program, (50, 100))
        self.before = termios.tcgetattr(program)
        self.program = program
        environment = {"GONOGO_HOME": str(home), "HOME": str(home), "LANG": "C.UTF-8", **ENVIRONMENT}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gonogo", "doctor", *arguments],
            stdin=program, stdout=program, stderr=program, env=environment, preexec_fn=_own_terminal,
        )  # fmt: skip
        self.seen = bytearray()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                self.seen.extend(os.read(self.end, 65536))
            except OSError:
                return

    def type(self, data: bytes) -> None:
        os.write(self.end, data)

    def wait_for(self, text: bytes) -> None:
        until = time.monotonic() + 90
        while text not in self.seen:
            assert time.monotonic() < until, bytes(self.seen)[-2000:]
            assert self.process.poll() is None, bytes(self.seen)[-2000:]
            self._reader.join(0.02)

    def ends(self) -> int:
        code = self.process.wait(60)
        assert termios.tcgetattr(self.program) == self.before
        os.close(self.program)
        self._reader.join(5)
        os.close(self.end)
        return code


def _own_terminal() -> None:
    os.setsid()
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.mark.slow
def test_doctor_asks_shows_and_keeps(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.wait_for(b"\x1b[c")
    person.type(b"\x1bP>|foot(1.16.2)\x1b\\\x1b[6;16;8t\x1b[?62;4c")
    person.wait_for(b"keep what is used now: ")
    assert b"foot(1.16.2) draws Sixel pictures" in person.seen
    assert b"6 sixel" in person.seen
    person.type(b"6\n")
    assert person.ends() == 0
    assert json.loads((tmp_path / "state" / "terminals.json").read_text()) == {"foot(1.16.2), xterm-256color": "sixel"}


@pytest.mark.slow
def test_ctrl_c_at_the_card_leaves_the_terminal_whole(tmp_path: Path) -> None:
    person = Person(tmp_path)
    person.wait_for(b"\x1b[c")
    person.type(b"\x1b[?62;22c")
    person.wait_for(b"keep what is used now: ")
    person.type(b"\x03")
    assert person.ends() == 1
    assert not (tmp_path / "state").exists()
    assert b"\x1b[0m" in person.seen[person.seen.rindex(b"\x1b[38;2") :]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("--no-card",), ("--mode", "sextant")])
def test_without_a_card_nothing_is_asked(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    person = Person(tmp_path, *arguments)
    person.wait_for(b"\x1b[c")
    person.type(b"\x1b[?62;22c")
    assert person.ends() == 0
    assert b"Which one" not in person.seen
    assert (tmp_path / "state" / "terminals.json").exists() == ("--mode" in arguments)


KITTY = TerminalReplies("kitty(0.41.1)", kitty=True, cell=(10, 20), complete=True)
TMUX = TerminalReplies("tmux 3.4", complete=True, cell=(10, 20))


@pytest.mark.parametrize(
    ("answers", "mode", "lets_through"),
    [
        (KITTY, "kitty", False),
        (KITTY._replace(name="kitty(0.26.5)"), "kitty", False),
        (SIXEL, "kitty", False),
        (SIXEL, "sixel", False),
        (SIXEL._replace(cell=(0, 0)), "sixel", False),
        (TerminalReplies(), "kitty", False),
        (TMUX, "kitty", True),
        (TMUX, "kitty", False),
        (TMUX, "octant", False),
        (SIXEL, "octant", False),
    ],
)
def test_what_can_be_chosen_is_what_the_program_then_draws(
    tmp_path: Path, answers: TerminalReplies, mode: str, lets_through: bool
) -> None:
    environment = ENVIRONMENT | ({"TMUX": "x", "TERM": "tmux-256color"} if answers is TMUX else {})

    def terminal() -> TerminalCapabilities:
        file = tmp_path / "terminals.json"
        return TerminalCapabilities(environment, file, answers=answers, tmux=lambda _: "on" if lets_through else "off")

    before = terminal().mode("auto")
    refused = ""
    try:
        choose(terminal(), mode)
    except ValueError as error:
        refused = str(error)
    assert bool(refused) == (mode not in terminal().choices())
    assert terminal().mode("auto") == (before if refused else mode)


@pytest.mark.slow
def test_a_choice_is_kept_under_the_terminals_reply_though_the_report_goes_into_a_file(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    command = f"{sys.executable} -m gonogo doctor --mode half --json >{report} 2>&1"
    environment = {"GONOGO_HOME": str(tmp_path), "TERM": "xterm-kitty"}
    with ScriptedTerminal(["sh", "-c", command], environment) as terminal:
        terminal.wait_for(b"\x1b[c")
        terminal.type(KITTY_REPLIES)
        terminal.ends()
    saved = json.loads((tmp_path / "state" / "terminals.json").read_text())
    assert saved == {"kitty(0.41.1), xterm-kitty": "half"}
    assert "half: chosen for this terminal" in report.read_text()
