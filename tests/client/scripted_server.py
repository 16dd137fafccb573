"""A real HTTP server on loopback that does what it is told: answers, lies, breaks off, stalls.

    async with ScriptedServer([Reply(503), Reply(200, {"count": 0, "data": []})]) as server:
        client = LabelingClient(server.url, …)
        …
        assert [got.path for got in server.requests] == […]

A script is a list of steps used up one a request (the last one stays), or a function from request to step.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(frozen=True)
class Got:
    """A request as it came over the socket; header names are lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes
    raw: bytes

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]

    @property
    def key(self) -> str | None:
        return self.headers.get("idempotency-key")

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """An ordinary answer; `body` is bytes as they are, text, or anything else as JSON."""

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)

    def data(self) -> bytes:
        if isinstance(self.body, bytes):
            return self.body
        return self.body.encode() if isinstance(self.body, str) else json.dumps(self.body).encode()

    def head(self, length: int) -> bytes:
        kind = "application/json" if not isinstance(self.body, str) else "text/html; charset=utf-8"
        headers = {"Content-Type": kind, "Content-Length": str(length), "Connection": "close", **self.headers}
        lines = [f"HTTP/1.1 {self.status} Scripted", *(f"{name}: {value}" for name, value in headers.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True)
class Reset:
    """The connection is reset after the request was read: nobody knows whether it was carried out."""


@dataclass(frozen=True)
class HalfBody:
    """Announces the whole body and sends the first half of it."""

    reply: Reply


@dataclass(frozen=True)
class Stall:
    """Sends the first `after` bytes of the answer and then nothing more, until the server is closed."""

    reply: Reply = field(default_factory=Reply)
    after: int = 0


@dataclass(frozen=True)
class Drip:
    """Sends the body byte by byte, each `pause` seconds: every read is in time, the whole is not."""

    reply: Reply
    pause: float


Step = Reply | Reset | HalfBody | Stall | Drip
Script = Sequence[Step] | Callable[[Got], Step]


def envelope(code: str, message: str = "", request_id: str | None = None, **details: Any) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "details": details}, "request_id": request_id}


class ScriptedServer:
    """An async context manager; `url` is its address, `requests` all that came, `connections` how many dialled."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.requests: list[Got] = []
        self.connections = 0
        self._open: set[asyncio.Task[None]] = set()
        self._end = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._end.set()
        self._server.close()
        await asyncio.gather(*self._open)
        await self._server.wait_closed()

    def _step(self, got: Got) -> Step:
        if callable(self._script):
            return self._script(got)
        return self._script[min(len(self.requests), len(self._script)) - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self._open.add(task)
        self.connections += 1
        try:
            got = await _read(reader)
            if got:
                self.requests.append(got)
                await self._play(self._step(got), writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client hung up, as a client may
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
            self._open.discard(task)

    async def _play(self, step: Step, writer: asyncio.StreamWriter) -> None:
        if isinstance(step, Reset):
            sock: socket.socket = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            return
        reply = step if isinstance(step, Reply) else step.reply
        body = reply.data()
        whole = reply.head(len(body)) + body
        if isinstance(step, HalfBody):
            writer.write(whole[: len(whole) - (len(body) + 1) // 2])
        elif isinstance(step, Stall):
            writer.write(whole[: step.after])
            await writer.drain()
            await self._end.wait()
        elif isinstance(step, Drip):
            writer.write(reply.head(len(body)))
            for index in range(len(body)):
                writer.write(body[index : index + 1])
                await writer.drain()
                try:
                    await asyncio.wait_for(self._end.wait(), step.pause)
                except TimeoutError:
                    continue
                return
        else:
            writer.write(whole)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Got | None:
    head = await reader.readuntil(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").strip().split("\r\n")
    method, target, _ = first.split(" ", 2)
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding") == "chunked":
        raise AssertionError("requests have a known length")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Got(method, target, headers, body, head + body)


class Time:
    """A clock that only `sleep` moves, and a list of the sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)
