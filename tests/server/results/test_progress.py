"""How a campaign goes on, as its lead is told: every number from what people did."""

from __future__ import annotations

import httpx

from gonogo.client.credential import ApiKey
from gonogo.client.lead_client import LeadClient
from gonogo.schemas.lead import CampaignProgress
from tests.server.results.conftest import GONOGO, LABELING, TOKEN, Served


async def told(served: Served) -> CampaignProgress:
    async with LeadClient("http://embedded.localhost", ApiKey(TOKEN), transport=served.transport()) as client:
        return await client.progress(served.campaign)


async def annotator(served: Served, email: str) -> httpx.AsyncClient:
    path = f"{LABELING}/campaigns/{served.campaign}"
    invited = await served.ok("POST", f"{path}/assignments", json={"email": email})
    body = {"magic_link_token": invited["magic_link_token"], "client_nonce": f"nonce of {email}"}
    session = await served.ok("POST", f"{GONOGO}/sessions", json=body)
    headers = {"Authorization": f"Bearer {session['session_token']}"}
    return httpx.AsyncClient(transport=served.transport(), base_url="http://test", headers=headers)


async def test_what_is_held_answered_and_missing_is_counted_and_gold_is_not(either: Served) -> None:
    await either.add(4)
    await either.add(1, is_gold=True, gold_answer="correct")
    before = await told(either)
    assert (before.n_tasks, before.n_open, before.n_held, before.votes_left) == (4, 4, 0, 4)
    assert (before.votes_per_hour, before.people) == (None, [])
    async with await annotator(either, "ana@example.com") as ana:
        path = f"{LABELING}/campaigns/{either.campaign}/next-task"
        first, _second = [(await ana.post(path)).json()["id"] for _ in range(2)]
        await ana.post(f"{LABELING}/tasks/{first}/submit", json={"verdict": "correct"})
        seen = await told(either)
        assert (seen.n_open, seen.n_held, seen.n_resolved, seen.votes_left) == (3, 1, 1, 3)
        (person,) = seen.people
        assert (person.email, person.n_done, person.n_held) == ("ana@example.com", 1, 1)
        assert person.last_at is not None
        refused = await ana.get(f"{GONOGO}/campaigns/{either.campaign}/progress")
        assert refused.status_code == 403
    await either.vote((await either.add(1))[0])
    assert (await told(either)).votes_per_hour
    await either.ok("POST", f"{LABELING}/campaigns/{either.campaign}/close")
    closed = await told(either)
    assert (closed.status, closed.n_held, closed.votes_left) == ("closed", 0, 0)
