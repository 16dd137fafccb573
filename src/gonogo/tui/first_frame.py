"""First frame: paints the last run's question before Textual, which takes some tenths of a second to load.

It is shown only if the session will ask the same question again (`AnnotateSession.left_until`), in the same
terminal at the same size, and only once: the file is deleted when it is read, so that a killed program never shows
an answered question. Textual's own frames are held back until question and drawing are complete.

`show` is called by the command line, `attach` by the app; nothing else uses this module.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, cast

from gonogo import __version__

try:
    import termios
except ImportError:  # Windows
    termios = None  # type: ignore[assignment,unused-ignore]

if TYPE_CHECKING:
    from textual.app import App

    from gonogo.tui.app_protocol import AppProtocol

MOST_BYTES = 2_000_000
HOLD_SECONDS = 1.5
"""Longest time that the frame of the last run stays when question and drawing are not there."""
POLL_SECONDS = 0.04
ALTERNATE_SCREEN = "\x1b[?1049h"
_SYNC, _END_SYNC = "\x1b[?2026h", "\x1b[?2026l"
_ENVIRONMENT_NAMES = (
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "TERM_PROGRAM",
    "TMUX",
    "STY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SSH_TTY",
)


def terminal_key(environment: Mapping[str, str], size: tuple[int, int]) -> str:
    """Returns the key that must be equal for a frame to be shown again; `size` in columns and rows."""
    return json.dumps([__version__, *size, *(environment.get(name, "") for name in _ENVIRONMENT_NAMES)])


def save(path: Path, rows: Sequence[str], key: str, campaign_id: str, until: float) -> None:
    """Saves `rows` (text with its colours) of a campaign's question until `until`, in seconds since 1970.

    Raises `OSError`.
    """
    frame = "".join(f"\x1b[{y};1H{row}" for y, row in enumerate(rows, 1))
    head = json.dumps({"key": key, "campaign": campaign_id, "until": until})
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(handle, "w", encoding="utf-8", newline="") as file:
        file.write(f"{head}\n{frame}\x1b[0m")
    part.replace(path)


def pop(path: Path, key: str, campaign_id: str | None, now: float) -> str:
    """Reads and deletes the frame; empty unless it is for this terminal (and campaign, if one is given) and valid."""
    try:
        with open(path, encoding="utf-8", newline="") as file:
            head, _, frame = file.read(MOST_BYTES).partition("\n")
        path.unlink()
        saved = json.loads(head)
        same = saved["key"] == key and campaign_id in (None, saved["campaign"])
        return frame if same and now < float(saved["until"]) else ""
    except (OSError, ValueError, KeyError, TypeError):
        return ""


@contextlib.contextmanager
def show(path: Path, campaign_id: str | None, *, resumes: bool) -> Iterator[FirstFrame]:
    """Paints the saved frame if it is valid; leaving the context restores the terminal if the app never took it.

    `resumes`: whether this start resumes the annotating; any other one only deletes the frame.
    """
    first = FirstFrame(path)
    with contextlib.suppress(OSError, ValueError, ImportError):
        columns, rows = os.get_terminal_size(sys.stderr.fileno())
        # Textual takes the environment's size before the terminal's own.
        size = int(os.environ.get("COLUMNS") or columns), int(os.environ.get("LINES") or rows)
        frame = pop(path, terminal_key(os.environ, size), campaign_id, time.time())
        first.frame = frame if resumes else ""
        first.paint()
    try:
        yield first
    finally:
        first.restore()


class FirstFrame:
    """Frame on the screen until Textual takes over. Until then keys are not echoed, and signals end cleanly."""

    def __init__(self, path: Path) -> None:
        self.path, self.frame = path, ""
        self._painted = False
        self._undo = contextlib.ExitStack()

    def paint(self) -> None:
        """Paints the frame. Raises `OSError`, and `ImportError` on Windows."""
        if not self.frame:
            return
        if termios is None:
            raise ImportError("no termios")
        attributes = termios.tcgetattr(sys.stdin)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT):
            self._undo.callback(signal.signal, number, signal.signal(number, self._end))
        quiet = [*attributes[:3], attributes[3] & ~termios.ECHO, *attributes[4:]]
        termios.tcsetattr(sys.stdin, termios.TCSANOW, quiet)
        self._undo.callback(termios.tcsetattr, sys.stdin, termios.TCSANOW, attributes)
        self._painted = True  # before the first byte: a signal may come between
        self._write(f"{_SYNC}{ALTERNATE_SCREEN}\x1b[?25l\x1b[?7l{self.frame}{_END_SYNC}")

    def hand_over(self) -> bool:
        """Restores the terminal's attributes, leaving typed keys unread; returns false if no frame is painted."""
        painted, self._painted = self._painted, False
        self._undo.close()
        return painted

    def restore(self) -> None:
        if self.hand_over():
            self._write("\x1b[?1049l\x1b[?25h\x1b[?7h")

    def _end(self, number: int, _: FrameType | None) -> None:
        self.restore()
        raise SystemExit(128 + number)

    def _write(self, text: str) -> None:
        """Writes without Python's buffer: a signal may come in the middle, and its handler writes, too."""
        data = text.encode()
        while data:
            data = data[os.write(sys.stderr.fileno(), data) :]


def attach(app: App[None], first: FirstFrame) -> None:
    """Makes the app's driver take over `first` and save the frame for the next start. Call it before the app runs."""

    try:
        from gonogo.tui.terminal.driver import TerminalDriver  # loads Textual
    except ImportError:  # Windows has no termios; Textual's own driver paints there
        return

    gonogo = cast("AppProtocol", app)

    class HandOverDriver(TerminalDriver):
        """Driver that holds Textual's frames back until the question is complete, and saves the last one."""

        _held: list[str] | None = None
        _starting = False
        _rows: Sequence[str] = ()

        def start_application_mode(self) -> None:
            if first.hand_over():
                self._held, self._starting = [], True
                self._deadline = time.monotonic() + HOLD_SECONDS
                self._timer = app.set_interval(POLL_SECONDS, self._poll)
            super().start_application_mode()
            self._starting = False

        def write(self, data: str) -> None:
            if self._held is None:
                super().write(data)
            elif data == ALTERNATE_SCREEN:  # clears the screen, even where it is the screen already
                super().write(f"{_SYNC}{data}{first.frame}{_END_SYNC}")
            elif self._starting:
                super().write(data)
            else:
                self._held.append(data)

        def _poll(self) -> None:
            ready = getattr(app.screen, "is_complete", False) or app.screen.has_class("-card")
            if ready or time.monotonic() > self._deadline:
                self._timer.stop()
                self._release()

        def _release(self) -> None:
            held, self._held = self._held, None
            if held:
                self.write("".join([_SYNC, *held, _END_SYNC]))

        def stop_application_mode(self) -> None:
            self._release()
            if not self._suspended and getattr(app.screen, "is_complete", False):
                gonogo.terminal.pixels_shown = False  # the saved frame is made of cells
                # There is no public way to the painted rows; a test holds this name against the framework.
                self._rows = [strip.render(app.console) for strip in app.screen._compositor.render_strips()]
                self._session = gonogo.navigator.session
            super().stop_application_mode()

        def close(self) -> None:
            """Saves the last frame; Textual calls it after the session was closed."""
            super().close()
            until = getattr(self._session, "left_until", None) if self._rows else None
            if until is not None:
                key = terminal_key(os.environ, (app.size.width, app.size.height))
                with contextlib.suppress(OSError):  # a convenience: the next start takes longer
                    save(first.path, self._rows, key, gonogo.navigator.campaign_id, until)

    app.driver_class = HandOverDriver
