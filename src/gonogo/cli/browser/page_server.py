"""Server of the workstation's page: signs one browser in, and runs one app process for each of its windows.

Page, script and fonts come from here alone; the Content-Security-Policy lets the browser load nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import textual_serve
from aiohttp import WSCloseCode, WSMsgType, web
from textual_serve.download_manager import DownloadManager

from gonogo.cli.browser.app_process import END_SECONDS, AppProcess
from gonogo.cli.browser.sign_in import COOKIE_SECONDS, BrowserSignIn
from gonogo.json_types import JsonValue

MOST_WINDOWS = 4
"""Windows open at once; each is a process of its own, about 110 MB."""
_MESSAGE_BYTES = 1 << 20
_SIGN_IN_BYTES = 1024
_FOREGROUND_SECONDS = 1.0
"""Seconds between two looks whether a command in the background has the terminal again."""
_PAGE: Final = Path(__file__).parent / "page"
_STATIC: Final = Path(textual_serve.__file__ or "").parent / "static"
_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; "
        "img-src 'self' data:; connect-src 'self' {sockets}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class PageAddress(NamedTuple):
    """Address of the page: the port that the server listens at, and the URL that people open, no `/` at its end."""

    port: int
    url: str

    @property
    def origins(self) -> frozenset[str]:
        """Origins that the page may have; any other is another site's."""
        public = urlsplit(self.url)
        own = {f"http://{name}:{self.port}" for name in ("127.0.0.1", "localhost", "[::1]")}
        return frozenset({f"{public.scheme}://{public.netloc}".lower(), *own})

    @property
    def hosts(self) -> frozenset[str]:
        """Values that the header Host may have."""
        return frozenset(urlsplit(origin).netloc for origin in self.origins)


