"""A stored answer is given out only to who could have got it fresh: over real HTTP, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from sqlalchemy import update

from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import idempotency_keys
from tests.server.http.conftest import on_both_databases, uvicorn_over
from tests.server.http.work import GONOGO, LABELING, task_bodies

KEY = {"Idempotency-Key": "the-same-one"}
REPLAYED = "Idempotent-Replayed"
BOTH = ["parts:read", "parts:write"]

pytestmark = on_both_databases


@pytest.fixture
def url(settings: ServerSettings, store: Store) -> Iterator[str]:
    with uvicorn_over(settings) as url:
        yield url


def with_key(url: str, store: Store, *scopes: str) -> httpx.Client:
    headers = {"X-API-Key": create_key(store, "k", scopes).key}
    return httpx.Client(base_url=url, trust_env=False, headers=headers)


def reviewer_in(
    stack: ExitStack, lead: httpx.Client, campaign: str, role: str = "reviewer"
) -> tuple[httpx.Client, str]:
    """A signed-in session of rita, and its assignment."""
    body = {"email": "rita@example.com", "role": role}
    invited = lead.post(f"{LABELING}/campaigns/{campaign}/assignments", json=body).json()
    sent = {"magic_link_token": invited["magic_link_token"], "client_nonce": "rita's own nonce"}
    session = httpx.post(f"{lead.base_url}{GONOGO}/sessions", json=sent, trust_env=False).json()
    headers = {"Authorization": f"Bearer {session['session_token']}"}
    rita = stack.enter_context(httpx.Client(base_url=lead.base_url, trust_env=False, headers=headers))
    return rita, invited["assignment"]["id"]


def campaign_of(lead: httpx.Client, name: str) -> tuple[str, str]:
    """A campaign with one task."""
    campaign = lead.post(f"{LABELING}/campaigns", json={"name": name, "gold_fraction": 0}).json()["id"]
    made = lead.post(f"{LABELING}/campaigns/{campaign}/tasks", json={"tasks": task_bodies(1)}).json()
    return campaign, made["data"][0]["id"]


def test_a_reader_never_gets_the_stored_answer_of_a_write_key(url: str, store: Store) -> None:
    body = {"name": "for scripts", "scopes": BOTH}
    with with_key(url, store, *BOTH) as lead, with_key(url, store, "parts:read") as reader:
        made = lead.post(f"{GONOGO}/keys", json=body, headers=KEY)
        assert made.status_code == 201
        stolen = reader.post(f"{GONOGO}/keys", json=body, headers=KEY)
        assert (stolen.status_code, stolen.json()["error"]["code"]) == (403, "insufficient_scope")
        assert made.json()["key"] not in stolen.text
        again = lead.post(f"{GONOGO}/keys", json=body, headers=KEY)
        assert (again.content, again.headers[REPLAYED]) == (made.content, "true")


def test_another_key_of_the_same_person_and_scopes_replays_and_one_of_other_scopes_does_not(
    url: str, store: Store
) -> None:
    with (
        with_key(url, store, *BOTH) as old,
        with_key(url, store, *BOTH) as new,
        with_key(url, store, "parts:write") as narrow,
    ):
        first = old.post(f"{LABELING}/projects", json={"name": "p"}, headers=KEY)
        again = new.post(f"{LABELING}/projects", json={"name": "p"}, headers=KEY)
        assert (again.content, again.headers[REPLAYED]) == (first.content, "true")
        other = narrow.post(f"{LABELING}/projects", json={"name": "p"}, headers=KEY)
        assert (other.status_code, other.json()["error"]["code"]) == (409, "idempotency_conflict")


@pytest.mark.parametrize("later_role", ["reviewer", "annotator"])
def test_a_revoked_reviewer_never_gets_the_old_answers(url: str, store: Store, later_role: str) -> None:
    with with_key(url, store, *BOTH) as lead, ExitStack() as stack:
        campaign, task = campaign_of(lead, "theirs")
        elsewhere, _task = campaign_of(lead, "another")
        rita, assignment = reviewer_in(stack, lead, campaign)
        path, ruling = f"{GONOGO}/tasks/{task}/ruling", {"verdict": "correct", "note": "seen on the sheet"}
        made = rita.post(path, json=ruling, headers=KEY)
        assert made.status_code == 201
        assert rita.post(path, json=ruling, headers=KEY).headers[REPLAYED] == "true"
        assert lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{assignment}").status_code == 200
        assert rita.post(path, json=ruling, headers=KEY).status_code == 401
        rita, _assignment = reviewer_in(stack, lead, elsewhere, later_role)
        answer = rita.post(path, json=ruling, headers=KEY)
        assert (answer.status_code, REPLAYED in answer.headers) == (404, False)
        assert "seen on the sheet" not in answer.text


def test_one_demoted_in_the_same_campaign_does_not_replay(url: str, store: Store) -> None:
    with with_key(url, store, *BOTH) as lead, ExitStack() as stack:
        campaign, task = campaign_of(lead, "theirs")
        rita, assignment = reviewer_in(stack, lead, campaign)
        path = f"{GONOGO}/tasks/{task}/ruling"
        assert rita.post(path, json={"verdict": "correct"}, headers=KEY).status_code == 201
        lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{assignment}")
        rita, _assignment = reviewer_in(stack, lead, campaign, "annotator")
        answer = rita.post(path, json={"verdict": "correct"}, headers=KEY)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "insufficient_scope")


def test_a_stored_answer_that_was_changed_is_not_given_out(url: str, store: Store) -> None:
    body = {"name": "p"}
    with with_key(url, store, *BOTH) as lead:
        lead.post(f"{LABELING}/projects", json=body, headers=KEY)
        with store.write() as connection:
            row = connection.execute(idempotency_keys.select()).one()
            changed = bytes([*row.body[:-1], row.body[-1] ^ 1])
            connection.execute(update(idempotency_keys).values(body=changed))
        answer = lead.post(f"{LABELING}/projects", json=body, headers=KEY)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "idempotency_conflict")


def test_a_stored_answer_moved_to_another_request_is_not_given_out(url: str, store: Store) -> None:
    with with_key(url, store, *BOTH) as lead:
        for name in ("one", "two"):
            lead.post(f"{LABELING}/projects", json={"name": name}, headers={"Idempotency-Key": name})
        with store.write() as connection:
            rows: list[Any] = list(connection.execute(idempotency_keys.select()).all())
            for row, other in zip(rows, reversed(rows), strict=True):
                moved = update(idempotency_keys).where(idempotency_keys.c.key == row.key)
                connection.execute(moved.values(body=other.body))
        answer = lead.post(f"{LABELING}/projects", json={"name": "one"}, headers={"Idempotency-Key": "one"})
    assert answer.status_code == 409
