"""Work behind a screen."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, cast

from textual.dom import DOMNode


def begin(node: DOMNode, work: Callable[..., Coroutine[Any, Any, None]], *args: object, group: str) -> None:
    """Run `work(*args)` in the background, in place of what `group` was doing.

    The coroutine is made when the worker runs: one that is replaced before it began would otherwise be left unawaited.
    """

    async def run() -> None:
        await work(*args)

    node.run_worker(cast(Any, run), group=group, exclusive=True)
