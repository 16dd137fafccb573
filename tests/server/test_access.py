"""Links, sessions, keys and roles."""

from __future__ import annotations

import asyncio
import uuid
from typing import Any

import httpx
import pytest
from sqlalchemy import insert

from gonogo.server.auth import tokens
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import api_keys, campaigns, metadata, orgs, users
from tests.server.web import LABELING, OURS, Web

VOTE = {"verdict": "correct"}


def key_for(web: Web, scopes: list[str], *, new_org: bool = False) -> httpx.AsyncClient:
    """A client with a fresh API key, of the lead's organisation or of another one."""
    key, prefix = tokens.new_api_key()
    user_id, org_id, now = web.house.lead.id, web.house.lead.org_id, web.house.now
    with web.house.store.write() as connection:
        if new_org:
            org_id, user_id = new_id(), new_id()
            connection.execute(insert(orgs).values(id=org_id, name="other", created_at=now))
            connection.execute(insert(users).values(id=user_id, org_id=org_id, name="other", created_at=now))
        row = {"id": new_id(), "user_id": user_id, "name": "k", "prefix": prefix, "sha256": tokens.digest(key)}
        connection.execute(insert(api_keys).values(**row, scopes=scopes, created_at=now))
    return web.client(**{"X-API-Key": key})


async def test_a_link_is_redeemed_once_and_its_client_may_repeat_itself(web: Web) -> None:
    campaign = await web.campaign()
    token = (await web.invite(campaign, "anna@example.com"))["magic_link_token"]
    first = await web.redeem(token)
    assert first.status_code == 201
    assert (await web.redeem(token)).json() == first.json()
    assert (await web.redeem(token, "another-client")).status_code == 401
    web.house.pass_time(minutes=2)
    assert (await web.redeem(token)).status_code == 401
    session = web.client(Authorization=f"Bearer {first.json()['session_token']}")
    assert (await session.get(f"{OURS}/me")).json()["role"] == "annotator"
    listed = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/assignments")).json()
    assert [row["status"] for row in listed["data"]] == ["active"]


async def test_of_many_clients_at_once_one_gets_in(web: Web) -> None:
    token = (await web.invite(await web.campaign(), "anna@example.com"))["magic_link_token"]
    answers = await asyncio.gather(*(web.redeem(token, f"nonce-number-{n}") for n in range(9)))
    assert sorted(answer.status_code for answer in answers) == [201] + [401] * 8


async def test_unknown_expired_used_and_revoked_links_answer_alike(web: Web) -> None:
    campaign = await web.campaign()
    used, revoked, expired = [await web.invite(campaign, f"{name}@example.com") for name in ("a", "b", "c")]
    await web.redeem(used["magic_link_token"])
    await web.lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{revoked['assignment']['id']}")
    answers = [await web.redeem("gl_unknown")]
    answers += [await web.redeem(invited["magic_link_token"], "someone-else") for invited in (used, revoked)]
    web.house.pass_time(hours=24)
    answers.append(await web.redeem(expired["magic_link_token"]))
    bodies = []
    for answer in answers:
        assert answer.status_code == 401
        bodies.append(answer.json()["error"])
    assert bodies[0]["code"] == "invalid_magic_link"
    assert all(body == bodies[0] for body in bodies)


