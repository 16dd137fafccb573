"""Every operation of the OpenAPI, with ids of another organisation, and of another campaign: as with a random id."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.server.test_access import key_for
from tests.server.web import LABELING, OURS, Web

OPEN = {"/api/v1/gonogo/capabilities", "/api/v1/gonogo/sessions"}
"""Need no credential; the other open one, a signed drawing address, is tested where it is signed."""
BODIES: dict[str, Any] = {
    "submit_label": {"verdict": "correct"},
    "adjudicate_task": {"verdict": "correct"},
    "create_labeling_tasks": {"tasks": [{"target_kind": "pmi", "prompt": "?"}]},
    "create_campaign_assignment": {"email": "x@example.com"},
    "create_campaign_in_project": {"name": "x"},
    "update_campaign_settings": {"lease_minutes": 3},
    "preview_campaign_settings": {"max_risk": 0.02},
    "store_drawing": None,
    "store_drawings": None,
}


def operations(web: Web) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    """Name, method, path and definition of all that the server documents as its API."""
    for path, methods in web.app.openapi()["paths"].items():
        for method, definition in methods.items():
            if path.startswith("/api/") and "security" in definition:
                yield definition["operationId"], method.upper(), path, definition


def body_for(web: Web, name: str, definition: dict[str, Any], ids: dict[str, str]) -> Any:
    """A body the operation would take: a known one, or one made from its schema."""
    if name in BODIES:
        return BODIES[name]
    if "requestBody" not in definition:
        return None
    schema = definition["requestBody"]["content"].get("application/json", {}).get("schema", {})
    return made_from(web.app.openapi()["components"]["schemas"], schema, ids)


def made_from(known: dict[str, Any], schema: dict[str, Any], ids: dict[str, str], field: str = "") -> Any:
    """The smallest value of a JSON schema; fields that name an object get its id."""
    if "$ref" in schema:
        return made_from(known, known[schema["$ref"].rsplit("/", 1)[1]], ids, field)
    for choices in ("anyOf", "oneOf", "allOf"):
        if choices in schema:
            return made_from(known, schema[choices][0], ids, field)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: made_from(known, fields[name], ids, name) for name in schema.get("required", [])}
    if kind == "array":
        item = made_from(known, schema.get("items", {}), ids, field.removesuffix("s"))
        return [item] * max(1, schema.get("minItems", 0))
    number = schema.get("minimum", 1)
    simple = {"string": ids.get(field, "x" * max(8, schema.get("minLength", 0))), "boolean": False}
    return simple.get(str(kind), number)


async def scene(web: Web) -> dict[str, str]:
    """One object of every kind, in the lead's organisation."""
    project = (await web.lead.post(f"{LABELING}/projects", json={"name": f"p {uuid.uuid4()}"})).json()["id"]
    made = await web.lead.post(f"{OURS}/projects/{project}/campaigns", json={"name": f"c {uuid.uuid4()}"})
    campaign = str(made.json()["id"])
    (task,) = await web.add(campaign, {})
    stored = await web.lead.post(f"{OURS}/drawings?part={uuid.uuid4()}&filename=a.png", content=b"\x89PNG\r\n\x1a\n")
    prediction = {"id": "p", "part": "x", "target_kind": "pmi", "field_name": "f"}
    run = {"project_id": project, "run": "r", "predictions": [prediction]}
    imported = await web.lead.post(f"{OURS}/predictions", json=run)
    invited = await web.invite(campaign, "idle@example.com")
    return {
        "project_id": project,
        "campaign_id": campaign,
        "task_id": task,
        "assignment_id": invited["assignment"]["id"],
        "annotator_id": invited["assignment"]["annotator_account_id"],
        "part_revision_id": stored.json()["part_revision_id"],
        "calculation_id": imported.json()["calculation_id"],
    }


