"""Scripted terminal: a program on a pseudo-terminal that replies to queries as the test says."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from types import TracebackType

KITTY_REPLIES = b"\x1bP>|kitty(0.41.1)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t\x1b[?0u\x1b[?62;c"
"""Replies of Kitty: name, pictures, 8 × 16 pixels a cell, its keyboard protocol, attributes."""
SECONDS = 60.0


class ScriptedTerminal:
    """Terminal of `columns` × `rows` cells that keeps what the program writes in `seen`."""

    def __init__(
        self, command: Sequence[str], env: Mapping[str, str] | None = None, *, columns: int = 120, rows: int = 40
    ) -> None:
        self.seen = bytearray()
        self._news = threading.Condition()
        self._side, program = pty.openpty()
        fcntl.ioctl(program, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, columns * 8, rows * 16))
        # A size in the environment, as some test runners set it, would count before the terminal's own.
        inherited = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "LINES")}
        self._child = subprocess.Popen(
            command, stdin=program, stdout=program, stderr=program, env={**inherited, **(env or {})}
        )
        os.close(program)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> ScriptedTerminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait(SECONDS)
        os.close(self._side)
        self._reader.join(SECONDS)

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._side, 65536)
            except OSError:  # the program has ended
                return
            with self._news:
                self.seen.extend(data)
                self._news.notify_all()

    def wait_for(self, text: bytes, count: int = 1) -> None:
        """Waits until `text` was written so many times."""
        with self._news:
            there = self._news.wait_for(lambda: self.seen.count(text) >= count, SECONDS)
            assert there, f"{text!r} was not written {count} times, but: {bytes(self.seen[-2000:])!r}"

    def type(self, data: bytes) -> None:
        os.write(self._side, data)

    def ends(self) -> int:
        """Waits for the program's end; returns its exit code."""
        return self._child.wait(SECONDS)
