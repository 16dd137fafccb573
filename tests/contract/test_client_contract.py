"""Our client against the published labeling reference: one method an operation, and models that cover its fields."""

from __future__ import annotations

import inspect
import json
import types
import typing
from typing import Any, Union

import httpx
import pytest
from pydantic import BaseModel

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.labeling_api import LabelingClient
from gonogo.schemas import labeling
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.contract.conftest import OPERATIONS, load_copy

METHODS = {
    "GET /campaigns": "list_campaigns",
    "POST /campaigns": "create_campaign",
    "GET /campaigns/{campaign_id}": "get_campaign",
    "GET /campaigns/{campaign_id}/assignments": "list_assignments",
    "POST /campaigns/{campaign_id}/assignments": "create_assignment",
    "DELETE /campaigns/{campaign_id}/assignments/{assignment_id}": "revoke_assignment",
    "POST /campaigns/{campaign_id}/close": "close_campaign",
    "POST /campaigns/{campaign_id}/next-task": "next_task",
    "POST /campaigns/{campaign_id}/promote": "promote_campaign",
    "GET /campaigns/{campaign_id}/quality": "campaign_quality",
    "GET /campaigns/{campaign_id}/tasks": "list_tasks",
    "POST /campaigns/{campaign_id}/tasks": "create_tasks",
    "GET /projects": "list_projects",
    "POST /projects": "create_project",
    "GET /projects/{project_id}": "get_project",
    "POST /projects/{project_id}/generate-tasks": "generate_tasks",
    "POST /tasks/{task_id}/adjudicate": "adjudicate",
    "POST /tasks/{task_id}/submit": "submit",
}
BODIES: dict[str, BaseModel] = {
    "campaign": labeling.LabelingCampaignCreate(name="n"),
    "project": labeling.LabelingProjectCreate(name="n"),
    "assignment": labeling.CampaignAssignmentCreate(email="a@b"),
    "tasks": labeling.LabelingTasksCreate(tasks=[labeling.LabelingTaskCreate(target_kind="pmi")]),
    "request": labeling.GenerateProjectTasks(calculation_ids=["c"]),
    "ruling": labeling.Adjudication(verdict="correct"),
    "label": labeling.LabelSubmit(verdict="correct"),
}
EXTENSIONS = {"cursor", "force", "idempotency_key"}
BASE = "/api/v1/parts/labeling"
WEBHOOK_ACTIONS = ("test", "rotate", "enable", "disable", "replay")


def method_of(key: str) -> Any:
    verb, path = key.split(" ")
    return getattr(LabelingClient, METHODS[f"{verb} {path.removeprefix(BASE)}"])


def hints(key: str) -> dict[str, Any]:
    return typing.get_type_hints(method_of(key))


def test_each_operation_has_a_method() -> None:
    assert sorted(f"{key.split(' ')[0]} {key.split(' ')[1].removeprefix(BASE)}" for key in OPERATIONS) == sorted(
        METHODS
    )


@pytest.mark.parametrize("key", OPERATIONS)
def test_parameters(key: str, facts: dict[str, Any]) -> None:
    """Path and query parameters are the method's, required ones without a default; what else it takes is a body."""
    wanted = facts["operations"][key]
    signature = inspect.signature(method_of(key)).parameters
    models = [name for name, hint in hints(key).items() if name != "return" and _is_model(hint)]
    assert len(models) == (wanted["body"] is not None)
    named = {name.split(":")[1]: kind.endswith("!") for name, kind in wanted["params"].items()}
    ours = {name: p.default is p.empty for name, p in signature.items() if name not in {"self", *EXTENSIONS, *models}}
    assert ours == named
    assert ("idempotency_key" in signature) == (not key.startswith("GET"))


@pytest.mark.parametrize("key", OPERATIONS)
def test_body_and_answer_cover_all_fields(key: str, facts: dict[str, Any]) -> None:
    wanted = facts["operations"][key]
    if wanted["body"] is not None:
        (body,) = [hint for name, hint in hints(key).items() if name != "return" and _is_model(hint)]
        _covers(body, wanted["body"], facts["models"], flags=True)
    answer = hints(key)["return"]
    if not _is_model(answer):  # `Served` is the task, and what the headers said
        answer = labeling.ServedTask
    fields = facts["models"][wanted["answer"]] if isinstance(wanted["answer"], str) else wanted["answer"]
    _covers(answer, fields, facts["models"], flags=False)


