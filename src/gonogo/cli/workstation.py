"""Entry point of the console script: opens the workstation (the Textual app) in this terminal.

It imports the app late: the terminal is asked for its capabilities first, and answers meanwhile.
"""

from __future__ import annotations

import gc
import os
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gonogo.tui.terminal.probe import Probe


def main() -> Any:
    """Entry point of the console script: bare `gonogo` opens the workstation, anything else is a command.

    A shell that completes asks bare `gonogo`, too; its request is in the environment.
    """
    if len(sys.argv) == 1 and "_GONOGO_COMPLETE" not in os.environ:
        return open_workstation()
    from gonogo.cli.main import main as run_command  # imports this module

    return run_command()


def open_workstation(
    *,
    campaign_id: str | None = None,
    embedded: bool = False,
    sign_in: bool = False,
    review: bool = False,
    practice: bool = False,
) -> None:
    """Runs the app in this terminal until the person leaves it."""
    if not sys.stdin.isatty() or not sys.stderr.isatty():
        from gonogo.cli.support.exit_codes import EXIT_USAGE, fail  # imports click, which a first frame does without

        fail(
            "the workstation needs a terminal",
            "Run it in one; `gonogo --help` lists what works in scripts.",
            EXIT_USAGE,
        )
    from gonogo.tui.terminal.probe import Probe  # commands come through this module, and need no probe

    probe = Probe(os.environ)
    probe.ask()  # before the app is imported: the answers come meanwhile
    try:
        _run(probe, campaign_id=campaign_id, embedded=embedded, sign_in=sign_in, review=review, practice=practice)
    finally:
        probe.end()


def _run(probe: Probe, *, campaign_id: str | None, embedded: bool, sign_in: bool, review: bool, practice: bool) -> None:
    # Each import stands as late as possible: what comes before it is on the screen sooner.
    from gonogo.desk.core.paths import AppPaths
    from gonogo.tui import first_frame

    home = AppPaths()
    with first_frame.show(home.first_frame_file(), campaign_id, resumes=not (sign_in or review or practice)) as first:
        gc.disable()  # while modules are loaded: nothing of them is garbage
        from gonogo.embedded.app_composition import make_services
        from gonogo.tui.app import make_app
        from gonogo.tui.navigation import Start

        services = make_services(home)
        start: Start = "sign_in" if sign_in else "embedded" if embedded else "review" if review else "auto"
        start = "practice" if practice else start
        app = make_app(services, start=start, campaign_id=campaign_id, first=first, probe=probe)
        gc.enable()
        try:
            app.run()
        finally:
            import asyncio

            asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
