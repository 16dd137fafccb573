"""Route of the export: a campaign as a stream of JSON Lines."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from fastapi.responses import StreamingResponse

from gonogo.server.auth.authorization import READERS, campaign_for
from gonogo.server.context import Context
from gonogo.server.export.stream import CampaignExport, stream_export
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import Flag

router = make_router(Tag.EXPORT)
_Golden = Annotated[Flag, Query(description="Only what was promoted.")]
MEDIA_TYPE = "application/x-ndjson"


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
