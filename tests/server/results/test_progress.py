"""How a campaign goes on, as its lead is told: every number from what people did."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from gonogo.client.credential import ApiKey
from gonogo.client.lead import LeadClient
from gonogo.report.progress import left, pace_text, person_text, queue_text
from gonogo.schemas.lead import AtWork, CampaignProgress
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


def seen(**fields: Any) -> CampaignProgress:
    usual = {"n_tasks": 10, "n_open": 6, "n_held": 2, "n_in_review": 1, "n_resolved": 3, "votes_left": 12}
    return CampaignProgress.model_validate({"campaign_id": "c", "status": "open", **usual, **fields})


def test_the_expected_end_follows_from_the_votes_that_are_missing() -> None:
    now = datetime(2026, 6, 1, 12, tzinfo=UTC)
    assert queue_text(seen()) == "6 left (2 of them held) · 1 in review · 3 done"
    assert left(seen(votes_per_hour=6)) == timedelta(hours=2)
    assert "12 votes to go · at that pace done on 2026-06-0" in pace_text(seen(votes_per_hour=0.25), now)
    assert "pace not known" in pace_text(seen(), now)
    assert pace_text(seen(votes_left=0), now) == "No votes are missing. 1 wait for an expert."
    assert "nobody is asked" in pace_text(seen(status="closed"), now)
    who = AtWork(voter_id="v", n_done=3, n_held=1, last_at="2026-06-01T11:50:00Z")
    assert person_text(who, now) == "3 done, 1 held, 10 min ago"