async def ask(web: Web, who: httpx.AsyncClient, operation: Any, ids: dict[str, str]) -> httpx.Response:
    name, method, path, definition = operation
    for field in [part[1:-1] for part in path.split("/") if part.startswith("{")]:
        path = path.replace(f"{{{field}}}", ids.get(field, ids["task_id"]))
    needed = {p["name"]: "x" for p in definition.get("parameters", []) if p["in"] == "query" and p.get("required")}
    needed |= {field: ids[field] for field in needed if field in ids}
    return await who.request(method, path, params=needed, json=body_for(web, name, definition, ids))


@pytest.mark.slow
@pytest.mark.parametrize("role", ["foreign lead", "foreign reader", "reviewer", "annotator"])
async def test_ids_of_somewhere_else_answer_like_random_ones(web: Web, role: str) -> None:
    theirs = await scene(web)
    own = await web.campaign()
    if role.startswith("foreign"):
        who = key_for(web, ["parts:write" if role.endswith("lead") else "parts:read"], new_org=True)
    else:
        who = await web.sign_in(own, f"{role}@example.com", role)
    nothing = {name: str(uuid.uuid4()) for name in theirs}
    asked = 0
    for operation in operations(web):
        text = str(operation[2:])
        if not any(name in text for name in ("_id}", "project_id", "calculation_id")):
            continue
        real, random = [await ask(web, who, operation, ids) for ids in (theirs, nothing)]
        assert real.status_code == random.status_code >= 400, (operation[:3], real.text, random.text)
        shown = [answer.text for answer in (real, random)]
        for answer, ids in ((0, theirs), (1, nothing)):  # what was sent may be named, what exists may not
            for name, value in ids.items():
                shown[answer] = shown[answer].replace(value, name)
        bodies = [httpx.Response(200, text=text).json().get("error") for text in shown]
        assert bodies[0] == bodies[1], operation[:3]
        asked += 1
    assert asked > 25


async def test_without_a_valid_credential_nothing_answers(web: Web) -> None:
    ids = await scene(web)
    wrong: list[dict[str, str]] = [{"Authorization": "Bearer gs_none"}, {"X-API-Key": "ak_live_00000000_x"}, {}]
    for operation in operations(web):
        for headers in wrong:
            answer = await ask(web, web.client(**headers), operation, ids)
            assert answer.status_code == 401, (operation[:3], answer.text)


async def test_every_operation_that_needs_no_credential_is_known(web: Web) -> None:
    paths = web.app.openapi()["paths"]
    bare = {path for path, methods in paths.items() for item in methods.values() if "security" not in item}
    unknown = {path for path in bare - OPEN if "{token}" not in path and not path.startswith(("/auth/", "/results/"))}
    assert unknown == set()


async def test_fields_nobody_may_set_are_without_effect(web: Web) -> None:
    forged = dict.fromkeys(("status", "org_id", "resolved_at", "counted", "id", "holder_id", "created_at"), "x")
    campaign = await web.campaign(**forged)
    row = web.house.row(campaign)
    assert (row.status, row.org_id) == ("open", web.house.lead.org_id)
    await web.add(campaign, forged)
    anna = await web.sign_in(campaign, "anna@example.com")
    task = (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()
    vote = {**forged, "verdict": "correct", "is_gold": True, "voter_id": "x", "late": True}
    answer = await anna.post(f"{LABELING}/tasks/{task['id']}/submit", json=vote)
    assert answer.status_code == 201
    stored = web.house.task(task["id"])
    assert (stored.is_gold, stored.resolved_at, stored.status) == (False, None, "open")
    listed = (await web.lead.get(f"{OURS}/campaigns/{campaign}/submissions")).json()["data"]
    assert [(item["counted"], item["late"]) for item in listed] == [(True, False)]
    assert listed[0]["voter_id"] == (await anna.get(f"{OURS}/me")).json()["id"]


async def test_a_revoked_session_and_key_are_refused_by_the_next_request(web: Web) -> None:
    campaign = await web.campaign()
    anna = await web.sign_in(campaign, "anna@example.com")
    assert (await anna.get(f"{OURS}/me")).status_code == 200
    listed = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/assignments")).json()["data"]
    await web.lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{listed[0]['id']}")
    assert (await anna.get(f"{OURS}/me")).status_code == 401
