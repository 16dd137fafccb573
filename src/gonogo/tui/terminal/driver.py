"""Terminal driver: Textual's, plus pixel pictures after a frame, and a filter of replies and key events."""

from __future__ import annotations

import os
import select
import threading
from typing import Any

from textual.constants import DISABLE_KITTY_KEY
from textual.drivers.linux_driver import LinuxDriver
from textual.events import Key
from textual.message import Message

from gonogo.tui.terminal.capabilities import TerminalCapabilities
from gonogo.tui.terminal.key_events import ASK_EVENT_TYPES, REPEAT_KEY, KeyEvents
from gonogo.tui.terminal.probe import Probe, TerminalReplies

_ESCAPE_SECONDS = 0.05
"""Delay after which the start of a reply counts as the Escape key."""


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

    def write(self, data: str) -> None:
        super().write(data)
        if more := self._terminal.after_frame(data):
            super().write(more)

    def start_application_mode(self) -> None:
        self._terminal.reports_repeats = self._can_report_repeats(self._terminal.answers)
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
                    if not (data := os.read(terminal, 4096)):
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
