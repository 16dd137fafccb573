"""The audit log: a row for each change, in its transaction; nothing about it can be changed unseen."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from pydantic_core import to_json
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


@pytest.mark.parametrize("verb", ["REPLACE", "INSERT OR REPLACE", "UPDATE OR REPLACE"])
@pytest.mark.parametrize("same", ["number", "place"])
def test_sqlite_refuses_to_replace_a_row(sqlite_house: House, verb: str, same: str) -> None:
    """REPLACE removes the old row without asking the trigger of DELETE; done by a program of its own, as root would."""
    fill(sqlite_house, 3)
    number = "number" if same == "number" else "number + 100"
    rows = f"SELECT {number}, chain, seq, at, 'me', action, request_id, content, hash FROM audit_log WHERE chain = 1"
    statement = f"{verb} INTO audit_log {rows}" if verb[0] != "U" else f"{verb} audit_log SET seq = 1"
    database = sqlite3.connect(str(sqlite_house.store.url.database))
    with closing(database), pytest.raises(sqlite3.IntegrityError, match="only grows"):
        database.execute(statement)
    assert verified(sqlite_house).broken is None


def tamper(house: House, statement: str) -> None:
    """As somebody would who owns the database: without its triggers."""
    with house.store.write() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        else:
            for name in ("audit_log_no_update", "audit_log_no_delete", "audit_log_no_replace"):
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
        ("UPDATE audit_log SET number = number + 1000 WHERE chain = 1 AND seq = 6", 6),
        ("UPDATE audit_log SET number = 7 WHERE chain = 1 AND seq = 3", 3),
        ("UPDATE audit_log SET number = -number WHERE chain = 1 AND seq = 1", 1),
        ("UPDATE audit_log SET request_id = 'r' WHERE chain = 1 AND seq = 7", 7),
        ("UPDATE audit_log SET chain = 2 WHERE chain = 1 AND seq >= 6", 0),
        ("UPDATE audit_log SET content = 'no JSON', number = number + 1 WHERE chain = 1 AND seq = 8", 8),
    ],
)
def test_the_first_broken_row_is_named(house: House, statement: str, found: int) -> None:
    fill(house, 8)
    assert verified(house).broken is None
    tamper(house, statement)
    broken = verified(house).broken
    assert broken is not None
    assert (broken.chain, broken.seq) == ((1, found) if found else (2, 6))


@pytest.mark.parametrize("content", ["{", "[]", '{"chain": "x"}', "", '{"chain": 1e999}'])
def test_a_row_of_chain_0_that_no_longer_parses_is_named(house: House, content: str) -> None:
    fill(house, 2)
    tamper(house, f"UPDATE audit_log SET content = '{content}' WHERE chain = 0 AND seq = 1")
    broken = verified(house).broken
    assert broken is not None
    assert (broken.chain, broken.seq) == (0, 1)


WRONG = ["x'00ff'", "'text'", "1.5", "NULL", "CAST(x'ff' AS TEXT)"]


@pytest.mark.parametrize("column", ["number", "chain", "seq", "at", "actor", "action", "request_id", "content", "hash"])
@pytest.mark.parametrize("value", WRONG)
def test_a_column_of_another_type_is_named_by_its_row(sqlite_house: House, column: str, value: str) -> None:
    """SQLite keeps any type in any column, if only somebody takes the declarations away."""
    fill(sqlite_house, 6)
    with sqlite_house.store.read() as connection:
        row = connection.execute(select(audit_log).where(audit_log.c.chain == 1, audit_log.c.seq == 4)).one()
    loose = "CREATE TABLE loose AS SELECT * FROM audit_log"
    database = sqlite3.connect(str(sqlite_house.store.url.database))
    with closing(database):
        for statement in (loose, "DROP TABLE audit_log", "ALTER TABLE loose RENAME TO audit_log"):
            database.execute(statement)
        database.execute(f"UPDATE audit_log SET {column} = {value} WHERE chain = 1 AND seq = 4")
        database.commit()
    broken = verified(sqlite_house).broken
    if column == "request_id" and value == "NULL":
        assert broken is None
        return
    assert broken is not None
    if column == "number":
        assert (broken.chain, broken.seq) == (1, 4)
    else:
        assert broken.number == row.number


def test_an_emptied_log_is_missed_by_who_kept_the_heads(house: House) -> None:
    fill(house, 5)
    heads = verified(house).heads
    tamper(house, "DELETE FROM audit_log")
    broken = verified(house, heads).broken
    assert broken is not None
    assert (broken.chain, broken.number) == (0, None)


def test_rows_of_a_release_before_this_one_still_verify_and_are_watched(house: House) -> None:
    """They had numbers that the database counted, and digests without them."""
    fill(house, 4)
    tamper(house, "DELETE FROM audit_log WHERE chain = 1 AND seq = 4")
    with house.store.write() as connection:
        before = "0" * 64
        rows = connection.execute(text("SELECT * FROM audit_log ORDER BY chain, seq")).all()
        for counted, row in enumerate(rows, 1):
            before = "0" * 64 if row.seq == 1 else before
            old = [before, *row[1:-1]]
            before = hashlib.sha256(to_json(old)).hexdigest()
            place = {"counted": counted, "hash": before, "number": row.number}
            connection.execute(
                text("UPDATE audit_log SET number = :counted, hash = :hash WHERE number = :number"), place
            )
    with House(house.store.url.render_as_string(hide_password=False)) as later:
        fill(later, 3)  # in a chain of its own
        assert verified(later).broken is None
        tamper_again(later, "UPDATE audit_log SET number = 99 WHERE chain = 1 AND seq = 1")
        broken = verified(later).broken
        assert broken is not None
        assert (broken.chain, broken.seq) == (1, 2)


def tamper_again(house: House, statement: str) -> None:
    with house.store.write() as connection:
        connection.execute(text(statement))


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

    heads = json.loads(gonogo("head").stdout)
    logged = [{"message": "another"}, {"audit_heads": {"1": [1, "0"]}}, {"audit_heads": heads}]
    kept = {
        "heads.json": json.dumps(heads),
        "manifest.json": json.dumps({"audit": {"heads": heads}}),
        "server.log": "\n".join(map(json.dumps, logged)),
    }
    for name, content in kept.items():
        (tmp_path / name).write_text(content)
    for name in kept:
        assert gonogo("verify", "--since", str(tmp_path / name)).returncode == 0, name
    (tmp_path / "empty.log").write_text('{"message": "another"}\n')
    nothing = gonogo("verify", "--since", str(tmp_path / "empty.log"))
    assert (nothing.returncode, "holds no heads" in nothing.stderr) == (2, True)
    tamper(house, "UPDATE audit_log SET actor = 'me' WHERE chain = 1 AND seq = 2")
    with house.store.read() as connection:
        number = connection.execute(
            select(audit_log.c.number).where(audit_log.c.chain == 1, audit_log.c.seq == 2)
        ).scalar_one()
        assert connection.execute(select(func.count()).select_from(audit_log)).scalar() == 4
    told = gonogo("verify")
    assert told.returncode == 1
    assert f"broken at row {number} " in told.stderr
    with house.store.write() as connection:
        connection.execute(text("DELETE FROM audit_log"))
    assert gonogo("verify").returncode == 0  # nothing tells but what was kept
    for name in kept:
        emptied = gonogo("verify", "--since", str(tmp_path / name))
        assert (emptied.returncode, "a row that is gone" in emptied.stderr) == (1, True), name
