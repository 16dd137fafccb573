"""Watching a campaign: the server tells each change by itself, and a line that drops is taken up again.

    async for seen in follow(client, campaign_id, heard=say):
        show(seen)

A server without this (`STREAM` is not among its extensions), one that has no stream to spare, or a proxy that holds the
stream back raises `StreamUnavailableError`: then ask `progress` from time to time.
"""

from __future__ import annotations

import asyncio
import codecs
import re
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import ClassVar, Final

from gonogo.client.base import BaseClient
from gonogo.client.errors import (
    AuthenticationError,
    GonogoClientError,
    NetworkError,
    NotFoundError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from gonogo.client.requests import url_path
from gonogo.client.responses import ApiResponse, parse
from gonogo.client.retry import RetryPolicy
from gonogo.client.transport import MAX_BODY, RequestOptions
from gonogo.schemas.gonogo_api import Capabilities
from gonogo.schemas.lead import CampaignProgress, StreamEnd

STREAM: Final = "progress_stream"
"""The name of this extension."""
FIRST_SECONDS: Final = 10.0
"""A stream begins at once; when nothing came in this time, something holds it back."""
SILENT_SECONDS: Final = 35.0
"""The server gives a sign every 10 seconds; after this long without one the line is dead."""

_LINE_END: Final = re.compile("\r\n|\n|\r")

Heard = Callable[[GonogoClientError | None, float], None]
"""Told when the line dropped (why, and in how many seconds it is taken up again), and `(None, 0)` when it is there."""


class StreamUnavailableError(GonogoClientError):
    """The server does not tell changes by itself, or not now, or its telling does not come through."""

    usual_next_step: ClassVar[str] = "Ask for the progress from time to time."


@dataclass(frozen=True)
class ProgressEvent:
    """One event of a stream; `name` is empty for a sign of life."""

    name: str = ""
    id: str = ""
    data: str = ""


def told_by(capabilities: Capabilities | None) -> bool:
    """Whether a server of these capabilities tells changes by itself."""
    return capabilities is not None and STREAM in capabilities.extensions


async def stream_progress(
    client: BaseClient,
    campaign_id: str,
    *,
    heard: Heard = lambda _why, _seconds: None,
    policy: RetryPolicy = RetryPolicy(cap=10.0),  # noqa: B008 - frozen
    first: float = FIRST_SECONDS,
    silent: float = SILENT_SECONDS,
) -> AsyncGenerator[CampaignProgress, None]:
    """Every change of a campaign, the present state first, until it is closed; as long as it takes.

    `policy` says how long to rest before the line is taken up again; its number of tries does not count here.

    Raises:
        NotToldError: see the module.
        AuthenticationError: the credential was revoked, or has ended.
        GonogoClientError: the server refuses for good.
    """
    last, failures, came = "", 0, False
    while True:
        why: GonogoClientError = NetworkError("The line dropped.", transient=True)
        try:
            async with aclosing(_events(client, campaign_id, last, silent if came else first, silent)) as events:
                async for event in events:
                    if failures or not came:
                        heard(None, 0.0)
                    came, failures = True, 0
                    if event.name == "progress":
                        last = event.id or last
                        yield parse(CampaignProgress, _answer(event))
                    elif event.name == "end":
                        reason = parse(StreamEnd, _answer(event)).reason
                        if reason == "closed":
                            return
                        why = _ended(reason)
                        break
        except TimeoutError:
            if not came:
                raise StreamUnavailableError(
                    "Nothing comes through: something between may hold the server's stream back."
                ) from None
            why = NetworkError("The server fell silent.", transient=True)
        except (NotFoundError, RateLimitedError) as error:
            raise StreamUnavailableError(str(error)) from None
        except GonogoClientError as error:
            if not error.transient:
                raise
            why = error
        if isinstance(why, AuthenticationError):
            raise why
        rest = policy.backoff(failures)
        heard(why, rest)
        await policy.sleep(rest)
        failures += 1


def _ended(reason: str) -> GonogoClientError:
    if reason == "credential":
        return AuthenticationError("The key or session that this was watched with was revoked, or has ended.")
    if reason == "stopping":
        return ServerError("The server is being stopped.", transient=True)
    return ServerError("The server cannot go on telling just now.", transient=True)


async def _events(
    client: BaseClient, campaign_id: str, last: str, first: float, silent: float
) -> AsyncGenerator[ProgressEvent, None]:
    """The events of one connection, signs of life among them.

    Raises `TimeoutError` when nothing comes for `first` seconds at its beginning, or later on for `silent` seconds.
    """
    path = url_path("/api/v1/gonogo/campaigns/{}/progress/stream", campaign_id)
    wanted = (("Accept", "text/event-stream"), *((("Last-Event-ID", last),) if last else ()))
    reader, limit = _Reader(), first
    async with AsyncExitStack() as stack:
        async with asyncio.timeout(first):
            head, body = await stack.enter_async_context(
                client.pieces(client.prepare("GET", path), RequestOptions(slow=True, headers=wanted))
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
            for event in reader.read(piece):
                yield event


class _Reader:
    """From the bytes of a stream to its events, by the HTML standard's chapter on server-sent events."""

    def __init__(self) -> None:
        self._decode = codecs.getincrementaldecoder("utf-8-sig")("replace").decode
        self._rest = ""
        self._fields: dict[str, str] = {}
        self._data: list[str] = []
        self._size = 0

    def read(self, piece: bytes) -> Iterator[ProgressEvent]:
        self._size += len(piece)
        if self._size > MAX_BODY:
            raise UnexpectedAnswerError(f"The server tells a change in more than {MAX_BODY // 1024 // 1024} MB.")
        text = self._rest + self._decode(piece)
        held = "\r" if text.endswith("\r") else ""  # half a line's end, perhaps
        *lines, rest = _LINE_END.split(text.removesuffix(held))
        self._rest = rest + held
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


def _answer(event: ProgressEvent) -> ApiResponse:
    return ApiResponse(200, {"Content-Type": "application/json"}, event.data.encode())