async def test_an_address_that_guesses_links_is_slowed_down(web: Web) -> None:
    statuses = [(await web.redeem(f"gl_guess{n}")).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2


async def test_sessions_end_by_idleness_age_sign_out_and_revocation(web: Web) -> None:
    campaign = await web.campaign()
    idle, old, out = [await web.sign_in(campaign, f"{name}@example.com") for name in ("a", "b", "c")]
    assert (await out.delete(f"{OURS}/sessions/current")).json() == {"ended": True}
    assert (await out.get(f"{OURS}/me")).status_code == 401
    for _step in range(15):
        web.house.pass_time(hours=11)
        assert (await old.get(f"{OURS}/me")).status_code == 200
    assert (await idle.get(f"{OURS}/me")).status_code == 401
    web.house.pass_time(hours=11)
    answer = await old.get(f"{OURS}/me")
    assert answer.json()["error"]["code"] == "invalid_session"


async def test_revoking_ends_the_session_at_once_and_frees_the_claim(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    (task,) = await web.add(campaign, {})
    anna, ben = [await web.sign_in(campaign, f"{name}@example.com") for name in ("anna", "ben")]
    assert (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"] == task
    assert (await ben.post(f"{LABELING}/campaigns/{campaign}/next-task")).json() is None
    listed = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/assignments")).json()["data"]
    (assignment,) = [row["id"] for row in listed if row["annotator_email"] == "anna@example.com"]
    revoked = await web.lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{assignment}")
    assert revoked.json()["status"] == "revoked"
    assert (await anna.post(f"{LABELING}/tasks/{task}/submit", json=VOTE)).status_code == 401
    assert (await ben.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"] == task


async def test_inviting_twice_is_refused_until_revoked_and_keeps_the_account(web: Web) -> None:
    campaign = await web.campaign()
    first = (await web.invite(campaign, "anna@example.com"))["assignment"]
    path = f"{LABELING}/campaigns/{campaign}/assignments"
    second = await web.lead.post(path, json={"email": "Anna@Example.com"})
    assert (second.status_code, second.json()["error"]["details"]) == (409, {"reason": "already_invited"})
    await web.lead.delete(f"{path}/{first['id']}")
    third = (await web.invite(campaign, "anna@example.com"))["assignment"]
    assert third["id"] != first["id"]
    assert third["annotator_account_id"] == first["annotator_account_id"]


def operations(campaign: str, task: str, project: str, assignment: str) -> dict[str, tuple[str, str, Any]]:
    """Every operation that addresses an object, with a body it would take."""
    one = f"{LABELING}/campaigns/{campaign}"
    return {
        "get": ("GET", one, None),
        "assignments": ("GET", f"{one}/assignments", None),
        "assign": ("POST", f"{one}/assignments", {"email": "x@example.com"}),
        "revoke": ("DELETE", f"{one}/assignments/{assignment}", None),
        "close": ("POST", f"{one}/close", None),
        "next": ("POST", f"{one}/next-task", None),
        "promote": ("POST", f"{one}/promote", None),
        "quality": ("GET", f"{one}/quality", None),
        "tasks": ("GET", f"{one}/tasks", None),
        "create": ("POST", f"{one}/tasks", {"tasks": [{"target_kind": "pmi", "prompt": "?"}]}),
        "adjudicate": ("POST", f"{LABELING}/tasks/{task}/adjudicate", VOTE),
        "submit": ("POST", f"{LABELING}/tasks/{task}/submit", VOTE),
        "queue": ("GET", f"{OURS}/campaigns/{campaign}/queue", None),
        "submissions": ("GET", f"{OURS}/campaigns/{campaign}/submissions", None),
        "renew": ("POST", f"{OURS}/tasks/{task}/renew", None),
        "release": ("POST", f"{OURS}/tasks/{task}/release", None),
        "project": ("GET", f"{LABELING}/projects/{project}", None),
        "generate": ("POST", f"{LABELING}/projects/{project}/generate-tasks", {"calculation_ids": ["x"]}),
        "project campaign": ("POST", f"{OURS}/projects/{project}/campaigns", {"name": "x"}),
    }


MAY = {
    "reader": {"get", "assignments", "quality", "tasks", "queue", "submissions", "project"},
    "reviewer": {"quality", "tasks", "adjudicate", "queue", "submissions"},
    "annotator": {"next", "submit", "queue", "submissions", "renew", "release"},
}


async def scene(web: Web) -> tuple[str, str, str, str]:
    campaign = await web.campaign()
    (task,) = await web.add(campaign, {})
    project = (await web.lead.post(f"{LABELING}/projects", json={"name": f"project {campaign}"})).json()["id"]
    assignment = (await web.invite(campaign, "idle@example.com"))["assignment"]["id"]
    return campaign, task, project, assignment


@pytest.mark.parametrize("role", ["reader", "reviewer", "annotator"])
async def test_what_a_role_may_not_do_in_its_own_campaign_is_403(web: Web, role: str) -> None:
    objects = await scene(web)
    person = (
        key_for(web, ["parts:read"]) if role == "reader" else await web.sign_in(objects[0], f"{role}@example.com", role)
    )
    for name, (method, path, body) in operations(*objects).items():
        answer = await person.request(method, path, json=body)
        assert (answer.status_code < 300) == (name in MAY[role]), (name, answer.text)
        if name not in MAY[role]:
            assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope"), name


@pytest.mark.parametrize("role", ["foreign lead", "reviewer", "annotator"])
async def test_what_is_somewhere_else_looks_like_what_does_not_exist(web: Web, role: str) -> None:
    theirs = await scene(web)
    own = await web.campaign()
    person = (
        key_for(web, ["parts:write"], new_org=True)
        if role == "foreign lead"
        else await web.sign_in(own, f"{role}@example.com", role)
    )
    nothing = [str(uuid.uuid4()) for _id in range(4)]
    for (name, real), random in zip(operations(*theirs).items(), operations(*nothing).values(), strict=True):
        answers = [await person.request(method, path, json=body) for method, path, body in (real, random)]
        assert answers[0].status_code == answers[1].status_code >= 400, name
        assert answers[0].json()["error"] == answers[1].json()["error"], name


async def test_pool_campaigns_are_open_to_every_annotator_of_the_organisation(web: Web) -> None:
    body = {"name": "pool", "uses_platform_pool": True}
    project = (await web.lead.post(f"{LABELING}/projects", json=body)).json()["id"]
    pool = (await web.lead.post(f"{OURS}/projects/{project}/campaigns", json={"name": "in the pool"})).json()["id"]
    (task,) = await web.add(pool, {})
    own = await web.campaign()
    anna = await web.sign_in(own, "anna@example.com")
    assert {row["id"] for row in (await anna.get(f"{OURS}/me")).json()["campaigns"]} == {own, pool}
    assert (await anna.post(f"{LABELING}/campaigns/{pool}/next-task")).json()["id"] == task
    assert (await anna.get(f"{LABELING}/campaigns/{pool}/quality")).status_code == 403


@pytest.mark.parametrize("key", ["", "ak_live_", "ak_live_00000000_nothing", "embedded2", "ak_live_é"])
async def test_wrong_keys_are_401(web: Web, key: str) -> None:
    answer = await web.anybody.get(f"{LABELING}/campaigns", headers={b"X-API-Key": key.encode()})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


async def test_a_revoked_key_and_a_key_without_scopes_are_refused(web: Web) -> None:
    reader, useless = key_for(web, ["parts:read"]), key_for(web, ["uploads:write"])
    assert (await useless.get(f"{LABELING}/campaigns")).status_code == 403
    assert (await reader.get(f"{LABELING}/campaigns")).status_code == 200
    with web.house.store.write() as connection:
        connection.execute(api_keys.update().values(revoked_at=web.house.now))
    assert (await reader.get(f"{LABELING}/campaigns")).status_code == 401


async def test_no_secret_is_in_the_database(web: Web) -> None:
    campaign = await web.campaign()
    token = (await web.invite(campaign, "anna@example.com"))["magic_link_token"]
    session = (await web.redeem(token)).json()["session_token"]
    reader = key_for(web, ["parts:read"])
    key = reader.headers["X-API-Key"]
    with web.house.store.read() as connection:
        dump = str([connection.execute(table.select()).all() for table in metadata.tables.values()])
    for secret in (token, session, key, key.split("_", 3)[3]):  # `rsplit` would cut a secret with an underscore
        assert secret not in dump


async def test_me_says_when_there_are_more_campaigns_than_it_lists(web: Web) -> None:
    house = web.house
    rows = [{"id": f"c{n}", "org_id": house.lead.org_id, "name": f"c{n}", "created_at": house.now} for n in range(501)]
    fixed = {"consensus_method": "majority", "target_redundancy": 1, "gold_fraction": 0.0, "acceptance_alpha": 0.8}
    with house.store.write() as connection:
        connection.execute(insert(campaigns), [{**row, **fixed} for row in rows])
    me = (await web.lead.get(f"{OURS}/me")).json()
    assert (len(me["campaigns"]), me["n_campaigns"]) == (500, 501)
    assert me["notice"].startswith("These are the newest 500 of 501 campaigns.")
    alone = await web.sign_in("c7", "anna@example.com")
    assert (await alone.get(f"{OURS}/me")).json()["notice"] is None


async def test_a_revision_whose_name_begins_like_another_opens_nothing_of_it(web: Web) -> None:
    png = b"\x89PNG\r\n\x1a\n"
    stored = (await web.lead.post(f"{OURS}/drawings?part=secret", content=png)).json()["part_revision_id"]
    campaign = await web.campaign()
    await web.add(campaign, {"part_revision_id": f"{stored}#x"})
    who = await web.sign_in(campaign, "anna@example.com")
    for revision in (stored, f"{stored}%23x", f"{stored}%23", f"{stored}%230"):
        assert (await who.get(f"/api/v1/parts/geometry/{revision}/drawing-url")).status_code == 404, revision
    assert (await web.lead.get(f"/api/v1/parts/geometry/{stored}%23x/drawing-url")).status_code == 404
    await web.add(campaign, {"part_revision_id": stored})
    assert (await who.get(f"/api/v1/parts/geometry/{stored}/drawing-url")).status_code == 200
    assert (await who.get(f"/api/v1/parts/geometry/{stored}%23x/drawing-url")).status_code == 404
