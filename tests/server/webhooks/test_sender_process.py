"""The sender as a process: starts with the first endpoint, comes again when it dies, ends with the server."""

from __future__ import annotations

import asyncio
import multiprocessing
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest

from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from gonogo.server.store.observers import observers
from gonogo.server.webhooks.sender_process import run_beside
from tests.server.http.conftest import TOKEN
from tests.server.live import uvicorn_serving
from tests.server.web import OURS
from tests.sqlite import fresh_database
from tests.support.webhook_receiver import Receiver


class Counts:
    """Observer of this process."""

    n_delivered = 0

    def acted(self, _action: str) -> None: ...
    def refreshed(self, _seconds: float) -> None: ...
    def sent_webhooks(self, n_delivered: int, _n_failed: int, _n_given_up: int) -> None:
        self.n_delivered += n_delivered


def senders() -> list[multiprocessing.process.BaseProcess]:
    return [child for child in multiprocessing.active_children() if child.name == "gonogo-webhooks"]


@pytest.mark.slow
async def test_the_process_sends_comes_again_and_ends(tmp_path: Path, receiver: Receiver) -> None:
    settings = ServerSettings(
        database_url=fresh_database(tmp_path / "server.db"),
        embedded_token=TOKEN,
        webhook_private=True,
        webhook_process=True,
        webhook_seconds=0.05,
    )
    counts = Counts()
    observers.append(counts)
    try:
        with uvicorn_serving(create_app(settings)) as port:
            base, headers = f"http://127.0.0.1:{port}{OURS}/webhooks", {"X-API-Key": TOKEN}
            async with httpx.AsyncClient(headers=headers, trust_env=False) as lead:
                await lead.get(base)
                assert senders() == [], "without an endpoint there is none"
                hook = (await lead.post(base, json={"url": receiver.url})).json()["id"]
                await lead.post(f"{base}/{hook}/test")
                await until(lambda: counts.n_delivered == 1)
                (first,) = senders()
                first.kill()
                await lead.post(f"{base}/{hook}/test")
                await until(lambda: counts.n_delivered == 2)
                assert len({message.id for message in receiver.messages}) == 2
        assert senders() == []
    finally:
        observers.remove(counts)


async def test_an_error_ends_neither_the_look_for_endpoints_nor_the_server() -> None:
    looks = asyncio.Semaphore(0)
    loop = asyncio.get_running_loop()

    class BrokenStore:
        def query_one(self, _query: object) -> None:
            loop.call_soon_threadsafe(looks.release)
            raise RuntimeError("can't start new thread")

    async with asyncio.timeout(60), run_beside(SimpleNamespace(store=BrokenStore()), seconds=0.001):
        await looks.acquire()
        await looks.acquire()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while True:
            if condition():
                return
            await asyncio.sleep(0.01)
