"""Command on a pseudo-terminal of its own: what a person's terminal would get, byte for byte."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from collections.abc import Mapping, Sequence

SECONDS = 60.0


def run_in_terminal(
    command: Sequence[str], env: Mapping[str, str], typed: bytes = b"", *, prompt: bytes = b""
) -> tuple[int, bytes]:
    """Exit code and output of `command`; `typed` is typed when `prompt` has been shown."""
    master, slave = pty.openpty()
    process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=dict(env), start_new_session=True)
    os.close(slave)
    output, waiting, end = b"", typed, time.monotonic() + SECONDS
    try:
        while time.monotonic() < end:
            if waiting and prompt in output:
                os.write(master, waiting)
                waiting = b""
            if select.select([master], [], [], 0.1)[0]:
                try:
                    output += os.read(master, 65536)
                except OSError:  # the other side is closed
                    break
        return process.wait(10), output
    finally:
        process.kill()
        os.close(master)
