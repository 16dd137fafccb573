"""Demo campaign of a home: finds the one that an earlier start made, or makes it. Light to import."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from gonogo.desk.core.paths import AppPaths, private_file


def existing_campaign(home: AppPaths) -> str | None:
    """Returns the id of the campaign of an earlier start; a second start must be as quick as any."""
    try:
        marker = json.loads(_marker(home).read_text(encoding="utf-8"))
        return str(marker["campaign_id"]) if home.workspace_file().exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


async def demo_campaign(home: AppPaths, report: Callable[[str], None]) -> str:
    """Returns the id of the demo campaign, made now if necessary; `report` gets a sentence for each step.

    Raises `GonogoClientError`, `OSError`.
    """
    existing = existing_campaign(home)
    if existing is not None:
        return existing
    # deferred: a second start needs neither the client nor the server before its first frame
    from gonogo.demo.demo_workspace import prepare_embedded

    campaign_id = await prepare_embedded(home, report)
    marker = await asyncio.to_thread(private_file, _marker(home))
    await asyncio.to_thread(marker.write_text, json.dumps({"campaign_id": campaign_id}), encoding="utf-8")
    return campaign_id


def _marker(home: AppPaths) -> Path:
    return home.data() / "demo.json"
