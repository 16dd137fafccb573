"""Browser driver: Textual's driver of a web page, which ends with its page's server."""

from __future__ import annotations

import contextlib

from textual.drivers.web_driver import WebDriver


class BrowserDriver(WebDriver):
    """Driver of an app whose screen is a browser window; packets go over the standard streams.

    Textual's own stays when the other end of the streams is gone: its input thread ends without a word, and the app
    would run on for nobody.
    """

    def write(self, data: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            super().write(data)

    def write_meta(self, data: dict[str, object]) -> None:
        with contextlib.suppress(BrokenPipeError):
            super().write_meta(data)

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():  # the input ended first
            self.on_meta("quit", {"type": "quit"})
