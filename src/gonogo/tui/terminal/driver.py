"""Terminal driver: Textual's, plus pixel pictures after a frame, and a filter of replies and key events."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import threading
from collections.abc import Callable
from functools import partial
from typing import IO, Any

from textual.constants import DISABLE_KITTY_KEY
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.key_events import ASK_EVENT_TYPES, REPEAT_KEY, KeyEvents
from gonogo.tui.terminal.probe import Probe, TerminalReplies
from gonogo.tui.terminal.watchdog import TerminalWatchdog

try:
    import termios
except ImportError:  # Windows, which never loads this driver
    termios = None  # type: ignore[assignment,unused-ignore]

_ESCAPE_SECONDS = 0.05
"""Delay after which the start of a reply counts as the Escape key."""
_LEAVE = b"\x1b[?1000l\x1b[?1003l\x1b[?1006l\x1b[?1004l\x1b[?2004l\x1b[<u\x1b[?1049l\x1b[?7h\x1b[?25h"
"""What `stop_application_mode` writes, for an end that does not get there."""


class TerminalOutput:
    """Output to a terminal that may be gone: then what is written is dropped, and `on_gone` is called.

    Textual's writer thread would end with the first error, and its queue would fill up and block the loop.
    """

    def __init__(self, file: IO[str], on_gone: Callable[[], None]) -> None:
        self._file, self._on_gone = file, on_gone
        self._gone = False

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, text: str) -> None:
        self._attempt(lambda: self._file.write(text))

    def flush(self) -> None:
        self._attempt(self._file.flush)

    def _attempt(self, work: Callable[[], object]) -> None:
        if self._gone:
            return
        try:
            work()
        except (OSError, ValueError):  # EIO, or closed
            self._gone = True
            self._on_gone()


class TerminalDriver(LinuxDriver):
    """Driver of an app with `terminal` and `probe`; otherwise draws and reads as `LinuxDriver` does."""

    def __init__(self, app: Any, **more: Any) -> None:
        super().__init__(app, **more)
        self._terminal: TerminalCapabilities = app.terminal
        self._probe: Probe | None = app.probe
        self._terminal.write = super().write
        self._suspended = False
        self._key_events = KeyEvents()
        self._repeat_follows = False
        self._file: Any = TerminalOutput(self._file, self._terminal_gone)
        self._watchdog: TerminalWatchdog | None = None

    def write(self, data: str) -> None:
        super().write(data)
        if more := self._terminal.after_frame(data):
            super().write(more)

    def start_application_mode(self) -> None:
        self._terminal.reports_repeats = self._can_report_repeats(self._terminal.answers)
        if self._watchdog is None:
            loop = asyncio.get_running_loop()
            terminal = self.fileno  # it is the pipe of the keys while the input is filtered
            restore = partial(self._restore_terminal, terminal)
            self._watchdog = TerminalWatchdog(terminal, partial(self._end, loop), restore)
            self._watchdog.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._probe is not None and self._probe.before is not None:
            self.attrs_before = self._probe.before  # what it found is what the questions needed
        if self._terminal.reports_repeats:
            self.write(ASK_EVENT_TYPES)

    def _can_report_repeats(self, answers: TerminalReplies) -> bool:
        """Returns whether keys come with event types: only where the input is filtered, as Textual cannot read them."""
        return self._probe is not None and answers.keyboard and not DISABLE_KITTY_KEY

    def process_message(self, message: Message) -> None:
        """Records which key events are repeats; `REPEAT_KEY` before them goes no further."""
        if isinstance(message, Key):
            if message.key == REPEAT_KEY:
                self._repeat_follows = True
                return
            if self._repeat_follows:
                self._repeat_follows = False
                self._terminal.record_repeat(message.time)
        super().process_message(message)

    def suspend_application_mode(self) -> None:
        self._suspended = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Resumes only after a suspension: a closing terminal also sends SIGCONT, and would start a second reader."""
        if self._suspended:
            self._suspended = False
            super().resume_application_mode()

    def close(self) -> None:
        super().close()
        if self._watchdog is not None:
            self._watchdog.stop()

    def _terminal_gone(self) -> None:
        if self._watchdog is not None:
            self._watchdog.terminal_gone()

    def _end(self, loop: asyncio.AbstractEventLoop, code: int, hung_up: bool) -> None:
        """Asks for an orderly end, from the watchdog's thread. Without a terminal the input thread ends at once."""
        if hung_up:
            self.exit_event.set()
        with contextlib.suppress(RuntimeError):  # the loop has ended already
            loop.call_soon_threadsafe(self._app.exit, None, code)

    def _restore_terminal(self, terminal: int) -> None:
        """Sets the terminal back without waiting for it."""
        with contextlib.suppress(OSError, ValueError, termios.error):
            if self.attrs_before is not None:
                termios.tcsetattr(terminal, termios.TCSANOW, self.attrs_before)
            if select.select([], [self._file.fileno()], [], 0)[1]:
                os.write(self._file.fileno(), _LEAVE)

    def run_input_thread(self) -> None:
        """Reads keys directly, unless they have event types, replies may still come, or keys were typed already."""
        probe = self._probe
        if probe is None or not (
            self._terminal.reports_repeats or probe.waiting or probe.typed or probe.reply_filter.holding
        ):
            super().run_input_thread()
            return
        terminal, (keys, feed) = self.fileno, os.pipe()
        filtering = threading.Thread(
            target=self._filter_replies, args=(probe, terminal, feed), name="gonogo-replies", daemon=True
        )
        filtering.start()
        self.fileno = keys  # only here: the thread that sets the terminal back waits for this one to end
        try:
            super().run_input_thread()
        finally:
            self.fileno = terminal
            filtering.join()
            os.close(keys)

    def _filter_replies(self, probe: Probe, terminal: int, feed: int) -> None:
        """Copies from the terminal into the pipe, without the replies, keys as Textual reads them."""
        key_events = self._key_events
        reply_filter, reported = probe.reply_filter, not probe.waiting
        with os.fdopen(feed, "wb", buffering=0) as pipe:
            pipe.write(probe.typed)
            probe.typed = b""
            while not self.exit_event.is_set():
                paused = not select.select([terminal], [], [], _ESCAPE_SECONDS)[0]
                if not paused:
                    if not (data := _read(terminal)):
                        self.exit_event.wait()  # at its end the pipe would be read over and over
                        return
                    data = reply_filter.feed(data)
                else:
                    data = reply_filter.release()
                if self._terminal.reports_repeats:
                    data = key_events.feed(data) + (key_events.release() if paused else b"")
                if not reported and reply_filter.answers.complete:
                    reported = True
                    self._update_capabilities(reply_filter.answers)  # before the keys: one of them may end the app
                if data:
                    pipe.write(data)

    def _update_capabilities(self, answers: TerminalReplies) -> None:
        if self._can_report_repeats(answers):
            self._terminal.reports_repeats = True
            self.write(ASK_EVENT_TYPES)
        self._app.call_later(self._terminal.update, answers)


def _read(terminal: int) -> bytes:
    """Returns typed bytes; none at the end of the input, and where the terminal is gone."""
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
