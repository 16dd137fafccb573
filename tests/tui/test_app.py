"""The application as a process: what it imports, how it ends, what it says when it fails."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.shared_material import REPO

HEAVY = ("httpx", "pydantic", "numpy", "PIL", "pypdfium2", "fastapi", "sqlalchemy", "alembic", "keyring", "tomlkit")
SECRET = "gst_secret_value_1"


def test_the_path_to_the_first_frame_imports_nothing_heavy() -> None:
    code = (
        "import sys, gonogo.tui.app, gonogo.tui.screens.work.annotate\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPO)
    assert done.stdout.strip() == "[]"


class Terminal:
    """A program under a pseudo-terminal of 100×30; `output` is everything it wrote."""

    def __init__(self, code: str, home: Path) -> None:
        self.master, slave = pty.openpty()
        env = {**os.environ, "GONOGO_HOME": str(home), "TERM": "xterm-256color", "COLUMNS": "100", "LINES": "30"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=REPO,
            env=env,
            start_new_session=True,
        )
        os.close(slave)
        self.output = ""

    def wait_for(self, text: str, seconds: float = 30) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.output:
            assert time.monotonic() < deadline, self.output[-2000:]
            self._read(0.1)

    def wait_for_end(self, seconds: float) -> int:
        deadline = time.monotonic() + seconds
        while self.process.poll() is None:
            assert time.monotonic() < deadline, "the program did not end"
            self._read(0.05)
        while self._read(0.2):
            pass
        return self.process.returncode

    def _read(self, seconds: float) -> bool:
        if not select.select([self.master], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.master, 65536)
        except OSError:
            return False
        self.output += data.decode("utf-8", "replace")
        return bool(data)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)


APP = """
import time
from pathlib import Path
import os
from tests.tui.fake_services import FakeAnnotateSession, fake_app, task
session = FakeAnnotateSession([task(1, prompt="READY"), task(2)])
app = fake_app(session, Path(os.environ["GONOGO_HOME"]), clock=time.monotonic)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_it_in_order(home: Path, number: signal.Signals) -> None:
    terminal = Terminal(APP + "app.run()\nprint('CLOSED' if 'close' in session.calls else 'LEFT OPEN')\n", home)
    try:
        terminal.wait_for("READY")
        terminal.process.send_signal(number)
        terminal.wait_for_end(5)  # two seconds, with room for a busy machine
        assert "\x1b[?1049l" in terminal.output  # the terminal is itself again
        assert "CLOSED" in terminal.output
    finally:
        terminal.close()


def test_a_fault_of_our_own_is_told_without_values(home: Path) -> None:
    code = APP + (
        f"def broken(verdict):\n    token = {SECRET!r}\n    raise RuntimeError('no ' + token)\n"
        "from gonogo.tui.screens.work.annotate import AnnotateScreen\n"
        "AnnotateScreen.action_undo = lambda self: broken(1)\n"
        "app.run()\nraise SystemExit(app.return_code)\n"
    )
    terminal = Terminal(code, home)
    try:
        terminal.wait_for("READY")
        os.write(terminal.master, b"u")
        assert terminal.wait_for_end(10) == 1
        assert "gonogo stopped" in terminal.output
        assert "RuntimeError" in terminal.output
        assert SECRET not in terminal.output
        log = (home / "state" / "gonogo.log").read_text()
        assert "RuntimeError" in log
        assert SECRET not in log
    finally:
        terminal.close()


def test_escape_sequences_in_data_never_reach_the_terminal(home: Path) -> None:
    hostile = "\\x1b]52;c;SElEREVO\\x07\\x1b[6n\\x9b5n\\u202e"
    code = APP.replace('prompt="READY"', f'prompt="READY {hostile}"') + "app.run()\n"
    terminal = Terminal(code, home)
    try:
        terminal.wait_for("READY")
        os.write(terminal.master, b"\x11")
        terminal.wait_for_end(10)
        assert "\x1b]52" not in terminal.output
        assert "\x1b[6n" not in terminal.output
        assert "\x9b" not in terminal.output
        assert "\u202e" not in terminal.output
    finally:
        terminal.close()
