"""Routes of campaign settings, an extension: the published API has no operation for them."""

from __future__ import annotations

from sqlalchemy import Connection

from gonogo.schemas.gonogo_api import CampaignDetail, CampaignSettings
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for, counted_campaign
from gonogo.server.context import Context
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import campaign_detail
from gonogo.server.store.schema import campaigns

router = make_router()


@router.get("/api/v1/gonogo/campaigns/{campaign_id}", name="campaign_detail")
def detail(campaign_id: str, ctx: Context, tx: Connection) -> CampaignDetail:
    """Campaign with its settings and its `number`, the integer id of the results API."""
    return campaign_detail(counted_campaign(tx, ctx.caller, campaign_id, READERS))


@router.patch("/api/v1/gonogo/campaigns/{campaign_id}/settings", name="update_campaign_settings")
def update(campaign_id: str, body: CampaignSettings, ctx: Context, tx: Connection) -> CampaignDetail:
    """Changes the settings in the body; the others stay. Leases already granted keep their length."""
    changes = {name: getattr(body, name) for name in body.model_fields_set}
    campaign_for(tx, ctx.caller, campaign_id, LEAD)
    if changes:
        tx.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(changes))
    return campaign_detail(counted_campaign(tx, ctx.caller, campaign_id, LEAD))
