"""Background workers: starts a Textual worker and cancels the one already running in its group."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.screen import Screen

from gonogo.client.transport.retry import FIRST_PAUSE, Reading, read_until_it_works


def start_exclusive(
    node: DOMNode, work: Callable[..., Coroutine[object, None, object]], *args: object, group: str
) -> None:
    """Runs `work(*args)` in the background; cancels the worker of the same `group`.

    The coroutine is created when the worker runs: a worker cancelled before that would leave it unawaited.
    """

    async def run() -> None:
        try:
            await work(*args)
        except NoMatches:
            if not _is_left(node):
                raise  # else: the screen's widgets went before its worker was cancelled

    node.run_worker(cast(Any, run), group=group, exclusive=True)


def start_reading(node: DOMNode, read: Callable[..., Reading], *args: object, group: str) -> None:
    """Runs `read(*args)` in the background, again after a pause until it returns no error; see `start_exclusive`.

    Starting it once more, by a key, reads at once.
    """

    async def read_again() -> None:
        await read_until_it_works(lambda: read(*args), first_pause=FIRST_PAUSE)

    start_exclusive(node, read_again, group=group)


def _is_left(node: DOMNode) -> bool:
    """Returns whether the screen of `node` is shown no more, and is about to be removed."""
    screen = next((each for each in node.ancestors_with_self if isinstance(each, Screen)), None)
    return screen is None or screen not in node.app.screen_stack
