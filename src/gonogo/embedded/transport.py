"""Embedded transport: sends httpx requests to a labeling server that runs in this process.

This package is the one place where the client side meets the server's code. The server runs in a thread with an event
loop of its own, so that its imports, its SQL and its fsyncs do not delay key presses, and it starts on the first
request: the first frame never waits for it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import os
import secrets
import threading

import httpx

from gonogo.client.transport.http_transport import ServerStartError
from gonogo.desk.account.identity import EmbeddedParts
from gonogo.desk.core.errors import SignInError
from gonogo.desk.core.paths import AppPaths
from gonogo.embedded.asgi_exchange import ASGIApp, Exchange
from gonogo.embedded.team_server import team_server_url

BASE_URL = "http://embedded.localhost"
SERVER_DATABASE = "GONOGO_DATABASE_URL"
CANNOT_OPEN = "the workspace on this machine cannot be opened"


def workspace_url(home: AppPaths) -> str:
    """SQLAlchemy URL of the database of the workspace on this machine."""
    return f"sqlite:///{home.workspace_file()}"


def refused_workspace() -> SignInError | None:
    """Returns the reason why the workspace on this machine is not opened: a server's database is named instead.

    Nothing may silently work on another database than the one that was named.
    """
    if not os.environ.get(SERVER_DATABASE):
        return None
    return SignInError(
        f"{SERVER_DATABASE} names a server's database; this works on a server, or in the workspace of this machine.",
        f"Set GONOGO_BASE_URL and GONOGO_API_KEY to work at that server, or unset {SERVER_DATABASE}.",
    )


def embedded_parts(home: AppPaths) -> EmbeddedParts:
    """Returns a transport into a new embedded server, and a new credential of the local lead.

    Raises `SignInError`; see `refused_workspace`.
    """
    if (refusal := refused_workspace()) is not None:
        raise refusal
    token = secrets.token_urlsafe(32)
    return EmbeddedParts(transport=EmbeddedTransport(home, token), token=token, base_url=BASE_URL)


class EmbeddedTransport(httpx.AsyncBaseTransport):
    """Transport that sends requests to the server's thread, and streams the responses into the caller's loop."""

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
        # shielded: a cancelled request must not cancel the start for those that still wait for it
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
                self._app.set_exception(ServerStartError(f"{CANNOT_OPEN}: {error}"))
            else:
                raise

    async def _serve(self, ready: concurrent.futures.Future[ASGIApp]) -> None:
        # In this thread, because FastAPI and SQLAlchemy take half a second to import.
        from gonogo.server import app, settings

        # no log is kept here, and without a handler Python would print tracebacks into the terminal
        logging.getLogger("gonogo").addHandler(logging.NullHandler())
        self._home.make(self._home.data())
        served = settings.ServerSettings(
            database_url=workspace_url(self._home),
            invitation_url=team_server_url(self._home),
            embedded_token=self._token,
            direct_drawings=False,
            webhook_private=True,  # the lead is who owns this machine
        )
        asgi = app.create_app(served, deferred=True)
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        if self._ended:  # stopped before the event existed
            self._stop.set()
        async with asgi.router.lifespan_context(asgi):
            ready.set_result(asgi)
            await self._stop.wait()

    async def aclose(self) -> None:
        """Ends the server's thread after its open requests. Idempotent."""
        await asyncio.to_thread(self.stop)

    def stop(self) -> None:
        """Ends the server's thread, for callers without an event loop."""
        self._ended = True
        thread, loop, stop = self._thread, self._loop, self._stop
        self._thread = None
        if thread is None or self._app is None:
            return
        if loop is not None and stop is not None:
            with contextlib.suppress(RuntimeError):  # the loop may have ended by itself
                loop.call_soon_threadsafe(stop.set)
        # a server that is still starting has no request, and may end with the process
        thread.join(10 if self._app.done() else 1)
