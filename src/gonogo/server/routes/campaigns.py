"""Routes of labeling campaigns: list, create, get, close."""

from __future__ import annotations

from sqlalchemy import Connection, select

from gonogo.schemas.enums import CampaignStatus
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignList, LabelingCampaignPublic
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for, counted_campaign
from gonogo.server.campaigns import campaigns as domain
from gonogo.server.context import Context
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import CAMPAIGN, CountedCampaign, campaign_public, read_campaign
from gonogo.server.store.schema import campaigns

router = make_router(Tag.CAMPAIGNS)
_PATH = "/api/v1/parts/labeling/campaigns"


@router.get(_PATH, name="list_labeling_campaigns")
@open_to(*READERS)
def list_campaigns(
    ctx: Context,
    tx: Connection,
    status: pagination.CampaignFilter = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> LabelingCampaignList:
    """Campaigns of the organisation, newest first; `status` filters."""
    pagination.one_of(status, CampaignStatus, "query", "status")
    query = select(*CAMPAIGN).where(campaigns.c.org_id == ctx.caller.org_id)
    if status is not None:
        query = query.where(campaigns.c.status == status)
    page = pagination.page(tx, query, CountedCampaign.of, campaigns.c.number, limit, cursor)
    data = [campaign_public(row) for row in page.rows]
    return LabelingCampaignList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_labeling_campaign", status_code=201)
@open_to(*LEAD)
def create_campaign(ctx: Context, tx: Connection, body: LabelingCampaignCreate) -> LabelingCampaignPublic:
    """Creates a campaign without a project; 409 `name_taken` if the organisation has one of this name."""
    return domain.create_campaign(tx, ctx.caller, body, ctx.now)


@router.get(_PATH + "/{campaign_id}", name="get_labeling_campaign")
@open_to(*READERS)
def get_campaign(ctx: Context, tx: Connection, campaign_id: str) -> LabelingCampaignPublic:
    """One campaign with its counts of tasks."""
    return campaign_public(counted_campaign(tx, ctx.caller, campaign_id, READERS))


@router.post(_PATH + "/{campaign_id}/close", name="close_labeling_campaign")
@open_to(*LEAD)
def close_campaign(ctx: Context, tx: Connection, campaign_id: str) -> LabelingCampaignPublic:
    """Closes a campaign and ends all its claims. Idempotent."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    domain.close_campaign(tx, campaign, ctx.now)
    return campaign_public(read_campaign(tx, campaign_id))
