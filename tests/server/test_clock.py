"""A clock that was ahead and is put right: what was taken meanwhile ends, on both databases, over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gonogo.server.ops import maintenance
from gonogo.server.settings import ServerSettings
from tests.server.house import House
from tests.server.web import LABELING, OURS, Web, serving

SETTINGS = ServerSettings(database_url="unused")


@pytest.fixture
async def web(house: House) -> AsyncIterator[Web]:
    house.now = datetime.now(UTC)  # as the database's clock
    async with serving(house) as opened:
        yield opened


def round_of_upkeep(web: Web) -> int:
    return maintenance.run_once(web.house.store, SETTINGS, web.house.now)["claims_ahead"]


async def test_a_claim_taken_while_the_clock_was_ahead_ends_when_it_is_put_right(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    await web.add(campaign, {})
    take = f"{LABELING}/campaigns/{campaign}/next-task"
    anna, ben = [await web.sign_in(campaign, f"{name}@example.com") for name in ("anna", "ben")]
    web.house.pass_time(hours=10)
    assert (await anna.post(take)).json() is not None
    assert round_of_upkeep(web) == 0  # nobody knows yet: the database's clock may be the wrong one
    web.house.pass_time(hours=-10)
    assert (await ben.post(take)).json() is None
    assert round_of_upkeep(web) == 1
    assert (await ben.post(take)).json() is not None


async def test_one_renewed_while_the_clock_was_ahead_ends_too(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    task = (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"]
    web.house.pass_time(hours=3)
    assert (await anna.post(f"{OURS}/tasks/{task}/renew")).json()["held"]
    web.house.pass_time(hours=-3)
    assert round_of_upkeep(web) == 1
    assert not (await anna.post(f"{OURS}/tasks/{task}/renew")).json()["held"]


async def test_a_worker_whose_own_clock_is_behind_ends_nobodys_claim(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    assert (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json() is not None
    web.house.pass_time(hours=-5)
    assert round_of_upkeep(web) == 0


async def test_ordinary_claims_of_the_longest_lease_stay(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    await web.lead.patch(f"{OURS}/campaigns/{campaign}/settings", json={"lease_minutes": 60})
    await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")
    assert round_of_upkeep(web) == 0


@pytest.mark.parametrize("ahead", [timedelta(minutes=3), timedelta(days=300)])
async def test_the_window_of_a_repeated_redeem_has_two_ends(web: Web, ahead: timedelta) -> None:
    campaign = await web.campaign()
    web.house.now += ahead
    token = (await web.invite(campaign, "anna@example.com"))["magic_link_token"]
    assert (await web.redeem(token)).status_code == 201
    assert (await web.redeem(token)).status_code == 201  # its answer was lost
    web.house.now -= ahead
    assert (await web.redeem(token)).status_code == 401


async def test_sessions_and_links_of_a_clock_ahead_do_not_outlive_their_time(web: Web) -> None:
    campaign = await web.campaign()
    web.house.pass_time(days=300)
    anna = await web.sign_in(campaign, "anna@example.com")
    unused = (await web.invite(campaign, "ben@example.com"))["magic_link_token"]
    assert (await anna.get(f"{OURS}/me")).status_code == 200
    web.house.pass_time(days=-300)
    assert (await anna.get(f"{OURS}/me")).status_code == 401
    assert (await web.redeem(unused)).status_code == 401


async def test_failed_sign_ins_of_a_clock_ahead_lock_nobody_out(web: Web) -> None:
    campaign = await web.campaign()
    token = (await web.invite(campaign, "anna@example.com"))["magic_link_token"]
    web.house.now = web.house.now.replace(second=10)
    for ahead in (5, 6):
        web.house.pass_time(hours=ahead)
        answers = [(await web.redeem(f"never issued {number} {'x' * 30}")).status_code for number in range(11)]
        assert answers == [401] * 10 + [429]
        web.house.pass_time(hours=-ahead)
    assert (await web.redeem(token)).status_code == 201
