"""Whatever is asked, well or badly, no log line holds a secret; and a bad link is looked up as a good one is."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest
from sqlalchemy import event

from gonogo.server.ops.logging import JsonLogFormatter
from tests.server.house import House
from tests.server.operations import OPERATIONS, call, set_stage
from tests.server.test_access import key_for
from tests.server.test_access_roles import results_client
from tests.server.web import LABELING, OURS, Web


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """All that the server's side of this process logs, as the server writes it, at the finest level."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setFormatter(JsonLogFormatter())
    loggers = [logging.getLogger(name) for name in ("gonogo", "uvicorn", "fastapi")]
    before = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield out
    for logger, level in zip(loggers, before, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


@pytest.mark.slow
async def test_no_secret_is_logged_whatever_is_asked(web: Web, written: io.StringIO) -> None:
    stage = await set_stage(web)
    results, lead = await results_client(web, web.lead), key_for(web, ["parts:write"])
    invited = await web.invite(stage.ids["campaign_id"], "late@example.com")
    answer = await web.redeem(invited["magic_link_token"])
    hook = await web.lead.post(f"{OURS}/webhooks", json={"url": "https://hooks.example.com/one"})
    secrets = [
        hook.json()["secret"],
        invited["magic_link_token"],
        answer.json()["session_token"],
        lead.headers["X-API-Key"],
    ]
    secrets += [results.headers["X-API-KEY"], results.headers["Authorization"].split()[1], "Key-of-a-repeat"]
    secrets += [person.headers["Authorization"].split()[1] for name, person in stage.people.items() if name != "lead"]
    wrong = [web.client(**{"X-API-Key": "ak_live_00000000_guess"}), web.client(Authorization="Bearer gs_guess")]
    secrets += ["ak_live_00000000_guess", "gs_guess", "gl_guess", "gp_guess"]
    for name, operation in OPERATIONS.items():
        if not operation.endless:
            for who in (stage.people.get(operation.actor, lead), lead, *wrong):
                await call(web, who, name, stage.ids)
    await web.redeem("gl_guess")
    await web.redeem(invited["magic_link_token"], "another client of theirs")
    await results.post("/auth/public/v1/login", json={"username": "x", "api_password": "gp_guess"})
    await lead.post(f"{LABELING}/campaigns", content=b"{", headers={"Idempotency-Key": "Key-of-a-repeat"})
    await lead.get(f"{OURS}/me?api_key={secrets[0]}")
    with web.house.store.write() as connection:  # and when all of it fails
        connection.exec_driver_sql("ALTER TABLE submissions RENAME TO elsewhere")
    for name in ("submit_label", "list_submissions", "labeling_campaign_quality"):
        assert (await call(web, stage.people["lead"], name, stage.ids)).status_code >= 500
    lines = written.getvalue()
    assert lines.count('"error": ') >= 3
    assert [secret for secret in secrets if secret in lines] == []


async def test_every_bad_link_costs_the_same_statements(web: Web) -> None:
    """So the time of the answer tells nothing, either."""
    campaign = await web.campaign()
    used, revoked, expired = [await web.invite(campaign, f"{name}@example.com") for name in ("a", "b", "c")]
    await web.redeem(used["magic_link_token"])
    await web.lead.delete(f"{LABELING}/campaigns/{campaign}/assignments/{revoked['assignment']['id']}")
    unknown = [await statements(web, "gl_unknown"), await statements(web, used["magic_link_token"])]
    unknown.append(await statements(web, revoked["magic_link_token"]))
    web.house.pass_time(hours=24)
    unknown.append(await statements(web, expired["magic_link_token"]))
    assert unknown[0]
    assert all(found == unknown[0] for found in unknown)


async def statements(web: Web, link: str) -> list[str]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, _p: object, _x: object, _many: object) -> None:
        seen.append(statement)

    house: House = web.house
    event.listen(house.store.engine, "before_cursor_execute", note)
    try:
        answer = await web.redeem(link, "somebody else's nonce")
    finally:
        event.remove(house.store.engine, "before_cursor_execute", note)
    assert answer.status_code == 401
    return seen
