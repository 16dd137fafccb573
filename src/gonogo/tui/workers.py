"""Background workers: starts a Textual worker and cancels the one already running in its group."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode


def start_exclusive(node: DOMNode, work: Callable[..., Coroutine[Any, Any, None]], *args: object, group: str) -> None:
    """Runs `work(*args)` in the background; cancels the worker of the same `group`.

    The coroutine is created when the worker runs: a worker cancelled before that would leave it unawaited.
    """

    async def run() -> None:
        await work(*args)

    node.run_worker(cast(Any, run), group=group, exclusive=True)