@pytest.mark.parametrize("key", OPERATIONS)
async def test_what_is_sent(key: str) -> None:
    """Method, path, credential, and a key on what writes; a body only where there is one."""
    seen: list[tuple[httpx.Request, str | None]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append((request, request.headers.get("X-API-Key")))  # taken out of the request afterwards
        return httpx.Response(418, json={})

    client = LabelingClient("https://api.example", ApiKey("ak_test_x"), transport=httpx.MockTransport(answer))
    signature = inspect.signature(method_of(key)).parameters
    given = {name: BODIES.get(name, name) for name, p in signature.items() if p.default is p.empty and name != "self"}
    async with client:
        with pytest.raises(Exception, match=r".+"):
            await method_of(key)(client, **given)
    verb, path = key.split(" ")
    ((request, credential),) = seen
    assert (request.method, request.url.path) == (verb, path.replace("{", "").replace("}", ""))
    assert credential == "ak_test_x"
    assert ("Idempotency-Key" in request.headers) == (verb != "GET")
    body = load_copy()["operations"][key]["body"]
    assert bool(request.content) == (body is not None)
    if body is not None:
        sent = json.loads(request.content)
        assert set(sent) <= set(body) | {"role"}
        assert {name for name, kind in body.items() if kind.endswith("!")} <= set(sent)


def test_every_extension_the_client_speaks_is_served() -> None:
    """And nothing of ours is served that the client does not speak, but the file behind a drawing's address."""
    served = create_app(ServerSettings(database_url="sqlite:////nowhere/unused.db")).openapi()["paths"]
    ours = {(verb.upper(), path) for path, verbs in served.items() if BASE not in path for verb in verbs}
    gonogo, geometry = "/api/v1/gonogo", "/api/v1/parts/geometry"
    assert ours == {
        ("GET", f"{gonogo}/capabilities"),
        ("POST", f"{gonogo}/sessions"),
        ("DELETE", f"{gonogo}/sessions/current"),
        ("GET", f"{gonogo}/me"),
        ("POST", f"{gonogo}/keys"),
        ("GET", f"{gonogo}/keys"),
        ("GET", f"{gonogo}/audit/head"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/progress"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/progress/stream"),
        ("DELETE", f"{gonogo}/keys/{{key_id}}"),
        ("POST", f"{gonogo}/keys/{{key_id}}/results-password"),
        ("GET", f"{gonogo}/projects/{{project_id}}/runs"),
        ("POST", f"{gonogo}/projects/{{project_id}}/generate-tasks/preview"),
        ("GET", f"{gonogo}/projects/{{project_id}}/model-report"),
        ("POST", f"{gonogo}/tasks/{{task_id}}/amend"),
        ("POST", f"{gonogo}/tasks/{{task_id}}/help"),
        ("POST", f"{gonogo}/tasks/{{task_id}}/renew"),
        ("POST", f"{gonogo}/tasks/{{task_id}}/release"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}"),
        ("PATCH", f"{gonogo}/campaigns/{{campaign_id}}/settings"),
        ("POST", f"{gonogo}/campaigns/{{campaign_id}}/settings/preview"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/queue"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/submissions"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/export"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/export/settled"),
        ("POST", f"{gonogo}/campaigns/{{campaign_id}}/tasks-from-predictions"),
        ("POST", f"{gonogo}/projects/{{project_id}}/campaigns"),
        ("POST", f"{gonogo}/predictions"),
        ("POST", f"{gonogo}/drawings"),
        ("POST", f"{gonogo}/drawings/batch"),
        ("GET", f"{gonogo}/drawings/{{token}}/{{name}}"),
        ("GET", f"{geometry}/{{part_revision_id}}/drawing-url"),
        ("GET", "/api/v1/parts/ground-truth/datasets"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/annotator-actions"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/annotators"),
        ("POST", f"{gonogo}/campaigns/{{campaign_id}}/annotators/{{voter_id}}/actions"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/annotators/{{voter_id}}/actions/{{action}}"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/gold-candidates"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/practice"),
        ("POST", f"{gonogo}/campaigns/{{campaign_id}}/practice"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/review"),
        ("GET", f"{gonogo}/campaigns/{{campaign_id}}/review-settings"),
        ("PATCH", f"{gonogo}/campaigns/{{campaign_id}}/review-settings"),
        ("POST", f"{gonogo}/rulings/{{ruling_id}}/gold"),
        ("GET", f"{gonogo}/tasks/{{task_id}}/review"),
        ("POST", f"{gonogo}/tasks/{{task_id}}/ruling"),
        ("POST", f"{gonogo}/campaigns/{{campaign_id}}/next-group"),
        ("GET", f"{gonogo}/webhooks"),
        ("POST", f"{gonogo}/webhooks"),
        ("GET", f"{gonogo}/webhooks/{{webhook_id}}"),
        ("DELETE", f"{gonogo}/webhooks/{{webhook_id}}"),
        *(("POST", f"{gonogo}/webhooks/{{webhook_id}}/{action}") for action in WEBHOOK_ACTIONS),
        ("GET", f"{gonogo}/webhooks/{{webhook_id}}/deliveries"),
        ("GET", f"{gonogo}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}"),
        ("POST", f"{gonogo}/webhooks/{{webhook_id}}/deliveries/{{delivery_id}}/replay"),
    }
    assert {name for name in dir(GonogoClient) if not name.startswith("_")} >= {
        *("capabilities", "redeem", "end_session", "me", "create_key", "renew", "release", "campaign_detail"),
        *("update_settings", "queue", "submissions", "export_lines", "tasks_from_predictions", "drawing_url"),
        *("create_campaign_in_project", "store_predictions", "store_drawing"),
    }


def _is_model(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, BaseModel)


def _covers(model: type[BaseModel], wanted: dict[str, str], models: dict[str, Any], *, flags: bool) -> None:
    for name, kind in wanted.items():
        field = model.model_fields[name]
        if flags:
            assert field.is_required() == kind.endswith("!"), (model, name)
        nested = kind.rstrip("![]")
        if nested in models:
            part = flags and nested != "LabelingTaskCreate"
            _covers(_model_in(field.annotation), models[nested], models, flags=part)


def _model_in(hint: Any) -> type[BaseModel]:
    """The model in `list[M]`, `M | None`, `Annotated[list[M], …]`."""
    if _is_model(hint):
        model: type[BaseModel] = hint
        return model
    if typing.get_origin(hint) in (Union, types.UnionType, list, typing.Annotated):
        found = [_model_in(item) for item in typing.get_args(hint) if _holds_model(item)]
        return found[0]
    raise AssertionError(f"{hint} holds no model")


def _holds_model(hint: Any) -> bool:
    return _is_model(hint) or any(_holds_model(item) for item in typing.get_args(hint))
