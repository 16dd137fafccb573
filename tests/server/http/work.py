"""Steps of a campaign's life that tests need before they can begin."""

from __future__ import annotations

from typing import Any

import httpx

LABELING = "/api/v1/parts/labeling"
GONOGO = "/api/v1/gonogo"
PNG = b"\x89PNG\r\n\x1a\n not a whole picture, but its bytes say what it is"
PREDICTION = {
    "id": "p-1",
    "part": "shaft",
    "detail_kind": "dimension",
    "field_name": "diameter",
    "predicted_value": {"text": "⌀16,5 +0,1 0"},
    "predicted_confidence": 0.7,
    "drawing_bbox": [0.1, 0.1, 0.2, 0.2],
}


async def ok(answer: Any) -> Any:
    """The body of an awaited 2xx answer."""
    response: httpx.Response = await answer
    assert response.is_success, response.text
    return response.json()


async def campaign_with(lead: httpx.AsyncClient, n_tasks: int = 1, **fields: Any) -> str:
    """The id of a new campaign with `n_tasks` ordinary tasks."""
    body = {"name": "pmi", "gold_fraction": 0, **fields}
    campaign_id: str = (await ok(lead.post(f"{LABELING}/campaigns", json=body)))["id"]
    if n_tasks:
        await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/tasks", json={"tasks": task_bodies(n_tasks)}))
    return campaign_id


def task_bodies(count: int) -> list[dict[str, Any]]:
    return [{"target_kind": "pmi", "field_name": "diameter", "predicted_value": {"text": str(n)}} for n in range(count)]


async def predictions_in(lead: httpx.AsyncClient, predictions: list[dict[str, Any]]) -> tuple[str, str]:
    """A project and a calculation with these predictions."""
    project = (await ok(lead.post(f"{LABELING}/projects", json={"name": "parts"})))["id"]
    body = {"project_id": project, "run": "first", "predictions": predictions}
    return project, (await ok(lead.post(f"{GONOGO}/predictions", json=body)))["calculation_id"]


async def session_of(lead: httpx.AsyncClient, campaign_id: str, email: str, **fields: Any) -> dict[str, str]:
    """Headers of an invited person who has signed in."""
    body = {"email": email, **fields}
    invited = await ok(lead.post(f"{LABELING}/campaigns/{campaign_id}/assignments", json=body))
    sent = {"magic_link_token": invited["magic_link_token"], "client_nonce": f"nonce of {email}"}
    session = await ok(lead.post(f"{GONOGO}/sessions", json=sent))
    return {"Authorization": f"Bearer {session['session_token']}"}


def person(lead: httpx.AsyncClient, headers: dict[str, str]) -> httpx.AsyncClient:
    """A client of the same server with another credential."""
    return httpx.AsyncClient(transport=lead._transport, base_url=lead.base_url, headers=headers)
