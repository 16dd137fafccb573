"""The terminal is killed, stalls, or floods the program: it ends within two seconds, and its answers go on."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import sqlite3
import struct
import subprocess
import termios
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.e2e.conftest import GONOGO, Cli
from tests.e2e.tmux import wait_until

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are counted through /proc"),
]
END_SECONDS = 2.0
SLACK = 0.5
"""A busy machine schedules late: 0.17 s after the watchdog's limit at a load of 12 on two cores."""


class PtyProgram:
    """`gonogo demo` on a pseudo-terminal; `master` is the terminal's side."""

    def __init__(self, cli: Cli, *, ignore_hup: bool = False) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        env = {**cli.env, "TERM": "xterm-256color"}
        self.process = subprocess.Popen(
            [*(["sh", "-c", 'trap "" HUP; exec "$@"', "sh"] if ignore_hup else []), *GONOGO, "demo", "--no-tour"],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=env,
            start_new_session=True,
        )
        self.output = b""

    def read_until(self, words: str, seconds: float = 40) -> None:
        end = time.monotonic() + seconds
        while words not in self.text:
            assert time.monotonic() < end, self.text[-2000:]
            self._read(0.2)

    def drain(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.process.poll() is None:
            self._read(0.1)
        self._read(0.2)

    def _read(self, seconds: float) -> None:
        if select.select([self.master], [], [], seconds)[0]:
            with contextlib.suppress(OSError):
                self.output += os.read(self.master, 65536)

    @property
    def text(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.output.decode("utf-8", "replace"))

    def answer(self, count: int) -> None:
        """Answers `count` questions at a person's pace."""
        for number in range(1, count + 1):
            end = time.monotonic() + 30
            while f"{number} / 88" not in self.text:
                assert time.monotonic() < end, self.text[-2000:]
                os.write(self.master, b"a")
                self.drain(0.5)

    def hang_up(self) -> None:
        os.close(self.slave)
        os.close(self.master)

    def ends(self) -> float:
        """Waits for the end; returns the seconds it took."""
        start = time.monotonic()
        self.process.wait(30)
        return time.monotonic() - start


@contextlib.contextmanager
def opened(cli: Cli, *, ignore_hup: bool = False) -> Iterator[PtyProgram]:
    program = PtyProgram(cli, ignore_hup=ignore_hup)
    try:
        program.read_until("s incorrect")
        yield program
    finally:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()
        for handle in (program.master, program.slave):
            with contextlib.suppress(OSError):
                os.close(handle)


def states(cli: Cli) -> list[str]:
    with closing(sqlite3.connect(cli.home / "state" / "outbox.sqlite")) as db:
        return [row[0] for row in db.execute("SELECT state FROM verdict")]


def flood(program: PtyProgram) -> None:
    """Keys without an end, from a terminal that takes no output."""
    os.set_blocking(program.master, False)
    end = time.monotonic() + 2
    while time.monotonic() < end:
        with contextlib.suppress(BlockingIOError):
            os.write(program.master, b"\x1b[A\x1b[<35;10;10M" * 200)


@pytest.mark.parametrize("ignore_hup", [False, True], ids=["plain", "hup ignored"])
def test_a_terminal_killed_under_a_flood_ends_the_program(lead: Cli, ignore_hup: bool) -> None:
    with opened(lead, ignore_hup=ignore_hup) as program:
        program.answer(2)
        flood(program)
        program.hang_up()
        assert program.ends() < END_SECONDS + SLACK
    assert len(states(lead)) == 2
    with opened(lead) as program:  # its answers are taken over
        wait_until(lambda: set(states(lead)) == {"sent"}, lambda: f"{states(lead)}", 20)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT], ids=lambda n: n.name)
def test_a_signal_ends_it_in_order_and_sets_the_terminal_back(lead: Cli, number: signal.Signals) -> None:
    with opened(lead) as program:
        assert termios.tcgetattr(program.slave) != program.before
        program.process.send_signal(number)
        program.drain(END_SECONDS + SLACK)
        assert program.process.poll() == 128 + number
        assert termios.tcgetattr(program.slave) == program.before
        for left in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l"):
            assert left in program.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT], ids=lambda n: n.name)
def test_a_terminal_that_takes_no_output_does_not_keep_it(lead: Cli, number: signal.Signals) -> None:
    with opened(lead) as program:
        flood(program)
        program.process.send_signal(number)
        assert program.ends() < END_SECONDS + SLACK
        assert program.process.returncode == 128 + number
        assert termios.tcgetattr(program.slave) == program.before


def test_a_signal_before_the_first_question_sets_the_terminal_back_too(lead: Cli) -> None:
    program = PtyProgram(lead)
    end = time.monotonic() + 20
    while termios.tcgetattr(program.slave) == program.before:
        assert time.monotonic() < end
    program.process.send_signal(signal.SIGTERM)
    program.drain(10)
    assert program.process.poll() == 128 + signal.SIGTERM
    assert termios.tcgetattr(program.slave) == program.before
    program.hang_up()
