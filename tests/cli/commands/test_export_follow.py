"""`gonogo export --follow` as a program of its own, over a real server: killed, continued, and timed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import update

from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from gonogo.server.store.schema import campaigns
from tests.cli.conftest import Gonogo
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer
from tests.server.house import House, people
from tests.server.http.conftest import uvicorn_over
from tests.sqlite import fresh_database

WAIT = 60.0
SEEN_WITHIN = 1.0
"""Seconds from the commit that settles a task to its line."""


class Scene:
    """A campaign of `n_tasks` in a database, and a key for it."""

    def __init__(self, house: House, url: str, n_tasks: int) -> None:
        self.house = house
        self.settings = ServerSettings(database_url=url)
        self.key = create_key(house.store, "lead", ["parts:read"]).key
        self.campaign = house.campaign(name="batch 12")
        self.voter = people(1)[0]
        house.add(self.campaign, *({} for _ in range(n_tasks)))

    def settle(self) -> str:
        """Settles one more task; returns its id."""
        claim = self.house.next(self.campaign, self.voter)
        assert claim is not None
        self.house.submit(self.campaign, claim.task.id, self.voter)
        return claim.task.id

    def close(self) -> None:
        with self.house.store.write() as connection:
            connection.execute(update(campaigns).values(status="closed"))


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    url = fresh_database(tmp_path / "server.db")
    with House(url) as house:
        yield Scene(house, url, 12)


class Follower:
    """The running command."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        async with asyncio.timeout(WAIT):
            record: dict[str, Any] = json.loads(await self.process.stdout.readline())
        return record

    async def end(self) -> tuple[int, str, str]:
        async with asyncio.timeout(WAIT):
            out, err = await self.process.communicate()
        assert self.process.returncode is not None
        return self.process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def following(url: str, key: str, *more: str) -> AsyncIterator[Follower]:
    command = [sys.executable, "-m", "gonogo", "export", "batch 12", "--follow", *more]
    environment = {**os.environ, "GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
    pipe = subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=environment, stdout=pipe, stderr=pipe, limit=2**20)
    try:
        yield Follower(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def lines_of(path: Path) -> list[str]:
    return [json.loads(line)["task_id"] for line in path.read_bytes().split(b"\n")[:-1]]


def wait_for_lines(path: Path, count: int) -> None:
    """Waits until the file has as many lines; nothing but its bytes tells that."""
    end = time.monotonic() + WAIT
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < end, f"fewer than {count} lines"
        time.sleep(0.02)  # another process writes the file, and tells nobody


@pytest.mark.slow
async def test_each_task_is_a_line_within_a_second_until_all_are_settled(scene: Scene) -> None:
    """The pauses let it settle at moments anywhere between two looks, after a rest and in a run."""
    delays = []
    with uvicorn_over(scene.settings) as url:
        async with following(url, scene.key) as follower:
            scene.settle()
            await follower.line()
            for pause in (0.0, 0.05, 0.2, 0.45, 0.7, 0.95, 0.0, 0.3, 0.6, 1.2, 0.1):
                await asyncio.sleep(pause)  # time is what is tested: where between two looks it settles
                task = scene.settle()
                settled_at = time.monotonic()
                record = await follower.line()
                delays.append(time.monotonic() - settled_at)
                assert (record["task_id"], record["status"]) == (task, "resolved")
                assert len(record["submissions"]) == 1
            code, _out, err = await follower.end()
    print(f"seen after {sorted(round(delay, 2) for delay in delays)} s")
    assert max(delays) <= SEEN_WITHIN
    assert (code, err) == (0, "12 new lines. Nothing more will settle.\n")


@pytest.mark.slow
async def test_a_run_that_is_killed_goes_on_without_a_line_lost_or_doubled(scene: Scene, tmp_path: Path) -> None:
    out = tmp_path / "settled.jsonl"
    settled = []
    with uvicorn_over(scene.settings) as url:
        for round_number in range(3):
            async with following(url, scene.key, "--out", str(out)) as follower:
                settled += [scene.settle() for _ in range(4)]
                await asyncio.to_thread(wait_for_lines, out, 4 * round_number + 2)
                follower.process.kill()
                await follower.end()
            if round_number == 1:  # as if in the middle of a line
                os.truncate(out, out.stat().st_size - 7)
        async with following(url, scene.key, "--out", str(out), "--json") as follower:
            code, told, _err = await follower.end()
    assert lines_of(out) == settled
    assert code == 0
    assert json.loads(told)["cursor"] == json.loads(out.read_bytes().splitlines()[-1])["cursor"]


@pytest.mark.slow
async def test_ctrl_c_names_the_cursor_to_go_on_from_and_closing_ends_it(scene: Scene) -> None:
    with uvicorn_over(scene.settings) as url:
        async with following(url, scene.key) as follower:
            scene.settle()
            cursor = (await follower.line())["cursor"]
            follower.process.send_signal(signal.SIGINT)
            code, _out, err = await follower.end()
        assert (code, f"--after {cursor}" in err, "Traceback" in err) == (130, True, False)
        task = scene.settle()
        async with following(url, scene.key, "--after", str(cursor)) as follower:
            assert (await follower.line())["task_id"] == task
            scene.close()
            assert (await follower.end())[:2] == (0, "")


@pytest.mark.slow
async def test_a_server_that_restarts_loses_no_line(scene: Scene) -> None:
    with uvicorn_over(scene.settings) as url:
        port = int(urlsplit(url).port or 0)
        running = following(url, scene.key)
        follower = await running.__aenter__()
        first = scene.settle()
        assert (await follower.line())["task_id"] == first
    try:
        second = scene.settle()
        with uvicorn_over(scene.settings, port):
            assert (await follower.line())["task_id"] == second
    finally:
        await running.__aexit__(None, None, None)


@pytest.mark.slow
async def test_without_a_stream_it_looks_by_itself(scene: Scene) -> None:
    settings = ServerSettings(database_url=scene.settings.database_url, streams_per_key=0)
    with uvicorn_over(settings) as url:
        async with following(url, scene.key) as follower:
            scene.settle()
            await follower.line()
            task = scene.settle()
            settled_at = time.monotonic()
            assert (await follower.line())["task_id"] == task
            assert time.monotonic() - settled_at <= SEEN_WITHIN


async def test_a_plain_server_is_polled_and_the_file_remembers(gonogo: Gonogo, tmp_path: Path) -> None:
    out = tmp_path / "settled.jsonl"
    arcnm = Arcnm()
    async with ScriptedServer(arcnm) as server:
        env = {"GONOGO_BASE_URL": server.url, "GONOGO_API_KEY": KEY}

        async def cli(*command: str, code: int = 0) -> Any:
            return await asyncio.to_thread(gonogo, *command, env=env, code=code)

        await cli("project", "create", "pmi")
        await cli("project", "generate", "pmi", "--run", "calc-1", "--campaign", "batch 12")
        for task in list(arcnm.tasks.values())[:2]:
            task |= {"status": "resolved", "consensus_verdict": "correct", "resolved_at": "2026-05-01T08:00:00Z"}
        await cli("campaign", "close", "batch 12", "--yes")
        done = await cli("export", "batch 12", "--follow", "--out", str(out))
        again = await cli("export", "batch 12", "--follow", "--out", str(out))
        refused = await cli("export", "batch 12", "--follow", "--after", "5", code=4)
    assert "no votes and no cursor" in done.stderr
    assert ("2 new lines" in done.stderr, "0 new lines" in again.stderr) == (True, True)
    assert "gives no cursors" in refused.stderr
    assert sorted(lines_of(out)) == sorted(list(arcnm.tasks)[:2])
    assert not arcnm.complaints


def test_the_workspace_on_this_machine_and_options_that_do_not_go_together(gonogo: Gonogo, imported: Path) -> None:
    gonogo("campaign", "close", "pmi", "--yes")
    done = gonogo("export", "pmi", "--follow")
    assert (done.stdout, done.stderr) == ("", "0 new lines. Nothing more will settle.\n")
    assert "--follow" in gonogo("export", "pmi", "--after", "3", code=2).stderr
    assert "JSON Lines" in gonogo("export", "pmi", "--follow", "--format", "csv", code=2).stderr
    assert "--out" in gonogo("export", "pmi", "--follow", "--out", "x", "--after", "3", code=2).stderr
