"""A campaign's progress as it happens: server-sent events."""

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
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.progress.stream import CloseReason, ProgressHub, Subscriber

router = make_router()
MEDIA_TYPE = "text/event-stream"
SEND_SECONDS = 30.0
"""How long a reader may leave a piece lying; then the stream is broken off."""
_HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}  # the second is nginx's word for "pass it on"

LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", max_length=100, description="Id of the last event had; the state it tells is left out."
    ),
]


class EventStream(StreamingResponse):
    """The stream of one watcher, who leaves when it is over, whoever ends it."""

    def __init__(self, watching: ProgressHub, watcher: Subscriber) -> None:
        super().__init__(watcher.frames(), headers=_HEADERS, media_type=MEDIA_TYPE)
        self._watching, self._watcher = watching, watcher

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        leaving = asyncio.create_task(self._until_gone(receive))
        try:
            await self._send_all(send)
        finally:
            leaving.cancel()
            self._watching.leave(self._watcher)

    async def _until_gone(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._watcher.end(CloseReason.GONE)

    async def _send_all(self, send: Send) -> None:
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            async for piece in self.body_iterator:
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
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
async def watch(campaign_id: str, request: Request, ctx: Context, last_event_id: LastSeen = None) -> EventStream:
    """The progress of a campaign whenever it has changed, once a second at most, while it is open.

    The state comes first, unless `Last-Event-ID` is its id. A line that begins with a colon says that the stream lives.
    """
    with ctx.store.read() as tx:
        campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    watching: ProgressHub = request.app.state.watching
    return EventStream(
        watching, watching.join(request, tokens.digest(credential_of(request)), campaign_id, last_event_id)
    )
