"""The embedded server's answers: whole ones at once, long ones piece by piece, and what happens when one side stops."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.errors import NetworkError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import RetryPolicy
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.asgi_exchange import MAX_BUFFERED, Exchange, _ChunkStream
from gonogo.embedded.transport import CANNOT_OPEN, EmbeddedTransport, embedded_parts
from gonogo.schemas.gonogo_api import DrawingUrl
from gonogo.server.drawing_places.remembered import DrawingPlaces
from gonogo.server.store.engine import Store
from gonogo.sheets.fetch import DrawingFetcher
from tests.sqlite import fresh_database
from tests.support.object_store import s3_server

WAIT = 30
SHEET = b"%PDF-1.7 of a sheet"
ASKED = "/api/v1/gonogo/capabilities"


class App:
    """An ASGI app that answers `n` pieces, and notes how many it could send and whether it was told to stop."""

    def __init__(self, n: int, fail_at: int | None = None) -> None:
        self.n, self.fail_at = n, fail_at
        self.sent = 0
        self.ended = asyncio.Event()
        self.stopped = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            assert (await receive())["body"] == b"asked"
            await send({"type": "http.response.start", "status": 201, "headers": [(b"x-a", b"b")]})
            for number in range(self.n):
                if number == self.fail_at:
                    raise RuntimeError("half an answer")
                await send({"type": "http.response.body", "body": b"%d\n" % number, "more_body": True})
                self.sent += 1
            await send({"type": "http.response.body", "body": b"end", "more_body": False})
        except OSError:
            self.stopped = True
        finally:
            self.ended.set()


async def answer(app: Any) -> httpx.Response:
    request = httpx.Request("POST", "http://embedded.localhost/x?q=1", content=b"asked")
    return await Exchange(request, b"asked", asyncio.get_running_loop()).answer(app)


async def chunks(response: httpx.Response) -> AsyncIterator[bytes]:
    assert isinstance(response.stream, _ChunkStream)
    async for piece in response.stream:
        yield piece


async def test_an_answer_in_one_piece_is_there_at_once() -> None:
    response = await answer(App(0))
    assert (response.status_code, response.headers["x-a"], response.content) == (201, "b", b"end")


async def test_a_long_answer_waits_for_its_reader() -> None:
    app = App(50)
    response = await answer(app)
    for _ in range(100):
        await asyncio.sleep(0)
    assert app.sent <= MAX_BUFFERED + 2
    pieces = [piece async for piece in chunks(response)]
    assert b"".join(pieces) == b"".join(b"%d\n" % n for n in range(50)) + b"end"


async def test_an_app_learns_that_its_reader_left() -> None:
    app = App(1000)
    response = await answer(app)
    async for piece in chunks(response):
        assert piece == b"0\n"
        break
    await response.aclose()
    await asyncio.wait_for(app.ended.wait(), WAIT)
    assert app.stopped
    assert app.sent < 20


async def test_a_broken_answer_is_not_taken_for_a_whole_one() -> None:
    response = await answer(App(10, fail_at=5))
    got: list[bytes] = []

    async def collect() -> None:
        async for piece in chunks(response):
            got.append(piece)  # noqa: PERF401 - what came before the break counts

    with pytest.raises(httpx.ReadError):
        await collect()
    assert got == [b"%d\n" % n for n in range(5)]


async def test_an_app_that_fails_at_once_is_a_500() -> None:
    assert (await answer(App(10, fail_at=0))).status_code == 500


async def test_a_request_that_is_given_up_leaves_the_start_to_the_others(tmp_path: Path) -> None:
    transport = EmbeddedTransport(AppPaths(tmp_path), "token-of-this-test")
    try:
        async with httpx.AsyncClient(transport=transport, base_url="http://embedded.localhost") as client:
            first = asyncio.create_task(client.get(ASKED))
            await asyncio.sleep(0)
            assert transport._app is not None
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
            assert (await asyncio.wait_for(client.get(ASKED), 2 * WAIT)).status_code == 200
    finally:
        transport.stop()


async def test_drawings_in_an_object_store_come_through_the_embedded_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = AppPaths(tmp_path)
    home.make(home.data())
    with s3_server(monkeypatch) as s3, contextlib.closing(Store(fresh_database(home.workspace_file()))) as store:
        DrawingPlaces(store).choose(s3.url, datetime.now(UTC))
        parts = embedded_parts(home)
        http = httpx.AsyncClient(transport=parts.transport, base_url=parts.base_url, headers={"X-API-Key": parts.token})
        async with http:
            stored = await http.post("/api/v1/gonogo/drawings", params={"part": "shaft"}, content=SHEET)
            revision = stored.json()["part_revision_id"]

            async def ask(_revision: str) -> DrawingUrl:
                answer = await http.get(f"/api/v1/parts/geometry/{revision}/drawing-url")
                return DrawingUrl.model_validate_json(answer.content)

            fetcher = DrawingFetcher(ask, base_url=parts.base_url, transport=parts.transport)
            drawing = await fetcher.fetch(revision)
            assert (drawing.data, drawing.title) == (SHEET, "shaft")


async def test_leaving_while_the_server_starts_takes_no_longer_than_the_start(tmp_path: Path) -> None:
    transport = EmbeddedTransport(AppPaths(tmp_path), "token-of-this-test")
    asked = asyncio.create_task(transport.handle_async_request(httpx.Request("GET", f"http://embedded{ASKED}")))
    await asyncio.sleep(0)
    server = transport._thread
    assert server is not None
    asked.cancel()
    await transport.aclose()
    await asyncio.to_thread(server.join, WAIT)
    assert not server.is_alive()


async def test_a_workspace_that_cannot_be_opened_is_said_at_the_first_try(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    waits: list[float] = []
    retry = RetryPolicy(on_wait=lambda seconds, _error: waits.append(seconds))
    parts = embedded_parts(AppPaths(tmp_path / "file"))
    async with GonogoClient(parts.base_url, ApiKey(parts.token), transport=parts.transport, retry=retry) as client:
        with pytest.raises(NetworkError, match=CANNOT_OPEN):
            await client.capabilities()
    assert waits == []


@pytest.mark.slow
def test_what_fails_inside_is_not_printed_into_the_terminal(tmp_path: Path) -> None:
    """In a process of its own: pytest keeps a handler, which would hide that there is none."""
    program = """
import asyncio, logging, sys
from pathlib import Path
from gonogo.embedded.transport import embedded_parts
from gonogo.desk.core.paths import AppPaths
import httpx

async def main():
    parts = embedded_parts(AppPaths(Path(sys.argv[1])))
    async with httpx.AsyncClient(transport=parts.transport, base_url=parts.base_url) as client:
        await client.get(sys.argv[2])
        logging.getLogger("gonogo.server").error("request failed")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path), ASKED], capture_output=True, timeout=4 * WAIT)
    assert (done.returncode, done.stderr) == (0, b"")
