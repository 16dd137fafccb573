"""The question that lay on the desk when the program was left, painted again before the program itself is loaded.

Loading Textual and the desk takes some tenths of a second. The last frame is on the disk, so the person reads the
question meanwhile. It is shown only where the desk will ask that very question again (`AnnotateSession.left_until`), in
the same terminal at the same size, and only once: the file is gone as soon as it was read, so that a program that was
killed never shows what was answered since.

Nothing here imports Textual.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from gonogo import __version__

MOST_BYTES = 2_000_000
ALTERNATE_SCREEN = "\x1b[?1049h"
SYNC, END_SYNC = "\x1b[?2026h", "\x1b[?2026l"
_LEAVE = "\x1b[?1049l\x1b[?25h\x1b[?7h"
_LOOKS = ("TERM", "COLORTERM", "NO_COLOR", "TERM_PROGRAM", "TMUX", "STY", "LANG", "LC_ALL", "LC_CTYPE", "SSH_TTY")
_SIGNALS = ("SIGTERM", "SIGHUP", "SIGINT")


def terminal_key(environment: Mapping[str, str], size: tuple[int, int]) -> str:
    """What must be the same for a frame to be shown again; `size` in columns and rows."""
    return json.dumps([__version__, *size, *(environment.get(name, "") for name in _LOOKS)])


def save(path: Path, rows: Sequence[str], key: str, campaign_id: str, until: float) -> None:
    """Keep `rows` (text with its colours), a question of this campaign, until `until`, in seconds since 1970.

    Raises `OSError`.
    """
    frame = "".join(f"\x1b[{y};1H{row}" for y, row in enumerate(rows, 1))
    head = json.dumps({"key": key, "campaign": campaign_id, "until": until})
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as file:
        file.write(f"{head}\n{frame}\x1b[0m")
    part.replace(path)


def take(path: Path, key: str, campaign_id: str | None, now: float) -> str:
    """The frame kept for this terminal (and campaign, if one is given), which is forgotten by this; else nothing."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            head, _, frame = file.read(MOST_BYTES).partition("\n")
        path.unlink()
        kept = json.loads(head)
        same = kept["key"] == key and campaign_id in (None, kept["campaign"])
        return frame if same and now < float(kept["until"]) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def forget(path: Path) -> None:
    """This start is another one's: what was kept will not hold any more."""
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


def begin(path: Path, campaign_id: str | None = None) -> FirstFrame | None:
    """Paint what was kept, if it holds; `None` when there is nothing to show, or no terminal like that."""
    try:
        size = _size()
    except (OSError, ValueError):
        return None
    frame = take(path, terminal_key(os.environ, size), campaign_id, time.time())
    if not frame:
        return None
    try:
        import termios
    except ImportError:  # Windows
        return None
    shown = FirstFrame(frame)
    with contextlib.suppress(termios.error, OSError):
        shown.begin()
        return shown
    return None


def _size() -> tuple[int, int]:
    """Columns and rows as Textual finds them: the environment's before the terminal's own."""
    terminal = os.get_terminal_size(sys.stderr.fileno())
    return int(os.environ.get("COLUMNS") or terminal.columns), int(os.environ.get("LINES") or terminal.lines)


class FirstFrame:
    """A frame on the screen that Textual will take over. Until then keys are not echoed, and signals end in order."""

    def __init__(self, frame: str) -> None:
        self.frame = frame
        self._attributes: list[Any] | None = None
        self._handlers: dict[int, Any] = {}

    def begin(self) -> None:
        """Raises `OSError`, `termios.error`."""
        import termios

        attributes = termios.tcgetattr(sys.stdin.fileno())
        quiet = [*attributes[:3], attributes[3] & ~termios.ECHO, *attributes[4:]]
        for name in _SIGNALS:
            number = getattr(signal, name)
            self._handlers[number] = signal.signal(number, self._ended)
        self._attributes = attributes
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, quiet)
        sys.stderr.write(f"{SYNC}{ALTERNATE_SCREEN}\x1b[?25l\x1b[?7l{self.frame}{END_SYNC}")
        sys.stderr.flush()

    def handed_over(self) -> None:
        """The program takes the terminal as it was found. Keys that were typed meanwhile are still to be read."""
        import termios

        attributes, self._attributes = self._attributes, None
        if attributes is None:
            return
        with contextlib.suppress(termios.error):
            termios.tcsetattr(sys.stdin.fileno(), termios.TCSANOW, attributes)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)

    def end(self) -> None:
        """The program is over: if it never took the screen, leave it as it was. Idempotent."""
        if self._attributes is not None:
            self.handed_over()
            sys.stderr.write(_LEAVE)
            sys.stderr.flush()

    def _ended(self, number: int, _: FrameType | None) -> None:
        self.end()
        raise SystemExit(128 + number)
