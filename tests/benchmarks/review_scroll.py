"""Key to frame while scrolling the review queue: 100,000 rows against 100, in the same terminal size and run.

A list that makes only the lines that are seen costs the same for both. `python -m tests.benchmarks.review_scroll`.
"""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from gonogo.tui.widgets.virtual_table import VirtualTable
from tests.benchmarks.terminal import summary
from tests.tui.screens.expert.test_review import Listing, Many

ROWS = 100_000
FEW = 100
KEYS = ("down", "pagedown", "up", "pageup", "pagedown", "end", "pageup", "home")


class All(Many):
    """`count` rows, all of them here."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = self.loaded = count


async def _scroll(count: int, presses: int) -> list[float]:
    async with Listing(All(count)).run_test(size=(120, 40)) as pilot:
        shown = pilot.app.query_one(VirtualTable)
        shown.focus()
        shown.update()
        await pilot.pause()
        took = []
        for number in range(presses):
            began = time.perf_counter()
            await pilot.press(KEYS[number % len(KEYS)])
            await pilot.pause()
            took.append((time.perf_counter() - began) * 1000)
        return took


def run(presses: int = 160) -> dict[str, Any]:
    """Milliseconds of a key, its frame included, and the ratio of the long list to the short one."""
    few, many = [], []
    for _ in range(4):  # in turn, so that a drifting machine cancels out
        few += asyncio.run(_scroll(FEW, presses // 4))
        many += asyncio.run(_scroll(ROWS, presses // 4))
    long, short = summary(many), summary(few)
    return {
        "rows": ROWS,
        "key_ms": long,
        "with_100_rows_ms": short,
        "ratio_p50": round(long["p50"] / short["p50"], 2),
        "ratio_p95": round(long["p95"] / short["p95"], 2),
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
