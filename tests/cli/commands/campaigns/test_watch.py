"""`gonogo campaigns watch` as a program of its own, over a real server that it is told by."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gonogo.server.auth.api_keys import create_key, revoke_key
from gonogo.server.settings import ServerSettings
from tests.cli.conftest import Gonogo
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer
from tests.server.house import House, people
from tests.server.http.conftest import uvicorn_over
from tests.sqlite import fresh_database

WAIT = 60.0


@dataclass
class Scene:
    """A campaign of two tasks in a database, and a key for it."""

    house: House
    settings: ServerSettings
    campaign: str
    key: str
    key_id: str

    def vote(self) -> None:
        self.house.work_off_some(self.campaign, people(1)[0], 1)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    url = fresh_database(tmp_path / "server.db")
    with House(url) as house:
        made = create_key(house.store, "lead", ["parts:read"])
        campaign = house.campaign(name="batch 12")
        house.add(campaign, {}, {})
        yield Scene(house, ServerSettings(database_url=url, watch_seconds=0.05), campaign, made.key, made.id)


class Watching:
    """The running command."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self.running = running

    async def line(self) -> dict[str, Any]:
        assert self.running.stdout is not None
        async with asyncio.timeout(WAIT):
            found: dict[str, Any] = json.loads(await self.running.stdout.readline())
        return found

    async def resolved(self, count: int) -> dict[str, Any]:
        """The first line that says so."""
        while (found := await self.line())["resolved_count"] != count:
            pass
        return found

    async def said(self, word: str) -> None:
        """Waits until it says this on standard error."""
        assert self.running.stderr is not None
        async with asyncio.timeout(WAIT):
            while word not in (await self.running.stderr.readline()).decode():
                assert not self.running.stderr.at_eof()

    async def end(self) -> tuple[int, str]:
        async with asyncio.timeout(WAIT):
            _out, err = await self.running.communicate()
        assert self.running.returncode is not None
        return self.running.returncode, err.decode()


@asynccontextmanager
async def watched(url: str, key: str) -> AsyncIterator[Watching]:
    command = [sys.executable, "-m", "gonogo", "campaign", "watch", "batch 12", "--json"]
    environment = {**os.environ, "GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
    pipe = subprocess.PIPE
    running = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe)
    try:
        yield Watching(running)
    finally:
        if running.returncode is None:
            running.kill()
            await running.communicate()


async def test_each_change_is_a_line_until_all_is_resolved(scene: Scene) -> None:
    with uvicorn_over(scene.settings) as url:
        async with watched(url, scene.key) as watch:
            assert (await watch.line())["resolved_count"] == 0
            scene.vote()
            state = await watch.resolved(1)
            assert (state["left"], state["people"][0]["n_done"]) == (1, 1)
            scene.vote()
            await watch.resolved(2)
            assert await watch.end() == (0, "")


async def test_a_server_that_goes_away_and_comes_back_is_said_and_ends_nothing(scene: Scene) -> None:
    with uvicorn_over(scene.settings) as url:
        port = int(urlsplit(url).port or 0)
        watching = watched(url, scene.key)
        watch = await watching.__aenter__()
        while "alpha" not in await watch.line():  # what it asks beside the stream is answered
            pass
    try:
        await watch.said("Trying again in")
        scene.vote()
        with uvicorn_over(scene.settings, port):
            await watch.resolved(1)
            watch.running.send_signal(signal.SIGINT)
            code, err = await watch.end()
    finally:
        await watching.__aexit__(None, None, None)
    assert (code, "Traceback" in err) == (130, False)
    assert "Connected again" in err


async def test_a_revoked_key_ends_it_with_the_code_for_credentials(scene: Scene) -> None:
    with uvicorn_over(scene.settings) as url:
        async with watched(url, scene.key) as watch:
            await watch.line()
            with scene.house.store.write() as connection:
                revoke_key(connection, scene.house.lead.org_id, scene.key_id, scene.house.now)
            code, err = await watch.end()
    assert (code, "revoked" in err) == (3, True)


async def test_where_no_stream_is_to_be_had_the_server_is_asked(scene: Scene, gonogo: Gonogo) -> None:
    settings = ServerSettings(database_url=scene.settings.database_url, streams_per_key=0)
    scene.vote()
    scene.vote()
    with uvicorn_over(settings) as url:
        env = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": scene.key}
        done = await asyncio.to_thread(gonogo, "campaign", "watch", "batch 12", env=env)
    assert "2/2 resolved" in done.stdout
    assert "ask it every 5 s instead" in done.stderr


async def test_a_plain_server_is_asked_and_it_is_said(gonogo: Gonogo) -> None:
    async with ScriptedServer(Arcnm()) as server:
        env = {"GONOGO_BASE_URL": server.url, "GONOGO_API_KEY": KEY}

        async def cli(*command: str) -> Any:
            return await asyncio.to_thread(gonogo, *command, env=env)

        await cli("project", "create", "pmi")
        await cli("project", "generate", "pmi", "--run", "calc-1", "--campaign", "batch")
        await cli("campaign", "close", "batch", "--yes")
        done = await cli("campaign", "watch", "batch")
        assert "batch   closed" in done.stdout
        assert "sends no changes: we ask every 5 s" in done.stderr
        asked = {got.path for got in server.requests}
    assert not any(path.endswith("/stream") for path in asked)


def test_the_workspace_on_this_machine_tells_as_well(gonogo: Gonogo, imported: Path) -> None:
    gonogo("campaign", "close", "pmi", "--yes")
    done = gonogo("campaign", "watch", "pmi", "--json")
    assert (json.loads(done.stdout.splitlines()[0])["status"], done.stderr) == ("closed", "")
