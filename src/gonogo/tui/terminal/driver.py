"""Textual's driver, with two doors more: pictures that follow a frame, and answers that are no keys."""

from __future__ import annotations

import os
import select
import threading
from typing import Any

from textual.drivers.linux_driver import LinuxDriver

from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.probe import Probe, TerminalReplies

_KEY_SECONDS = 0.05
"""After so long the beginning of an answer was the Escape key."""


class TerminalDriver(LinuxDriver):
    """Belongs to an app with `terminal` and `probe`; draws and reads as `LinuxDriver` does otherwise."""

    def __init__(self, app: Any, **more: Any) -> None:
        super().__init__(app, **more)
        self._terminal: TerminalCapabilities = app.terminal
        self._probe: Probe | None = app.probe
        self._terminal.write = super().write
        self._suspended = False

    def write(self, data: str) -> None:
        super().write(data)
        if self._terminal.after_frame is not None and (more := self._terminal.after_frame(data)):
            super().write(more)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if self._probe is not None and self._probe.before is not None:
            self.attrs_before = self._probe.before  # what it found is what the questions needed

    def suspend_application_mode(self) -> None:
        self._suspended = True
        super().suspend_application_mode()

    def resume_application_mode(self) -> None:
        """Only after a suspension: a terminal that goes away sends SIGCONT as well, and would start a second reader."""
        if self._suspended:
            self._suspended = False
            super().resume_application_mode()

    def run_input_thread(self) -> None:
        """Keys go the usual, short way, unless answers may still come or keys came before we did."""
        probe = self._probe
        if probe is None or not (probe.waiting or probe.typed or probe.sieve.holding):
            super().run_input_thread()
            return
        terminal, (keys, feed) = self.fileno, os.pipe()
        sifting = threading.Thread(target=self._sift, args=(probe, terminal, feed), name="gonogo-sieve", daemon=True)
        sifting.start()
        self.fileno = keys  # only here: the thread that sets the terminal back waits for this one to end
        try:
            super().run_input_thread()
        finally:
            self.fileno = terminal
            sifting.join()
            os.close(keys)

    def _sift(self, probe: Probe, terminal: int, feed: int) -> None:
        """From the terminal into the pipe, without the answers."""
        sieve, told = probe.sieve, not probe.waiting
        with os.fdopen(feed, "wb", buffering=0) as pipe:
            pipe.write(probe.typed)
            probe.typed = b""
            while not self.exit_event.is_set():
                if select.select([terminal], [], [], _KEY_SECONDS)[0]:
                    if not (data := os.read(terminal, 4096)):
                        return
                    pipe.write(sieve.feed(data))
                elif sieve.holding:
                    pipe.write(sieve.release())
                if not told and sieve.answers.complete:
                    told = True
                    self._terminal_told(sieve.answers)

    def _terminal_told(self, answers: TerminalReplies) -> None:
        self._app.call_later(self._terminal.told, answers)
