"""Progress stream: reconnects, silence, bad events, and the states that end it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gonogo.client.base_client import BaseClient
from gonogo.client.credential import ApiKey
from gonogo.client.errors import AuthenticationError, GonogoClientError, PermissionDeniedError, UnexpectedAnswerError
from gonogo.client.progress_stream import (
    ProgressEvent,
    StreamUnavailableError,
    _EventParser,
    has_stream,
    stream_progress,
)
from gonogo.client.transport.retry import RetryPolicy
from gonogo.schemas.gonogo_api import Capabilities
from tests.client.scripted_server import Reply, Reset, ScriptedServer, Stall, Step, Time, envelope

PATH = "/api/v1/gonogo/campaigns/c-1/progress/stream"


def state(resolved: int) -> dict[str, Any]:
    counts = {"n_tasks": 9, "n_open": 9 - resolved, "n_held": 0, "n_in_review": 0, "n_resolved": resolved}
    return {"campaign_id": "c-1", "status": "open", "votes_left": 9 - resolved, **counts}


def progress_event(number: int, resolved: int) -> str:
    return f"id: {number}\nevent: progress\ndata: {json.dumps(state(resolved))}\n\n"


def end(reason: str) -> str:
    return f'event: end\ndata: {{"reason": "{reason}"}}\n\n'


def stream(*events: str) -> Reply:
    return Reply(200, "".join((": hello\n\n", *events)).encode(), {"Content-Type": "text/event-stream; charset=utf-8"})


class Watch:
    """What a watcher saw, heard and slept."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.server = ScriptedServer(steps)
        self.seen: list[int] = []
        self.heard: list[str] = []
        self.time = Time()

    async def run(self, **more: Any) -> Watch:
        policy = RetryPolicy(clock=self.time.clock, sleep=self.time.sleep, chance=lambda: 1.0)

        def hear(why: GonogoClientError | None, seconds: float) -> None:
            self.heard.append("there" if why is None else f"{type(why).__name__} {seconds:g}")

        async with (
            self.server,
            BaseClient(self.server.url, ApiKey("ak_test_x")) as client,
            asyncio.timeout(60),
            aclosing(stream_progress(client, "c-1", heard=hear, policy=policy, **more)) as states,
        ):
            async for one in states:
                self.seen.append(one.n_resolved)
        return self


async def test_a_dropped_stream_reconnects_where_it_broke() -> None:
    steps: list[Step] = [
        stream(progress_event(7, 1)),
        Reset(),
        Reply(503, envelope("unavailable")),
        stream(progress_event(8, 2), progress_event(9, 3), end("stopping")),
        stream(progress_event(12, 4), end("closed")),
    ]
    watch = await Watch(steps).run()
    assert watch.seen == [1, 2, 3, 4]
    rests = ["NetworkError 1", "InterruptedExchangeError 2", "ServerError 4"]
    assert watch.heard == ["there", *rests, "there", "ServerError 1", "there"]
    assert watch.time.slept == [1, 2, 4, 1]
    assert [got.headers.get("last-event-id") for got in watch.server.requests] == [None, "7", "7", "7", "9"]
    assert {got.path for got in watch.server.requests} == {PATH}
    assert watch.server.requests[0].headers["accept"] == "text/event-stream"


async def test_a_silent_stream_is_dropped() -> None:
    reply = stream(progress_event(1, 1), progress_event(2, 2))
    cut = len(reply.head(len(reply.data()))) + len(": hello\n\n" + progress_event(1, 1)) + 20
    watch = await Watch([Stall(reply, after=cut), stream(progress_event(2, 2), end("closed"))]).run(silent=0.3)
    assert (watch.seen, watch.heard) == ([1, 2], ["there", "NetworkError 1", "there"])


@pytest.mark.parametrize(
    "step",
    [
        Reply(404, envelope("not_found")),
        Reply(429, envelope("too_many_requests", "20 streams")),
        Reply(200, {"status": "open"}),
        Reply(200, "<html>a login page</html>"),
        Stall(),
        Stall(stream(), after=60),
    ],
    ids=["no such route", "no stream to spare", "JSON", "a page", "held back whole", "held back after its head"],
)
async def test_a_missing_stream_is_unavailable_at_once(step: Step) -> None:
    watch = Watch([step])
    with pytest.raises(StreamUnavailableError):
        await watch.run(first=0.5)
    assert (watch.seen, watch.time.slept, len(watch.server.requests)) == ([], [], 1)


@pytest.mark.parametrize(
    ("step", "error"),
    [
        (Reply(401, envelope("invalid_api_key")), AuthenticationError),
        (Reply(403, envelope("insufficient_scope")), PermissionDeniedError),
        (stream(progress_event(1, 1), end("credential")), AuthenticationError),
        (stream("event: progress\ndata: [1]\n\n"), UnexpectedAnswerError),
        (stream("event: progress\ndata: {\n\n"), UnexpectedAnswerError),
    ],
    ids=["no credential", "not allowed", "revoked meanwhile", "another shape", "no JSON"],
)
async def test_permanent_errors_end_the_stream(step: Step, error: type[Exception]) -> None:
    watch = Watch([step])
    with pytest.raises(error):
        await watch.run()
    assert watch.time.slept == []


def test_only_a_server_that_announces_it_is_asked() -> None:
    assert has_stream(Capabilities(extensions=["queue", "progress_stream"]))
    assert not has_stream(Capabilities(extensions=["queue"]))
    assert not has_stream(None)


WHOLE = '\ufeff: hello\r\n\r\nid: 1\revent: progress\rdata: {"a":\rdata:"ü⌀"}\r\rretry: 5\nid: 2\n\n'
WHOLE += "id: 3\ndata\ndata: x\n\n"
EVENTS = [ProgressEvent("progress", "1", '{"a":\n"ü⌀"}'), ProgressEvent("", "3", "\nx")]


@given(st.lists(st.integers(0, len(WHOLE.encode()))))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    raw = WHOLE.encode()
    places = [0, *sorted(cuts), len(raw)]
    parser = _EventParser()
    found = [one for start, stop in pairwise(places) for one in parser.feed(raw[start:stop])]
    assert [one for one in found if one.data] == EVENTS


@given(st.binary())
def test_no_bytes_break_the_reader(raw: bytes) -> None:
    assert list(_EventParser().feed(raw))
