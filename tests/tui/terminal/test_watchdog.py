"""The watchdog of the terminal, in a process of its own: it ends the one that it watches."""

from __future__ import annotations

import subprocess
import sys

import pytest

SCRIPT = """
import os, signal, sys, threading
from gonogo.tui.terminal.watchdog import TerminalWatchdog

def end(code, hung_up):
    print(code, hung_up, flush=True)
    os._exit(0)

terminal, other = os.pipe()
watchdog = TerminalWatchdog(terminal, end, lambda: None)
{before}
watchdog.start()
{after}
threading.Event().wait(10)
"""


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        ("", "os.close(other)", "129 True"),  # hung up
        ("", "os.kill(os.getpid(), signal.SIGTERM)", "143 False"),
        # a descriptor that can't be polled, as terminals on macOS: no hang-up; signals end the program all the same
        ("os.close(terminal)", "os.kill(os.getpid(), signal.SIGTERM)", "143 False"),
    ],
)
def test_a_hang_up_or_a_signal_ends_the_program(before: str, after: str, ends: str) -> None:
    script = SCRIPT.format(before=before, after=after)
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=20)
    assert done.stdout.strip() == ends
