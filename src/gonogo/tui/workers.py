"""Background workers: starts a Textual worker and cancels the one already running in its group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode

FIRST_PAUSE, LONGEST_PAUSE = 2.0, 30.0
"""Seconds before something that could not be read is read again; the pause doubles with each failure."""


def start_exclusive(
    node: DOMNode, work: Callable[..., Coroutine[object, None, object]], *args: object, group: str
) -> None:
    """Runs `work(*args)` in the background; cancels the worker of the same `group`.

    The coroutine is created when the worker runs: a worker cancelled before that would leave it unawaited.
    """

    async def run() -> None:
        await work(*args)

    node.run_worker(cast(Any, run), group=group, exclusive=True)


def start_reading(node: DOMNode, read: Callable[..., Coroutine[object, None, bool]], *args: object, group: str) -> None:
    """Runs `read(*args)` in the background, again after a pause until it returns true; see `start_exclusive`.

    Starting it once more, by a key, reads at once.
    """

    async def read_until_it_works() -> None:
        pause = FIRST_PAUSE
        while not await read(*args):
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    start_exclusive(node, read_until_it_works, group=group)
