"""Every operation of the server: who may call it, whether it changes anything, and a stage on which each succeeds.

A route that is missing here fails the tests of access and of the audit log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
from fastapi import FastAPI
from sqlalchemy import update

from gonogo.server.store.schema import webhook_deliveries
from tests.server.web import LABELING, OURS, Web

PNG = b"\x89PNG\r\n\x1a\n"
Ids = dict[str, str]


@dataclass(frozen=True)
class Operation:
    """`who` may call it (besides the lead, who may all); `body` is JSON, or bytes, made from the stage's ids.

    `first` sets the stage for a call that changes something; `endless` is a stream, of which
    only refusals are tested here.
    """

    who: str = ""
    body: Callable[[Ids], Any] = lambda _ids: None
    query: Callable[[Ids], dict[str, str]] = lambda _ids: {}
    changes: bool = False
    actor: str = "lead"
    endless: bool = False
    first: Callable[[Web, Stage], Any] | None = None

    def open_to(self, role: str) -> bool:
        return role == "lead" or role in self.who.split()


@dataclass
class Stage:
    """One object of every kind, and people of every role, in one campaign."""

    ids: Ids = field(default_factory=dict)
    people: dict[str, httpx.AsyncClient] = field(default_factory=dict)


def _vote(_ids: Ids) -> dict[str, str]:
    return {"verdict": "correct"}


def _name(_ids: Ids) -> dict[str, str]:
    return {"name": "a name of its own"}


def _prediction(name: str) -> dict[str, Any]:
    return {"id": name, "part": f"part {name}", "target_kind": "pmi", "field_name": "f"}


async def _claim(_web: Web, stage: Stage) -> None:
    path = f"{LABELING}/campaigns/{stage.ids['campaign_id']}/next-task"
    stage.ids["task_id"] = (await stage.people["annotator"].post(path)).json()["id"]


async def _answered(web: Web, stage: Stage) -> None:
    await _claim(web, stage)
    await stage.people["annotator"].post(f"{LABELING}/tasks/{stage.ids['task_id']}/submit", json=_vote({}))


async def _unresolved(web: Web, stage: Stage) -> None:
    (stage.ids["task_id"],) = await web.add(stage.ids["campaign_id"], {})


async def _resolved(web: Web, stage: Stage) -> None:
    await _unresolved(web, stage)
    await web.lead.post(f"{LABELING}/tasks/{stage.ids['task_id']}/adjudicate", json={"verdict": "correct"})


async def _practice(web: Web, stage: Stage) -> None:
    path = f"{OURS}/campaigns/{stage.ids['campaign_id']}/practice"
    stage.ids["item"] = (await stage.people["annotator"].get(path)).json()["data"][0]["item"]


async def _link(web: Web, stage: Stage) -> None:
    stage.ids["link"] = (await web.invite(stage.ids["campaign_id"], "fresh@example.com"))["magic_link_token"]


async def _session(web: Web, stage: Stage) -> None:
    stage.people["leaving"] = await web.sign_in(stage.ids["campaign_id"], "leaving@example.com")


async def _candidate(web: Web, stage: Stage) -> None:
    await _unresolved(web, stage)
    body = {"verdict": "correct", "gold_candidate": True}
    ruling = await web.lead.post(f"{OURS}/tasks/{stage.ids['task_id']}/ruling", json=body)
    stage.ids["ruling_id"] = ruling.json()["ruling"]["id"]


async def _given_up(web: Web, stage: Stage) -> None:
    failed = update(webhook_deliveries).where(webhook_deliveries.c.id == stage.ids["delivery_id"])
    with web.house.store.write() as connection:
        connection.execute(failed.values(state="failed"))


ALL = "reader reviewer annotator"
REVIEW = "reader reviewer"
OPERATIONS: dict[str, Operation] = {
    # projects and campaigns
    "list_labeling_campaigns": Operation("reader"),
    "create_labeling_campaign": Operation(body=_name, changes=True),
    "get_labeling_campaign": Operation("reader"),
    "campaign_detail": Operation("reader"),
    "preview_campaign_settings": Operation(body=lambda _: {"max_risk": 0.02}),
    "update_campaign_settings": Operation(body=lambda _: {"lease_minutes": 3}, changes=True),
    "list_labeling_projects": Operation("reader"),
    "create_labeling_project": Operation(body=_name, changes=True),
    "get_labeling_project": Operation("reader"),
    "create_campaign_in_project": Operation(body=lambda _: {"name": "in the project"}, changes=True),
    "generate_project_tasks": Operation(body=lambda ids: {"calculation_ids": [ids["calculation_id"]]}, changes=True),
    "preview_tasks": Operation(body=lambda ids: {"calculation_ids": [ids["calculation_id"]]}),
    "list_runs": Operation("reader"),
    "model_report": Operation("reader"),
    "store_predictions": Operation(
        body=lambda ids: {"project_id": ids["project_id"], "run": "new", "predictions": [_prediction("n")]},
        changes=True,
    ),
    "tasks_from_predictions": Operation(body=lambda ids: {"calculation_id": ids["calculation_id"]}, changes=True),
    # people
    "list_campaign_assignments": Operation("reader"),
    "create_campaign_assignment": Operation(body=lambda _: {"email": "new@example.com"}, changes=True),
    "list_annotators": Operation("reader"),
    "annotator_actions": Operation("reader"),
    "preview_annotator_action": Operation(),
    "act_on_annotator": Operation(body=lambda _: {"action": "pause", "reason": "too fast"}, changes=True),
    "me": Operation(ALL),
    "capabilities": Operation(ALL),
    "redeem_magic_link": Operation(
        ALL,
        body=lambda ids: {"magic_link_token": ids.get("link", "gl_none"), "client_nonce": "a nonce of its own"},
        changes=True,
        first=_link,
    ),
    "end_session": Operation(ALL, changes=True, actor="leaving", first=_session),
    # the queue
    "next_labeling_task": Operation("annotator", changes=True, actor="annotator"),
    "next_group": Operation("annotator", body=lambda _: {"limit": 3}, changes=True, actor="annotator"),
    "renew_claim": Operation("annotator", changes=True, actor="annotator", first=_claim),
    "release_claim": Operation("annotator", changes=True, actor="annotator", first=_claim),
    "ask_help": Operation(
        "annotator", body=lambda _: {"reason": "unreadable"}, changes=True, actor="annotator", first=_claim
    ),
    "amend_label": Operation("annotator", body=_vote, changes=True, actor="annotator", first=_answered),
    "submit_label": Operation("annotator", body=_vote, changes=True, actor="annotator", first=_claim),
    "queue_view": Operation(ALL),
    "list_labeling_tasks": Operation(REVIEW),
    "create_labeling_tasks": Operation(body=lambda _: {"tasks": [{"target_kind": "pmi", "prompt": "?"}]}, changes=True),
    "list_submissions": Operation(ALL),
    # review
    "adjudicate_task": Operation("reviewer", body=_vote, changes=True, actor="reviewer", first=_unresolved),
    "rule_on_task": Operation("reviewer", body=_vote, changes=True, actor="reviewer", first=_unresolved),
    "review_queue": Operation(REVIEW),
    "review_task": Operation(REVIEW),
    "review_settings": Operation(REVIEW),
    "update_review_settings": Operation(body=lambda _: {"sample_rate": 0.25}, changes=True),
    "gold_candidates": Operation(REVIEW),
    "decide_gold": Operation(body=lambda _: {"accept": True}, changes=True, first=_candidate),
    "practice_items": Operation("reviewer annotator"),
    "answer_practice_item": Operation(
        "reviewer annotator",
        body=lambda ids: {"item": ids.get("item", "none"), "verdict": "correct"},
        changes=True,
        actor="annotator",
        first=_practice,
    ),
    # results
    "labeling_campaign_quality": Operation(REVIEW),
    "promote_labeling_campaign": Operation(query=lambda _: {"force": "true"}, changes=True, first=_resolved),
    "list_golden_datasets": Operation("reader"),
    "campaign_progress": Operation(REVIEW),
    "watch_campaign": Operation(REVIEW, endless=True),
    "export_campaign": Operation("reader"),
    "export_settled": Operation("reader"),
    "audit_head": Operation("reader"),
    "close_labeling_campaign": Operation(changes=True),
    # keys and drawings
    "create_key": Operation(body=lambda _: {"name": "k", "scopes": ["parts:read"]}, changes=True),
    "list_keys": Operation(),
    "make_results_password": Operation(changes=True),
    "revoke_key": Operation(changes=True),
    "store_drawing": Operation(
        body=lambda _: PNG + b"of its own", query=lambda _: {"part": "of its own", "filename": "a.png"}, changes=True
    ),
    "store_drawings": Operation(
        body=lambda _: b'[{"part": "of a batch", "filename": "a.png", "size_bytes": 8}]\n' + PNG, changes=True
    ),
    "part_revision_drawing_url": Operation(ALL),
    # webhooks
    "create_webhook": Operation(body=lambda _: {"url": "https://hooks.example.com/"}, changes=True),
    "list_webhooks": Operation(),
    "get_webhook": Operation(),
    "list_deliveries": Operation(),
    "get_delivery": Operation(),
    "ping_webhook": Operation(changes=True),
    "replay_delivery": Operation(changes=True),
    "replay_deliveries": Operation(body=lambda _: {"since": "2026-01-01T00:00:00Z"}, changes=True, first=_given_up),
    "rotate_webhook_secret": Operation(changes=True),
    "disable_webhook": Operation(changes=True),
    "enable_webhook": Operation(changes=True),
    "remove_webhook": Operation(changes=True),
    # last, because the assignment is needed before
    "revoke_campaign_assignment": Operation(changes=True),
}
OPEN = {
    "capabilities",
    "landing_page",
    "redeem_magic_link",
    "drawing_file",
    "healthz",
    "readyz",
    "metrics",
    "openapi",
    "api_page",
}
"""Answer without a credential."""
RESULTS = {
    "log_in": "POST /auth/public/v1/login",
    "open_session": "POST /api/v1/gonogo/results/session",
    "test_token": "POST /auth/public/v1/testToken",
    "refresh_token": "POST /auth/public/v1/refreshToken",
    "log_out": "POST /auth/public/v1/logout",
    "list_results": "GET /results/public/v1/list",
    "get_result": "GET /results/public/v1/get",
    "version": "GET /results/public/v1/version",
}
"""The other API, which has credentials and roles of its own."""
CHANGING_RESULTS = {"log_in", "open_session", "refresh_token", "log_out"}


@dataclass(frozen=True)
class Route:
    name: str
    method: str
    path: str

    def at(self, ids: Ids) -> str:
        return self.path.format_map(ids)


def all_routes(app: FastAPI) -> Iterator[Route]:
    """Every route that answers, whatever the OpenAPI says."""
    waiting: list[Any] = list(app.routes)
    while waiting:
        route = waiting.pop(0)
        if getattr(route, "methods", None):
            (method,) = set(route.methods) - {"HEAD"}
            yield Route(route.name, method, route.path)
        else:
            within = getattr(route, "original_router", route)
            waiting = [*within.routes, *waiting]


def routes_by_name(app: FastAPI) -> dict[str, Route]:
    return {route.name: route for route in all_routes(app)}


async def set_stage(web: Web) -> Stage:
    """One object of every kind in the lead's organisation; nobody but the annotator voted."""
    stage = Stage()
    project = (await web.lead.post(f"{LABELING}/projects", json={"name": f"p {web.house.rng.random()}"})).json()["id"]
    body = {"name": f"c {web.house.rng.random()}", "gold_fraction": 0.0}
    campaign = str((await web.lead.post(f"{OURS}/projects/{project}/campaigns", json=body)).json()["id"])
    part = f"part {web.house.rng.random()}"
    drawing = await web.lead.post(f"{OURS}/drawings", params={"part": part, "filename": "a.png"}, content=PNG)
    revision = drawing.json()["part_revision_id"]
    subject = {"part_revision_id": revision, "predicted_value": {"text": "16,5"}}
    tasks = await web.add(campaign, *[subject] * 7)
    run = {"project_id": project, "run": "r", "predictions": [_prediction("p")]}
    calculation = (await web.lead.post(f"{OURS}/predictions", json=run)).json()["calculation_id"]
    for task in tasks[:2]:  # practice needs known items
        await web.lead.post(f"{OURS}/tasks/{task}/ruling", json={"verdict": "correct"})
    voter = await web.sign_in(campaign, "voter@example.com")
    await voter.post(f"{LABELING}/tasks/{tasks[2]}/submit", json={"verdict": "correct"})
    idle = (await web.invite(campaign, "idle@example.com"))["assignment"]
    key = (await web.lead.post(f"{OURS}/keys", json={"name": "of nobody", "scopes": ["parts:read"]})).json()["id"]
    hook = (await web.lead.post(f"{OURS}/webhooks", json={"url": "https://hooks.example.com/a"})).json()["id"]
    stage.people = {
        "lead": web.lead,
        "annotator": await web.sign_in(campaign, "annotator@example.com"),
        "reviewer": await web.sign_in(campaign, "reviewer@example.com", "reviewer"),
    }
    stage.ids = {
        "project_id": project,
        "campaign_id": campaign,
        "task_id": tasks[3],
        "assignment_id": idle["id"],
        "voter_id": (await voter.get(f"{OURS}/me")).json()["id"],
        "action": "pause",
        "part_revision_id": revision,
        "calculation_id": calculation,
        "key_id": key,
        "webhook_id": hook,
        "delivery_id": (await web.lead.post(f"{OURS}/webhooks/{hook}/test")).json()["id"],
        "ruling_id": "00000000-0000-4000-8000-000000000000",
    }
    await _candidate(web, stage)
    stage.ids["task_id"] = tasks[3]
    return stage


async def call(web: Web, who: httpx.AsyncClient, name: str, ids: Ids) -> httpx.Response:
    """The operation with a body it takes, on the objects of `ids`."""
    operation, route = OPERATIONS[name], routes_by_name(web.app)[name]
    body = operation.body(ids)
    content: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {} if body is None else {"json": body}
    return await who.request(route.method, route.at(ids), params=operation.query(ids), **content)
