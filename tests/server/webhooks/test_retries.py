"""The schedule of retries: later and later, never too early, and at an end some day."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.webhooks.retries import (
    DELIVERY_DELAYS,
    DISABLED_AFTER,
    ENDPOINT_DELAYS,
    FAILING_AFTER,
    JITTER,
    MAX_RETRY_AFTER,
    EndpointHealth,
    after_tries,
    is_hopeless,
    next_try,
)

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SEEDS = st.integers(0, 2**32)


@given(attempts=st.integers(1, len(DELIVERY_DELAYS)), seed=SEEDS, asked=st.none() | st.integers(0, 10**6))
def test_a_delivery_waits_as_long_as_its_tries_say(attempts: int, seed: int, asked: int | None) -> None:
    wanted = None if asked is None else timedelta(seconds=asked)
    again = next_try(attempts, NOW, random.Random(seed), wanted)
    assert again is not None
    wait, planned = again - NOW, timedelta(seconds=DELIVERY_DELAYS[attempts - 1])
    assert wait >= planned * (1 - JITTER) - timedelta(milliseconds=1)
    assert wait >= min(wanted or wait, MAX_RETRY_AFTER)
    assert wait <= max(planned * (1 + JITTER), MAX_RETRY_AFTER) + timedelta(milliseconds=1)


def test_a_delivery_is_given_up_before_its_endpoint_is() -> None:
    assert next_try(len(DELIVERY_DELAYS) + 1, NOW, random.Random(1)) is None
    assert timedelta(seconds=sum(DELIVERY_DELAYS) * (1 + JITTER)) < DISABLED_AFTER


@given(batches=st.lists(st.lists(st.booleans(), max_size=6), max_size=40), seed=SEEDS)
def test_health_follows_the_tries(batches: list[list[bool]], seed: int) -> None:
    health, now, rng = EndpointHealth(), NOW, random.Random(seed)
    for successes in batches:
        before = health
        health = after_tries(health, successes, now, rng)
        if any(successes):
            assert health == EndpointHealth()
        elif successes:
            assert health.failing_since == (before.failing_since or now)
            assert health.failures > before.failures
            assert (health.resume_at is not None) == health.is_failing
            if health.resume_at is not None:
                assert timedelta(seconds=4) <= health.resume_at - now <= timedelta(seconds=ENDPOINT_DELAYS[-1] * 1.2)
        else:
            assert health == before
        now += timedelta(minutes=1)
        assert not is_hopeless(health, now)


def test_the_first_waits_of_an_endpoint_are_short_however_many_failed_at_once() -> None:
    rng = random.Random(1)
    health = after_tries(EndpointHealth(), [False] * 40, NOW, rng)
    assert health.failures == FAILING_AFTER
    waits = []
    for _probe in range(5):
        assert health.resume_at is not None
        waits.append((health.resume_at - NOW).total_seconds())
        health = after_tries(health, [False], NOW, rng)
    for wait, planned in zip(waits, (5, 30, 120, 600, 600), strict=True):
        assert planned * 0.8 <= wait <= planned * 1.2
    assert is_hopeless(health, NOW + DISABLED_AFTER)
