"""Every operation that changes anything writes its row, with the change or not at all; no other operation does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from gonogo.server.auth.api_keys import create_key
from gonogo.server.ops import maintenance
from gonogo.server.results.auth import create_results_password
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import audit_log
from tests.server.house import House
from tests.server.operations import CHANGING_RESULTS, OPERATIONS, Stage, all_routes, call, set_stage
from tests.server.test_access_roles import results_client, state_of
from tests.server.web import LABELING, OURS, Web

OF_THE_SERVER = {"open_chain", "claim_ended"}
"""Rows that come along with another one."""
WITHOUT_EFFECT = {"preview_tasks", "preview_campaign_settings", "test_token", "open"}
"""POSTs that only look."""


def rows_of(store: Store) -> list[tuple[str, str | None]]:
    """Action and request id of each row, oldest first."""
    with store.read() as connection:
        found = connection.execute(select(audit_log.c.action, audit_log.c.request_id).order_by(audit_log.c.number))
        return [(row.action, row.request_id) for row in found if row.action not in OF_THE_SERVER]


async def prepared(web: Web, stage: Stage, name: str) -> None:
    first = OPERATIONS[name].first
    if first is not None:
        await first(web, stage)


@pytest.mark.slow
async def test_every_change_has_its_row_and_nothing_else_has_one(web: Web) -> None:
    store, stage = web.house.store, await set_stage(web)
    for name, operation in OPERATIONS.items():
        if operation.endless:
            continue
        await prepared(web, stage, name)
        web.house.pass_time(seconds=1)
        state, rows = state_of(store), len(rows_of(store))
        answer = await call(web, stage.people[operation.actor], name, stage.ids)
        assert answer.status_code < 300, (name, answer.text)
        assert (state_of(store) != state) == operation.changes, name
        written = rows_of(store)[rows:]
        expected = [(name, answer.headers["X-Request-ID"])] if operation.changes else []
        assert written == expected, name
    with store.read() as connection:
        assert audit.verify(connection).broken is None
    changing = {r.name for r in all_routes(web.app) if r.method != "GET"} - WITHOUT_EFFECT - CHANGING_RESULTS
    assert changing == {name for name, operation in OPERATIONS.items() if operation.changes}


@contextmanager
def no_rows_can_be_written(house: House) -> Iterator[None]:
    """The database refuses every row of the audit log while the block lasts."""
    on_postgresql = house.store.url.get_backend_name() == "postgresql"
    if on_postgresql:
        function = "CREATE FUNCTION no_row() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no row'; END $$"
        trigger = "CREATE TRIGGER no_row BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION no_row()"
        before, after = [function, trigger], ["DROP TRIGGER no_row ON audit_log", "DROP FUNCTION no_row"]
    else:
        before = ["CREATE TRIGGER no_row BEFORE INSERT ON audit_log BEGIN SELECT RAISE(ABORT, 'no row'); END"]
        after = ["DROP TRIGGER no_row"]
    for block in (before, after):
        with house.store.write() as connection:
            for statement in block:
                connection.execute(text(statement))
        if block is before:
            yield


@pytest.mark.slow
async def test_without_its_row_no_change_is_made(web: Web) -> None:
    stage = await set_stage(web)
    for name, operation in OPERATIONS.items():
        if not operation.changes:
            continue
        await prepared(web, stage, name)
        state, rows = state_of(web.house.store), rows_of(web.house.store)
        with no_rows_can_be_written(web.house):
            answer = await call(web, stage.people[operation.actor], name, stage.ids)
            assert answer.status_code == 500, (name, answer.text)
        assert state_of(web.house.store) == state, name
        assert rows_of(web.house.store) == rows, name
        again = await call(web, stage.people[operation.actor], name, stage.ids)
        assert again.status_code < 300, (name, again.text)
    with web.house.store.read() as connection:
        assert audit.verify(connection).broken is None


async def test_signing_in_to_the_results_api_is_written_down_too(web: Web) -> None:
    http = await results_client(web, web.lead)
    rows = len(rows_of(web.house.store))
    token = (await http.post("/auth/public/v1/refreshToken")).json()["token"]
    http.headers["Authorization"] = f"Bearer {token}"
    await http.post("/auth/public/v1/testToken")
    assert (await http.post("/auth/public/v1/login", json={})).status_code == 400
    assert (await http.post("/auth/public/v1/logout")).status_code == 200
    assert [action for action, _id in rows_of(web.house.store)][rows - 1 :] == ["log_in", "refresh_token", "log_out"]


async def test_what_a_report_settles_is_written_down(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=2, consensus_method="majority")
    (task,) = await web.add(campaign, {})
    for name in ("anna", "ben"):
        who = await web.sign_in(campaign, f"{name}@example.com")
        await who.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})
    with web.house.store.write() as connection:  # as if the votes had come while no consensus could be found
        connection.execute(text("UPDATE tasks SET status = 'in_review', resolved_at = NULL, consensus_verdict = NULL"))
    rows = len(rows_of(web.house.store))
    for expected in ([("refresh_consensus", None)], []):
        assert (await web.lead.get(f"{LABELING}/campaigns/{campaign}/quality")).status_code == 200
        assert rows_of(web.house.store)[rows:] == expected
        rows = len(rows_of(web.house.store))
    assert web.house.task(task).status == "resolved"


async def test_the_command_line_and_the_upkeep_write_down_what_they_do(web: Web) -> None:
    house = web.house
    made = create_key(house.store, "k", ["parts:read"])
    create_results_password(house.store, made.id)
    campaign = await web.campaign(gold_fraction=0.2)
    await web.add(campaign, {}, {"is_gold": True, "gold_answer": "correct"})
    (await web.sign_in(campaign, "anna@example.com"), await web.lead.post(f"{OURS}/drawings?part=p", content=b"%PDF-"))
    with house.store.write() as connection:
        connection.execute(text("UPDATE campaigns SET n_gold_planned = 0"))  # as a migrated database has it
    rows = len(rows_of(house.store))
    house.pass_time(days=40)
    settings = ServerSettings(database_url="unused", keep_drawings_days=10)
    maintenance.run_once(house.store, settings, house.now)
    written = sorted(action for action, _id in rows_of(house.store)[rows:])
    assert written == ["forget_drawings", "forget_magic_links", "forget_sessions", "lay_in_gold"]
    maintenance.run_once(house.store, settings, house.now + timedelta(minutes=1))
    assert len(rows_of(house.store)) == rows + len(written)
    assert [action for action, _id in rows_of(house.store)[:2]] == ["create_key", "make_results_password"]
