"""What the published reference has no operation for: a campaign's own settings."""

from __future__ import annotations

from gonogo.schemas.gonogo_api import CampaignDetail, CampaignSettings
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for, counted_campaign
from gonogo.server.context import Ctx
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import campaign_detail
from gonogo.server.store.schema.campaigns import campaigns

router = make_router()


@router.get("/api/v1/gonogo/campaigns/{campaign_id}", name="campaign_detail")
async def detail(campaign_id: str, context: Ctx) -> CampaignDetail:
    """The campaign with its settings and its `number`, the integer id of the results API."""
    with context.store.read() as connection:
        return campaign_detail(counted_campaign(connection, context.caller, campaign_id, READERS))


@router.patch("/api/v1/gonogo/campaigns/{campaign_id}/settings", name="update_campaign_settings")
async def update(campaign_id: str, body: CampaignSettings, context: Ctx) -> CampaignDetail:
    """Changes the settings that are sent; the others stay. Leases already given keep their length."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    with context.store.write() as connection:
        campaign_for(connection, context.caller, campaign_id, LEAD)
        if changes:
            connection.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(changes))
        return campaign_detail(counted_campaign(connection, context.caller, campaign_id, LEAD))
