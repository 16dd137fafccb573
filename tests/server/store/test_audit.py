"""The audit log: a row for each change, in its transaction; nothing about it can be changed unseen."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from gonogo.server.store import audit
from gonogo.server.store.schema import audit_log
from tests.server.house import House
from tests.server.web import LABELING, OURS, Web


def actions(house: House) -> list[str]:
    with house.store.read() as connection:
        return list(connection.execute(select(audit_log.c.action).order_by(audit_log.c.number)).scalars())


def verified(house: House, known: audit.Heads | None = None) -> audit.VerifyResult:
    with house.store.read() as connection:
        return audit.verify(connection, known)


def fill(house: House, rows: int) -> None:
    for number in range(rows):
        with house.store.write() as connection:
            audit.append(connection, "something", house.now, actor="somebody", content={"id": f"x{number}"})


async def test_every_change_leaves_one_row_and_nothing_else_does(web: Web) -> None:
    campaign = await web.campaign()
    await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    task = (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"]
    key = {"Idempotency-Key": "k"}
    for _repeat in range(2):
        await anna.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"}, headers=key)
    await anna.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})  # 409
    await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")  # null
    await anna.post(f"{LABELING}/campaigns/{campaign}/close")  # 403
    await web.lead.get(f"{LABELING}/campaigns/{campaign}")
    await web.lead.patch(f"{OURS}/campaigns/{campaign}/settings", json={"lease_minutes": 5})
    await web.lead.post(f"{LABELING}/campaigns/{campaign}/close")
    assert [action for action in actions(web.house) if action != "open_chain"] == [
        "create_labeling_campaign",
        "create_labeling_tasks",
        "create_campaign_assignment",
        "redeem_magic_link",
        "next_labeling_task",
        "submit_label",
        "update_campaign_settings",
        "close_labeling_campaign",
    ]
    with web.house.store.read() as connection:
        row = connection.execute(select(audit_log).where(audit_log.c.action == "submit_label")).one()
    content = json.loads(row.content)
    assert (content["task_id"], content["status"]) == (task, 201)
    assert row.request_id.startswith("req_")
    assert verified(web.house).broken is None


async def test_a_late_vote_and_a_claim_that_ran_out_are_changes_too(web: Web) -> None:
    campaign = await web.campaign(target_redundancy=1)
    await web.add(campaign, {})
    anna = await web.sign_in(campaign, "anna@example.com")
    ben = await web.sign_in(campaign, "ben@example.com")
    task = (await anna.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"]
    web.house.pass_time(minutes=11)
    assert (await ben.post(f"{LABELING}/campaigns/{campaign}/next-task")).json()["id"] == task
    late = await anna.post(f"{LABELING}/tasks/{task}/submit", json={"verdict": "correct"})
    assert late.status_code == 409
    assert actions(web.house)[-4:] == ["next_labeling_task", "claim_ended", "next_labeling_task", "submit_label"]
    with web.house.store.read() as connection:
        last = connection.execute(select(audit_log.c.content).order_by(audit_log.c.number.desc()).limit(1)).scalar_one()
    assert json.loads(last)["id"] == late.json()["error"]["details"]["receipt_id"]


def test_a_row_and_its_change_come_and_go_together(house: House) -> None:
    fill(house, 2)
    before = actions(house)
    with pytest.raises(ValueError, match="no"), house.store.write() as connection:  # noqa: PT012
        audit.append(connection, "something", house.now, actor="x")
        raise ValueError("no")
    assert actions(house) == before
    fill(house, 1)
    assert verified(house).broken is None


@pytest.mark.parametrize(
    "statement", ["UPDATE audit_log SET actor = 'x'", "DELETE FROM audit_log", "DELETE FROM audit_log WHERE seq > 1"]
)
def test_the_database_refuses_to_change_it(house: House, statement: str) -> None:
    fill(house, 2)
    with pytest.raises(DBAPIError, match="only grows"), house.store.write() as connection:
        connection.execute(text(statement))


def tamper(house: House, statement: str) -> None:
    """As somebody would who owns the database: without its triggers."""
    with house.store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        else:
            for name in ("audit_log_no_update", "audit_log_no_delete"):
                connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE audit_log SET content = '{}' WHERE chain = 1 AND seq = 3", 3),
        ("UPDATE audit_log SET at = at + 1 WHERE chain = 1 AND seq = 5", 5),
        ("UPDATE audit_log SET actor = 'me' WHERE chain = 1 AND seq IN (4, 6)", 4),
        ("DELETE FROM audit_log WHERE chain = 1 AND seq = 4", 5),
        ("DELETE FROM audit_log WHERE chain = 1 AND seq <= 2", 3),
        ("DELETE FROM audit_log WHERE chain = 1", 1),
        ("UPDATE audit_log SET hash = 'x' WHERE chain = 1 AND seq = 2", 2),
    ],
)
def test_the_first_broken_row_is_named(house: House, statement: str, found: int) -> None:
    fill(house, 8)
    assert verified(house).broken is None
    tamper(house, statement)
    broken = verified(house).broken
    assert broken is not None
    assert (broken.chain, broken.seq) == (1, found)


def test_rows_cut_off_the_end_are_missed_by_who_kept_the_heads(house: House) -> None:
    fill(house, 5)
    heads = verified(house).heads
    fill(house, 2)
    assert verified(house, heads).broken is None
    tamper(house, "DELETE FROM audit_log WHERE chain = 1 AND seq >= 5")
    assert verified(house).broken is None
    broken = verified(house, heads).broken
    assert broken is not None
    assert broken.seq == 5


@pytest.mark.slow
def test_the_command_says_so_and_fails(house: House, tmp_path: Path) -> None:
    fill(house, 3)
    url = house.store.url.render_as_string(hide_password=False)
    environment = {**os.environ, "GONOGO_HOME": str(tmp_path), "GONOGO_DATABASE_URL": url}

    def gonogo(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "gonogo", "audit", *arguments]
        return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=60)

    kept = tmp_path / "heads.json"
    kept.write_text(gonogo("head").stdout)
    assert gonogo("verify", "--since", str(kept)).returncode == 0
    tamper(house, "UPDATE audit_log SET actor = 'me' WHERE chain = 1 AND seq = 2")
    with house.store.read() as connection:
        number = connection.execute(
            select(audit_log.c.number).where(audit_log.c.chain == 1, audit_log.c.seq == 2)
        ).scalar_one()
        assert connection.execute(select(func.count()).select_from(audit_log)).scalar() == 4
    told = gonogo("verify")
    assert told.returncode == 1
    assert f"broken at row {number} " in told.stderr
