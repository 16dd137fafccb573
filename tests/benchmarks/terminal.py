"""A program under a pseudo-terminal, timed from outside: start to first sight of a text, key to end of repaint.

All times in milliseconds on the monotonic clock. The terminal answers no queries, like a plain one.
"""

from __future__ import annotations

import codecs
import fcntl
import os
import pty
import re
import select
import signal
import statistics
import struct
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[PX^_][^\x1b]*\x1b\\|\x1b[ -/]*[0-~]"
)
QUIET = 0.06
"""Seconds without a byte after which a repaint counts as over."""


@dataclass
class Program:
    """`command` running in a terminal of `columns` × `rows`; use as a context manager."""

    command: Sequence[str]
    columns: int = 120
    rows: int = 40
    env: Mapping[str, str] = field(default_factory=dict)
    started: float = 0.0
    text: str = ""
    _pid: int = 0
    _fd: int = -1
    _status: int | None = None

    def __enter__(self) -> Program:
        self._decode = codecs.getincrementaldecoder("utf-8")("replace")
        self.started = time.monotonic()
        self._pid, self._fd = pty.fork()
        if self._pid == 0:
            os.environ.update({"TERM": "xterm-256color", "COLORTERM": "truecolor", **self.env})
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", self.rows, self.columns, 0, 0))
            os.execvp(self.command[0], list(self.command))
        return self

    def __exit__(self, *_: object) -> None:
        self.signal(signal.SIGTERM)
        self.ended()
        os.close(self._fd)

    @property
    def pid(self) -> int:
        return self._pid

    @property
    def fd(self) -> int:
        """This end of the terminal."""
        return self._fd

    def signal(self, number: int) -> None:
        if self._status is None:
            os.kill(self._pid, number)

    def ended(self, timeout: float = 5.0) -> int:
        """Wait for the end, by force after `timeout` seconds; the status as `os.waitpid` gives it."""
        deadline = time.monotonic() + timeout
        while self._status is None:
            pid, status = os.waitpid(self._pid, os.WNOHANG)
            if pid:
                self._status = status
                break
            self.read(0.05)
            if time.monotonic() > deadline:
                os.kill(self._pid, signal.SIGKILL)
        return self._status

    def read(self, timeout: float) -> bool:
        """Take what the program wrote within `timeout` seconds; false when there was nothing."""
        ready, _, _ = select.select([self._fd], [], [], timeout)
        if not ready:
            return False
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            return False
        self.text += self._decode.decode(data)
        return bool(data)

    def seen(self) -> str:
        """What was written so far, without escape sequences."""
        return ESCAPES.sub("", self.text)

    def wait_for(self, marker: str, timeout: float = 30.0, *, raw: bool = False) -> float:
        """Milliseconds from the start until `marker` (a regular expression) was written. `TimeoutError` else.

        `raw`: look among the escape sequences, too.
        """
        pattern = re.compile(marker)
        while time.monotonic() - self.started < timeout:
            if self.read(0.5) and pattern.search(self.text if raw else self.seen()):
                return (time.monotonic() - self.started) * 1000
        raise TimeoutError(f"{marker!r} was not seen within {timeout} s; last: {self.seen()[-400:]!r}")

    def settle(self, quiet: float = QUIET) -> None:
        while self.read(quiet):
            pass

    def press(self, key: bytes, timeout: float = 3.0) -> float:
        """Milliseconds from the key to the last byte of the repaint it caused."""
        self.text = ""
        begin = last = time.monotonic()
        os.write(self._fd, key)
        if not self.read(timeout):
            raise TimeoutError(f"nothing was painted after {key!r}")
        last = time.monotonic()
        while self.read(QUIET):
            last = time.monotonic()
        return (last - begin) * 1000


def percentile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]


def summary(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and count."""
    return {
        "p50": round(statistics.median(values), 2),
        "p95": round(percentile(values, 0.95), 2),
        "n": len(values),
    }
