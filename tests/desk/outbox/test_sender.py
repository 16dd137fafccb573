"""Outbox sender: which row is tried when, on a clock that only the test moves."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest

from gonogo.client.errors import GonogoClientError, NetworkError, ServerError, UnexpectedAnswerError
from gonogo.client.transport.requests import PreparedRequest, RequestKind
from gonogo.desk.connection.circuit_breaker import ServerConnection
from gonogo.desk.connection.server_protocol import TaskServer
from gonogo.desk.core.models import SendState
from gonogo.desk.outbox.outbox import Outbox
from gonogo.desk.outbox.rows import OutboxRow
from gonogo.desk.outbox.sender import DRAIN_SECONDS, POLL_SECONDS, SET_ASIDE_MOST, SET_ASIDE_SECONDS, Sender
from tests.support.labeling_server import FakeClock, until
from tests.support.one_way_server import OneWayServer, Stored, task_of
from tests.support.outbox_rows import ANN, put


@dataclass
class Timed(OneWayServer):
    """Notes the time of each request."""

    clock: FakeClock = field(default_factory=FakeClock)
    tries: list[tuple[str, float]] = field(default_factory=list)

    async def send(self, request: PreparedRequest, kind: RequestKind) -> Stored:
        self.tries.append((task_of(request), self.clock.monotonic()))
        return await super().send(request, kind)

    def times(self, task: str) -> list[float]:
        return [at for name, at in self.tries if name == task]


@dataclass
class Running:
    sender: Sender
    connection: ServerConnection
    clock: FakeClock
    states: list[tuple[str, SendState]] = field(default_factory=list)

    async def until(self, condition: Callable[[], object], wakings: int = 300) -> None:
        """Moves the time from one due moment to the next, each only when the sender sleeps again."""
        for _waking in range(wakings):
            if condition():
                return
            await self.clock.to_next_waking()
        raise AssertionError("did not happen")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "outbox.sqlite"


@asynccontextmanager
async def sending(path: Path, server: Timed) -> AsyncIterator[Running]:
    """A sender at work; it must not end by itself."""
    clock = server.clock
    outbox = Outbox(path, wall=clock.wall)
    connection = ServerConnection(clock, lambda: None, rng=lambda: 1.0)

    async def connected() -> TaskServer:
        return server

    def note(row: OutboxRow, state: SendState, detail: str) -> None:
        running.states.append((row.task_id, state))

    running = Running(Sender(outbox, ANN, connection, connected, clock, note), connection, clock)
    work = asyncio.ensure_future(running.sender.run())
    try:
        yield running
        assert not work.done(), work
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        outbox.close()


def waiting(path: Path, *names: str) -> None:
    outbox = Outbox(path)
    outbox.release([put(outbox, name) for name in names])
    outbox.close()


@pytest.mark.parametrize("fails", [ServerError("broken", status=502), UnexpectedAnswerError("html")])
async def test_a_row_that_fails_by_itself_is_tried_after_longer_and_longer_pauses(
    path: Path, fails: GonogoClientError
) -> None:
    waiting(path, "bad", "good")
    server = Timed(fails, fails_for=("bad",))
    async with sending(path, server) as running:
        await running.until(lambda: running.states.count(("bad", SendState.QUEUED)) == 9)
        assert [name for name, _at in server.tries[:4]] == ["bad", "bad", "good", "bad"]
        times = server.times("bad")
        pauses = [later - earlier for earlier, later in pairwise(times[2:])]
        first = 2 * SET_ASIDE_SECONDS  # it has failed three times by then
        assert pauses == pytest.approx([first, 2 * first, 4 * first, 8 * first, SET_ASIDE_MOST, SET_ASIDE_MOST])
        assert running.connection.trouble is None
        (row,) = running.sender.set_aside.values()
        assert (row.task_id, row.detail) == ("bad", str(fails))

        asked = server.clock.monotonic()
        running.sender.retry_now()
        await until(lambda: len(server.times("bad")) == 10)
        assert server.times("bad")[-1] == asked

        server.fails = None
        await running.until(lambda: ("bad", SendState.SENT) in running.states)
        assert running.sender.set_aside == {}
    assert {row.task_id: row.state for row in Outbox(path).history()} == dict.fromkeys(("bad", "good"), SendState.SENT)


async def test_after_an_outage_the_rest_goes_out_slowly_and_in_order(path: Path) -> None:
    waiting(path, *"abcde")
    server = Timed(NetworkError("away"))
    async with sending(path, server) as running:
        await running.until(lambda: len(server.tries) == 4)
        assert server.times("a") == [1000.0, 1001.0, 1003.0, 1007.0]  # base 1 s, doubled, and nothing else is tried
        assert running.sender.set_aside == {}
        server.fails = None
        await running.until(lambda: len(running.states) and running.sender.idle.is_set())
        assert [name for name, _at in server.tries[4:]] == list("abcde")
        gaps = [later[1] - earlier[1] for earlier, later in pairwise(server.tries[4:])]
        assert gaps == pytest.approx([DRAIN_SECONDS] * 4)
        assert not running.connection.recovering


async def test_in_an_outage_with_nothing_to_send_nobody_is_held_up(path: Path) -> None:
    waiting(path)
    server = Timed()
    async with sending(path, server) as running:
        running.connection.signed_out("The session has ended.", "Sign in again.")
        await until(running.sender.idle.is_set)
        waiting(path, "later")
        running.sender.wake()
        await running.clock.advance(600)
        assert not running.sender.idle.is_set()
        assert server.tries == []
        running.connection.clear()
        running.connection.retry_now()
        await until(lambda: ("later", SendState.SENT) in running.states)


async def test_what_another_program_leaves_behind_is_found_at_the_next_look(path: Path) -> None:
    server = Timed()
    async with sending(path, server) as running:
        await until(running.sender.idle.is_set)
        waiting(path, "left behind")
        await running.until(lambda: server.tries)
        assert server.tries[0][1] == 1000.0 + POLL_SECONDS
