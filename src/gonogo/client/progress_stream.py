"""Progress stream: yields the server-sent events of one campaign's progress, and reconnects when the connection breaks.

    async with aclosing(stream_progress(client, campaign_id, heard=on_connection)) as changes:
        async for progress in changes:
            show(progress)

The states of a stream, and what moves it on:

    STARTING ──first event──> LIVE ──line drops, server falls silent──> INTERRUPTED ──next event──> LIVE
        │                       └──event "end" with the reason "closed"──> CLOSED
        └──no such route, no stream to spare, nothing comes through──> StreamUnavailableError

After `StreamUnavailableError` ask `progress` from time to time instead: the server has no streams (`STREAM` is not
among its extensions), has none to spare, or a proxy holds the stream back.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar, Final

from gonogo.client.base_client import BaseClient
from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.client.transport.http_transport import MAX_BODY, RequestOptions
from gonogo.client.transport.requests import url_path
from gonogo.client.transport.response_parsing import ApiResponse, parse
from gonogo.client.transport.retry import RetryPolicy
from gonogo.schemas.gonogo_api import Capabilities
from gonogo.schemas.lead import CampaignProgress, StreamEnd

STREAM: Final = "progress_stream"
"""The name of this extension in `Capabilities.extensions`."""
FIRST_SECONDS: Final = 10.0
"""A stream begins at once; when nothing came in this time, something holds it back."""
SILENT_SECONDS: Final = 35.0
"""The server sends a sign of life every 10 seconds; after this long without one the line is dead."""

_LINE_END: Final = re.compile("\r\n|\n|\r")

Heard = Callable[[GonogoClientError | None, float], None]
"""Callback: `(error, seconds)` when the line dropped and a reconnect follows in `seconds`, `(None, 0)` when live."""


class StreamState(Enum):
    """State of a progress stream."""

    STARTING = auto()
    LIVE = auto()
    INTERRUPTED = auto()
    CLOSED = auto()


class StreamUnavailableError(GonogoClientError):
    """Missing progress stream: the server has none, has none to spare, or a proxy holds it back."""

    usual_next_step: ClassVar[str] = "Ask for the progress from time to time."


@dataclass(frozen=True)
class ProgressEvent:
    """One event of a stream; `name` is empty for a sign of life."""

    name: str = ""
    id: str = ""
    data: str = ""


def has_stream(capabilities: Capabilities | None) -> bool:
    """Returns whether a server of these capabilities has progress streams."""
    return capabilities is not None and STREAM in capabilities.extensions


async def stream_progress(
    client: BaseClient,
    campaign_id: str,
    *,
    heard: Heard = lambda _error, _seconds: None,
    policy: RetryPolicy = RetryPolicy(cap=10.0),  # noqa: B008 - frozen
    first: float = FIRST_SECONDS,
    silent: float = SILENT_SECONDS,
) -> AsyncGenerator[CampaignProgress, None]:
    """Yields every change of a campaign, the present state first, until the campaign is closed.

    `policy` says how long to wait before a reconnect; its number of tries does not count here.

    Raises:
        StreamUnavailableError: see the module.
        AuthenticationError: the credential was revoked, or has ended.
        GonogoClientError: the server refuses for good.
    """
    stream = _ProgressStream(client, campaign_id, heard, policy, first, silent)
    while stream.state is not StreamState.CLOSED:
        async with aclosing(stream.connect()) as changes:
            async for progress in changes:
                yield progress
        await stream.wait_to_reconnect()


class _ProgressStream:
    """State machine of one stream over its connections."""

    def __init__(
        self,
        client: BaseClient,
        campaign_id: str,
        heard: Heard,
        policy: RetryPolicy,
        first: float,
        silent: float,
    ) -> None:
        self.state = StreamState.STARTING
        self._client = client
        self._campaign_id = campaign_id
        self._heard = heard
        self._policy = policy
        self._first, self._silent = first, silent
        self._last_event_id = ""
        self._failures = 0
        self._error: GonogoClientError | None = None

    async def connect(self) -> AsyncGenerator[CampaignProgress, None]:
        """Yields the changes that one connection brings; returns when it ends and a reconnect may help."""
        self._error = NetworkError("The line dropped.", transient=True)
        limit = self._first if self.state is StreamState.STARTING else self._silent
        try:
            async with aclosing(
                _events(self._client, self._campaign_id, self._last_event_id, limit, self._silent)
            ) as events:
                async for event in events:
                    self._received()
                    if event.name == "progress":
                        self._last_event_id = event.id or self._last_event_id
                        yield parse(CampaignProgress, _response(event))
                    elif event.name == "end":
                        self._ended(parse(StreamEnd, _response(event)).reason)
                        return
        except TimeoutError:
            if self.state is StreamState.STARTING:
                raise StreamUnavailableError(
                    "No changes arrive: a proxy may be holding the server's stream back."
                ) from None
            self._error = NetworkError("The server fell silent.", transient=True)
        except (NotFoundError, RateLimitedError) as error:
            raise StreamUnavailableError(str(error)) from None
        except GonogoClientError as error:
            if not error.transient:
                raise
            self._error = error

    async def wait_to_reconnect(self) -> None:
        """Waits with backoff after a connection that was interrupted; returns at once when the stream is closed."""
        if self.state is StreamState.CLOSED or self._error is None:
            return
        if self.state is StreamState.LIVE:
            self.state = StreamState.INTERRUPTED
        seconds = self._policy.backoff(self._failures)
        self._heard(self._error, seconds)
        await self._policy.sleep(seconds)
        self._failures += 1

    def _received(self) -> None:
        if self.state is not StreamState.LIVE or self._failures:
            self.state, self._failures = StreamState.LIVE, 0
            self._heard(None, 0.0)

    def _ended(self, reason: str) -> None:
        """Handles the server's last event. Raises `AuthenticationError` when the credential ended."""
        if reason == "closed":
            self.state = StreamState.CLOSED
        elif reason == "credential":
            raise AuthenticationError("The key or session was revoked or has expired.")
        elif reason == "stopping":
            self._error = ServerError("The server is being stopped.", transient=True)
        else:
            self._error = ServerError("The server can't send changes right now.", transient=True)


