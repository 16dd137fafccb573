"""The server as a process: uvicorn over one socket, until it is told to stop."""

from __future__ import annotations

import contextlib
import signal
import socket
import threading
from collections.abc import Callable, Generator

import uvicorn
from fastapi import FastAPI

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings

STOP_SECONDS = 10
"""How long requests in flight may take to finish after a stop signal."""


def bind(host: str, port: int) -> socket.socket:
    """A listening socket (port 0: any free one). Raises `OSError` when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def run_server(settings: ServerSettings, listening: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM, then finishes the requests in flight and returns. Prints nothing."""
    Server(create_app(settings)).run(sockets=[listening])


class Server(uvicorn.Server):
    """uvicorn set up our way: no logging of its own (its access log has query strings), `run` returns when stopped.

    `on_started` is called once requests are answered.
    """

    def __init__(self, app: FastAPI, on_started: Callable[[], None] | None = None) -> None:
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        super().__init__(config)
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_started is not None:
            self._on_started()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Like the parent's, but a signal that was obeyed is not raised again: being stopped is a good end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
