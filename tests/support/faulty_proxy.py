"""A proxy on loopback that loses requests and answers, breaks answers off, stalls, resets and repeats."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from dataclasses import dataclass, field

from tests.support.loopback_server import LoopbackServer

FAULTS = ("lost request", "lost answer", "half answer", "stall", "reset", "repeated", "html")


@dataclass
class FaultyProxy:
    """Forwards HTTP/1.1 from `port` to port `upstream`; a `share` of the requests meets one of FAULTS.

    `met` counts them.
    """

    upstream: int
    share: float = 0.3
    stall_seconds: float = 0.15
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    met: Counter[str] = field(default_factory=Counter)

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
            fault = self.chance.choice(FAULTS) if self.chance.random() < self.share else "none"
            self.met[fault] += 1
            if not await self._one(fault, request, writer):
                break

    async def _one(self, fault: str, request: bytes, writer: asyncio.StreamWriter) -> bool:
        """Handle one request; false ends the connection."""
        if fault == "lost request":
            return False
        answer = await self._forward(request)
        if fault == "repeated":
            answer = await self._forward(request)
        if fault == "stall":
            await asyncio.sleep(self.stall_seconds)
        if fault == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        if fault in ("lost answer", "stall", "reset"):
            return False
        if fault == "html":
            page = b"<html>maintenance</html>"
            answer = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: %d\r\n\r\n" % len(page) + page
        writer.write(answer[: len(answer) // 2] if fault == "half answer" else answer)
        await writer.drain()
        return fault != "half answer"

    async def _forward(self, request: bytes) -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.upstream)
        try:
            writer.write(request)
            return await message(reader)
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()


async def message(reader: asyncio.StreamReader) -> bytes:
    """One HTTP message with its body; empty when the other side has closed."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return b""
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)
