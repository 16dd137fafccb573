"""Receiver of webhooks on loopback: a real server that answers as a test says, well or badly, and keeps what came."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self

from tests.support.loopback_server import LoopbackServer

OK = b"HTTP/1.1 204 No Content\r\n\r\n"


def status(code: int, *headers: str, body: bytes = b"") -> bytes:
    """An answer with this status."""
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@dataclass(frozen=True)
class Message:
    """Request as it came; header names in lower case."""

    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def type(self) -> str:
        return str(self.json["type"])


@dataclass
class Receiver:
    """Receiver on a free port. `answer` gives the bytes of an answer; `b""` closes the connection, `None` is silent."""

    answer: Callable[[Message], bytes | None] = lambda _message: OK
    messages: list[Message] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        self._server = await LoopbackServer(self._serve).__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._server.__aexit__(*error)

    @property
    def port(self) -> int:
        return self._server.port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?x=1"

    @property
    def settled(self) -> list[str]:
        """Ids of tasks, in the order in which they came."""
        return [message.json["data"]["task_id"] for message in self.messages if message.type == "task.settled"]

    @property
    def types(self) -> list[str]:
        return [message.type for message in self.messages]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await self._one(reader, writer):
            pass

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        pairs = (line.partition(": ") for line in head[1:] if line)
        headers = {name.lower(): value for name, _, value in pairs}
        body = await reader.readexactly(int(headers["content-length"]))
        message = Message(head[0].split()[1], headers, body)
        self.messages.append(message)
        answer = self.answer(message)
        if answer is None:
            await reader.read()  # until the other side gives up
            return False
        writer.write(answer)
        await writer.drain()
        return bool(answer)
