"""How often one caller may ask: sliding windows of a minute, in this process's memory.

`Retry-After` is not sent: the published contract says clients must not rely on it. Each worker counts for itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime

from gonogo.server.auth import Principal
from gonogo.server.errors import ApiError
from gonogo.server.settings import ServerSettings
from gonogo.wire.vocabulary import ErrorCode

WINDOW_SECONDS = 60
_SWEEP_AT = 10_000  # windows kept before idle ones are dropped


class Window:
    """Counts events of each name over the last minute; at most `limit` are let through, `None` lets all."""

    def __init__(self, limit: int | None, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self._clock = clock
        self._events: dict[str, deque[float]] = {}

    def take(self, name: str) -> bool:
        """Counts one event, if there is room for it."""
        if not self.has_room(name):
            return False
        if self.limit is not None:
            self._events.setdefault(name, deque()).append(self._clock().timestamp())
        return True

    def has_room(self, name: str) -> bool:
        events = self._events.get(name)
        if self.limit is None or events is None:
            return self.limit is None or self.limit > 0
        self._forget(events)
        if len(self._events) > _SWEEP_AT:
            self._sweep()
        return len(events) < self.limit

    def _forget(self, events: deque[float]) -> None:
        now = self._clock().timestamp()
        while events and not now - WINDOW_SECONDS < events[0] <= now:  # a clock set back empties the window
            events.popleft()

    def _sweep(self) -> None:
        for events in self._events.values():
            self._forget(events)
        self._events = {name: events for name, events in self._events.items() if events}


class Limits:
    """The limits of one server."""

    def __init__(self, settings: ServerSettings, clock: Callable[[], datetime]) -> None:
        self._keys = Window(settings.requests_per_minute_per_key, clock)
        self._callers = Window(settings.requests_per_minute_per_caller, clock)
        self._redeems = Window(settings.redeem_failures_per_minute, clock)

    def count(self, caller: Principal, credential: str) -> None:
        """Counts one request of `caller`; 429 `rate_limited` when the key or the caller has used up its minute.

        `credential` names the key or session (a digest, never the secret). Refused requests are not counted.
        """
        for window, name in ((self._keys, credential), (self._callers, caller.id)):
            if not window.has_room(name):
                raise _limited(window.limit)
        self._keys.take(credential)
        self._callers.take(caller.id)

    def check_redeem(self, address: str) -> None:
        """429 `too_many_requests` when too many redeems from this address failed within the last minute."""
        if not self._redeems.has_room(address):
            message = "Too many sign-in attempts from this address: wait a minute, then try again."
            details = {"limit": self._redeems.limit, "window_seconds": WINDOW_SECONDS}
            raise ApiError(429, ErrorCode.TOO_MANY_REQUESTS, message, details)

    def redeem_failed(self, address: str) -> None:
        self._redeems.take(address)


def _limited(limit: int | None) -> ApiError:
    message = f"More than {limit} requests in a minute: slow down, and try again with exponential backoff."
    return ApiError(429, ErrorCode.RATE_LIMITED, message, {"limit": limit, "window_seconds": WINDOW_SECONDS})
