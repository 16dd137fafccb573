"""Several workers are asked for the same thing at one instant: it is made once, nobody gets a 5xx. PostgreSQL."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from sqlalchemy import Select, func, select

from gonogo.server.app import create_app
from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import (
    annotator_accounts,
    assignments,
    audit_log,
    calculations,
    drawings,
    results_passwords,
    sessions,
)
from tests.postgres import binaries, cluster
from tests.server.web import LABELING, OURS

WORKERS = 4
ROUNDS = 2
PNG = b"\x89PNG\r\n\x1a\n"
Ask = Callable[[httpx.AsyncClient, int], Any]


class Crowd:
    """As many workers, each with an app, an event loop and connections of its own, over one database."""

    def __init__(self) -> None:
        self.url = cluster().database()
        self.store = Store(self.url)
        self.key = create_key(self.store, "lead", ["parts:read", "parts:write"])
        self._pool = ThreadPoolExecutor(WORKERS)
        self._local = threading.local()
        self._start = threading.Barrier(WORKERS)
        self._making = threading.Lock()

    def close(self) -> None:
        list(self._pool.map(lambda _n: self._end(), range(WORKERS)))
        self._pool.shutdown()
        self.store.dispose()

    def at_once(self, ask: Ask) -> list[httpx.Response]:
        """The answers of all workers to `ask(client, worker)`, sent at one instant."""
        return list(self._pool.map(lambda number: self._run(ask, number), range(WORKERS)))

    def one(self, method: str, path: str, **more: Any) -> Any:
        answer = self.at_once(lambda http, n: http.request(method, path, **more) if n == 0 else http.get("/healthz"))[0]
        assert answer.status_code < 300, answer.text
        return answer.json()

    def count(self, query: Select[Any]) -> int:
        with self.store.read() as connection:
            return len(connection.execute(query).all())

    def _run(self, ask: Ask, number: int) -> httpx.Response:
        if not hasattr(self._local, "loop"):
            self._begin()
        self._start.wait(30)
        answer: httpx.Response = self._local.loop.run(ask(self._local.http, number))
        return answer

    def _begin(self) -> None:
        settings = ServerSettings(
            database_url=self.url, requests_per_minute_per_key=None, requests_per_minute_per_caller=None
        )
        self._local.loop = asyncio.Runner()
        self._local.store = Store(self.url)
        transport = httpx.ASGITransport(create_app(settings, store=self._local.store))
        headers = {"X-API-Key": self.key.key}
        self._local.http = http = httpx.AsyncClient(transport=transport, base_url="http://w.localhost", headers=headers)
        with self._making:  # FastAPI finishes its routes at the first request, which is no work for two threads at once
            assert self._local.loop.run(http.get("/no/such/route")).status_code == 404

    def _end(self) -> None:
        self._start.wait(30)
        if hasattr(self._local, "loop"):
            self._local.loop.close()
            self._local.store.dispose()


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowd]:
    if binaries() is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    crowd = Crowd()
    yield crowd
    crowd.close()


def campaign(crowd: Crowd) -> str:
    return str(crowd.one("POST", f"{LABELING}/campaigns", json={"name": str(uuid.uuid4())})["id"])


def statuses(answers: list[httpx.Response]) -> list[int]:
    return sorted(answer.status_code for answer in answers)


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_name_is_taken_once(crowd: Crowd, round_: int) -> None:
    for path in ("campaigns", "projects"):
        body = {"name": f"{path} {round_}"}
        answers = crowd.at_once(lambda http, _n, path=path, body=body: http.post(f"{LABELING}/{path}", json=body))  # type: ignore[misc]
        assert statuses(answers) == [201, 409, 409, 409]


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_person_is_invited_once_and_has_one_account(crowd: Crowd, round_: int) -> None:
    two = [campaign(crowd), campaign(crowd)]
    body = {"email": f"anna{round_}@example.com"}
    answers = crowd.at_once(lambda http, n: http.post(f"{LABELING}/campaigns/{two[n % 2]}/assignments", json=body))
    assert statuses(answers) == [201, 201, 409, 409]
    account = select(annotator_accounts.c.id).where(annotator_accounts.c.email == body["email"])
    assert crowd.count(account) == 1
    assert crowd.count(select(assignments.c.id).where(assignments.c.annotator_account_id.in_(account))) == 2


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_link_lets_one_client_in(crowd: Crowd, round_: int) -> None:
    path = f"{LABELING}/campaigns/{campaign(crowd)}/assignments"
    invited = crowd.one("POST", path, json={"email": f"ben{round_}@example.com"})
    body = {"magic_link_token": invited["magic_link_token"]}
    answers = crowd.at_once(
        lambda http, n: http.post(f"{OURS}/sessions", json={**body, "client_nonce": f"the nonce of {n}"})
    )
    assert statuses(answers) == [201, 401, 401, 401]
    mine = select(sessions.c.sha256).where(sessions.c.assignment_id == invited["assignment"]["id"])
    assert crowd.count(mine) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_client_that_asks_many_times_gets_one_session(crowd: Crowd, round_: int) -> None:
    path = f"{LABELING}/campaigns/{campaign(crowd)}/assignments"
    invited = crowd.one("POST", path, json={"email": f"cora{round_}@example.com"})
    body = {"magic_link_token": invited["magic_link_token"], "client_nonce": "one and the same"}
    answers = crowd.at_once(lambda http, _n: http.post(f"{OURS}/sessions", json=body))
    assert statuses(answers) == [201] * 4
    assert len({answer.json()["session_token"] for answer in answers}) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_file_makes_one_revision(crowd: Crowd, round_: int) -> None:
    for part in (f"new part {round_}", "known part"):
        content = PNG + f"{part} {round_}".encode()
        path = f"{OURS}/drawings?part={part}&filename=a.png"
        answers = crowd.at_once(lambda http, _n, path=path, content=content: http.post(path, content=content))  # type: ignore[misc]
        assert statuses(answers) == [200, 200, 200, 201]
        (revision,) = {answer.json()["part_revision_id"] for answer in answers}
        assert crowd.count(select(drawings.c.id).where(drawings.c.part_revision_id == revision)) == 1
    shared = PNG + f"the same bytes for all {round_}".encode()
    answers = crowd.at_once(lambda http, n: http.post(f"{OURS}/drawings?part=p{round_}{n}", content=shared))
    assert statuses(answers) == [201] * 4


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_run_of_predictions_is_one(crowd: Crowd, round_: int) -> None:
    project = crowd.one("POST", f"{LABELING}/projects", json={"name": str(uuid.uuid4())})["id"]
    items = [{"id": f"p{n}", "part": f"x{round_}{n}", "target_kind": "pmi", "field_name": "f"} for n in range(5)]
    body = {"project_id": project, "run": "r", "predictions": items}
    turned = {**body, "predictions": items[::-1]}
    answers = crowd.at_once(lambda http, n: http.post(f"{OURS}/predictions", json=(body, turned)[n % 2]))
    assert statuses(answers) == [201] * 4
    assert crowd.count(select(calculations.c.id).where(calculations.c.project_id == project)) == 1


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_one_key_has_one_password_and_is_revoked_once(crowd: Crowd, round_: int) -> None:
    key = crowd.one("POST", f"{OURS}/keys", json={"name": f"k{round_}", "scopes": ["parts:read"]})["id"]
    answers = crowd.at_once(lambda http, _n: http.post(f"{OURS}/keys/{key}/results-password"))
    assert statuses(answers) == [201] * 4
    assert crowd.count(select(results_passwords.c.username).where(results_passwords.c.api_key_id == key)) == 1
    assert statuses(crowd.at_once(lambda http, _n: http.delete(f"{OURS}/keys/{key}"))) == [200] * 4


def test_each_of_them_left_its_row_in_the_audit_log(crowd: Crowd) -> None:
    made = crowd.at_once(lambda http, n: http.post(f"{LABELING}/projects", json={"name": f"its own {n}"}))
    ids = {answer.json()["id"] for answer in made}
    with crowd.store.read() as connection:
        written = connection.execute(
            select(func.count()).where(
                audit_log.c.action == "create_labeling_project",
                audit_log.c.request_id.in_([answer.headers["X-Request-ID"] for answer in made]),
            )
        ).scalar()
    assert (len(ids), written) == (WORKERS, WORKERS)
