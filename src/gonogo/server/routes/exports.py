"""Export: everything known about a campaign, streamed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from gonogo.server.auth.authorization import READERS, campaign_for
from gonogo.server.context import Context
from gonogo.server.export.stream import Export
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.store.engine import Store
from gonogo.server.store.schema.rows import CampaignRow

router = make_router()
MEDIA_TYPE = "application/x-ndjson"
AHEAD = 2
"""Batches that the database works on at once; with more, SQLite's connections only wait for each other."""


@router.get(
    "/api/v1/gonogo/campaigns/{campaign_id}/export",
    name="export_campaign",
    response_class=StreamingResponse,
    responses={200: {"content": {MEDIA_TYPE: {}}, "description": "JSON Lines; each line is one task."}},
)
async def export(campaign_id: str, ctx: Context, golden: bool = False) -> StreamingResponse:
    """One JSON object a line and task, honeypots and all votes included; with `golden` only what was promoted."""
    with ctx.store.read() as tx:
        campaign = campaign_for(tx, ctx.caller, campaign_id, READERS)
    return StreamingResponse(_stream(ctx.store, campaign, golden), media_type=MEDIA_TYPE)


async def _stream(store: Store, campaign: CampaignRow, golden: bool) -> AsyncIterator[bytes]:
    """Batches are written in threads, so that others' requests are answered meanwhile."""
    export = Export(store, campaign, golden=golden)
    ahead: deque[asyncio.Task[bytes]] = deque()
    after: int | None = 0
    try:
        while after is not None or ahead:
            while after is not None and len(ahead) < AHEAD:
                span, after = await asyncio.to_thread(export.following, after)
                if span is not None:
                    ahead.append(asyncio.create_task(asyncio.to_thread(export.lines, span)))
            lines = await asyncio.shield(ahead[0]) if ahead else b""
            if ahead:
                ahead.popleft()
            if lines:
                yield lines
    finally:
        await asyncio.gather(*ahead, return_exceptions=True)  # nothing is left reading when the request is over
