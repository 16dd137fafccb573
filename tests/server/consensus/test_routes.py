"""Quality, promote and golden datasets over HTTP."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.sqlite import fresh_database

LABELING = "/api/v1/parts/labeling"
DATASETS = "/api/v1/parts/ground-truth/datasets"
TOKEN = "token of the embedding program"


@pytest.fixture
async def lead(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(ServerSettings(database_url=fresh_database(tmp_path / "server.db"), embedded_token=TOKEN))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://labels.test") as client,
    ):
        client.headers["X-API-Key"] = TOKEN
        yield client


async def ok(answer: Any) -> Any:
    response: httpx.Response = await answer
    assert response.is_success, response.text
    return response.json()


async def invited(lead: httpx.AsyncClient, campaign_id: str, name: str, role: str = "annotator") -> dict[str, str]:
    """Headers of a person with a session."""
    path = f"{LABELING}/campaigns/{campaign_id}/assignments"
    link = await ok(lead.post(path, json={"email": f"{name}@works.test", "role": role}))
    body = {"magic_link_token": link["magic_link_token"], "client_nonce": f"the nonce of {name}"}
    session = await ok(lead.post("/api/v1/gonogo/sessions", json=body))
    return {"Authorization": f"Bearer {session['session_token']}"}


async def ask(client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    """A request with other credentials than the lead's."""
    request = client.build_request(method, path, headers=headers)
    del request.headers["X-API-Key"]
    return await client.send(request)


async def voted(lead: httpx.AsyncClient, *rows: tuple[str, ...], **fields: Any) -> str:
    """A campaign whose task `t` got the verdicts `rows[t]`, each from another person."""
    n = len(rows[0])
    body = {"name": "pmi", "gold_fraction": 0, "target_redundancy": n, **fields}
    campaign_id: str = (await ok(lead.post(f"{LABELING}/campaigns", json=body)))["id"]
    made = [
        {"target_kind": "pmi", "field_name": f"f{t}", "predicted_value": {"text": str(t)}} for t in range(len(rows))
    ]
    await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": made}))
    for seat in range(n):
        headers = await invited(lead, campaign_id, f"person{seat}")
        for _ in rows:
            answer = await ask(lead, "POST", f"{LABELING}/campaigns/{campaign_id}/next-task", headers)
            task = answer.json()
            verdict = rows[int(task["predicted_value"]["text"])][seat]
            request = lead.build_request(
                "POST", f"{LABELING}/tasks/{task['id']}/submit", json={"verdict": verdict}, headers=headers
            )
            del request.headers["X-API-Key"]
            assert (await lead.send(request)).is_success
    return campaign_id


async def test_quality_and_promotion_of_a_campaign_that_agrees(lead: httpx.AsyncClient) -> None:
    campaign_id = await voted(lead, ("correct", "correct"), ("incorrect", "incorrect"), ("correct", "correct"))
    report = await ok(lead.get(f"{LABELING}/campaigns/{campaign_id}/quality"))
    assert (report["alpha"], report["accepted"], report["n_tasks"], report["n_submissions"]) == (1, True, 3, 6)
    assert [person["n_submissions"] for person in report["annotators"]] == [3, 3]
    assert set(report["annotators"][0]) == {
        "annotator_user_id",
        "n_submissions",
        "consensus_agreement",
        "gold_accuracy",
        "reliability",
        "trust",
    }
    assert await ok(lead.get(DATASETS)) == {"count": 0, "data": [], "next_cursor": None}
    promoted = await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/promote"))
    assert promoted == {"accepted": True, "alpha": 1, "forced": False, "promoted": 3}
    again = await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/promote"))
    assert again["promoted"] == 0
    (dataset,) = (await ok(lead.get(DATASETS)))["data"]
    assert (dataset["name"], dataset["item_count"], dataset["modality_counts"]) == ("pmi", 3, {"pmi": 3})
    assert (await ok(lead.get(DATASETS, params={"name": "other"})))["count"] == 0


async def test_promotion_below_acceptance_needs_force(lead: httpx.AsyncClient) -> None:
    campaign_id = await voted(lead, ("correct", "incorrect"), ("correct", "correct"))
    path = f"{LABELING}/campaigns/{campaign_id}/promote"
    refused = await ok(lead.post(path))
    assert (refused["accepted"], refused["forced"], refused["promoted"]) == (False, False, 0)
    forced = await ok(lead.post(path, params={"force": "true"}, headers={"Idempotency-Key": "once"}))
    assert (forced["accepted"], forced["forced"], forced["promoted"]) == (False, True, 1)
    replay = await lead.post(path, params={"force": "true"}, headers={"Idempotency-Key": "once"})
    assert replay.json() == forced
    (dataset,) = (await ok(lead.get(DATASETS)))["data"]
    assert dataset["card"]["forced_items"] == 1


async def test_who_may_see_quality_and_promote(lead: httpx.AsyncClient) -> None:
    campaign_id = await voted(lead, ("correct",))
    quality, promote = (f"{LABELING}/campaigns/{campaign_id}/{name}" for name in ("quality", "promote"))
    reviewer = await invited(lead, campaign_id, "rita", "reviewer")
    annotator = await invited(lead, campaign_id, "ann")
    other = (await ok(lead.post(f"{LABELING}/campaigns", json={"name": "other"})))["id"]
    stranger = await invited(lead, other, "sam", "reviewer")
    expected = [
        ("GET", quality, reviewer, 200),
        ("GET", quality, annotator, 403),
        ("GET", quality, stranger, 404),
        ("POST", promote, reviewer, 403),
        ("POST", promote, stranger, 404),
        ("GET", DATASETS, reviewer, 403),
        ("GET", quality, {}, 401),
    ]
    found = [(method, path, who, (await ask(lead, method, path, who)).status_code) for method, path, who, _ in expected]
    assert found == expected
    assert (await lead.get(quality.replace(campaign_id, "nowhere"))).status_code == 404
    assert (await lead.get(DATASETS, params={"limit": 0})).status_code == 422
    assert (await lead.post(promote, params={"force": "perhaps"})).status_code == 422


async def test_a_promotion_that_fails_leaves_nothing_behind(lead: httpx.AsyncClient, tmp_path: Path) -> None:
    campaign_id = await voted(lead, ("correct", "correct"), ("incorrect", "incorrect"))
    with sqlite3.connect(tmp_path / "server.db") as database:
        database.execute(
            "CREATE TRIGGER full BEFORE INSERT ON golden_items WHEN NEW.verdict = 'incorrect' "
            "BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/close"))
    path = f"{LABELING}/campaigns/{campaign_id}"
    assert (await lead.post(f"{path}/promote")).status_code >= 500
    assert (await ok(lead.get(path)))["status"] == "closed"
    assert (await ok(lead.get(DATASETS)))["data"] == []
    with sqlite3.connect(tmp_path / "server.db") as database:
        database.execute("DROP TRIGGER full")
    assert (await ok(lead.post(f"{path}/promote")))["promoted"] == 2
    assert (await ok(lead.get(path)))["status"] == "promoted"
