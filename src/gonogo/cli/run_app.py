"""Runner of the app: composes the services and the Textual app, and runs it until the person leaves it.

`show_workstation` loads this module behind the first frame: Textual takes some tenths of a second.
"""

from __future__ import annotations

import asyncio
import gc
from functools import partial

from gonogo.cli.workstation import CampaignOpening
from gonogo.demo.demo_campaign import demo_campaign
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.app_composition import make_services
from gonogo.tui.app import make_app
from gonogo.tui.first_frame import FirstFrame
from gonogo.tui.navigation import Start
from gonogo.tui.terminal.probe import Probe


def run_app(
    home: AppPaths, opening: CampaignOpening, start: Start, *, first: FirstFrame | None, probe: Probe | None
) -> None:
    """Runs the app; in a browser there is neither a first frame nor a probe. Raises `SystemExit` with an app's code."""
    services = make_services(home, partial(demo_campaign, home))
    app = make_app(services, start=start, campaign_id=opening.id, campaign=opening.name, first=first, probe=probe)
    gc.enable()  # `show_workstation` stopped it while modules were loaded
    try:
        app.run()
    finally:
        asyncio.run(services.aclose())
    if app.return_code:
        raise SystemExit(app.return_code)