class PageServer:
    """Server of the page at `address`; `on_link` gets each new link, at the start and for `new_link`."""

    def __init__(
        self, address: PageAddress, on_link: Callable[[str], None], environment: Mapping[str, str] = os.environ
    ) -> None:
        self._address = address
        self._on_link = on_link
        self._environment = environment
        self._sign_in = BrowserSignIn(time.monotonic)
        self._windows: set[web.WebSocketResponse] = set()
        self._downloads = DownloadManager()
        # Not all browsers count a WebSocket to the page's own host as the page's own.
        self._sockets = " ".join(sorted(f"{scheme}://{host}" for host in address.hosts for scheme in ("ws", "wss")))
        self._cookie = f"gonogo_web_{address.port}"  # cookies of one host are shared by its ports

    def new_link(self) -> None:
        """Makes a link, and ends the one before if nobody opened it."""
        self._on_link(f"{self._address.url}/#{self._sign_in.new_link()}")

    def app(self) -> web.Application:
        """The aiohttp application."""
        app = web.Application(client_max_size=_SIGN_IN_BYTES, middlewares=[self._guard])
        app.add_routes(
            [
                web.get("/", self._show),
                web.post("/session", self._open_link),
                web.get("/window", self._run_window),
                web.static("/page", _PAGE),
                web.static("/static", _STATIC),
            ]
        )
        app.on_startup.append(self._started)
        app.on_shutdown.append(self._close_windows)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Refuses requests to other names (DNS rebinding) and of other sites; sets the headers of all responses."""
        changes = request.method != "GET" or request.path == "/window"
        if request.host.lower() not in self._address.hosts:
            words = f"This page is at {self._address.url}; another address is given with --public-url.\n"
            response: web.StreamResponse = web.Response(status=421, text=words)
        elif changes and request.headers.get("Origin", "").lower() not in self._address.origins:
            response = web.Response(status=403, text="This request is of another site.\n")
        else:
            try:
                response = await handler(request)
            except web.HTTPException as error:
                response = web.Response(status=error.status, text=error.reason + "\n")
        if not response.prepared:
            response.headers.update({name: value.format(sockets=self._sockets) for name, value in _HEADERS.items()})
        return response

    def _is_signed_in(self, request: web.Request) -> bool:
        return self._sign_in.knows(request.cookies.get(self._cookie, ""))

    async def _show(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed_in(request):
            return web.FileResponse(_PAGE / "sign_in.html")
        if len(self._windows) >= MOST_WINDOWS:
            words = (
                f"{MOST_WINDOWS} windows of gonogo are open, and that is the limit. Close one, then reload this page.\n"
            )
            return web.Response(status=503, text=words)
        return web.FileResponse(_PAGE / "window.html")

    async def _open_link(self, request: web.Request) -> web.StreamResponse:
        cookie = self._sign_in.open_link((await request.read()).decode("ascii", "replace").strip())
        if cookie is None:
            return web.Response(status=401, text="This link was opened before, or is too old.\n")
        await self._close_windows()  # those of the browser before
        response = web.Response(status=204)
        response.set_cookie(
            self._cookie,
            cookie,
            max_age=COOKIE_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=self._address.url.startswith("https:"),
        )
        return response

    async def _run_window(self, request: web.Request) -> web.StreamResponse:
        if not self._is_signed_in(request):
            return web.Response(status=401, text="This browser is not signed in.\n")
        if len(self._windows) >= MOST_WINDOWS:
            return web.Response(status=503, text="Too many windows are open.\n")
        window = web.WebSocketResponse(heartbeat=15, max_msg_size=_MESSAGE_BYTES)
        self._windows.add(window)
        process = AppProcess(
            self._environment,
            write_bytes=window.send_bytes,
            write_str=window.send_str,
            close=window.close,
            download_manager=self._downloads,
        )
        try:
            await window.prepare(request)
            await process.start(_cells(request.query.get("width"), 80), _cells(request.query.get("height"), 24))
            await _carry(window, process)
        finally:
            self._windows.discard(window)
            await process.stop()
        return window

    async def _started(self, _: web.Application) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError, AttributeError):  # Windows has neither
            loop.add_signal_handler(signal.SIGHUP, _end)
            if sys.stdin.isatty():
                loop.add_reader(sys.stdin.fileno(), self._read_line)
        self.new_link()

    def _read_line(self) -> None:
        loop, terminal = asyncio.get_running_loop(), sys.stdin.fileno()
        if _is_in_background(terminal):  # the line is the shell's; the system stops a process that reads it there
            loop.remove_reader(terminal)
            loop.call_later(_FOREGROUND_SECONDS, loop.add_reader, terminal, self._read_line)
            return
        try:
            line = os.read(terminal, 1024)
        except OSError:
            line = b""
        if line:
            self.new_link()
        else:  # Ctrl-D, or a terminal that is gone
            loop.remove_reader(terminal)

    async def _close_windows(self, _: web.Application | None = None) -> None:
        closing = [window.close(code=WSCloseCode.GOING_AWAY) for window in tuple(self._windows)]
        await asyncio.gather(*closing, return_exceptions=True)


def listen(host: str, port: int) -> socket.socket:
    """Returns a socket that listens, on a free port for 0. Raises `OSError`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family)


def run_page_server(server: PageServer, listening: socket.socket) -> None:
    """Serves until SIGINT, SIGTERM or SIGHUP; then every app ends in order."""
    web.run_app(
        server.app(),
        sock=listening,
        print=None,
        access_log=None,
        shutdown_timeout=END_SECONDS + 1,
        handle_signals=True,
    )


def _is_in_background(terminal: int) -> bool:
    try:
        return os.tcgetpgrp(terminal) != os.getpgrp()
    except OSError:  # not the terminal of this session: no shell shares it
        return False


def _end() -> None:
    raise web.GracefulExit


async def _carry(window: web.WebSocketResponse, process: AppProcess) -> None:
    """Carries the window's messages to the app until the window is closed; a malformed one closes it."""
    async for message in window:
        if message.type is not WSMsgType.TEXT:
            continue
        match _json(message.data):
            case ["stdin", str(keys)]:
                await process.send_bytes(keys.encode("utf-8", "replace"))
            case ["resize", {"width": int(width), "height": int(height)}]:
                await process.set_terminal_size(width, height)
            case ["ping", sent]:
                await window.send_json(["pong", sent])
            case ["focus", *_]:
                await process.focus()
            case ["blur", *_]:
                await process.blur()
            case _:
                await window.close(code=WSCloseCode.UNSUPPORTED_DATA)


def _json(text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value


def _cells(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 6 else otherwise
