"""The heads of the audit log in the server's log: kept where who changes the database can't reach."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from tests.server.house import House


@pytest.mark.slow
def test_the_log_keeps_the_heads_of_the_audit_log_at_every_level(house: House, tmp_path: Path) -> None:
    """In a process of its own, because a log is set up for all of a process."""
    with house.store.write() as connection:
        audit.append(connection, "something", house.now, actor="somebody")
    program = (
        "import sys; from gonogo.server.ops import logging, maintenance; from gonogo.server.store.engine import Store;"
        "logging.configure_logging(sys.argv[2], 'error'); maintenance.log_audit_heads(Store(sys.argv[1]))"
    )
    log = tmp_path / "server.log"
    url = house.store.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", program, url, str(log)], check=True, timeout=120)
    (line,) = map(json.loads, log.read_text().splitlines())
    with house.store.read() as connection:
        assert {int(chain): tuple(head) for chain, head in line["audit_heads"].items()} == audit.heads(connection)


async def test_a_running_server_logs_the_heads_once_a_day(house: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="gonogo.audit")
    url = house.store.url.render_as_string(hide_password=False)
    app = create_app(ServerSettings(database_url=url, upkeep_seconds=0.01), store=house.store, clock=lambda: house.now)

    async def logged(count: int) -> None:
        async with asyncio.timeout(20):
            while len(caplog.records) < count:  # noqa: ASYNC110 - a log has no event
                await asyncio.sleep(0.01)

    async with app.router.lifespan_context(app):
        await logged(1)
        house.pass_time(hours=25)
        await logged(2)
    assert len(caplog.records) == 2
