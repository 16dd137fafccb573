"""A real HTTP server on loopback that does what it is told: answers, lies, breaks off, stalls.

    async with ScriptedServer([Reply(503), Reply(200, {"count": 0, "data": []})]) as server:
        client = LabelingClient(server.url, …)
        …
        assert [got.path for got in server.requests] == […]

A script is a list of steps used up one a request (the last one stays), or a function from request to step.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.loopback_server import LoopbackServer


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
        self._server = LoopbackServer(self._serve)

    async def __aenter__(self) -> Self:
        await self._server.__aenter__()
        self.port = self._server.port
        self.url = f"http://127.0.0.1:{self.port}"
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    def _step(self, got: Got) -> Step:
        if callable(self._script):
            return self._script(got)
        return self._script[min(len(self.requests), len(self._script)) - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        got = await _read(reader)
        self.requests.append(got)
        await self._play(self._step(got), writer)

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
            await asyncio.Event().wait()
        elif isinstance(step, Drip):
            writer.write(reply.head(len(body)))
            for index in range(len(body)):
                writer.write(body[index : index + 1])
                await writer.drain()
                await asyncio.sleep(step.pause)
        else:
            writer.write(whole)
        await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Got:
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
