"""Routes of the export: a campaign as a stream of JSON Lines, and what settled in it since a cursor."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query
from fastapi.responses import Response, StreamingResponse

from gonogo.server.auth.authorization import READERS, campaign_for
from gonogo.server.context import Context
from gonogo.server.export.settled import settled_lines
from gonogo.server.export.stream import CampaignExport, stream_export
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import DIGITS, Flag

router = make_router(Tag.EXPORT)
_Golden = Annotated[Flag, Query(description="Only what was promoted.")]
MEDIA_TYPE = "application/x-ndjson"
_After = Annotated[
    int,
    Query(ge=0, le=2**63 - 1, description="`cursor` of the last line that you have; 0 begins with the first."),
    DIGITS,
]
_Lines = Annotated[int, Query(ge=1, le=500, description="How many lines at most, in the order they settled."), DIGITS]


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/export",
    name="export_campaign",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "JSON Lines; each line is one task."}},
)
@open_to(*READERS)
async def export_campaign(campaign_id: str, ctx: Context, golden: _Golden = False) -> StreamingResponse:
    """Export of a campaign: one JSON object a line, one line a task, honeypots and all votes included.

    With `golden` only the promoted tasks.
    """
    with ctx.store.read() as tx:
        campaign = campaign_for(tx, ctx.caller, campaign_id, READERS)
    export = CampaignExport(ctx.store, campaign.id, campaign.name, golden=golden)
    return StreamingResponse(stream_export(export), media_type=MEDIA_TYPE)


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/export/settled",
    name="export_settled",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "JSON Lines; each line is one settled task."}},
)
@open_to(*READERS)
async def export_settled(campaign_id: str, ctx: Context, after: _After = 0, limit: _Lines = 500) -> Response:
    """Settled tasks since a cursor: the lines of the export, each with its `cursor`, in the order they settled.

    Ask again with the `cursor` of the last line; an empty answer means that nothing settled since. A task that changes
    after it settled (a ruling, a vote that came late and counts) comes again, with a new cursor. Honeypots are in none.
    """
    with ctx.store.read() as tx:
        campaign = campaign_for(tx, ctx.caller, campaign_id, READERS)
    # In a thread, so that submits do not wait for five hundred tasks.
    lines = await asyncio.to_thread(settled_lines, ctx.store, campaign.id, campaign.name, after, limit)
    return Response(lines, media_type=MEDIA_TYPE)
