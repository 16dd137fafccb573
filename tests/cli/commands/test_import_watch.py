"""`gonogo import --watch` as a program of its own, over a real server."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from gonogo.server.auth.api_keys import create_key
from gonogo.server.settings import ServerSettings
from tests.cli.conftest import PNG, Gonogo
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer
from tests.server.house import House
from tests.server.http.conftest import uvicorn_over
from tests.sqlite import fresh_database

WAIT = 60.0


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    return ServerSettings(database_url=fresh_database(tmp_path / "server.db"))


@pytest.fixture
def key(settings: ServerSettings) -> str:
    with House(settings.database_url) as house:
        return create_key(house.store, "pipeline", ["parts:read", "parts:write"]).key


@pytest.fixture
def incoming(tmp_path: Path) -> Path:
    folder = tmp_path / "incoming"
    folder.mkdir()
    (folder / "a.png").write_bytes(PNG)
    return folder


def lines(*texts: str) -> str:
    usual = {"drawing": "a.png", "bbox": [10, 20, 110, 60], "bbox_unit": "px", "detail_kind": "dimension"}
    return "".join(json.dumps({**usual, "id": text, "predicted_value": {"text": text}}) + "\n" for text in texts)


class Watch:
    """The running command; each file that it deals with is a line."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def next(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        record: dict[str, Any] = json.loads(self.process.stdout.readline())
        return record

    def said(self, words: str) -> str:
        """The first line on standard error that has these words."""
        assert self.process.stderr is not None
        while words not in (line := self.process.stderr.readline()):
            assert line, f"ended without {words!r}"
        return line

    def stop(self) -> tuple[int, str]:
        self.process.send_signal(signal.SIGINT)
        _out, err = self.process.communicate(timeout=WAIT)
        return self.process.returncode, err


