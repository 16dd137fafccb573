"""ASGI exchange: passes one request and its response between a caller's event loop and an ASGI app in another thread's
loop.

`httpx.ASGITransport` buffers a whole response before it returns any of it. Here a response in one chunk, as nearly all
are, returns at once; one in many chunks, an export, streams as its reader asks for it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any, Final

import httpx

Message = MutableMapping[str, Any]
ASGIApp = Callable[[Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]], Awaitable[None]]
MAX_BUFFERED: Final = 2
"""Chunks that wait for their reader; with more of them the app waits."""

log = logging.getLogger("gonogo.server")


class Exchange:
    """One request and its response, made in the caller's thread; the coroutines run in `loop`, that of the app."""

    def __init__(self, request: httpx.Request, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._request = request
        self._body: bytes | None = body
        self.loop = loop
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._first: asyncio.Future[httpx.Response] = loop.create_future()
        self._chunks: asyncio.Queue[bytes | httpx.ReadError | None] = asyncio.Queue(MAX_BUFFERED)
        self._abandoned = asyncio.Event()  # the reader closed the response

    async def answer(self, app: ASGIApp) -> httpx.Response:
        """Runs the app; returns the response with its first chunk, or a 500 if the app fails before that."""
        self._app_task = self.loop.create_task(self._run(app))
        try:
            return await self._first
        except asyncio.CancelledError:
            self.abandon()
            raise

    async def read(self) -> bytes | httpx.ReadError | None:
        """The next chunk; `None` at the end, an error when the response breaks off."""
        return await self._chunks.get()

    def abandon(self) -> None:
        """Drops the rest of the response; the app gets an error when it sends again."""
        self._abandoned.set()
        while not self._chunks.empty():
            self._chunks.get_nowait()

    async def _run(self, app: ASGIApp) -> None:
        last: httpx.ReadError | None = None
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:
            if not self._abandoned.is_set():
                log.exception("request failed")
                last = httpx.ReadError("the server broke off its answer")
        if not self._first.done():
            self._first.set_result(httpx.Response(500, request=self._request))
        if not self._abandoned.is_set():
            await self._chunks.put(last)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._abandoned.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._abandoned.is_set():
            raise OSError("nobody reads the answer any more")
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
            return
        chunk, more = message.get("body", b""), message.get("more_body", False)
        if self._first.done() or more:
            await self._chunks.put(chunk)
        if not self._first.done():
            content: dict[str, Any] = {"stream": _ChunkStream(self)} if more else {"content": chunk}
            self._first.set_result(
                httpx.Response(self._status, headers=self._headers, request=self._request, **content)
            )

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},  # 2.4: `send` raises when the client is gone
            "http_version": "1.1",
            "method": self._request.method,
            "headers": [(name.lower(), value) for name, value in self._request.headers.raw],
            "scheme": url.scheme,
            "path": url.path,
            "raw_path": url.raw_path.split(b"?")[0],
            "query_string": url.query,
            "server": (url.host, url.port),
            "client": ("127.0.0.1", 0),
            "root_path": "",
        }


class _ChunkStream(httpx.AsyncByteStream):
    """Body of a streamed response, in the caller's loop."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        while True:
            future = asyncio.run_coroutine_threadsafe(exchange.read(), exchange.loop)
            chunk = await asyncio.wrap_future(future)
            if isinstance(chunk, httpx.ReadError):
                raise chunk
            if chunk is None:
                return
            yield chunk

    async def aclose(self) -> None:
        with contextlib.suppress(RuntimeError):  # the server may have ended by itself
            self._exchange.loop.call_soon_threadsafe(self._exchange.abandon)
