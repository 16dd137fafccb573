"""Who may do what, for every route there is; what lies elsewhere is as what does not exist, whichever id names it."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, select

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import api_keys, campaigns, metadata
from tests.server.house import House
from tests.server.operations import (
    OPEN,
    OPERATIONS,
    RESULTS,
    Ids,
    Stage,
    all_routes,
    call,
    routes_by_name,
    set_stage,
)
from tests.server.test_access import key_for
from tests.server.web import LABELING, OURS, Web, serving

ROLES = ("lead", "reader", "reviewer", "annotator")
BESIDE_THE_STATE = {"audit_log", "rate_counts", "idempotency_keys", "server_secrets"} | {
    "annotator_scores",
    "campaign_scores",
}
"""Books about requests, and what follows from the votes."""
OF_THE_ANSWER = {"x-request-id", "date"}


@pytest.fixture
async def lone_web(sqlite_house: House) -> AsyncIterator[Web]:
    """On SQLite alone: none of this depends on the database."""
    async with serving(sqlite_house) as opened:
        yield opened


def state_of(store: Store) -> dict[str, list[str]]:
    """Every row of every table that says how things stand."""

    def rows(connection: Connection, name: str) -> list[str]:
        return sorted(map(str, connection.execute(metadata.tables[name].select()).all()))

    with store.read() as connection:
        return {name: rows(connection, name) for name in metadata.tables if name not in BESIDE_THE_STATE}


def client_for(web: Web, stage: Stage, role: str) -> httpx.AsyncClient:
    return key_for(web, ["parts:read"]) if role == "reader" else stage.people[role]


async def test_every_route_is_one_that_the_tests_know(lone_web: Web) -> None:
    web = lone_web
    known = {*OPERATIONS, *OPEN, *RESULTS}
    assert {route.name for route in all_routes(web.app)} == known
    documented = {route.name: route for route in all_routes(web.app) if route.path.startswith("/api/")}
    assert len(documented) == len([route for route in all_routes(web.app) if route.path.startswith("/api/")])


@pytest.mark.slow
async def test_each_role_may_do_what_is_for_it_and_nothing_else(lone_web: Web) -> None:
    for role in ROLES:
        await check_role(lone_web, role)


async def check_role(web: Web, role: str) -> None:
    stage = await set_stage(web)
    who = client_for(web, stage, role)
    before = state_of(web.house.store)
    refused = [name for name, operation in OPERATIONS.items() if not operation.open_to(role)]
    for name in refused:
        answer = await call(web, who, name, stage.ids)
        assert answer.status_code == 403, (role, name, answer.text)
        assert answer.json()["error"]["code"] == "insufficient_scope"
    assert state_of(web.house.store) == before, role
    allowed = [name for name in OPERATIONS if name not in refused and name not in OPEN and not OPERATIONS[name].endless]
    for name in sorted(allowed, key="end_session".__eq__):  # that one last
        answer = await call(web, who, name, stage.ids)
        assert answer.status_code < 500, (role, name)
        assert answer.status_code not in (401, 403), (role, name, answer.text)


BROKEN: tuple[bytes, ...] = (b"", b"{", b"[1]", b'{"verdict": true}', b"x" * 5_000_000)


@pytest.mark.slow
async def test_rights_come_before_the_body(lone_web: Web) -> None:
    """Nobody without the right learns what was wrong with the body, or whether the object exists."""
    web = lone_web
    stage = await set_stage(web)
    strangers = {
        "foreign lead": key_for(web, ["parts:write"], new_org=True),
        "annotator elsewhere": await web.sign_in(await web.campaign(), "annotator.elsewhere@example.com"),
    }
    asked = 0
    for name, operation in OPERATIONS.items():
        route = routes_by_name(web.app)[name]
        if name in OPEN or operation.body(stage.ids) is None:
            continue
        for role in ("reader", "reviewer", "annotator", *strangers):
            if operation.open_to(role) or (role in strangers and not set(names_in_path(route.path)) & set(stage.ids)):
                continue
            who = strangers.get(role) or client_for(web, stage, role)
            for body in BROKEN:
                headers = {
                    "Content-Type": "application/json",
                    "Idempotency-Key": f"{name} {len(body)}".replace(" ", "-"),
                }
                answer = await who.request(route.method, route.at(stage.ids), content=body, headers=headers)
                of_leads = any(name in route.path for name in ("{project_id}", "{webhook_id}"))
                elsewhere = role == "foreign lead" or (role in strangers and not of_leads)
                assert answer.status_code == (404 if elsewhere else 403), (name, role, body[:20], answer.text)
                asked += 1
    assert asked > 200


async def test_rights_come_before_the_query(lone_web: Web) -> None:
    web = lone_web
    stage = await set_stage(web)
    for name, operation in OPERATIONS.items():
        route = routes_by_name(web.app)[name]
        for role in ("reader", "reviewer", "annotator"):
            if route.method == "GET" and not operation.open_to(role):
                query = {"limit": "many", "status": "odd", "golden": "perhaps", "cursor": "\0"}
                answer = await client_for(web, stage, role).get(route.at(stage.ids), params=query)
                assert answer.status_code == 403, (name, role, answer.text)


def names_in_path(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def told(answer: httpx.Response, ids: Ids) -> tuple[int, dict[str, str], str]:
    """What an answer tells, but for its own id and the ids that were asked for."""
    text = answer.text.replace(answer.headers["X-Request-ID"], "the request")
    for name, value in ids.items():
        text = text.replace(value, name)
    return answer.status_code, {k: v for k, v in answer.headers.items() if k not in OF_THE_ANSWER}, text


@pytest.mark.slow
async def test_what_lies_elsewhere_is_as_what_does_not_exist(lone_web: Web) -> None:
    web = lone_web
    theirs = (await set_stage(web)).ids
    nothing = {name: value if name == "action" else str(uuid.uuid4()) for name, value in theirs.items()}
    own = await web.campaign()
    strangers = {
        "foreign lead": key_for(web, ["parts:write"], new_org=True),
        "foreign reader": key_for(web, ["parts:read"], new_org=True),
        "reviewer": await web.sign_in(own, "reviewer.elsewhere@example.com", "reviewer"),
        "annotator": await web.sign_in(own, "annotator.elsewhere@example.com"),
    }
    before = state_of(web.house.store)
    for name in OPERATIONS:
        if not names_an_object(web, name):
            continue
        for role, who in strangers.items():
            real, random = [await call(web, who, name, ids) for ids in (theirs, nothing)]
            assert real.status_code >= 400, (role, name)
            assert told(real, theirs) == told(random, nothing), (role, name)
    assert state_of(web.house.store) == before


async def test_one_foreign_id_among_ones_own_is_as_a_random_one(lone_web: Web) -> None:
    web = lone_web
    theirs = (await set_stage(web)).ids
    lead = key_for(web, ["parts:write"], new_org=True)
    mine = (await set_stage(Web(web.app, web.house, lead, web.anybody))).ids
    before = state_of(web.house.store)
    asked = 0
    for name in OPERATIONS:
        for field in names_an_object(web, name):
            real, random = {**mine, field: theirs[field]}, {**mine, field: str(uuid.uuid4())}
            answers = [told(await call(web, lead, name, ids), ids) for ids in (real, random)]
            assert answers[0] == answers[1], (name, field)
            assert answers[0][0] >= 400, (name, field)
            asked += 1
    assert asked > 40
    assert state_of(web.house.store) == before


def names_an_object(web: Web, name: str) -> list[str]:
    """The fields of the stage that an operation is asked about: in its path or in its body."""

    class Asked(dict[str, str]):
        seen: list[str]

        def __missing__(self, field: str) -> str:
            self.seen.append(field)
            return "x"

        def get(self, field: str, _default: Any = None) -> str:
            return self[field]

    asked = Asked()
    asked.seen = []
    routes_by_name(web.app)[name].at(asked)
    OPERATIONS[name].body(asked)
    return [field for field in dict.fromkeys(asked.seen) if field.endswith("_id")]


# --- the results API, which numbers what it shows -----------------------------------------------------------


async def results_client(web: Web, lead: httpx.AsyncClient) -> httpx.AsyncClient:
    made = (await lead.post(f"{OURS}/keys", json={"name": "results", "scopes": ["parts:read"]})).json()
    password = (await lead.post(f"{OURS}/keys/{made['id']}/results-password")).json()
    http = web.client(**{"X-API-KEY": made["key"]})
    http.headers["X-Test-Key-Id"] = made["id"]
    answer = await http.post("/auth/public/v1/login", json=password)
    assert answer.status_code == 200, answer.text
    http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
    return http


def number_of(web: Web, campaign: str) -> int:
    with web.house.store.read() as connection:
        return int(connection.execute(select(campaigns.c.number).where(campaigns.c.id == campaign)).scalar_one())


async def test_results_of_another_organisation_are_as_those_of_no_campaign(lone_web: Web) -> None:
    web = lone_web
    stage = await set_stage(web)
    number = number_of(web, stage.ids["campaign_id"])
    own, foreign = [await results_client(web, lead) for lead in (web.lead, key_for(web, ["parts:write"], new_org=True))]
    for query in (f"list?task_id={number}", f"get?task_id={number}&case_id=1"):
        assert (await own.get(f"/results/public/v1/{query}")).status_code == 200
        real = await foreign.get(f"/results/public/v1/{query}")
        random = await foreign.get(f"/results/public/v1/{query.replace(str(number), '999999')}")
        assert real.status_code == random.status_code == 404
        assert real.text.replace(str(number), "N") == random.text.replace("999999", "N")
    mixed = web.client(**{"X-API-KEY": own.headers["X-API-KEY"], "Authorization": foreign.headers["Authorization"]})
    assert (await mixed.get(f"/results/public/v1/list?task_id={number}")).status_code == 401


async def test_guessed_passwords_of_the_results_api_are_limited(lone_web: Web) -> None:
    web = lone_web
    http = await results_client(web, web.lead)
    wrong = {"username": "somebody", "api_password": "gp_guess"}
    statuses = [(await http.post("/auth/public/v1/login", json=wrong)).status_code for _guess in range(12)]
    assert statuses == [401] * 10 + [429] * 2
    web.house.pass_time(seconds=61)
    assert (await http.post("/auth/public/v1/login", json=wrong)).status_code == 401


# --- revocation, seen from another worker -------------------------------------------------------------------


async def test_what_one_worker_revokes_the_next_request_to_another_is_refused(web: Web) -> None:
    """Nothing is kept in memory about who may come in: the next request is refused, so a second is long enough."""
    house = web.house
    settings = ServerSettings(database_url=house.store.url.render_as_string(hide_password=False))
    other_store = Store(settings.database_url)
    other = Web(create_app(settings, store=other_store, clock=lambda: house.now), house, web.lead, web.anybody)
    campaign = await web.campaign()
    await web.add(campaign, {}, {}, {})
    take, me = f"{LABELING}/campaigns/{campaign}/next-task", f"{OURS}/me"
    key, results = key_for(web, ["parts:write"]), await results_client(web, web.lead)
    anna, ben = [await web.sign_in(campaign, f"{name}@example.com") for name in ("anna", "ben")]
    there = {
        name: other.client(**{k: v for k, v in http.headers.items() if k in ("x-api-key", "authorization")})
        for name, http in (("key", key), ("anna", anna), ("ben", ben), ("results", results))
    }
    listing = f"/results/public/v1/list?task_id={number_of(web, campaign)}"
    for name in ("key", "anna", "ben"):
        assert (await there[name].get(me)).status_code == 200
        assert (await there[name].post(take)).status_code == 200
    assert (await there["results"].get(listing)).status_code == 200

    with house.store.read() as connection:
        prefix = key.headers["X-API-Key"].split("_")[2]
        key_id = connection.execute(select(api_keys.c.id).where(api_keys.c.prefix == prefix)).scalar_one()
    assigned = (await web.lead.get(f"{LABELING}/campaigns/{campaign}/assignments")).json()["data"]
    annas = next(item["id"] for item in assigned if item["annotator_email"] == "anna@example.com")
    for method, path, who in (
        ("DELETE", f"{OURS}/keys/{key_id}", web.lead),
        ("DELETE", f"{LABELING}/campaigns/{campaign}/assignments/{annas}", web.lead),
        ("DELETE", f"{OURS}/sessions/current", ben),
        ("DELETE", f"{OURS}/keys/{results.headers['X-Test-Key-Id']}", web.lead),
    ):
        assert (await who.request(method, path)).status_code == 200
    for name in ("key", "anna", "ben"):
        for method, path in (("GET", me), ("POST", take), ("POST", f"{take}?the=long-way")):
            assert (await there[name].request(method, path)).status_code == 401, (name, path)
    assert (await there["results"].get(listing)).status_code == 401
    other_store.dispose()
