"""One request and its answer between a caller's event loop and an ASGI app in another thread's loop.

`httpx.ASGITransport` keeps a whole answer in memory before it gives any of it. Here an answer in one piece, as nearly
all are, comes at once; one in many pieces, an export, comes as its reader asks for it.
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
AHEAD: Final = 2
"""Pieces that wait for their reader; then the app waits."""

log = logging.getLogger("gonogo.server")


class Exchange:
    """Made in the caller's thread; its coroutines run in `loop`, the app's own."""

    def __init__(self, request: httpx.Request, body: bytes, loop: asyncio.AbstractEventLoop) -> None:
        self._request = request
        self._body: bytes | None = body
        self.loop = loop
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._first: asyncio.Future[httpx.Response] = loop.create_future()
        self._pieces: asyncio.Queue[bytes | httpx.ReadError | None] = asyncio.Queue(AHEAD)
        self._left = asyncio.Event()  # nobody reads any more

    async def answer(self, app: ASGIApp) -> httpx.Response:
        """The response, as soon as its first piece is there; an app that fails before that is answered by a 500."""
        self._work = self.loop.create_task(self._run(app))
        try:
            return await self._first
        except asyncio.CancelledError:
            self.leave()
            raise

    async def read(self) -> bytes | httpx.ReadError | None:
        """The next piece; `None` when that was all, an error when it was not and no more comes."""
        return await self._pieces.get()

    def leave(self) -> None:
        """The reader wants no more: the app learns it when it sends again."""
        self._left.set()
        while not self._pieces.empty():
            self._pieces.get_nowait()

    async def _run(self, app: ASGIApp) -> None:
        end: httpx.ReadError | None = None
        try:
            await app(self._scope(), self._receive, self._send)
        except Exception:
            if not self._left.is_set():
                log.exception("request failed")
                end = httpx.ReadError("the server broke off its answer")
        if not self._first.done():
            self._first.set_result(httpx.Response(500, request=self._request))
        if not self._left.is_set():
            await self._pieces.put(end)

    async def _receive(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Message) -> None:
        if self._left.is_set():
            raise OSError("nobody reads the answer any more")
        if message["type"] == "http.response.start":
            self._status, self._headers = message["status"], list(message.get("headers", ()))
            return
        piece, more = message.get("body", b""), message.get("more_body", False)
        if self._first.done() or more:
            await self._pieces.put(piece)
        if not self._first.done():
            content: dict[str, Any] = {"stream": _Pieces(self)} if more else {"content": piece}
            self._first.set_result(
                httpx.Response(self._status, headers=self._headers, request=self._request, **content)
            )

    def _scope(self) -> dict[str, Any]:
        url = self._request.url
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.4"},  # 2.4: `send` raises when the reader left
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


class _Pieces(httpx.AsyncByteStream):
    """The body of an answer, in the caller's loop."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        exchange = self._exchange
        while True:
            asked = asyncio.run_coroutine_threadsafe(exchange.read(), exchange.loop)
            piece = await asyncio.wrap_future(asked)
            if isinstance(piece, httpx.ReadError):
                raise piece
            if piece is None:
                return
            yield piece

    async def aclose(self) -> None:
        with contextlib.suppress(RuntimeError):  # the server may have ended by itself
            self._exchange.loop.call_soon_threadsafe(self._exchange.leave)
