"""Servers of the tests: whatever their clients do, nothing of them is left for another test to collect."""

from __future__ import annotations

import asyncio
import gc
import warnings
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest

from tests.client.scripted_server import Reply, ScriptedServer, Stall
from tests.support.faulty_proxy import FaultyProxy
from tests.support.loopback_server import LoopbackServer

Server = LoopbackServer | FaultyProxy | ScriptedServer


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readexactly(100))


async def _leave_open(server: Server, sent: bytes, pause: float | None) -> None:
    """Ends `server` while a client is connected that has sent so much of a request, at once or after `pause`."""
    async with AsyncExitStack() as client, server:
        _reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        client.push_async_callback(_close, writer)
        writer.write(sent)
        await writer.drain()
        if pause is not None:
            await asyncio.sleep(pause)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)  # the server has aborted it


@pytest.mark.parametrize(
    "server",
    [
        lambda: LoopbackServer(_echo),
        lambda: FaultyProxy(1, share=0),
        lambda: ScriptedServer([Reply()]),
        lambda: ScriptedServer([Stall()]),
    ],
    ids=["loopback", "faulty proxy", "scripted", "scripted stall"],
)
def test_a_client_that_stays_leaves_no_socket_open(server: Callable[[], Server]) -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        for sent in (b"", b"GET / HTTP/1.1\r\n", b"GET / HTTP/1.1\r\n\r\n"):
            for pause in (None, 0, 0.02):
                asyncio.run(asyncio.wait_for(_leave_open(server(), sent, pause), 20))
        gc.collect()
    assert [str(warning.message) for warning in seen] == []


async def test_an_error_of_the_server_fails_the_test() -> None:
    async def fails(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        raise AssertionError("not expected")

    with pytest.raises(AssertionError, match="not expected"):
        await _leave_open(LoopbackServer(fails), b"", 0.02)
