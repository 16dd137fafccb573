"""Process of one browser window: starts the app, carries keys to it and frames from it, and sees to its end.

Run as a module it is the app itself, which speaks textual-serve's packets on its standard streams.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping

from textual_serve.app_service import AppService

END_SECONDS = 6.0
"""Time for the app to end in order: it sends what it can and closes its files."""
_SMALLEST, _LARGEST = 2, 1000
"""Bounds of a window's columns and rows; a page could ask for anything."""
_OTHER_TERMINALS = ("TMUX", "STY", "KITTY_WINDOW_ID", "WEZTERM_PANE", "VTE_VERSION")
"""Variables of the terminal that `gonogo web` was started in; the browser is another one."""


class AppProcess(AppService):
    """Process of one window; `environment` is that of the command.

    Overrides `_open_app_process` and `_build_environment`, which textual-serve has no public way to replace: it would
    run the command through a shell, in the group that a Ctrl-C reaches. A test holds both names against the library.
    """

    def __init__(self, environment: Mapping[str, str], **service: object) -> None:
        super().__init__("gonogo", **service)  # type: ignore[arg-type]  # its own keyword arguments, handed through
        self._environment = environment

    def _build_environment(self, width: int = 80, height: int = 24) -> dict[str, str]:
        kept = {name: value for name, value in self._environment.items() if name not in _OTHER_TERMINALS}
        return kept | {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "TERM_PROGRAM": "browser",
            "TEXTUAL_DRIVER": "gonogo.tui.terminal.browser_driver:BrowserDriver",
            "TEXTUAL_COLOR_SYSTEM": "truecolor",
            "COLUMNS": str(width),
            "ROWS": str(height),
        }

    async def _open_app_process(self, width: int = 80, height: int = 24) -> Process:
        self._process = process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "gonogo.cli.browser.app_process"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=self._build_environment(width, height),
            start_new_session=True,
        )
        self._stdin = process.stdin
        return process

    async def start(self, width: int, height: int) -> None:
        await super().start(_bounded(width), _bounded(height))

    async def set_terminal_size(self, width: int, height: int) -> None:
        await super().set_terminal_size(_bounded(width), _bounded(height))

    async def on_data(self, payload: bytes) -> None:
        """Sends a piece of a frame; dropped once the window is closed, so that the app is read to its end."""
        with contextlib.suppress(ConnectionError):
            await super().on_data(payload)

    async def on_meta(self, data: bytes) -> None:
        with contextlib.suppress(ConnectionError):
            await super().on_meta(data)

    async def run(self) -> None:
        """Carries frames until the app ends, and closes the window's connection then."""
        try:
            await super().run()
        finally:
            await self.remote_close()

    async def stop(self) -> None:
        """Ends the app: asks it, waits, and after `END_SECONDS` kills it with all that it started."""
        process = self._process
        if process is None:
            return
        try:
            async with asyncio.timeout(END_SECONDS):
                await super().stop()
                await process.wait()
        except TimeoutError:
            _kill(process)
            await process.wait()


def _bounded(cells: int) -> int:
    return max(_SMALLEST, min(cells, _LARGEST))


def _kill(process: Process) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)  # it leads its own session


def main() -> None:
    """Runs the app on the streams of `AppProcess`."""
    from gonogo.cli.run_app import run_app  # Textual, which the server of the page does without
    from gonogo.cli.workstation import CampaignOpening
    from gonogo.desk.core.paths import AppPaths

    run_app(AppPaths(), CampaignOpening(), "auto", first=None, probe=None)


if __name__ == "__main__":
    main()
