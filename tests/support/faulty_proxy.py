"""A proxy on loopback that loses requests and answers, breaks answers off, stalls, resets, repeats and lies."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from tests.support.loopback_server import LoopbackServer

FAULTS = ("lost request", "lost answer", "half answer", "stall", "reset", "repeated", "html")


def _canned(status: str, content_type: str, body: bytes, *headers: bytes) -> bytes:
    head = f"HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {len(body)}\r\n".encode()
    return head + b"".join(line + b"\r\n" for line in headers) + b"\r\n" + body


def _envelope(status: str, code: bytes, *headers: bytes) -> bytes:
    body = b'{"error": {"code": "%s", "message": "No.", "details": {}}}' % code
    return _canned(status, "application/json", body, *headers)


CANNED = {
    "html": _canned("200 OK", "text/html", b"<html>maintenance</html>"),
    "html 502": _canned("502 Bad Gateway", "text/html", b"<h1>Bad gateway</h1>"),
    "empty 200": _canned("200 OK", "application/json", b""),
    "truncated JSON": _canned("200 OK", "application/json", b'{"data": [{"id'),
    "302": _canned("302 Found", "text/plain", b"", b"location: https://elsewhere.example/login"),
    "401": _envelope("401 Unauthorized", b"unauthorized"),
    "429": _envelope("429 Too Many Requests", b"rate_limited"),
    "429 for a minute": _envelope("429 Too Many Requests", b"rate_limited", b"retry-after: 60"),
}
"""Faults that answer in the server's place: the request does not reach it."""


@dataclass
class FaultyProxy:
    """Forwards HTTP/1.1 from `port` to port `upstream`; a `share` of the requests meets one of FAULTS.

    `met` counts them. With `plan` no fault is drawn: it names the one that a request meets by its first line, such as
    `GET /api/v1/gonogo/me`; "none" for most, "slow" for one whose answer comes `stall_seconds` late.
    """

    upstream: int
    share: float = 0.3
    stall_seconds: float = 0.15
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    met: Counter[str] = field(default_factory=Counter)
    plan: Callable[[str], str] | None = None

    def __post_init__(self) -> None:
        self._server = LoopbackServer(self._serve)

    @property
    def port(self) -> int:
        return self._server.port

    async def __aenter__(self) -> FaultyProxy:
        await self._server.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while request := await message(reader):
            if self.plan is not None:
                fault = self.plan(request.partition(b" HTTP/")[0].decode("latin-1"))
            else:
                fault = self.chance.choice(FAULTS) if self.chance.random() < self.share else "none"
            self.met[fault] += 1
            if not await self._one(fault, request, writer):
                break

    async def _one(self, fault: str, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; false ends the connection."""
        if fault == "lost request":
            return False
        if fault in CANNED:
            writer.write(CANNED[fault])
            await writer.drain()
            return True
        if fault == "none":
            return await self._relay(request, writer)
        answer = await self._forward(request)
        if fault == "repeated":
            answer = await self._forward(request)
        if fault in ("stall", "slow"):
            await asyncio.sleep(self.stall_seconds)
        if fault == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if fault in ("lost answer", "stall", "reset"):
            return False
        writer.write(answer[: len(answer) // 2] if fault == "half answer" else answer)
        await writer.drain()
        return fault != "half answer"

    async def _relay(self, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Pass the answer on as it comes: one without a length, such as a stream of events, ends the connection."""
        async with self._connection() as (reader, upstream):
            upstream.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = length_of(head)
            writer.write(head if length is None else head + await reader.readexactly(length))
            await writer.drain()
            while length is None and (piece := await reader.read(65536)):
                writer.write(piece)
                await writer.drain()
            return length is not None

    async def _forward(self, request: bytes) -> bytes:
        async with self._connection() as (reader, upstream):
            upstream.write(request)
            return await message(reader)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """Connection to the server behind; none of it is left when it ends."""
        reader, upstream = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            yield reader, upstream
        finally:
            upstream.close()
            with contextlib.suppress(OSError):
                await upstream.wait_closed()


async def message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with its body; empty when the other side has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    return head + await reader.readexactly(length_of(head) or 0)


def length_of(head: bytes) -> int | None:
    """Length of the body that a head announces; 0 for a status that has none."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0 if head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")) else None
