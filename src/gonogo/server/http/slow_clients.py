"""Slow client guard: closes connections whose request never completes, because each occupies a file descriptor.

uvicorn has no time limit for the head or the body of a request, and not every server stands behind a proxy that has.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from gonogo.server.http.raw_errors import raw_error

HEAD_SECONDS = 30.0
"""Time limit of a request's head, from the connection or from its first byte."""
BODY_SECONDS = 300.0
"""Time limit of its body: 50 MB at 1.4 Mbit/s."""
_MESSAGE = "The request took too long to arrive; nothing was changed. Send it again."


class SlowClientGuard:
    """Periodic check of uvicorn's connections; requests pay nothing for it."""

    def __init__(
        self,
        *,
        head_seconds: float = HEAD_SECONDS,
        body_seconds: float = BODY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limits = {"head": head_seconds, "body": body_seconds}
        self._clock = clock
        self._since: dict[Any, tuple[object, float]] = {}

    def close_slow(self, connections: Iterable[Any]) -> int:
        """Answers 408 and closes where a head or body takes longer than allowed; returns how many were closed."""
        before, self._since = self._since, {}
        now, closed = self._clock(), 0
        for connection in list(connections):
            part = _awaited(connection)
            if part is None:
                continue
            waits_for = (part, connection.cycle)
            seen, since = before.get(connection, (None, now))
            since = since if seen == waits_for else now
            if now - since < self._limits[part]:
                self._since[connection] = (waits_for, since)
                continue
            if part == "head" or not connection.cycle.response_started:
                connection.transport.write(raw_error(HTTPStatus.REQUEST_TIMEOUT, _MESSAGE))
            connection.transport.close()
            closed += 1
        return closed


def _awaited(connection: Any) -> str | None:
    """`head` or `body`, whichever the peer is sending; `None` while it waits for the reply or between two requests."""
    cycle = connection.cycle
    if cycle is None:
        return "head"
    if cycle.response_complete:
        return "head" if connection.timeout_keep_alive_task is None else None
    return "body" if cycle.more_body else None
