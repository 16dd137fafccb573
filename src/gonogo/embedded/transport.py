"""The labeling server inside: the one place where the client side meets the server's code.

The server runs in a thread with an event loop of its own, so that its imports, its SQL and its fsyncs do not hold
up key presses, and it starts on the first request: the first frame never waits for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import secrets
import threading
from typing import TYPE_CHECKING

import httpx

from gonogo.desk.account.identity import EmbeddedParts
from gonogo.embedded.exchange import Exchange

if TYPE_CHECKING:
    from gonogo.desk.core.paths import AppPaths
    from gonogo.embedded.exchange import ASGIApp

BASE_URL = "http://embedded.localhost"
CANNOT_OPEN = "the workspace on this machine cannot be opened"


def workspace_url(home: AppPaths) -> str:
    """The database of the workspace on this machine, as a SQLAlchemy URL."""
    return f"sqlite:///{home.data() / 'workspace.db'}"


def embedded_parts(home: AppPaths) -> EmbeddedParts:
    """A transport into the embedded server, and the credential of the local lead, fresh for this run."""
    token = secrets.token_urlsafe(32)
    return EmbeddedParts(transport=EmbeddedTransport(home, token), token=token, base_url=BASE_URL)


class EmbeddedTransport(httpx.AsyncBaseTransport):
    """Hands requests to the server's thread and brings the answers back to the caller's loop, piece by piece."""

    def __init__(self, home: AppPaths, token: str) -> None:
        self._home = home
        self._token = token
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._app: concurrent.futures.Future[ASGIApp] | None = None
        self._stop: asyncio.Event | None = None
        self._ended = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        if self._app is None:
            self._start()
        assert self._app is not None
        # a request that is given up must not take the start from those that still wait for it
        app = await asyncio.shield(asyncio.wrap_future(self._app))
        assert self._loop is not None
        exchange = Exchange(request, body, self._loop)
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(exchange.answer(app), self._loop))

    def _start(self) -> None:
        self._app = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._run, name="gonogo-server", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        assert self._app is not None
        try:
            asyncio.run(self._serve(self._app))
        except BaseException as error:
            if not self._app.done():
                self._app.set_exception(_as_connect_error(error))
            else:
                raise

    async def _serve(self, ready: concurrent.futures.Future[ASGIApp]) -> None:
        from gonogo.server.app import create_app
        from gonogo.server.settings import ServerSettings

        # nobody keeps a log here, and without this line Python would print its tracebacks into somebody's terminal
        logging.getLogger("gonogo").addHandler(logging.NullHandler())
        self._home.make(self._home.data())
        app = create_app(ServerSettings(database_url=workspace_url(self._home), embedded_token=self._token))
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        if self._ended:  # before there was anything to tell it to
            self._stop.set()
        async with app.router.lifespan_context(app):
            ready.set_result(app)
            await self._stop.wait()

    async def aclose(self) -> None:
        """End the server's thread, letting its open requests finish. Idempotent."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """As `aclose`, for callers without an event loop."""
        self._ended = True
        thread, loop, stop = self._thread, self._loop, self._stop
        self._thread = None
        if thread is None or self._app is None:
            return
        if loop is not None and stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                loop.call_soon_threadsafe(stop.set)
        # a server that is still starting has no request; its start may be left to end with the process
        thread.join(10 if self._app.done() else 1)


def _as_connect_error(error: BaseException) -> Exception:
    """A server that cannot start is, for the client, a server that is not there; the reason stays readable."""
    return httpx.ConnectError(f"{CANNOT_OPEN}: {error}")
