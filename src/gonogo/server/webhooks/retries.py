"""Retry schedule: when a delivery is tried again, when an endpoint that fails is, and when each is given up.

Each delivery has a schedule of its own, so that one message that an endpoint can't digest holds up no other. An
endpoint that refuses all has one, too: meanwhile its deliveries wait, without using up their tries.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

DELIVERY_DELAYS: Final = (5, 30, 120, 600, 3600, 6 * 3600, 24 * 3600, 24 * 3600, 24 * 3600)
"""Seconds between two tries of a delivery; after the last one it has failed."""
ENDPOINT_DELAYS: Final = (5, 30, 120, 600)
"""Seconds between two tries of an endpoint that fails; the last one stays."""
FAILING_AFTER: Final = 3
"""Failures in a row from which on an endpoint gets one delivery at a time."""
DISABLED_AFTER: Final = timedelta(days=5)
"""Time without a success after which an endpoint is disabled: longer than all tries of one delivery together."""
JITTER: Final = 0.2
MAX_RETRY_AFTER: Final = timedelta(hours=1)
"""Longest wait that an endpoint may ask for."""


@dataclass(frozen=True)
class EndpointHealth:
    """How the newest tries of an endpoint went; columns of `webhooks`."""

    failures: int = 0  # in a row; those of the batch that made it failing count as `FAILING_AFTER`
    failing_since: datetime | None = None
    resume_at: datetime | None = None

    @property
    def is_failing(self) -> bool:
        return self.failures >= FAILING_AFTER


def next_try(attempts: int, now: datetime, rng: random.Random, asked: timedelta | None = None) -> datetime | None:
    """Time of the next try after `attempts` that failed; `None` after the last one. `asked` is `Retry-After`."""
    if attempts > len(DELIVERY_DELAYS):
        return None
    wait = _jittered(DELIVERY_DELAYS[attempts - 1], rng)
    return now + max(wait, min(asked or wait, MAX_RETRY_AFTER))


def after_tries(health: EndpointHealth, successes: Sequence[bool], now: datetime, rng: random.Random) -> EndpointHealth:
    """Health after some tries. One success among them is enough: the endpoint answers."""
    if any(successes):
        return EndpointHealth()
    if not successes:
        return health
    tries = 1 if health.is_failing else min(len(successes), FAILING_AFTER - health.failures)
    failing = replace(health, failures=health.failures + tries, failing_since=health.failing_since or now)
    if not failing.is_failing:
        return failing
    wait = ENDPOINT_DELAYS[min(failing.failures - FAILING_AFTER, len(ENDPOINT_DELAYS) - 1)]
    return replace(failing, resume_at=now + _jittered(wait, rng))


def is_hopeless(health: EndpointHealth, now: datetime) -> bool:
    """True if the endpoint has failed for so long that it is disabled."""
    return health.is_failing and health.failing_since is not None and now - health.failing_since >= DISABLED_AFTER


def _jittered(seconds: float, rng: random.Random) -> timedelta:
    """Up to a fifth more or less, so that many endpoints are not tried in the same second."""
    return timedelta(seconds=seconds * rng.uniform(1 - JITTER, 1 + JITTER))
