"""Start of the workstation: asks the terminal what it can do, paints the first frame, then loads and runs the app.

The app is imported last: the first frame is on the screen by then, and the terminal's answers come meanwhile.
"""

from __future__ import annotations

import gc
import os
import signal
from types import FrameType
from typing import TYPE_CHECKING

from gonogo.desk.core.paths import AppPaths
from gonogo.tui import first_frame
from gonogo.tui.terminal.probe import Probe

if TYPE_CHECKING:
    from gonogo.cli.workstation import CampaignOpening
    from gonogo.tui.navigation import Start


def show_workstation(opening: CampaignOpening, start: Start, *, resumes: bool) -> None:
    """Runs the app; `resumes` means that it may ask the last run's question again. Raises `SystemExit`."""
    probe = Probe(os.environ)
    home = AppPaths()
    for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):  # not all are there on Windows
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _end)
    try:
        probe.ask()
        with first_frame.show(home.first_frame_file(), opening.id, resumes=resumes) as first:
            gc.disable()  # while modules are loaded: nothing of them is garbage
            from gonogo.cli.run_app import run_app  # Textual, which comes behind the first frame

            run_app(home, opening, start, first=first, probe=probe)
    finally:
        probe.end()


def _end(number: int, _: FrameType | None) -> None:
    """Handler until the app takes the terminal: the terminal is set back on the way out."""
    raise SystemExit(128 + number)
