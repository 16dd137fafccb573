"""Health, metrics, logs, workers, backup, upkeep: what whoever runs a server relies on."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import func, insert, select, text
from sqlalchemy.exc import DBAPIError

from gonogo.cli.main import cli
from gonogo.server.app import create_app
from gonogo.server.ops import maintenance
from gonogo.server.ops.logging import JsonLogFormatter
from gonogo.server.ops.preflight import run_checks
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.backup import backup, restore
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.engine import Store
from gonogo.server.store.errors import BackupError
from gonogo.server.store.schema import (
    campaigns,
    drawing_files,
    drawings,
    magic_links,
    orgs,
    rate_counts,
    sessions,
    tasks,
)
from tests.server.exposition import samples, value
from tests.server.house import START, House, people
from tests.server.web import LABELING, OURS, Web


class OrgRow(NamedTuple):
    name: str


WAIT = 120


@contextmanager
def served(database: str, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """`gonogo serve` as a process; its address, and its log file."""
    folder = Path(os.environ["GONOGO_HOME"])
    log = folder / "server.log"
    command = [sys.executable, "-m", "gonogo", "serve", "--port", "0", "--log", str(log), *options]
    environment = {**os.environ, "GONOGO_DATABASE_URL": database}
    running = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
    try:
        assert running.stderr is not None
        said = running.stderr.readline().decode()
        yield running, said.split("serves ")[1].split()[0], log
    finally:
        if running.poll() is None:
            running.send_signal(signal.SIGTERM)
        running.communicate(timeout=WAIT)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("GONOGO_HOME", str(folder))


def gonogo(*arguments: str, database: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GONOGO_DATABASE_URL": database}
    command = [sys.executable, "-m", "gonogo", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=WAIT, check=False)


def key_of(database: str) -> str:
    made = gonogo("keys", "create", "--name", "k", "--json", database=database)
    return str(json.loads(made.stdout)["key"])


@pytest.mark.slow
def test_workers_share_one_address_die_and_come_back_and_stop_graciously(database: str) -> None:
    secret = key_of(database)
    with served(database, "--workers", "2", "--metrics") as (running, url, log):
        with httpx.Client(base_url=url, timeout=WAIT, trust_env=False) as http:
            assert http.get("/healthz").json() == {"status": "ok"}
            assert http.get("/readyz").json()["status"] == "ready"
            made = http.post(f"{LABELING}/campaigns", json={"name": "c"}, headers={"X-API-Key": secret})
            assert made.status_code == 201
        for pid in children(running.pid):
            os.kill(pid, signal.SIGKILL)
        with httpx.Client(base_url=url, timeout=WAIT, trust_env=False) as http:
            listed = http.get(f"{LABELING}/campaigns", headers={"X-API-Key": secret})
            assert listed.json()["count"] == 1
            numbers = samples(http.get("/metrics").text)
            health = {"method": "GET", "route": "/healthz", "status": "200"}
            assert value(numbers, "gonogo_requests_total", **health) == 1  # by a worker that is dead
            assert value(numbers, "gonogo_actions_total", action="create_labeling_campaign") == 1
            until(lambda: value(samples(http.get("/metrics").text), "gonogo_workers") == 2)
        running.send_signal(signal.SIGTERM)
        assert running.wait(WAIT) == 0
        lines = [json.loads(line) for line in log.read_text().splitlines()]
    requests = [line for line in lines if line["logger"] == "gonogo.access"]
    assert {"at", "level", "request_id", "method", "route", "status", "ms"} <= set(requests[-1])
    assert secret not in json.dumps(lines)
    assert not [line for line in lines if line["level"] == "error" and "worker" not in line["message"]]


def until(holds: Callable[[], bool]) -> None:
    stop = time.monotonic() + WAIT
    while not holds():
        assert time.monotonic() < stop
        time.sleep(0.05)  # another process makes it hold


def children(pid: int) -> list[int]:
    """Worker processes of `pid` (not multiprocessing's helper)."""
    found = subprocess.run(["ps", "-o", "pid=,args=", "--ppid", str(pid)], capture_output=True, text=True, check=True)
    rows = [line.split(None, 1) for line in found.stdout.splitlines()]
    return [int(number) for number, arguments in rows if "spawn_main" in arguments]


async def test_not_ready_without_the_schema_of_this_release(web: Web) -> None:
    assert (await web.anybody.get("/readyz")).status_code == 200
    with web.house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    answer = await web.anybody.get("/readyz")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "unavailable")
    assert (await web.anybody.get("/healthz")).status_code == 200
    assert (await web.anybody.get("/metrics")).status_code == 404


async def test_not_ready_while_the_disk_is_full(sqlite_house: House) -> None:
    settings = ServerSettings(database_url="unused", min_free_bytes=10**18)
    app = create_app(settings, store=sqlite_house.store)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://x") as http:
        answer = await http.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["error"]["details"] == {"reason": "disk_full"}
    assert "make room" in answer.json()["error"]["message"]


