"""The main job, from an API key to the export, in this process and over a socket; each write has a key."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from gonogo.schemas.export_records import ExportRecord
from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from tests.server.http.conftest import client_of, on_both_databases, uvicorn_over
from tests.server.http.work import GONOGO, LABELING, PNG, PREDICTION

pytestmark = on_both_databases


class Caller:
    """Sends as the client does: every POST with an idempotency key of its own."""

    def __init__(self, http: httpx.AsyncClient, **headers: str) -> None:
        self.http, self.headers = http, headers

    async def post(self, path: str, body: Any = None, **options: Any) -> Any:
        headers = {**self.headers, "Idempotency-Key": str(uuid.uuid4())}
        sent = {"json": body} if body is not None else {}
        answer = await self.http.post(path, headers=headers, **sent, **options)
        assert answer.is_success, answer.text
        return answer.json()

    async def get(self, path: str) -> httpx.Response:
        answer = await self.http.get(path, headers=self.headers)
        assert answer.is_success, answer.text
        return answer


async def test_in_this_process(app: FastAPI) -> None:
    async with client_of(app) as http:
        await _main_job(http, create_key(app.state.store, "lead", ["parts:read", "parts:write"]).key)


async def test_over_a_socket(settings: ServerSettings, store: Store) -> None:
    key = create_key(store, "lead", ["parts:read", "parts:write"]).key
    with uvicorn_over(settings) as url:
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            await _main_job(http, key)


async def _main_job(http: httpx.AsyncClient, key: str) -> None:
    lead = Caller(http, **{"X-API-Key": key})
    project = await lead.post(f"{LABELING}/projects", {"name": "shafts"})
    drawing = await lead.post(f"{GONOGO}/drawings?part=shaft&filename=shaft.png", content=PNG)
    predictions = [{**PREDICTION, "id": f"p-{n}"} for n in range(3)]
    run = await lead.post(
        f"{GONOGO}/predictions", {"project_id": project["id"], "run": "one", "predictions": predictions}
    )
    assert (run["n_new"], run["n_known"]) == (3, 0)
    path = f"{GONOGO}/projects/{project['id']}/campaigns"
    campaign = await lead.post(path, {"name": "shafts, first pass", "gold_fraction": 0, "target_redundancy": 1})
    made = await lead.post(
        f"{GONOGO}/campaigns/{campaign['id']}/tasks-from-predictions", {"calculation_id": run["calculation_id"]}
    )
    assert (made["n_tasks"], made["n_gold"], made["n_skipped"]) == (3, 0, 0)
    annotator = await _sign_in(lead, campaign["id"])
    task = await annotator.post(f"{LABELING}/campaigns/{campaign['id']}/next-task")
    assert task["part_revision_id"] == drawing["part_revision_id"]
    await _sees_the_drawing(annotator, task)
    verdict = {"verdict": "incorrect", "corrected_value": {"text": "⌀16,5 H7"}, "confidence": 0.8, "duration_ms": 1500}
    submission = await annotator.post(f"{LABELING}/tasks/{task['id']}/submit", verdict)
    await _export_has(lead, campaign["id"], task["id"], {**verdict, "id": submission["id"]})


async def _sign_in(lead: Caller, campaign_id: str) -> Caller:
    invited = await lead.post(f"{LABELING}/campaigns/{campaign_id}/assignments", {"email": "ann@example.com"})
    sent = {"magic_link_token": invited["magic_link_token"], "client_nonce": "a nonce of ours"}
    session = await lead.post(f"{GONOGO}/sessions", sent)
    return Caller(lead.http, Authorization=f"Bearer {session['session_token']}")


async def _sees_the_drawing(annotator: Caller, task: dict[str, Any]) -> None:
    found = (await annotator.get(f"/api/v1/parts/geometry/{task['part_revision_id']}/drawing-url")).json()
    assert (found["status"], found["content_type"]) == ("ready", "image/png")
    assert (await annotator.http.get(found["url"])).content == PNG


async def _export_has(lead: Caller, campaign_id: str, task_id: str, vote: dict[str, Any]) -> None:
    answer = await lead.get(f"{GONOGO}/campaigns/{campaign_id}/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["prediction_id"] for line in lines] == ["p-0", "p-1", "p-2"]
    assert {frozenset(line) for line in lines} == {frozenset(ExportRecord.model_fields)}
    answered = next(line for line in lines if line["task_id"] == task_id)
    assert [line["submissions"] for line in lines if line["task_id"] != task_id] == [[], []]
    (found,) = answered["submissions"]
    assert found.items() >= vote.items()
    assert (found["annotator_email"], found["counted"], found["late"]) == ("ann@example.com", True, False)
    assert answered["part"] == "shaft"


@pytest.mark.parametrize("role", ["annotator", "reviewer"])
async def test_only_users_may_export(app: FastAPI, lead: httpx.AsyncClient, role: str) -> None:
    from tests.server.http.work import campaign_with, person, session_of

    campaign_id = await campaign_with(lead)
    async with person(lead, await session_of(lead, campaign_id, "p@example.com", role=role)) as somebody:
        for path in ("/export", ""):
            answer = await somebody.get(f"{GONOGO}/campaigns/{campaign_id}{path}")
            assert answer.status_code == 403
