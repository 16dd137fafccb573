"""Program: opens the review queue of a campaign in a headless workstation, rejects its one reading, and prints the
screens.

`python -m tests.support.review_once CAMPAIGN_ID`, in a home given by `GONOGO_HOME`. Prints JSON: the text of the
screen at the queue, at the case, and after the ruling.
"""

from __future__ import annotations

import asyncio
import json
import sys

from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.app_composition import make_services
from gonogo.tui.app import make_app
from gonogo.tui.screens.expert.adjudicate import AdjudicateScreen
from tests.support.annotate_once import press, until
from tests.tui.screen_text import text_of


async def main(campaign_id: str) -> dict[str, str]:
    services = make_services(AppPaths())
    app = make_app(services, start="review", campaign_id=campaign_id)
    screens = {}
    async with app.run_test(size=(120, 40)) as pilot:
        await until(pilot, lambda: "1 of 1" in text_of(app.screen))
        screens["queue"] = text_of(app.screen)
        app.simulate_key("enter")
        await until(pilot, lambda: _is_painted(app.screen))
        screens["case"] = text_of(app.screen)
        await until(pilot, lambda: press(pilot, "s") or "1 ruling made here" in text_of(app.screen))
        screens["ruled"] = text_of(app.screen)
    await services.aclose()
    return screens


def _is_painted(screen: object) -> bool:
    return isinstance(screen, AdjudicateScreen) and screen.pane.current is not None and not screen.pane.guard.waiting


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asyncio.run(main(sys.argv[1]))))
