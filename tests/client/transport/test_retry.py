"""Retries: which errors are retried, the waits, and that a retry is the same request."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gonogo.client.errors import (
    ConflictError,
    GonogoClientError,
    InvalidRequestError,
    NetworkError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.client.transport.retry import ONCE, Pace, RetryPolicy, with_retries
from gonogo.schemas.labeling import LabelSubmit
from tests.client.conftest import ClientFor
from tests.client.scripted_server import HalfBody, Reply, Reset, ScriptedServer, Step, Time, envelope

SUBMIT = LabelSubmit(verdict="incorrect", corrected_value={"text": "⌀16,5"}, duration_ms=900)
DONE = Reply(201, {"id": "s1"})
LIMITED = Reply(429, envelope("rate_limited", limit=600, window_seconds=60))


@pytest.mark.parametrize(
    "first",
    [
        Reset(),
        HalfBody(DONE),
        Reply(502, "<html>bad gateway</html>"),
        Reply(503, envelope("unavailable")),
        Reply(504),
        Reply(409, envelope("idempotency_in_flight")),
        LIMITED,
    ],
    ids=repr,
)
async def test_a_retry_is_byte_identical_under_the_same_key(first: Step, client_for: ClientFor) -> None:
    async with ScriptedServer([first, first, DONE]) as server, client_for(server.url) as client:
        assert (await client.submit("t1", SUBMIT)).id == "s1"
    one, two, three = server.requests
    assert one.raw == two.raw == three.raw
    assert one.key
    assert one.body == '{"verdict":"incorrect","corrected_value":{"text":"⌀16,5"},"duration_ms":900}'.encode()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Reply(500, envelope("internal_error")), ServerError),
        (Reply(409, envelope("idempotency_conflict")), ConflictError),
        (Reply(409, envelope("conflict", reason="already_submitted")), ConflictError),
        (Reply(422, envelope("validation_error")), InvalidRequestError),
        (Reply(200, "<html>log in</html>"), UnexpectedAnswerError),
        (Reply(200, b'{"id": "s'), UnexpectedAnswerError),
    ],
)
async def test_what_would_not_help_is_not_repeated(
    answer: Reply, error: type[GonogoClientError], client_for: ClientFor, time: Time
) -> None:
    async with ScriptedServer([answer]) as server, client_for(server.url) as client:
        with pytest.raises(error):
            await client.submit("t1", SUBMIT)
        assert len(server.requests) == 1
        assert time.slept == []


async def test_five_tries_with_doubling_waits_and_then_the_error(client_for: ClientFor, time: Time) -> None:
    async with ScriptedServer([Reply(503)]) as server, client_for(server.url) as client:
        with pytest.raises(ServerError):
            await client.list_campaigns()
        assert len(server.requests) == 5
    assert time.slept == [1, 2, 4, 8]


async def test_send_tries_once(client_for: ClientFor, time: Time) -> None:
    async with ScriptedServer([Reset()]) as server, client_for(server.url) as client:
        with pytest.raises(NetworkError):
            await client.send(client.prepare_submit("t1", SUBMIT))
        assert len(server.requests) == 1
    assert time.slept == []


async def test_after_429_the_first_minute_sees_few_requests(policy: RetryPolicy, time: Time) -> None:
    """No `Retry-After`: at least 5 s of silence for all calls of the client, then one at a time."""
    arrivals: list[float] = []

    async def limited() -> None:
        arrivals.append(time.now)
        raise RateLimitedError("too many", transient=True)

    pace, start = Pace(policy), time.now
    for _ in range(8):  # eight calls of one client, one after another, each stubborn
        with pytest.raises(RateLimitedError):
            await with_retries(policy, pace, limited)
    assert arrivals[1] - start >= 5
    assert len([moment for moment in arrivals if moment < start + 60]) <= 10


async def test_calls_that_succeed_after_a_429_are_spread_too(policy: RetryPolicy, time: Time) -> None:
    pace, start = Pace(policy), time.now
    pace.limited(RateLimitedError("too many"), 0)
    arrivals: list[float] = []

    async def fine() -> None:
        arrivals.append(time.now)

    for _ in range(30):
        await with_retries(policy, pace, fine)
    assert arrivals[0] - start >= 5
    assert len([moment for moment in arrivals if moment < start + 60]) <= 10
    assert arrivals[-1] == arrivals[-2]  # a minute later it runs freely again


async def test_the_pause_is_shared_by_the_calls_of_one_client(client_for: ClientFor, time: Time) -> None:
    script = [LIMITED, Reply(200, {"count": 0, "data": []})]
    async with ScriptedServer(script) as server, client_for(server.url) as client:
        with pytest.raises(RateLimitedError) as caught:
            await client.send(client.prepare_submit("t1", SUBMIT))
        assert caught.value.retry_after == 6  # 5 s and the longest jitter of the first try
        before = time.now
        await client.list_campaigns()
        assert time.now - before >= 5
        assert len(server.requests) == 2


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honoured(status: int, client_for: ClientFor, time: Time) -> None:
    script = [Reply(status, b"", {"Retry-After": "17"}), Reply(200, {"count": 0, "data": []})]
    async with ScriptedServer(script) as server, client_for(server.url) as client:
        await client.list_campaigns()
    assert sum(time.slept) == 17


async def test_a_pause_beyond_patience_raises_instead_of_waiting(client_for: ClientFor, time: Time) -> None:
    script = [Reply(429, b"", {"Retry-After": "3600"})]
    async with ScriptedServer(script) as server, client_for(server.url) as client:
        for _ in range(2):
            with pytest.raises(RateLimitedError) as caught:
                await client.list_campaigns()
            assert caught.value.retry_after == 3600
        assert len(server.requests) == 1
    assert time.slept == []


async def test_each_wait_is_announced(client_for: ClientFor, policy: RetryPolicy) -> None:
    heard: list[tuple[float, str]] = []
    told = replace(policy, on_wait=lambda wait, error: heard.append((wait, type(error).__name__)))
    script = [Reply(503), LIMITED, Reply(200, {"count": 0, "data": []})]
    async with ScriptedServer(script) as server, client_for(server.url, retry=told) as client:
        await client.list_campaigns()
    assert heard == [(1, "ServerError"), (7, "RateLimitedError")]


@settings(deadline=None)  # shared machines stall
@given(failures=st.integers(0, 200), chance=st.floats(0, 1, exclude_max=True))
def test_backoff_is_full_jitter_under_the_cap(failures: int, chance: float) -> None:
    wait = RetryPolicy(chance=lambda: chance).backoff(failures)
    assert 0 <= wait <= min(30, 2.0**failures)


@settings(deadline=None)  # shared machines stall
@given(outcomes=st.lists(st.sampled_from(["ok", "net", "503", "429", "429+2", "422"]), min_size=1, max_size=12))
def test_every_call_ends_and_never_tries_more_than_allowed(outcomes: list[str]) -> None:
    """Any sequence of answers: at most five tries, none inside a pause, and the last answer is the result."""
    time = Time()
    policy = RetryPolicy(clock=time.clock, sleep=time.sleep, chance=lambda: 0.5)
    pace = Pace(policy)
    errors: dict[str, GonogoClientError] = {
        "net": NetworkError("gone", transient=True),
        "503": ServerError("down", transient=True),
        "422": InvalidRequestError("no"),
    }
    left, tried = iter([*outcomes, *["ok"] * 60]), 0

    async def attempt() -> str:
        nonlocal tried
        tried += 1
        assert pace.remaining() == 0 or pace.remaining() == policy.spacing
        step = next(left)
        if step.startswith("429"):
            raise RateLimitedError("slow", retry_after=2 if step == "429+2" else None, transient=True)
        if step != "ok":
            raise errors[step]
        return step

    async def call() -> Any:
        try:
            return await with_retries(policy, pace, attempt)
        except GonogoClientError as error:
            return error

    for _ in range(3):
        tried = 0
        result = asyncio.run(call())
        assert tried <= 5
        assert result == "ok" or tried == 5 or not result.transient


def test_once_means_once() -> None:
    assert ONCE.tries == 1


async def test_a_server_that_asks_to_go_slower_is_waited_for_longer_than_one_that_fails(time: Time) -> None:
    def policy_of(pauses: int) -> RetryPolicy:
        return RetryPolicy(tries=3, pauses=pauses, clock=time.clock, sleep=time.sleep, chance=lambda: 0.5)

    async def tries(error: GonogoClientError, pauses: int) -> int:
        n = 0

        async def attempt() -> str:
            nonlocal n
            n += 1
            if n < 9:
                raise error
            return "done"

        with contextlib.suppress(GonogoClientError):
            await with_retries(policy_of(pauses), Pace(policy_of(pauses)), attempt)
        return n

    assert await tries(RateLimitedError("slow", transient=True), pauses=20) == 9
    assert await tries(RateLimitedError("slow", transient=True), pauses=0) == 3
    assert await tries(ServerError("broken", transient=True), pauses=20) == 3