@contextmanager
def watching(folder: Path, url: str, key: str, *more: str) -> Iterator[Watch]:
    command = [sys.executable, "-m", "gonogo", "import", "--watch", str(folder), "--campaign", "batch 12", "--json"]
    environment = {**os.environ, "GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
    pipe = subprocess.PIPE
    with subprocess.Popen([*command, *more], env=environment, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield Watch(process)
        finally:
            if process.poll() is None:
                process.kill()


def n_tasks(gonogo: Gonogo, url: str, key: str) -> int:
    env = {"GONOGO_BASE_URL": url, "GONOGO_API_KEY": key}
    return len(gonogo("export", "batch 12", env=env).stdout.splitlines())


def names_in(folder: Path) -> list[str]:
    return sorted(item.name for item in folder.iterdir())


@pytest.mark.slow
def test_new_files_become_tasks_good_ones_move_to_done_and_bad_ones_to_failed(
    settings: ServerSettings, key: str, incoming: Path, gonogo: Gonogo
) -> None:
    (incoming / "first.jsonl").write_text(lines("M8", "R5"))
    (incoming / "half.jsonl.part").write_text(lines("M10")[:20])
    with uvicorn_over(settings) as url, watching(incoming, url, key) as watch:
        first = watch.next()
        (incoming / "bad.jsonl").write_text(lines("M8") + "{not json\n")
        bad = watch.next()
        (incoming / "half.jsonl.part").write_text(lines("M10"))
        (incoming / "half.jsonl.part").rename(incoming / "half.jsonl")
        half = watch.next()
        (incoming / "first.jsonl").write_text(lines("M8", "R5"))  # once more
        again = watch.next()
        code, err = watch.stop()
        assert n_tasks(gonogo, url, key) == 3
    assert [(one["file"], one["imported"], one.get("n_tasks")) for one in (first, bad, half, again)] == [
        ("first.jsonl", True, 2),
        ("bad.jsonl", False, 0),
        ("half.jsonl", True, 1),
        ("first.jsonl", True, 0),
    ]
    assert names_in(incoming) == ["a.png", "done", "failed"]
    assert names_in(incoming / "done") == ["first.2.jsonl", "first.jsonl", "half.jsonl"]
    assert names_in(incoming / "failed") == ["bad.jsonl", "bad.jsonl.error.txt"]
    reasons = (incoming / "failed" / "bad.jsonl.error.txt").read_text()
    assert "line 2: " in reasons
    assert (code, "stopped; 3 files imported, 1 failed" in err, "Traceback" in err) == (130, True, False)


@pytest.mark.slow
def test_a_file_that_is_still_being_written_is_not_taken(
    settings: ServerSettings, key: str, incoming: Path, gonogo: Gonogo
) -> None:
    """It grows for longer than a file must rest, a line every half second."""
    texts = [f"M{number}" for number in range(8)]
    with uvicorn_over(settings) as url, watching(incoming, url, key) as watch:
        watch.said("Watching")
        with (incoming / "slow.jsonl").open("w") as file:
            for text in texts:
                file.write(lines(text))
                file.flush()
                time.sleep(0.5)  # time is what is tested: the file rests for less than 2 seconds, again and again
        assert watch.next()["n_tasks"] == len(texts)
        watch.stop()
        assert n_tasks(gonogo, url, key) == len(texts)


@pytest.mark.slow
def test_a_run_that_is_killed_between_import_and_move_adds_nothing_when_it_goes_on(
    settings: ServerSettings, key: str, incoming: Path, gonogo: Gonogo
) -> None:
    (incoming / "first.jsonl").write_text(lines("M8", "R5"))
    with uvicorn_over(settings) as url:
        with watching(incoming, url, key) as watch:
            watch.next()
        (incoming / "done" / "first.jsonl").rename(incoming / "first.jsonl")  # as if it was never moved
        with watching(incoming, url, key) as watch:
            assert watch.next()["n_tasks"] == 0
            watch.stop()
        assert n_tasks(gonogo, url, key) == 2


@pytest.mark.slow
def test_a_server_that_is_away_is_waited_for_and_the_file_stays(
    settings: ServerSettings, key: str, incoming: Path
) -> None:
    with uvicorn_over(settings) as url:
        port = int(urlsplit(url).port or 0)
        running = watching(incoming, url, key)
        watch = running.__enter__()
        watch.said("Watching")
        (incoming / "first.jsonl").write_text(lines("M8"))
        assert watch.next()["n_tasks"] == 1
    try:
        (incoming / "second.jsonl").write_text(lines("M10"))
        watch.said("We try again until it works")
        assert (incoming / "second.jsonl").exists()
        with uvicorn_over(settings, port):
            assert watch.next()["n_tasks"] == 1
    finally:
        running.__exit__(None, None, None)


@pytest.mark.slow
def test_a_closed_campaign_ends_it_and_the_file_stays(
    settings: ServerSettings, key: str, incoming: Path, gonogo: Gonogo
) -> None:
    env = {"GONOGO_API_KEY": key}
    with uvicorn_over(settings) as url:
        env |= {"GONOGO_BASE_URL": url}
        gonogo("campaign", "create", "batch 12", env=env)
        gonogo("campaign", "close", "batch 12", "--yes", env=env)
        (incoming / "first.jsonl").write_text(lines("M8"))
        done = gonogo("import", "--watch", str(incoming), "--campaign", "batch 12", env=env, code=2)
    assert "takes no more tasks" in done.stderr
    assert (incoming / "first.jsonl").exists()


async def test_a_plain_server_is_refused_in_words(incoming: Path) -> None:
    async with ScriptedServer(Arcnm()) as server:

        def refused() -> tuple[int, str]:
            with watching(incoming, server.url, KEY) as watch:
                _out, err = watch.process.communicate(timeout=WAIT)
            return watch.process.returncode, err

        code, err = await asyncio.to_thread(refused)
    assert (code, "a campaign takes one file" in err) == (4, True)
    assert names_in(incoming) == ["a.png"]


def test_what_does_not_go_with_it_is_refused(gonogo: Gonogo, incoming: Path, readings: Path) -> None:
    watch = ("import", "--watch", str(incoming), "--campaign", "c")
    assert "--watch DIR" in gonogo(*watch, str(readings), code=2).stderr
    assert "--dry-run" in gonogo(*watch, "--dry-run", code=2).stderr
    assert "--part-revision" in gonogo(*watch, "--part-revision", "a=1", code=2).stderr
