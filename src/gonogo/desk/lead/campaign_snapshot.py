"""Campaign snapshot for a lead: fetches counts, progress, quality and annotators, as far as the server provides
them.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gonogo.client.errors import ConflictError, NotFoundError, PermissionDeniedError
from gonogo.client.lead_client import all_assignments_of, progress_of
from gonogo.client.page_reader import read_what_there_is

if TYPE_CHECKING:
    from gonogo.client.gonogo_client import GonogoClient
    from gonogo.schemas.labeling import CampaignAssignmentPublic, LabelingCampaignPublic, QualityReport
    from gonogo.schemas.lead import CampaignProgress

NOT_AVAILABLE = (NotFoundError, PermissionDeniedError, ConflictError)
"""Errors of a part that this server does not have, or that this login may not see."""


@dataclass(frozen=True, slots=True)
class CampaignSnapshot:
    """Figures of one campaign; `missing` names in a sentence what this server does not provide.

    `n_gold` gold tasks are hidden beside those that `campaign` counts; only leads learn it.
    """

    campaign: LabelingCampaignPublic
    n_gold: int | None = None
    progress: CampaignProgress | None = None
    quality: QualityReport | None = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    missing: tuple[str, ...] = field(default=("asking the server …",))

    def with_progress(self, progress: CampaignProgress) -> CampaignSnapshot:
        """The same snapshot with newer counts, from the progress stream."""
        counts = {"task_count": progress.n_tasks, "resolved_count": progress.n_resolved, "status": progress.status}
        return replace(self, campaign=self.campaign.model_copy(update=counts), progress=progress)


async def fetch_snapshot(client: GonogoClient, campaign_id: str) -> CampaignSnapshot:
    """Fetches everything about one campaign. Raises the client's errors, except those of a part that is missing."""
    missing: list[str] = []
    campaign = await client.get_campaign(campaign_id)
    n_gold = progress = quality = None
    people: tuple[CampaignAssignmentPublic, ...] = ()
    with contextlib.suppress(*NOT_AVAILABLE):
        n_gold = (await client.campaign_detail(campaign_id)).n_gold
    try:
        progress = await progress_of(client, campaign_id)
    except NOT_AVAILABLE:
        missing.append("This server has no counts of tasks held, left and in review.")
    try:
        quality = await client.campaign_quality(campaign_id)
    except NOT_AVAILABLE:
        missing.append("You may not see the quality of this campaign.")
    try:
        people = tuple(await all_assignments_of(client, campaign_id))
    except NOT_AVAILABLE:
        missing.append("You may not see who is invited.")
    return CampaignSnapshot(campaign, n_gold, progress, quality, people, tuple(missing))


async def refresh_snapshot(client: GonogoClient, snapshot: CampaignSnapshot) -> CampaignSnapshot:
    """Fetches what changes by itself: counts, queue, pace, people at work. Raises what the client raises."""
    campaign = await client.get_campaign(snapshot.campaign.id)
    return replace(snapshot, campaign=campaign, progress=await progress_of(client, campaign.id))


async def fetch_campaigns(client: GonogoClient) -> list[LabelingCampaignPublic]:
    """Fetches the campaigns of the signed-in person, newest first; of a server that cuts the list, what it gives."""
    fetched, _ = await read_what_there_is(lambda limit, cursor: client.list_campaigns(limit=limit, cursor=cursor))
    return fetched
