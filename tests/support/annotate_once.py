"""Program: opens a campaign of the workspace in a headless workstation, answers one question, and prints the screens.

`python -m tests.support.annotate_once CAMPAIGN_ID`, in a home given by `GONOGO_HOME`. Prints JSON: the text of
the screen at the question, and after the answer.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable

from textual.pilot import Pilot

from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.app_composition import make_services
from gonogo.tui.app import make_app
from tests.tui.screen_text import text_of

SECONDS = 40.0


async def main(campaign_id: str) -> dict[str, str]:
    services = make_services(AppPaths())
    app = make_app(services, start="embedded", campaign_id=campaign_id)
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "a correct" in text_of(app.screen))
        await until(pilot, lambda: bool(getattr(app.screen, "is_complete", False)))
        first = text_of(app.screen)
        await until(pilot, lambda: press(pilot, "a") or "nothing yet" not in text_of(app.screen))
        second = text_of(app.screen)
    await services.aclose()
    return {"question": first, "answered": second}


def press(pilot: Pilot[None], key: str) -> bool:
    """Presses the key; pressed on and on, because one that comes too soon after the paint doesn't count. False."""
    pilot.app.simulate_key(key)
    return False


async def until(pilot: Pilot[None], done: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            raise SystemExit(f"not in time:\n{text_of(pilot.app.screen)}")
        await pilot.pause(0.3)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1]))))
