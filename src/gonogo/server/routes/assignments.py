"""Routes of assignments: list the people of a campaign, invite one, revoke an invitation."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request
from sqlalchemy import Connection, select

from gonogo.schemas.enums import Role
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    CampaignAssignmentCreated,
    CampaignAssignmentList,
    CampaignAssignmentPublic,
)
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for
from gonogo.server.campaigns.assignments import invite, revoke
from gonogo.server.context import Context
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import ASSIGNMENT, AssignmentRow, assignment_public
from gonogo.server.store.schema import annotator_accounts, assignments
from gonogo.server.store.typed_rows import fetch_one

router = make_router(Tag.PEOPLE)
_PATH = "/api/v1/parts/labeling/campaigns/{campaign_id}/assignments"
_ALL = select(*ASSIGNMENT).join(annotator_accounts, annotator_accounts.c.id == assignments.c.annotator_account_id)


@router.get(_PATH, name="list_campaign_assignments")
@open_to(*READERS)
def list_assignments(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> CampaignAssignmentList:
    """Assignments of a campaign, newest first, revoked ones included."""
    campaign_for(tx, ctx.caller, campaign_id, READERS)
    query = _ALL.where(assignments.c.campaign_id == campaign_id)
    page = pagination.page(tx, query, AssignmentRow._make, assignments.c.number, limit, cursor)
    data = [assignment_public(row) for row in page.rows]
    return CampaignAssignmentList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_campaign_assignment", status_code=201)
@open_to(*LEAD)
def create_assignment(
    request: Request, ctx: Context, tx: Connection, campaign_id: str, body: CampaignAssignmentCreate
) -> CampaignAssignmentCreated:
    """Invites a person; only this response contains the magic link.

    409 for an annotator of a closed campaign, and for an address that is invited already.
    """
    role = pagination.one_of(body.role, Role, "body", "role") or Role.ANNOTATOR.value
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    valid_for = timedelta(hours=ctx.settings.invitation_hours)
    invitation = invite(tx, campaign, body, role, ctx.now, valid_for)
    row = fetch_one(tx, _ALL.where(assignments.c.id == invitation.assignment_id), AssignmentRow)
    base = (ctx.settings.invitation_url or ctx.settings.public_url or str(request.base_url)).rstrip("/")
    return CampaignAssignmentCreated(
        assignment=assignment_public(row),
        magic_link_token=invitation.token,
        magic_link_url=f"{base}/#token={invitation.token}",  # a fragment: browsers never send it to a server
    )


@router.delete(_PATH + "/{assignment_id}", name="revoke_campaign_assignment")
@open_to(*LEAD)
def revoke_assignment(ctx: Context, tx: Connection, campaign_id: str, assignment_id: str) -> CampaignAssignmentPublic:
    """Revokes an assignment: ends the person's sessions and claims at once; submitted verdicts stay. Idempotent."""
    campaign_for(tx, ctx.caller, campaign_id, LEAD)
    revoke(tx, campaign_id, assignment_id, ctx.now)
    return assignment_public(fetch_one(tx, _ALL.where(assignments.c.id == assignment_id), AssignmentRow))
