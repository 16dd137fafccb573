"""Rate limits: per key, per caller, per address for redeeming; off for the embedding program."""

from __future__ import annotations

from dataclasses import replace

import httpx
from fastapi import FastAPI
from hypothesis import given
from hypothesis import strategies as st

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.http.rate_limits import WINDOW_SECONDS, SlidingWindow
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.server.http.conftest import TOKEN, Clock, client_of, started
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok, session_of

PATH = f"{LABELING}/campaigns"


async def statuses(http: httpx.AsyncClient, count: int, **headers: str) -> list[int]:
    return [(await http.get(PATH, headers=headers)).status_code for _ in range(count)]


async def test_a_caller_has_a_minute_however_many_keys(settings: ServerSettings, clock: Clock, store: Store) -> None:
    limited = replace(settings, requests_per_minute_per_key=3, requests_per_minute_per_caller=5)
    one, two = (create_key(store, name, ["parts:read"]).key for name in ("one", "two"))
    async with started(create_app(limited, clock=clock)) as app, client_of(app) as http:
        assert await statuses(http, 4, **{"X-API-Key": one}) == [200, 200, 200, 429]
        clock.advance(seconds=30)
        assert await statuses(http, 3, **{"X-API-Key": two}) == [200, 200, 429]
        clock.advance(seconds=31)
        assert await statuses(http, 4, **{"X-API-Key": two}) == [200, 429, 429, 429]


async def test_what_429_says(settings: ServerSettings, store: Store) -> None:
    key = create_key(store, "one", ["parts:read"]).key
    app = create_app(replace(settings, requests_per_minute_per_caller=0))
    async with started(app), client_of(app, **{"X-API-Key": key}) as http:
        answer = await http.get(PATH)
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "rate_limited"
    assert answer.json()["error"]["details"] == {"limit": 0, "window_seconds": 60}
    assert "retry-after" not in answer.headers


async def test_the_embedding_program_is_not_limited(settings: ServerSettings) -> None:
    app = create_app(replace(settings, requests_per_minute_per_caller=1, requests_per_minute_per_key=1))
    async with started(app), client_of(app, **{"X-API-Key": TOKEN}) as http:
        assert await statuses(http, 3) == [200, 200, 200]


async def test_none_is_no_limit(settings: ServerSettings, store: Store) -> None:
    key = create_key(store, "one", ["parts:read"]).key
    app = create_app(replace(settings, requests_per_minute_per_caller=None, requests_per_minute_per_key=None))
    async with started(app), client_of(app, **{"X-API-Key": key}) as http:
        assert set(await statuses(http, 20)) == {200}


async def test_failed_redeems_are_limited_by_address(app: FastAPI, lead: httpx.AsyncClient, clock: Clock) -> None:
    async def redeem(http: httpx.AsyncClient, token: str) -> httpx.Response:
        return await http.post(f"{GONOGO}/sessions", json={"magic_link_token": token, "client_nonce": "nonce-of-ours"})

    campaign_id = await campaign_with(lead, 0)
    for number in range(12):  # good ones are not counted
        await session_of(lead, campaign_id, f"p{number}@example.com")
    body = {"email": "late@example.com"}
    good = (await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/assignments", json=body)))["magic_link_token"]
    assert {(await redeem(lead, f"guess {number}")).status_code for number in range(10)} == {401}
    refused = [await redeem(lead, "one more"), await redeem(lead, good)]
    assert [answer.status_code for answer in refused] == [429, 429]
    assert refused[0].json()["error"]["code"] == "too_many_requests"
    elsewhere = httpx.ASGITransport(app, client=("192.0.2.7", 1))
    async with httpx.AsyncClient(transport=elsewhere, base_url="http://labels.test") as other:
        assert (await redeem(other, "guess")).status_code == 401
    clock.advance(seconds=61)
    assert (await redeem(lead, good)).status_code == 201


@given(st.integers(1, 4), st.lists(st.floats(0, 40), max_size=40))
def test_no_minute_ever_has_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    clock = Clock()
    window, passed = SlidingWindow(limit, clock), []
    for pause in pauses:
        clock.advance(seconds=pause)
        if window.take("somebody"):
            passed.append(clock.now.timestamp())
        else:
            assert len([t for t in passed if t > clock.now.timestamp() - WINDOW_SECONDS]) == limit
    for start in passed:
        assert len([t for t in passed if start <= t < start + WINDOW_SECONDS]) <= limit


def test_a_clock_set_back_locks_nobody_out() -> None:
    clock = Clock()
    window = SlidingWindow(1, clock)
    assert window.take("somebody")
    clock.advance(hours=-2)
    assert window.take("somebody")
    assert not window.take("somebody")
