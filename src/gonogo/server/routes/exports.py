"""Export: everything known about a campaign, streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi.responses import StreamingResponse
from sqlalchemy import Row

from gonogo.server.access import READERS, campaign_for
from gonogo.server.context import Ctx
from gonogo.server.exporting import export_lines
from gonogo.server.routing import router as make_router
from gonogo.server.store.engine import Store

router = make_router()
MEDIA_TYPE = "application/x-ndjson"


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/export",
    name="export_campaign",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "JSON Lines; each line is one task."}},
)
async def export(campaign_id: str, context: Ctx, golden: bool = False) -> StreamingResponse:
    """One JSON object a line and task, honeypots and all votes included; with `golden` only what was promoted."""
    with context.store.read() as connection:
        campaign = campaign_for(connection, context.caller, campaign_id, READERS)
    return StreamingResponse(_stream(context.store, campaign, golden), media_type=MEDIA_TYPE)


async def _stream(store: Store, campaign: Row[Any], golden: bool) -> AsyncIterator[bytes]:
    """Batches are read in a thread, so that others' requests are answered meanwhile, and one is ready ahead."""
    batches = export_lines(store, campaign, golden=golden)
    lines = await asyncio.to_thread(next, batches, None)
    while lines is not None:
        following = asyncio.create_task(asyncio.to_thread(next, batches, None))
        try:
            yield lines
        finally:
            lines = await following
