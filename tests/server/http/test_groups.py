"""Group verification on the wire: the setting, the page, the votes, and what an export keeps of them."""

from __future__ import annotations

import json

import httpx
import pytest

from tests.server.http.conftest import on_both_databases
from tests.server.http.work import GONOGO, LABELING, campaign_with, ok, person, session_of, task_bodies

pytestmark = on_both_databases


async def grouped_campaign(lead: httpx.AsyncClient, n: int) -> str:
    """A campaign that asks equal values on pages, with `n` tasks of one value, of which the last is gold."""
    campaign = await campaign_with(lead, 0)
    await ok(lead.patch(f"{GONOGO}/campaigns/{campaign}/settings", json={"grouping": True}))
    body = {**task_bodies(1)[0], "predicted_value": {"text": "M8"}}
    gold = {**body, "is_gold": True, "gold_answer": "correct"}
    await ok(lead.post(f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": [body] * (n - 1) + [gold]}))
    return campaign


async def test_a_page_is_claimed_answered_and_exported_with_its_size(lead: httpx.AsyncClient) -> None:
    campaign = await grouped_campaign(lead, 5)
    async with person(lead, await session_of(lead, campaign, "ann@example.com")) as ann:
        assert (await ok(ann.get(f"{GONOGO}/campaigns/{campaign}/queue")))["grouping"] is True
        response = await ann.post(f"{GONOGO}/campaigns/{campaign}/next-group", json={"limit": 3})
        group = response.json()
        assert len(group["tasks"]) == 3
        assert group["expires_in"] == int(response.headers["X-Claim-Expires-In"]) > 0
        single = await ok(ann.post(f"{LABELING}/campaigns/{campaign}/next-task"))
        assert {frozenset(task) for task in group["tasks"]} == {frozenset(single)}, "the fields of a single task"
        for task in group["tasks"]:
            answer = {"verdict": "correct", "duration_ms": 400, "group_size": 3}
            await ok(ann.post(f"{LABELING}/tasks/{task['id']}/submit", json=answer))
        own = await ok(ann.get(f"{GONOGO}/campaigns/{campaign}/submissions"))
        assert [vote["group_size"] for vote in own["data"]] == [3, 3, 3]
    lines = (await lead.get(f"{GONOGO}/campaigns/{campaign}/export")).content.splitlines()
    sizes = [vote["group_size"] for line in lines for vote in json.loads(line)["submissions"]]
    assert sizes == [3, 3, 3]
    quality = await ok(lead.get(f"{LABELING}/campaigns/{campaign}/quality"))
    assert quality["gonogo"]["grouping"]["grouped"]["n_votes"] == 3


async def test_a_repeated_claim_gets_the_same_page(lead: httpx.AsyncClient) -> None:
    campaign = await grouped_campaign(lead, 8)
    async with person(lead, await session_of(lead, campaign, "ann@example.com")) as ann:
        path, key = f"{GONOGO}/campaigns/{campaign}/next-group", {"Idempotency-Key": "page-1"}
        first, again = [await ok(ann.post(path, json={"limit": 4}, headers=key)) for _try in range(2)]
        assert first == again
        other = await ok(ann.post(path, json={"limit": 4}))
        assert {task["id"] for task in first["tasks"]}.isdisjoint(task["id"] for task in other["tasks"])


async def test_a_closed_campaign_has_no_page_and_keeps_a_late_one(lead: httpx.AsyncClient) -> None:
    campaign = await grouped_campaign(lead, 4)
    async with person(lead, await session_of(lead, campaign, "ann@example.com")) as ann:
        group = await ok(ann.post(f"{GONOGO}/campaigns/{campaign}/next-group", json={}))
        await ok(lead.post(f"{LABELING}/campaigns/{campaign}/close"))
        assert (await ok(ann.post(f"{GONOGO}/campaigns/{campaign}/next-group", json={})))["tasks"] == []
        late = {"verdict": "correct", "group_size": len(group["tasks"])}
        refused = await ann.post(f"{LABELING}/tasks/{group['tasks'][0]['id']}/submit", json=late)
        assert (refused.status_code, refused.json()["error"]["details"]["reason"]) == (409, "campaign_closed")
        assert refused.json()["error"]["details"]["receipt_id"]


@pytest.mark.parametrize("limit", [0, 25, "3", True, None, 2.5])
async def test_a_limit_that_is_none_is_refused(lead: httpx.AsyncClient, limit: object) -> None:
    campaign = await grouped_campaign(lead, 2)
    async with person(lead, await session_of(lead, campaign, "ann@example.com")) as ann:
        refused = await ann.post(f"{GONOGO}/campaigns/{campaign}/next-group", json={"limit": limit})
        assert refused.status_code == 422


async def test_capabilities_say_how_much_may_be_held(lead: httpx.AsyncClient) -> None:
    capabilities = await ok(lead.get(f"{GONOGO}/capabilities"))
    assert "groups" in capabilities["extensions"]
    assert (capabilities["max_held_claims"], capabilities["max_grouped_claims"]) == (5, 72)
