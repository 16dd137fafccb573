"""Campaigns: creates them with default settings, and closes them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert
from sqlalchemy.exc import IntegrityError

from gonogo.schemas.enums import CampaignStatus, ConflictReason, ConsensusMethod
from gonogo.schemas.labeling import LabelingCampaignCreate, LabelingCampaignPublic
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import ApiError, conflict
from gonogo.server.http import pagination
from gonogo.server.queue import leases
from gonogo.server.serialize import campaign_public, read_campaign
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns
from gonogo.server.store.schema.rows import CampaignRow

DEFAULTS: dict[str, Any] = {
    "consensus_method": ConsensusMethod.DAWID_SKENE.value,
    "target_redundancy": 3,
    "gold_fraction": 0.1,
    "acceptance_alpha": 0.8,
}
"""Columns of a campaign whose creator leaves them out."""


def create_campaign(
    connection: Connection,
    caller: Principal,
    body: LabelingCampaignCreate,
    now: datetime,
    project_id: str | None = None,
) -> LabelingCampaignPublic:
    """Creates a campaign; raises 409 `name_taken`, or 422 for an unknown consensus method."""
    values = campaign_values(caller, body, now, project_id)
    try:
        connection.execute(insert(campaigns).values(values))
        return campaign_public(read_campaign(connection, values["id"]))
    except IntegrityError:
        raise name_taken("campaign") from None


def campaign_values(
    caller: Principal, body: LabelingCampaignCreate, now: datetime, project_id: str | None
) -> dict[str, Any]:
    """Columns of a new campaign, defaults filled in; raises 422 for an unknown consensus method."""
    pagination.one_of(body.consensus_method, ConsensusMethod, "body", "consensus_method")
    chosen = {name: value for name, value in body.model_dump().items() if value is not None}
    owner = {"org_id": caller.org_id, "created_by_user_id": caller.id, "project_id": project_id}
    return {"description": None, **DEFAULTS, **chosen, **owner, "id": new_id(), "created_at": now}


def close_campaign(connection: Connection, campaign: CampaignRow, now: datetime) -> None:
    """Closes an open campaign and ends all its claims; any other stays as it is."""
    if campaign.status != CampaignStatus.OPEN:
        return
    leases.end_claims(connection, now, campaign_id=campaign.id)
    closed = {"status": CampaignStatus.CLOSED, "closed_at": now}
    connection.execute(campaigns.update().where(campaigns.c.id == campaign.id).values(**closed))


def name_taken(thing: str) -> ApiError:
    """409 for a campaign or project whose name the organisation has already."""
    return conflict(ConflictReason.NAME_TAKEN, f"There is a {thing} of this name already: choose another name.")
