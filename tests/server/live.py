"""A real uvicorn on loopback, in a thread, and a client lean enough not to be what is measured."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI

from gonogo.server.run import bind


@contextmanager
def uvicorn_serving(app: FastAPI) -> Iterator[int]:
    """Serves `app` on a free port, which it answers."""
    with bind("127.0.0.1", 0) as listener:  # connections wait until the server is up
        config = uvicorn.Config(app, log_level="error", access_log=False, ws="none", lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join(timeout=20)


async def ready(port: int, seconds: float = 300.0) -> None:
    """Waits until something answers HTTP on the port."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                async with Lean(port, {}) as client:
                    await client.get("/healthz")
                    return
            except (OSError, ValueError, IndexError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.05)


class Lean:
    """One kept connection, one request at a time, JSON bodies."""

    headers: dict[str, str]
    """Of the last answer, names in lower case."""

    def __init__(self, port: int, headers: dict[str, str]) -> None:
        self._port = port
        self._headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())

    async def __aenter__(self) -> Lean:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()
        await self._writer.wait_closed()

    def drop(self) -> None:
        """Closes a connection that the other side broke off."""
        self._writer.close()

    async def post(self, path: str, body: Any = None, headers: dict[str, str] | None = None) -> tuple[int, Any]:
        return await self._ask("POST", path, body, headers)

    async def get(self, path: str) -> Any:
        """The body of the answer."""
        return (await self._ask("GET", path, None, None))[1]

    async def _ask(self, method: str, path: str, body: Any, headers: dict[str, str] | None) -> tuple[int, Any]:
        content = b"" if body is None else json.dumps(body).encode()
        head = f"{method} {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n{self._headers}"
        head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        self._writer.write(f"{head}content-length: {len(content)}\r\n\r\n".encode() + content)
        status_line = await self._reader.readline()
        self.headers = {}
        while (line := await self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.partition(b":")
            self.headers[name.decode().lower()] = value.decode().strip()
        length = int(self.headers.get("content-length", 0))
        return int(status_line.split()[1]), json.loads(await self._reader.readexactly(length))
