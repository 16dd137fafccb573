"""Routes of labeling campaigns: list, create, get, close."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from gonogo.schemas.enums import CampaignStatus, ConflictReason, ConsensusMethod
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignList, LabelingCampaignPublic
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for, counted_campaign
from gonogo.server.auth.principals import Principal, require
from gonogo.server.context import Context
from gonogo.server.errors import ApiError, conflict
from gonogo.server.http import pagination
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.queue import leases
from gonogo.server.serialize import CAMPAIGN, campaign_public, read_campaign
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns

router = make_router()
_PATH = "/api/v1/parts/labeling/campaigns"

DEFAULTS: dict[str, Any] = {
    "consensus_method": ConsensusMethod.DAWID_SKENE.value,
    "target_redundancy": 3,
    "gold_fraction": 0.1,
    "acceptance_alpha": 0.8,
}


@router.get(_PATH, name="list_labeling_campaigns")
def list_campaigns(
    ctx: Context,
    tx: Connection,
    status: pagination.Status = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> LabelingCampaignList:
    require(ctx.caller, *READERS)
    pagination.one_of(status, CampaignStatus, "query", "status")
    query = select(*CAMPAIGN).where(campaigns.c.org_id == ctx.caller.org_id)
    if status is not None:
        query = query.where(campaigns.c.status == status)
    page = pagination.page(tx, query, campaigns.c.number, limit, cursor)
    data = [campaign_public(row) for row in page.rows]
    return LabelingCampaignList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_labeling_campaign", status_code=201)
def create_campaign(ctx: Context, tx: Connection, body: LabelingCampaignCreate) -> LabelingCampaignPublic:
    require(ctx.caller, *LEAD)
    return make_campaign(ctx, tx, body)


@router.get(_PATH + "/{campaign_id}", name="get_labeling_campaign")
def get_campaign(ctx: Context, tx: Connection, campaign_id: str) -> LabelingCampaignPublic:
    return campaign_public(counted_campaign(tx, ctx.caller, campaign_id, READERS))


@router.post(_PATH + "/{campaign_id}/close", name="close_labeling_campaign")
def close_campaign(ctx: Context, tx: Connection, campaign_id: str) -> LabelingCampaignPublic:
    """Ends all claims; a campaign that is closed already stays as it is."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    if campaign.status == CampaignStatus.OPEN:
        leases.end_claims(tx, ctx.now, campaign_id=campaign_id)
        closed = {"status": CampaignStatus.CLOSED, "closed_at": ctx.now}
        tx.execute(campaigns.update().where(campaigns.c.id == campaign_id).values(**closed))
    return campaign_public(read_campaign(tx, campaign_id))


def make_campaign(
    ctx: Context, tx: Connection, body: LabelingCampaignCreate, project_id: str | None = None
) -> LabelingCampaignPublic:
    """Creates a campaign; raises 409 `name_taken`, or 422 for an unknown consensus method."""
    values = campaign_values(ctx.caller, body, project_id) | {"created_at": ctx.now}
    try:
        tx.execute(insert(campaigns).values(values))
        return campaign_public(read_campaign(tx, values["id"]))
    except IntegrityError:
        raise name_taken("campaign") from None


def campaign_values(caller: Principal, body: LabelingCampaignCreate, project_id: str | None) -> dict[str, Any]:
    """The columns of a new campaign, defaults filled in."""
    pagination.one_of(body.consensus_method, ConsensusMethod, "body", "consensus_method")
    given = {name: value for name, value in body.model_dump().items() if value is not None}
    whose = {"org_id": caller.org_id, "created_by_user_id": caller.id, "project_id": project_id}
    return {"description": None, **DEFAULTS, **given, **whose, "id": new_id()}


def name_taken(thing: str) -> ApiError:
    return conflict(ConflictReason.NAME_TAKEN, f"There is a {thing} of this name already: choose another name.")
