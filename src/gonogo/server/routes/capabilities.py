"""Route of capabilities: the extensions of this server, public, because clients ask before they sign in."""

from __future__ import annotations

import gonogo
from gonogo.schemas.gonogo_api import Capabilities
from gonogo.server.http.handler_decorators import PUBLIC
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.queue.leases import MAX_CLAIMS, MAX_GROUPED_CLAIMS

router = make_router(Tag.SERVER)

EXTENSIONS = [
    "sessions",
    "me",
    "claims",
    "queue",
    "campaign_settings",
    "project_campaigns",
    "predictions",
    "submissions",
    "export",
    "drawings",
    "drawings_batch",
    "keys",
    "review",
    "annotators",
    "practice",
    "progress_stream",
    "notes",
    "amendments",
    "settled_export",
    "task_updates",
    "groups",
    "webhooks",
    "merged_readings",
]


@router.get("/api/v1/gonogo/capabilities", name="capabilities")
@PUBLIC
async def capabilities() -> Capabilities:
    """Version, extensions and claim limit of this server. A server without this path is a plain ARCNM one."""
    return Capabilities(
        version=gonogo.__version__,
        extensions=EXTENSIONS,
        max_held_claims=MAX_CLAIMS,
        max_grouped_claims=MAX_GROUPED_CLAIMS,
    )
