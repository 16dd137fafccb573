"""Route of the progress stream: a campaign's progress as server-sent events."""

from __future__ import annotations

from typing import Annotated

from fastapi import Header, Request
from sse_starlette import EventSourceResponse, ServerSentEvent
from sse_starlette.sse import AppStatus
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope, Send

from gonogo.server.auth import tokens
from gonogo.server.auth.authorization import REVIEW_READERS, campaign_for
from gonogo.server.auth.principals import credential_of
from gonogo.server.context import Context
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.progress.stream import ProgressHub, Subscriber
from gonogo.server.settings import ServerSettings

router = make_router(Tag.QUALITY)
MEDIA_TYPE = "text/event-stream"

LastSeen = Annotated[
    str | None,
    Header(
        alias="Last-Event-ID", max_length=100, description="Id of the last event received; its state is not sent again."
    ),
]


class EventStream(EventSourceResponse):
    """Response of one subscriber, which unsubscribes when either side ends the stream."""

    def __init__(self, hub: ProgressHub, subscriber: Subscriber, settings: ServerSettings) -> None:
        super().__init__(
            subscriber.events(),
            ping=settings.stream_ping_seconds,
            ping_message_factory=_still_there,
            sep="\n",
            send_timeout=settings.stream_send_seconds,
        )
        self._hub, self._subscriber = hub, subscriber

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # `ProgressHub.stop` ends the streams, each with its last event. The library would cut them off, by a flag that
        # stays set for every later server of this process.
        AppStatus.enable_automatic_graceful_drain = False
        try:
            await super().__call__(scope, receive, send)
        except OSError:  # the client has gone, or took nothing for too long
            raise ClientDisconnect from None
        finally:
            self._hub.leave(self._subscriber)


def _still_there() -> ServerSentEvent:
    return ServerSentEvent(comment="nothing new", sep="\n")


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/progress/stream",
    name="watch_campaign",
    response_class=EventSourceResponse,
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
    return EventStream(hub, hub.join(request, credential, campaign_id, last_event_id), ctx.settings)
