"""Server processes: uvicorn over one socket, in this process or in several, until a stop signal."""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import multiprocessing.connection
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Generator
from multiprocessing.process import BaseProcess
from typing import cast

import uvicorn
from fastapi import FastAPI

from gonogo.server.app import create_app
from gonogo.server.http.metrics import forget_worker, share_numbers
from gonogo.server.http.raw_errors import EnvelopeProtocol
from gonogo.server.http.slow_clients import SlowClientGuard
from gonogo.server.ops.logging import configure_logging
from gonogo.server.settings import ServerSettings
from gonogo.server.store.engine import Store

log = logging.getLogger("gonogo.server")
LogTarget = tuple[str, str] | None
"""File (or `-`) and level of the log; each worker sets up its own."""
_TOO_FAST = 30.0  # seconds in which three generations of workers may not die

SLOW_EVERY = 10
"""Ticks of uvicorn, each a tenth of a second, between two checks for slow clients."""
STOP_SECONDS = 10
"""Time limit for requests in flight after a stop signal."""
KEEP_ALIVE_SECONDS = 75
"""Time limit of an idle connection: longer than a person's answer takes, and than a load balancer keeps one (60 s)."""


def bind(host: str, port: int) -> socket.socket:
    """Returns a listening socket (port 0: any free one). Raises `OSError` when the address is taken or not ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # IPPROTO_TCP, or asyncio leaves Nagle's algorithm on, and replies wait 40 ms for the peer's delayed ACK.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening


def run_server(settings: ServerSettings, listening: socket.socket) -> None:
    """Serves until SIGINT or SIGTERM, then finishes the requests in flight and returns. Prints nothing.

    Raises what `Store.upgrade` does when the database cannot be used.
    """
    _upgrade(settings)
    ServerRunner(create_app(settings)).run(sockets=[listening])


def run_workers(settings: ServerSettings, listening: socket.socket, count: int, log: LogTarget = None) -> int:
    """Serves with `count` processes over one socket; a worker that dies is replaced.

    Returns 0 after SIGINT or SIGTERM, when all requests in flight are finished; 1 when workers die as soon as they
    start. The database is brought up to date before the first one starts.
    """
    _upgrade(settings)
    return Workers(settings, listening, count, log).run()


def _upgrade(settings: ServerSettings) -> None:
    store = Store(settings.database_url)
    try:
        store.upgrade()
    finally:
        store.dispose()


class Workers:
    """Parent of the workers; it answers no request itself."""

    def __init__(self, settings: ServerSettings, listening: socket.socket, count: int, log: LogTarget) -> None:
        self._context = multiprocessing.get_context("spawn")
        self._arguments = (settings, listening, log)
        self._metrics_dir = settings.metrics_dir
        self._count = count
        self._stop, self._stop_sender = self._context.Pipe(duplex=False)
        self._running: dict[int, BaseProcess] = {}
        self._deaths: deque[float] = deque(maxlen=3 * count)

    def run(self) -> int:
        before = {number: signal.signal(number, self._request_stop) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            return self._watch()
        finally:
            self._end()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _watch(self) -> int:
        while True:
            while len(self._running) < self._count:
                self._start()
            ready = multiprocessing.connection.wait([self._stop, *self._running])
            if self._stop in ready:
                return 0
            for sentinel in ready:
                died = self._running.pop(cast(int, sentinel))
                if self._metrics_dir is not None and died.pid is not None:
                    forget_worker(died.pid, self._metrics_dir)
                log.error("worker %s ended (%s); another one starts", died.pid, died.exitcode)
                self._deaths.append(time.monotonic())
            if len(self._deaths) == self._deaths.maxlen and self._deaths[-1] - self._deaths[0] < _TOO_FAST:
                return 1

    def _start(self) -> None:
        worker = self._context.Process(target=_work, args=self._arguments)
        worker.start()
        self._running[worker.sentinel] = worker

    def _end(self) -> None:
        for worker in self._running.values():
            worker.terminate()
        for worker in self._running.values():
            worker.join(STOP_SECONDS + 5)
            if worker.is_alive():
                worker.kill()

    def _request_stop(self, _number: int, _frame: object) -> None:
        self._stop_sender.send_bytes(b"stop")


def _work(settings: ServerSettings, listening: socket.socket, log_target: LogTarget) -> None:
    """One worker; it ends by itself when its parent is gone."""
    if log_target is not None:
        configure_logging(*log_target)
    if settings.metrics_dir is not None:
        share_numbers(settings.metrics_dir)
    server = ServerRunner(create_app(settings))
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        server.should_exit = True

    threading.Thread(target=watch, daemon=True).start()
    server.run(sockets=[listening])


class ServerRunner(uvicorn.Server):
    """uvicorn without logging of its own (its access log has query strings); `run` returns when it was stopped.

    `on_started` is called once requests are answered.
    """

    def __init__(
        self, app: FastAPI, on_started: Callable[[], None] | None = None, *, slow: SlowClientGuard | None = None
    ) -> None:
        settings: ServerSettings = app.state.settings
        config = uvicorn.Config(
            app,
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=list(settings.trusted_proxies),  # or uvicorn takes FORWARDED_ALLOW_IPS, or 127.0.0.1
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            ws="none",
            http=EnvelopeProtocol,
            ssl_certfile=settings.tls_cert,
            ssl_keyfile=settings.tls_key,
            timeout_graceful_shutdown=STOP_SECONDS,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        super().__init__(config)
        self._state = app.state
        self._on_started = on_started
        self._slow = slow or SlowClientGuard()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started and self._on_started is not None:
            self._on_started()

    async def on_tick(self, counter: int) -> bool:
        if counter % SLOW_EVERY == 0:
            self._slow.close_slow(self.server_state.connections)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._state.watching.stop()  # streams would not end by themselves; uvicorn waits for all other requests
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handles signals like the parent class, but doesn't raise them again: a stop is a normal end."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
