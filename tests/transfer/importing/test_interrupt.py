"""Imports that meet Ctrl+C, one another, or a file that is none."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from gonogo.cli.main import cli
from gonogo.client.credential import ApiKey
from gonogo.client.errors import ConflictError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.transfer.importing.import_file import import_file
from gonogo.transfer.importing.interrupt import ImportInterrupt
from gonogo.transfer.importing.spool import ImportOptions
from tests.sqlite import fresh_database
from tests.transfer.importing.conftest import TOKEN, WriteLines, reading


async def test_a_stopped_import_says_what_is_in_and_goes_on(client: GonogoClient, write: WriteLines) -> None:
    options = ImportOptions(write(*(reading(id=str(number)) for number in range(1200))), "pmi")

    def stops(what: str, done: int, total: int) -> None:
        if what == "predictions":
            raise asyncio.CancelledError  # as at any wait, once the task was cancelled

    watched = ImportInterrupt(stops)
    with pytest.raises(asyncio.CancelledError):
        await import_file(client, options, watched)
    happened, next_step = watched.stop()
    assert happened == "stopped; 1 of 1 drawings, 1000 of 1200 predictions are in."
    assert "Run the same import again" in next_step
    again = await import_file(client, options)
    assert (again.n_predictions_known, again.n_predictions_new, again.n_tasks) == (1000, 200, 1200)


def test_a_plain_server_cannot_go_on() -> None:
    watched = ImportInterrupt(lambda what, done, total: None)
    watched("read", 5, 5)
    assert "before anything" in watched.stop()[0]
    watched = ImportInterrupt(lambda what, done, total: None)
    watched("tasks", 2, 5)
    assert "under another name" in watched.stop()[1]


def test_ctrl_c_ends_the_reading(tmp_path: Path) -> None:
    pipe = tmp_path / "lines.jsonl"
    os.mkfifo(pipe)
    program = "from gonogo.cli.workstation import main; main()"
    process = subprocess.Popen(
        (sys.executable, "-c", program, "import", str(pipe), "--campaign", "pmi"),
        env={**os.environ, "GONOGO_HOME": str(tmp_path / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        with pipe.open("wb"):  # opened for reading by then
            process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, said
    assert "stopped before anything was imported" in said
    assert "Run the same import again." in said


class _Slower(httpx.AsyncBaseTransport):
    """Lets somebody else be a moment faster: `first` is done before the first POST to a path that ends in `path`."""

    def __init__(self, inner: httpx.AsyncBaseTransport, path: str, first: Callable[[], Awaitable[object]]) -> None:
        self._inner, self._path = inner, path
        self._first: Callable[[], Awaitable[object]] | None = first

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST" and request.url.path.endswith(self._path) and self._first is not None:
            first, self._first = self._first, None
            await first()
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize("noun", ["project", "campaign"])
async def test_the_loser_of_two_first_imports_is_told_to_run_again(
    tmp_path: Path, write: WriteLines, noun: str
) -> None:
    options = ImportOptions(write(reading()), "pmi")
    app = create_app(ServerSettings(database_url=fresh_database(tmp_path / "server.db"), embedded_token=TOKEN))
    async with app.router.lifespan_context(app):
        direct = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with GonogoClient("http://embedded.localhost", ApiKey(TOKEN), transport=direct) as winner:
            slower = _Slower(direct, f"/{noun}s", lambda: import_file(winner, options))
            async with GonogoClient("http://embedded.localhost", ApiKey(TOKEN), transport=slower) as loser:
                with pytest.raises(ConflictError, match=f"Another import has just made {noun} 'pmi'") as lost:
                    await import_file(loser, options)
                assert "Run the same import again" in lost.value.next_step
                again = await import_file(loser, options)
    assert (again.project_new, again.campaign_new, again.n_predictions_known, again.n_tasks) == (False, False, 1, 0)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "text", "said"),
    [("boxes.json", "{}", "no images and annotations"), ("readings.csv", "a,b\n1,2\n", "predicted_value")],
)
def test_a_file_that_is_none_of_its_form_is_no_refusal_of_the_server(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    (tmp_path / name).write_text(text)
    done = CliRunner().invoke(cli, ["import", str(tmp_path / name), "--campaign", "pmi"], prog_name="gonogo")
    assert done.exit_code == 1
    assert said in done.stderr