def test_a_logged_failure_tells_where_and_not_what_was_sent() -> None:
    try:
        raise ValueError("ak_live_secret")
    except ValueError:
        record = logging.LogRecord("gonogo.server", logging.ERROR, "", 1, "request failed", (), sys.exc_info())
    line = json.loads(JsonLogFormatter().format(record))
    assert line["error"] == "ValueError"
    assert "test_operations.py" in line["at_line"][-1]
    assert "secret" not in json.dumps(line)


def test_a_backup_made_while_others_write_can_be_restored(house: House, tmp_path: Path) -> None:
    campaign = house.campaign()
    house.add(campaign, *[{}] * 50)
    copy = tmp_path / "copy"
    assert backup(house.store, copy) == copy.stat().st_size > 0
    assert copy.stat().st_mode & 0o077 == 0
    house.add(campaign, {})
    with pytest.raises(BackupError, match="exists already"):
        backup(house.store, copy)
    with pytest.raises(BackupError, match="not empty"):
        restore(copy, house.store)
    with fresh(house, tmp_path) as other:
        restore(copy, other)
        other.upgrade()
        with other.read() as connection:
            assert connection.execute(select(func.count()).select_from(tasks)).scalar() == 50


def test_a_backup_ends_although_others_write_all_the_time(house: House, tmp_path: Path) -> None:
    """A copy made in pieces would begin again after each commit of another process."""
    campaign = house.campaign(guideline="x" * 4_000_000)
    stop, wrote = threading.Event(), []

    def write() -> None:
        with House(house.store.url.render_as_string(hide_password=False)) as other:
            while not stop.is_set():
                wrote.extend(other.add(campaign, {}))

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while not wrote:
            stop.wait(0.01)
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(backup, house.store, tmp_path / "copy").result(WAIT) > 0
        before = len(wrote)
        while len(wrote) == before:  # nobody had to stop for it
            stop.wait(0.01)
    finally:
        stop.set()
        writer.join(WAIT)
    with fresh(house, tmp_path) as other:
        restore(tmp_path / "copy", other)
        with other.read() as connection:
            kept = connection.execute(select(tasks.c.id).order_by(tasks.c.number)).scalars().all()
            assert audit.verify(connection).broken is None
    assert kept == wrote[: len(kept)]


@contextmanager
def fresh(house: House, folder: Path) -> Iterator[Store]:
    from tests.postgres import cluster

    on_file = house.store.url.get_backend_name() == "sqlite"
    store = Store(f"sqlite:///{folder}/restored.db" if on_file else cluster().bare())
    yield store
    store.dispose()


def test_what_is_no_backup_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a database, but long enough to be looked at" * 100)
    store = Store(f"sqlite:///{tmp_path}/new.db")
    with pytest.raises(BackupError):
        restore(tmp_path / "text", store)
    store.dispose()


@pytest.mark.slow
def test_db_commands_and_check(database: str, tmp_path: Path) -> None:
    assert "The schema is" in gonogo("db", "upgrade", database=database).stderr
    looked = gonogo("serve", "--check", "--host", "0.0.0.0", database=database)
    assert "ok\tThe schema is this release's" in looked.stdout
    assert "--public-url" in looked.stdout
    assert gonogo("db", "backup", str(tmp_path / "b"), database=database).returncode == 0
    assert "0 sessions" in gonogo("db", "prune", "--keep-drawings-days", "9", "--yes", database=database).stderr
    assert (tmp_path / "b").stat().st_size > 0
    lost = gonogo("serve", "--check", database="postgresql://nobody@127.0.0.1:1/none")
    assert lost.returncode == 1
    assert "cannot be opened" in lost.stdout


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "sqlite://"])
def test_a_url_that_is_none_is_a_sentence(url: str) -> None:
    told = CliRunner().invoke(cli, ["serve", "--port", "0"], env={"GONOGO_DATABASE_URL": url})
    assert told.exit_code == 1
    assert told.stderr.startswith("gonogo: the database")
    assert "Traceback" not in told.stderr


def test_a_check_makes_nothing_and_looks_at_the_replica_too(tmp_path: Path) -> None:
    missing = tmp_path / "not there.db"
    store = Store(f"sqlite:///{missing}", replica=f"sqlite:///{tmp_path}/other.db")
    assert [finding.level for finding in run_checks(store, None, "127.0.0.1")] == ["warning"]
    assert not missing.exists()
    store.upgrade()
    levels = [finding.level for finding in run_checks(store, None, "127.0.0.1")]
    assert levels == ["ok", "ok", "ok", "problem"]  # the replica holds nothing
    store.dispose()


