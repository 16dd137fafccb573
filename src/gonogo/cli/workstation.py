"""Entry point of the console script: opens the workstation (the Textual app) in this terminal.

It imports the app late: the terminal is asked for its capabilities first, and answers meanwhile.
"""

from __future__ import annotations

import gc
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from gonogo.tui.terminal.probe import Probe


class CampaignOpening(NamedTuple):
    """Campaign to open: by its known id, or by a name (or id) to look up; neither means the last one."""

    id: str | None = None
    name: str | None = None


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
    campaign: str | None = None,
    embedded: bool = False,
    sign_in: bool = False,
    review: bool = False,
    practice: bool = False,
) -> None:
    """Runs the app in this terminal until the person leaves it.

    `campaign_id` is opened as it is; `campaign` is a name or an id that is looked up, first at the login's server.
    """
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
        opening = CampaignOpening(campaign_id, campaign)
        _run(probe, opening, embedded=embedded, sign_in=sign_in, review=review, practice=practice)
    finally:
        probe.end()


def _run(
    probe: Probe, opening: CampaignOpening, *, embedded: bool, sign_in: bool, review: bool, practice: bool
) -> None:
    # Each import stands as late as possible: what comes before it is on the screen sooner.
    from gonogo.desk.core.paths import AppPaths
    from gonogo.tui import first_frame

    home = AppPaths()
    resumes = not (sign_in or review or practice or opening.name)
    with first_frame.show(home.first_frame_file(), opening.id, resumes=resumes) as first:
        gc.disable()  # while modules are loaded: nothing of them is garbage
        from gonogo.demo.demo_campaign import demo_campaign
        from gonogo.embedded.app_composition import make_services
        from gonogo.tui.app import make_app
        from gonogo.tui.navigation import Start

        services = make_services(home, partial(demo_campaign, home))
        start: Start = "sign_in" if sign_in else "embedded" if embedded else "review" if review else "auto"
        start = "practice" if practice else start
        app = make_app(services, start=start, campaign_id=opening.id, campaign=opening.name, first=first, probe=probe)
        gc.enable()
        try:
            app.run()
        finally:
            import asyncio

            asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
