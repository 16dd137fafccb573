"""Operations: method, path, query, body, key and credential of each request, and the parsed model."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.labeling_api import LabelingClient, Served
from gonogo.client.transport.requests import PreparedRequest
from gonogo.schemas.gonogo_api import (
    CampaignSettings,
    KeyCreate,
    Prediction,
    PredictionsCreate,
    SessionCreate,
    TasksFromPredictions,
)
from gonogo.schemas.labeling import (
    Adjudication,
    CampaignAssignmentCreate,
    GenerateProjectTasks,
    LabelingCampaignCreate,
    LabelingProjectCreate,
    LabelingTaskCreate,
    LabelingTasksCreate,
    LabelSubmit,
)
from tests.client.conftest import KEY, ClientFor
from tests.client.scripted_server import Reply, ScriptedServer
from tests.shared_material import SHARED

L = "/api/v1/parts/labeling"
G = "/api/v1/gonogo"
CAMPAIGN: dict[str, Any] = {"id": "c1", "name": "pmi", "some_new_field": 1}
NOTHING: dict[str, Any] = {"count": 0, "data": []}
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@dataclass(frozen=True)
class Case:
    call: Callable[[GonogoClient], Awaitable[Any]]
    request: str
    reply: Any
    body: Any = None
    anonymous: bool = False


PUBLISHED = [
    Case(lambda c: c.list_campaigns("open", 7, "x&y"), f"GET {L}/campaigns?status=open&limit=7&cursor=x%26y", NOTHING),
    Case(lambda c: c.create_campaign(LabelingCampaignCreate(name="pmi", gold_fraction=0.1)),
         f"POST {L}/campaigns", CAMPAIGN, {"name": "pmi", "gold_fraction": 0.1}),
    Case(lambda c: c.get_campaign("c1"), f"GET {L}/campaigns/c1", CAMPAIGN),
    Case(lambda c: c.list_assignments("c1"), f"GET {L}/campaigns/c1/assignments", NOTHING),
    Case(lambda c: c.create_assignment("c1", CampaignAssignmentCreate(email="a@b.example")),
         f"POST {L}/campaigns/c1/assignments", {"assignment": {"id": "a1"}, "magic_link_token": "tok"},
         {"email": "a@b.example"}),
    Case(lambda c: c.revoke_assignment("c1", "a1"), f"DELETE {L}/campaigns/c1/assignments/a1", {"id": "a1"}),
    Case(lambda c: c.close_campaign("c1"), f"POST {L}/campaigns/c1/close", CAMPAIGN),
    Case(lambda c: c.next_task("c1"), f"POST {L}/campaigns/c1/next-task", {"id": "t1"}),
    Case(lambda c: c.promote_campaign("c1"), f"POST {L}/campaigns/c1/promote", {"promoted": 3}),
    Case(lambda c: c.campaign_quality("c1"), f"GET {L}/campaigns/c1/quality", {"alpha": 0.5}),
    Case(lambda c: c.list_tasks("c1"), f"GET {L}/campaigns/c1/tasks", NOTHING),
    Case(lambda c: c.create_tasks("c1", LabelingTasksCreate(tasks=[LabelingTaskCreate(target_kind="pmi")])),
         f"POST {L}/campaigns/c1/tasks", NOTHING, {"tasks": [{"target_kind": "pmi"}]}),
    Case(lambda c: c.list_projects(5), f"GET {L}/projects?limit=5", NOTHING),
    Case(lambda c: c.create_project(LabelingProjectCreate(name="p")), f"POST {L}/projects", {"id": "p1"},
         {"name": "p"}),
    Case(lambda c: c.get_project("p1"), f"GET {L}/projects/p1", {"id": "p1"}),
    Case(lambda c: c.generate_tasks("p1", GenerateProjectTasks(calculation_ids=["r1"])),
         f"POST {L}/projects/p1/generate-tasks", {"campaign": CAMPAIGN}, {"calculation_ids": ["r1"]}),
    Case(lambda c: c.adjudicate("t1", Adjudication(verdict="incorrect", corrected_value={"text": "⌀9"})),
         f"POST {L}/tasks/t1/adjudicate", {"id": "t1"},
         {"verdict": "incorrect", "corrected_value": {"text": "⌀9"}}),
    Case(lambda c: c.submit("t1", LabelSubmit(verdict="correct", duration_ms=1200)),
         f"POST {L}/tasks/t1/submit", {"id": "s1"}, {"verdict": "correct", "duration_ms": 1200}),
]  # fmt: skip

EXTENSIONS = [
    Case(lambda c: c.capabilities(), f"GET {G}/capabilities", {"max_held_claims": 5}, anonymous=True),
    Case(lambda c: c.redeem(SessionCreate(magic_link_token="tok", client_nonce="nonce-12")),
         f"POST {G}/sessions", {"session_token": "s", "annotator": {"id": "a"}, "campaign_id": "c1"},
         {"magic_link_token": "tok", "client_nonce": "nonce-12"}, anonymous=True),
    Case(lambda c: c.end_session(), f"DELETE {G}/sessions/current", {"ended": True}),
    Case(lambda c: c.me(), f"GET {G}/me", {"id": "u", "kind": "user", "role": "lead"}),
    Case(lambda c: c.renew("t1"), f"POST {G}/tasks/t1/renew", {"task_id": "t1", "held": True, "expires_in": 600}),
    Case(lambda c: c.release("t1"), f"POST {G}/tasks/t1/release", {"task_id": "t1", "held": False}),
    Case(lambda c: c.queue("c1"), f"GET {G}/campaigns/c1/queue",
         {"campaign_id": "c1", "left_for_me": 1, "held_by_me": 1, "done_by_me": 0, "in_review": 0,
          "held_by_others": {"n_tasks": 0}}),
    Case(lambda c: c.drawing_url("rev1"), "GET /api/v1/parts/geometry/rev1/drawing-url",
         {"url": None, "status": "no_dataset", "content_type": None}),
    Case(lambda c: c.store_drawing("Träger 1", "a b.pdf", "application/pdf", b"%PDF-\x00\xff"),
         f"POST {G}/drawings?part=Tr%C3%A4ger+1&filename=a+b.pdf",
         {"part_revision_id": "r", "sha256": "00", "size_bytes": 7, "created": True}, b"%PDF-\x00\xff"),
    Case(lambda c: c.store_predictions(PredictionsCreate(project_id="p1", run="r", predictions=[Prediction(id="1")])),
         f"POST {G}/predictions", {"calculation_id": "k", "n_new": 1, "n_known": 0},
         {"project_id": "p1", "run": "r", "predictions": [{"id": "1"}]}),
    Case(lambda c: c.create_campaign_in_project("p1", LabelingCampaignCreate(name="pmi")),
         f"POST {G}/projects/p1/campaigns", CAMPAIGN, {"name": "pmi"}),
    Case(lambda c: c.tasks_from_predictions("c1", TasksFromPredictions(calculation_id="k", gold_from_truth=True)),
         f"POST {G}/campaigns/c1/tasks-from-predictions", {"n_tasks": 1, "n_gold": 0, "n_skipped": 0},
         {"calculation_id": "k", "gold_from_truth": True}),
    Case(lambda c: c.campaign_detail("c1"), f"GET {G}/campaigns/c1", {**CAMPAIGN, "number": 1, "settings": {}}),
    Case(lambda c: c.update_settings("c1", CampaignSettings(lease_minutes=5, guideline=None)),
         f"PATCH {G}/campaigns/c1/settings", {**CAMPAIGN, "number": 1, "settings": {}},
         {"lease_minutes": 5, "guideline": None}),
    Case(lambda c: c.submissions("c1", 10), f"GET {G}/campaigns/c1/submissions?limit=10", NOTHING),
    Case(lambda c: c.create_key(KeyCreate(name="n", scopes=["parts:read"])), f"POST {G}/keys",
         {"id": "k", "name": "n", "key": "ak", "scopes": []}, {"name": "n", "scopes": ["parts:read"]}),
]  # fmt: skip


@pytest.mark.parametrize("case", PUBLISHED + EXTENSIONS, ids=lambda case: case.request.partition("?")[0])
async def test_an_operation_is_what_the_contract_says(case: Case, client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(200, case.reply)]) as server, client_for(server.url) as client:
        assert await case.call(client) is not None
        (got,) = server.requests
    assert f"{got.method} {got.target}" == case.request
    assert got.headers.get("x-api-key") == (None if case.anonymous else KEY)
    if got.method == "GET":
        assert got.key is None
    else:
        assert got.key
        assert UUID.fullmatch(got.key)
    if case.body is None:
        assert got.body == b""
        assert "content-type" not in got.headers
    elif isinstance(case.body, bytes):
        assert got.body == case.body
        assert got.headers["content-type"] == "application/pdf"
    else:
        assert got.json == case.body
        assert got.headers["content-type"] == "application/json"


def _shape(request: str) -> str:
    """`GET /a/{}/b`: ids taken out, for comparison with the contract."""
    return re.sub(r"/(c1|a1|t1|p1)(?=/|$)", "/{}", request.partition("?")[0])


@pytest.mark.skipif(SHARED is None, reason="the contract folder is not here")
def test_all_operations_of_the_contract_are_among_them() -> None:
    assert SHARED
    contract = json.loads((SHARED / "contract" / "labeling.json").read_text())
    wanted = {f"{item['method']} {re.sub(r'{[^}]+}', '{}', item['path'])}" for item in contract["operations"]}
    assert {_shape(case.request) for case in PUBLISHED} == wanted


async def test_promote_by_force_says_so_in_the_query(client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(200, {})]) as server, client_for(server.url) as client:
        await client.promote_campaign("c1", force=True)
        assert server.requests[0].query == "force=true"


async def test_each_next_task_has_a_key_of_its_own(client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(200, {"id": "t1"})]) as server, client_for(server.url) as client:
        await client.next_task("c1")
        await client.next_task("c1")
        assert len({got.key for got in server.requests}) == 2


@pytest.mark.parametrize(
    ("reply", "served_id", "expires_in"),
    [
        (Reply(200, {"id": "t1"}, {"X-Claim-Expires-In": "599.5"}), "t1", 599.5),
        (Reply(200, {"id": "t1"}), "t1", None),
        (Reply(200, {"id": "t1"}, {"X-Claim-Expires-In": "soon"}), "t1", None),
        (Reply(200, {"id": "t1"}, {"X-Claim-Expires-In": "inf"}), "t1", None),
        (Reply(200, b"null"), None, None),
        (Reply(204), None, None),
    ],
)
async def test_next_task(reply: Reply, served_id: str | None, expires_in: float | None, client_for: ClientFor) -> None:
    async with ScriptedServer([reply]) as server, client_for(server.url) as client:
        served = await client.next_task("c1")
    assert isinstance(served, Served)
    assert (served.task.id if served.task else None) == served_id
    assert served.expires_in == expires_in


async def test_text_from_the_server_is_harmless_and_raw_only_on_demand(client_for: ClientFor) -> None:
    hostile = {"id": "t1", "prompt": "\x1b[6n right?", "predicted_value": {"te\u202ext": "\x9b0c"}}
    async with ScriptedServer([Reply(200, hostile)]) as server:
        async with client_for(server.url) as client:
            cleaned = (await client.next_task("c1")).task
        async with client_for(server.url, clean=False) as client:
            raw = (await client.next_task("c1")).task
    assert cleaned
    assert raw
    assert cleaned.prompt == "\ufffd[6n right?"
    assert cleaned.predicted_value == {"te<U+202E>xt": "<U+009B>0c"}
    assert raw.prompt == hostile["prompt"]
    assert raw.predicted_value == hostile["predicted_value"]


async def test_ids_stay_one_path_segment(client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(200, CAMPAIGN)]) as server, client_for(server.url) as client:
        await client.get_campaign("../projects?x=1#y/ü")
        assert server.requests[0].target == f"{L}/campaigns/..%2Fprojects%3Fx%3D1%23y%2F%C3%BC"


async def test_a_path_prefix_of_the_base_url_is_kept(client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(200, CAMPAIGN)]) as server, client_for(f"{server.url}/behind/proxy/") as client:
        await client.get_campaign("c1")
        assert server.requests[0].target == f"/behind/proxy{L}/campaigns/c1"


async def test_redeem_goes_where_the_settings_say(client_for: ClientFor) -> None:
    reply = {"session_token": "s", "annotator": {"id": "a"}, "campaign_id": "c1"}
    session = SessionCreate(magic_link_token="tok", client_nonce="nonce-12")
    async with ScriptedServer([Reply(201, reply)]) as server, client_for(server.url) as client:
        await client.redeem(session, path="/auth/magic", field="token")
        assert server.requests[0].path == "/auth/magic"
        assert server.requests[0].json == {"token": "tok", "client_nonce": "nonce-12"}


@pytest.mark.parametrize("status", [401, 403, 404, 405])
async def test_a_plain_server_has_no_capabilities(status: int, client_for: ClientFor) -> None:
    async with ScriptedServer([Reply(status, "<h1>no</h1>")]) as server, client_for(server.url) as client:
        assert await client.capabilities() is None


async def test_a_prepared_verdict_travels_byte_for_byte(client_for: ClientFor) -> None:
    """What the outbox stored is what is sent, in another process and after other releases too."""
    kept = PreparedRequest("POST", f"{L}/tasks/t1/submit", b'{ "verdict" :"correct",  "x":1}', "key-1")
    async with ScriptedServer([Reply(201, {"id": "s1"})]) as server, client_for(server.url) as client:
        made = client.prepare_submit("t1", LabelSubmit(verdict="unsure"), idempotency_key="k")
        assert made == PreparedRequest("POST", f"{L}/tasks/t1/submit", b'{"verdict":"unsure"}', "k")
        assert (await client.send(kept)).id == "s1"
    (got,) = server.requests
    assert (got.path, got.body, got.key) == (kept.path, kept.body, "key-1")


async def test_export_lines_come_raw_and_whole(client_for: ClientFor) -> None:
    lines = [b'{"prompt":"\xe2\x80\xa8 \x1b"}\n', b'{"n":1}\n', b'{"last":true}']
    kind = {"Content-Type": "application/x-ndjson"}
    async with ScriptedServer([Reply(200, b"".join(lines), kind)]) as server, client_for(server.url) as client:
        assert [line async for line in client.export_lines("c1")] == [*lines[:2], lines[2] + b"\n"]
        assert server.requests[0].target == f"{G}/campaigns/c1/export"


def test_a_labeling_client_has_no_extensions() -> None:
    assert not hasattr(LabelingClient, "capabilities")