def test_check_names_what_would_lose_data(postgres_house: House) -> None:
    """The cluster of the tests runs without fsync."""
    problems = [
        finding.text for finding in run_checks(postgres_house.store, None, "127.0.0.1") if finding.level == "problem"
    ]
    assert len(problems) == 1
    assert "acknowledged verdicts could be lost" in problems[0]


async def test_what_has_expired_is_forgotten(web: Web) -> None:
    house = web.house
    campaign = await web.campaign()
    anna = await web.sign_in(campaign, "anna@example.com")
    await web.invite(campaign, "ben@example.com")
    for number in range(3):
        await anna.post(f"{LABELING}/campaigns/{campaign}/next-task", headers={"Idempotency-Key": f"k{number}"})
    with house.store.write() as connection:
        connection.execute(insert(rate_counts).values(name="x", minute=int(house.now.timestamp()) // 60, n=1))
    settings = ServerSettings(database_url="unused")
    assert not any(maintenance.run_once(house.store, settings, house.now - timedelta(days=300)).values())
    house.pass_time(days=40)
    done = maintenance.run_once(house.store, settings, house.now)
    assert {name: done[name] for name in ("sessions", "magic_links", "rate_counts")} == {
        "sessions": 1,
        "magic_links": 2,
        "rate_counts": 1,
    }
    assert done["idempotency_keys"] == 3
    with house.store.read() as connection:
        for table in (sessions, magic_links, rate_counts):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


async def test_drawings_outlive_their_last_campaign_by_as_long_as_is_set(web: Web) -> None:
    house = web.house
    campaign = await web.campaign()
    stored = [
        (
            await web.lead.post(
                f"{OURS}/drawings?part={name}&filename=a.png", content=b"\x89PNG\r\n\x1a\n" + name.encode()
            )
        ).json()
        for name in ("used", "unused")
    ]
    await web.add(campaign, {"part_revision_id": stored[0]["part_revision_id"]})
    settings = ServerSettings(database_url="unused", keep_drawings_days=10)
    house.pass_time(days=11)
    assert maintenance.run_once(house.store, settings, house.now)["drawings"] == 1
    await web.lead.post(f"{LABELING}/campaigns/{campaign}/close")
    assert maintenance.run_once(house.store, settings, house.now)["drawings"] == 0
    house.pass_time(days=11)
    assert maintenance.run_once(house.store, settings, house.now)["drawings"] == 1
    with house.store.read() as connection:
        for table in (drawings, drawing_files):
            assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


def test_gold_of_an_earlier_release_is_put_into_the_order(house: House) -> None:
    campaign = house.campaign(gold_fraction=0.2)
    house.add(campaign, *[{}] * 40, *[{"is_gold": True, "gold_answer": "correct"}] * 10)
    with house.store.write() as connection:  # as a migrated database has it
        connection.execute(tasks.update().where(tasks.c.is_gold).values(rank=None))
        connection.execute(campaigns.update().values(n_gold_planned=0, n_gold_placed=0))
    settings = ServerSettings(database_url="unused")
    placed = [maintenance.run_once(house.store, settings, house.now)["gold_copies"] for _round in range(2)]
    assert placed == [10, 0]
    served = [house.task(task).is_gold for task in house.work_off(campaign, people(1)[0])]
    assert served.count(True) == 10


@pytest.mark.slow
def test_prune_leaves_a_database_of_another_release_alone(sqlite_house: House) -> None:
    database = sqlite_house.store.url.render_as_string()
    with sqlite_house.store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'of the future'"))
    refused = gonogo("db", "prune", database=database)
    assert refused.returncode == 1
    assert "'of the future'" in refused.stderr
    assert "Nothing was changed" in refused.stderr


@pytest.mark.slow
def test_a_restarted_database_is_found_again(tmp_path: Path) -> None:
    from tests.postgres import Cluster, binaries

    if binaries() is None:
        pytest.skip("no PostgreSQL server binaries on this machine")
    own = Cluster()
    store = Store(own.database())
    with store.write() as connection:
        connection.execute(insert(orgs).values(id="x", name="x", created_at=START))
    own.kill()
    own.start()
    assert store.query_one(select(orgs.c.name)) is not None
    look = CompiledQuery(select(orgs.c.name), OrgRow)
    add = CompiledStatement(insert(orgs), ["id", "name", "created_at"])
    with store.pinned():  # as the thread of an event loop
        add_one = {"id": "y", "name": "y", "created_at": START}
        with store.write() as connection:
            add.run(connection, add_one)
        assert store.query_one(look) is not None
        own.kill()
        own.start()
        assert store.query_one(look) is not None
        with pytest.raises(DBAPIError), store.write() as connection:
            add.run(connection, {**add_one, "id": "lost"})
        with store.write() as connection:
            add.run(connection, {**add_one, "id": "z"})
    with store.read() as connection:
        assert set(connection.execute(select(orgs.c.id)).scalars()) == {"x", "y", "z"}
    store.dispose()
    own.stop()
