"""Target of an import: finds its campaign and project by name before anything is created."""

from __future__ import annotations

from gonogo.client.errors import InvalidInputError
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lookup import ambiguous_name_error, campaigns_named
from gonogo.schemas.labeling import LabelingCampaignPublic
from gonogo.schemas.statuses import takes_answers


async def find_open_campaign(client: GonogoClient, name: str) -> LabelingCampaignPublic | None:
    """The open campaign of this name; `None` if there is none. Raises `InvalidInputError` (ambiguous, not open)."""
    campaigns = await campaigns_named(client, name)
    if len(campaigns) > 1:
        raise ambiguous_name_error("campaign", name, [item.id for item in campaigns])
    if campaigns and not takes_answers(campaigns[0].status):
        raise InvalidInputError(
            f"Campaign {name!r} is {campaigns[0].status} and takes no more tasks; nothing was imported.",
            next_step="Choose another name with --campaign.",
        )
    return campaigns[0] if campaigns else None
