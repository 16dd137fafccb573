"""Rate limits: count requests in sliding windows of a minute, per worker and over all workers.

`Retry-After` is not sent: the published contract says clients must not rely on it.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

from gonogo.schemas.enums import ErrorCode
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import ApiError
from gonogo.server.settings import ServerSettings
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import rate_counts

WINDOW_SECONDS = 60
_SWEEP_AT = 10_000  # windows kept before idle ones are dropped


class SlidingWindow:
    """Sliding window: counts events of each name over the last minute; `limit` is the most, `None` for no limit."""

    def __init__(self, limit: int | None, clock: Callable[[], datetime]) -> None:
        self.limit = limit
        self._clock = clock
        self._events: dict[str, deque[float]] = {}

    def take(self, name: str) -> bool:
        """Counts one event and returns true, if there is room for it."""
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


class SharedCounter:
    """Shared counter over all workers of a database: table `rate_counts`, a row for each name and minute.

    A worker adds its count in lots of a twentieth of the limit, so that few requests pay for it. With n workers a
    caller can exceed the limit by at most n/20.
    """

    def __init__(self, store: Store, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._pending: dict[str, tuple[int, int]] = {}  # minute, requests not yet written down
        self._full: set[str] = set()

    def take(self, name: str, limit: int, *, lot: int | None = None) -> bool:
        """Counts one event; returns false when the minute, over all workers, has more than `limit`."""
        if name in self._full:
            if not self.has_room(name, limit):
                return False
            self._full.discard(name)
        minute = int(self._clock().timestamp() // WINDOW_SECONDS)
        since, pending = self._pending.get(name, (minute, 0))
        pending = pending + 1 if since == minute else 1
        if pending < (lot or max(1, limit // 20)):
            self._pending[name] = (minute, pending)
            self._forget(minute)
            return True
        self._pending[name] = (minute, 0)
        total = self._add(name, minute, pending)
        if total >= limit:
            self._full.add(name)
        return total <= limit

    def has_room(self, name: str, limit: int) -> bool:
        """Whether fewer than `limit` events were written down for the last minute."""
        minute, part = self._now()
        rows = {"name": _name(name), "minute": minute, "share": 1 - part}
        counted = self._store.query_one(_COUNTED, rows)
        return counted is None or (counted.n or 0) < limit

    def _add(self, name: str, minute: int, count: int) -> float:
        _minute, part = self._now()
        with self._store.write() as connection:
            row = {"name": _name(name), "minute": minute, "count": count}
            current: int = _ADD.scalar(connection, row)
            before: int = _BEFORE.scalar(connection, row) or 0
        return current + before * (1 - part)

    def _now(self) -> tuple[int, float]:
        minute, seconds = divmod(self._clock().timestamp(), WINDOW_SECONDS)
        return int(minute), seconds / WINDOW_SECONDS

    def _forget(self, minute: int) -> None:
        if len(self._pending) > _SWEEP_AT:
            self._pending = {name: kept for name, kept in self._pending.items() if kept[0] >= minute}


def sweep(connection: Connection, now: datetime) -> int:
    """Deletes counts that no window reaches any more; returns how many."""
    old = int(now.timestamp() // WINDOW_SECONDS) - 2
    return connection.execute(rate_counts.delete().where(rate_counts.c.minute < old)).rowcount


class RateLimiter:
    """Rate limiter of one server: each worker counts for itself, and all workers of one database together."""

    def __init__(self, settings: ServerSettings, clock: Callable[[], datetime], store: Store) -> None:
        self._keys = SlidingWindow(settings.requests_per_minute_per_key, clock)
        self._callers = SlidingWindow(settings.requests_per_minute_per_caller, clock)
        self._redeems = SlidingWindow(settings.redeem_failures_per_minute, clock)
        share = settings.share_limits
        if share is None:
            share = dialect_of(store.url).CONCURRENT_WRITERS
        self._shared = SharedCounter(store, clock) if share else None

    def count(self, caller: Principal, credential: str) -> None:
        """Counts one request of `caller`; 429 `rate_limited` when the key or the caller has used up its minute.

        `credential` names the key or session (a digest, never the secret). Refused requests are not counted.
        """
        counted = ((self._keys, credential), (self._callers, caller.id))
        for window, name in counted:
            if not window.has_room(name):
                raise _limited(window.limit)
        for window, name in counted:
            window.take(name)
            if self._shared is not None and window.limit is not None and not self._shared.take(name, window.limit):
                raise _limited(window.limit)

    def check_redeem(self, address: str) -> None:
        """429 `too_many_requests` when too many redeems from this address failed within the last minute."""
        limit = self._redeems.limit
        room = self._redeems.has_room(address)
        if room and self._shared is not None and limit is not None:
            room = self._shared.has_room(f"redeem {address}", limit)
        if not room:
            message = "Too many sign-in attempts from this address: wait a minute, then try again."
            details = {"limit": limit, "window_seconds": WINDOW_SECONDS}
            raise ApiError(429, ErrorCode.TOO_MANY_REQUESTS, message, details)

    def redeem_failed(self, address: str) -> None:
        self._redeems.take(address)
        if self._shared is not None and self._redeems.limit is not None:
            self._shared.take(f"redeem {address}", self._redeems.limit, lot=1)


def _name(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


class _Counted(NamedTuple):
    n: float | None


_ADD = CompiledStatement(
    text(
        "INSERT INTO rate_counts (name, minute, n) VALUES (:name, :minute, :count)"
        " ON CONFLICT (name, minute) DO UPDATE SET n = rate_counts.n + :count RETURNING n"
    )
)
_BEFORE = CompiledStatement(text("SELECT n FROM rate_counts WHERE name = :name AND minute = :minute - 1"))
_COUNTED = CompiledQuery(
    text(
        "SELECT sum(CASE WHEN minute = :minute THEN n ELSE n * :share END) AS n FROM rate_counts"
        " WHERE name = :name AND minute BETWEEN :minute - 1 AND :minute"
    ),
    _Counted,
)


def _limited(limit: int | None) -> ApiError:
    message = f"More than {limit} requests in a minute: slow down, and try again with exponential backoff."
    return ApiError(429, ErrorCode.RATE_LIMITED, message, {"limit": limit, "window_seconds": WINDOW_SECONDS})
