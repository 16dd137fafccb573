"""Route of the progress stream: a campaign's progress as server-sent events."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Header, Request
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gonogo.server.auth import tokens
from gonogo.server.auth.authorization import REVIEW_READERS, campaign_for
from gonogo.server.auth.principals import credential_of
from gonogo.server.context import Context
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.progress.stream import CloseReason, ProgressHub, Subscriber

router = make_router()
MEDIA_TYPE = "text/event-stream"
SEND_SECONDS = 30.0
"""Timeout of one send to a client that does not read; then the stream is closed."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # nginx: no buffering

LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", max_length=100, description="Id of the last event had; the state it tells is left out."
    ),
]


class EventStream(StreamingResponse):
    """Response of one subscriber, which unsubscribes when either side ends the stream."""

    def __init__(self, hub: ProgressHub, subscriber: Subscriber) -> None:
        super().__init__(subscriber.frames(), headers=_HEADERS, media_type=MEDIA_TYPE)
        self._hub, self._subscriber = hub, subscriber

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        disconnected = asyncio.create_task(self._until_gone(receive))
        try:
            await self._send_all(send)
        finally:
            disconnected.cancel()
            self._hub.leave(self._subscriber)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._subscriber.end(CloseReason.GONE)

    async def _send_all(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for chunk in self.body_iterator:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except (OSError, TimeoutError):
            raise ClientDisconnect from None


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/progress/stream",
    name="watch_campaign",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Events `progress`, whose `data` is what `campaign_progress` answers and whose `id` grows; "
            "at the end one event `end` with a `reason` (`closed`, `credential`, `stopping`, `unavailable`).",
            "content": {MEDIA_TYPE: {"schema": {"type": "string"}}},
        }
    },
)
@open_to(*REVIEW_READERS)
async def watch(campaign_id: str, request: Request, ctx: Context, last_event_id: LastSeen = None) -> EventStream:
    """Stream of a campaign's progress: an event for each change, at most one a second, while the campaign is open.

    The first event is the current state, unless `Last-Event-ID` is its id.
    Lines that begin with a colon are keep-alives.
    """
    with ctx.store.read() as tx:
        campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    hub: ProgressHub = request.app.state.watching
    credential = tokens.digest(credential_of(request.headers))
    return EventStream(hub, hub.join(request, credential, campaign_id, last_event_id))
