"""Routes of campaign settings, an extension: the published API has no operation for them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from sqlalchemy import Connection

from gonogo.schemas.gonogo_api import CampaignDetail, CampaignSettings, SettingsEffect
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for, counted_campaign
from gonogo.server.context import Context
from gonogo.server.http.handler_decorators import Options, open_to, operation
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import Flag
from gonogo.server.quality.settings_effect import forget_settled_rules, refuse_unkept, settings_effect
from gonogo.server.scoring.refresh import refresh_campaign
from gonogo.server.serialize import campaign_detail
from gonogo.server.store.schema import campaigns

_Resettle = Annotated[Flag, Query(description="Let the new settings decide on what is settled, too.")]
router = make_router(Tag.CAMPAIGNS)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}", name="campaign_detail")
@open_to(*READERS)
def detail(campaign_id: str, ctx: Context, tx: Connection) -> CampaignDetail:
    """Campaign with its settings and its `number`, the integer id of the results API."""
    return campaign_detail(counted_campaign(tx, ctx.caller, campaign_id, READERS))


@router.patch("/api/v1/gonogo/campaigns/{campaign_id}/settings", name="update_campaign_settings")
@open_to(*LEAD)
def update(
    campaign_id: str, body: CampaignSettings, ctx: Context, tx: Connection, resettle: _Resettle = False
) -> CampaignDetail:
    """Changes the settings in the body; the others stay. Leases already granted keep their length.

    What is settled stays settled; `?resettle=true` lets the new settings decide on it, too. A `unit` or
    `trailing_zeros_matter` with which settled values differ is refused (409, reason `settled_tasks`) without it.
    """
    changes = _changes(body)
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    if not resettle:
        refuse_unkept(tx, campaign, changes)
    if changes:
        tx.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(changes))
    if resettle:
        forget_settled_rules(tx, campaign_id)
    if resettle or not changes.keys().isdisjoint(_SETTLING):
        refresh_campaign(tx, campaign_id, ctx.now)
    return campaign_detail(counted_campaign(tx, ctx.caller, campaign_id, LEAD))


@router.post("/api/v1/gonogo/campaigns/{campaign_id}/settings/preview", name="preview_campaign_settings")
@operation(Options(read_only=True, in_thread=True))
@open_to(*LEAD)
def preview(campaign_id: str, body: CampaignSettings, ctx: Context, tx: Connection) -> SettingsEffect:
    """Counts what the settings in the body would settle, and what is settled that would not be. Changes nothing."""
    return settings_effect(tx, campaign_for(tx, ctx.caller, campaign_id, LEAD), _changes(body))


def _changes(body: CampaignSettings) -> dict[str, Any]:
    return {name: getattr(body, name) for name in body.model_fields_set}


_SETTLING = ("max_risk", "votes", "min_votes", "unit", "trailing_zeros_matter")
"""Settings that decide what is settled."""