async def _events(
    client: BaseClient, campaign_id: str, last_event_id: str, first: float, silent: float
) -> AsyncGenerator[ProgressEvent, None]:
    """Yields the events of one connection, signs of life among them.

    Raises:
        TimeoutError: nothing comes for `first` seconds at the beginning, or for `silent` seconds later.
    """
    path = url_path("/api/v1/gonogo/campaigns/{}/progress/stream", campaign_id)
    headers = [("Accept", "text/event-stream")]
    if last_event_id:
        headers.append(("Last-Event-ID", last_event_id))
    parser, limit = _EventParser(), first
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(first):
            head, body = await stack.enter_async_context(
                client.stream(client.prepare("GET", path), RequestOptions(slow=True, headers=tuple(headers)))
            )
        if not (head.headers.get("Content-Type") or "").startswith("text/event-stream"):
            raise StreamUnavailableError("Something answers there, but not with a stream of changes.")
        while True:
            try:
                async with asyncio.timeout(limit):
                    piece = await anext(body)
            except StopAsyncIteration:
                return
            limit = silent
            for event in parser.feed(piece):
                yield event


class _EventParser:
    """Parser of server-sent events, by the HTML standard's chapter on them."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._rest = ""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[ProgressEvent]:
        """Yields the events that `piece` completes, and one without a name as a sign of life."""
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise UnexpectedAnswerError(f"The server sent a change of more than {MAX_BODY // 1024 // 1024} MB.")
        text = self._rest + self._decode(piece)
        half_line_end = "\r" if text.endswith("\r") else ""  # its "\n" may come with the next piece
        *lines, rest = _LINE_END.split(text.removesuffix(half_line_end))
        self._rest = rest + half_line_end
        for line in lines:
            yield from self._line(line)
        yield ProgressEvent()

    def _line(self, line: str) -> Iterator[ProgressEvent]:
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                self._data.append(value)
            elif name in ("event", "id"):
                self._fields[name] = value
            return
        if self._data:
            yield ProgressEvent(self._fields.get("event", ""), self._fields.get("id", ""), "\n".join(self._data))
        self._fields, self._data, self._size = {}, [], 0


def _response(event: ProgressEvent) -> ApiResponse:
    return ApiResponse(200, {"Content-Type": "application/json"}, event.data.encode())
