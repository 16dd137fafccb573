"""Routes of assignments: list the people of a campaign, invite one, revoke an invitation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, Row, insert, select

from gonogo.schemas.enums import AssignmentStatus, CampaignStatus, ConflictReason, Role
from gonogo.schemas.labeling import (
    CampaignAssignmentCreate,
    CampaignAssignmentCreated,
    CampaignAssignmentList,
    CampaignAssignmentPublic,
)
from gonogo.server.auth import tokens
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for
from gonogo.server.context import Context
from gonogo.server.errors import conflict, not_found
from gonogo.server.http import pagination
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.queue import leases
from gonogo.server.serialize import ASSIGNMENT, assignment_public
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import annotator_accounts, assignments, magic_links, sessions, tasks

router = make_router()
_PATH = "/api/v1/parts/labeling/campaigns/{campaign_id}/assignments"
_ALL = select(*ASSIGNMENT).join(annotator_accounts, annotator_accounts.c.id == assignments.c.annotator_account_id)


@router.get(_PATH, name="list_campaign_assignments")
def list_assignments(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> CampaignAssignmentList:
    campaign_for(tx, ctx.caller, campaign_id, READERS)
    query = _ALL.where(assignments.c.campaign_id == campaign_id)
    page = pagination.page(tx, query, assignments.c.number, limit, cursor)
    data = [assignment_public(row) for row in page.rows]
    return CampaignAssignmentList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_campaign_assignment", status_code=201)
def create_assignment(
    request: Request, ctx: Context, tx: Connection, campaign_id: str, body: CampaignAssignmentCreate
) -> CampaignAssignmentCreated:
    """Invites a person; the answer is the only place where the magic link appears."""
    role = pagination.one_of(body.role, Role, "body", "role") or Role.ANNOTATOR.value
    token = tokens.new_secret("gl")
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    if campaign.status != CampaignStatus.OPEN and role == Role.ANNOTATOR:
        message = "This campaign is closed, so nobody can annotate in it any more; reviewers can be invited."
        raise conflict(ConflictReason.CAMPAIGN_CLOSED, message)
    account_id = _account(tx, ctx, body)
    _refuse_second(tx, campaign_id, account_id)
    assignment_id = _invite(tx, ctx, campaign_id, account_id, role, token)
    row = tx.execute(_ALL.where(assignments.c.id == assignment_id)).one()
    base = (ctx.settings.public_url or str(request.base_url)).rstrip("/")
    return CampaignAssignmentCreated(
        assignment=assignment_public(row),
        magic_link_token=token,
        magic_link_url=f"{base}/#token={token}",  # a fragment: browsers never send it to a server
    )


@router.delete(_PATH + "/{assignment_id}", name="revoke_campaign_assignment")
def revoke_assignment(ctx: Context, tx: Connection, campaign_id: str, assignment_id: str) -> CampaignAssignmentPublic:
    """Ends the person's sessions at once and frees the claims; what was submitted stays."""
    campaign_for(tx, ctx.caller, campaign_id, LEAD)
    mine = (assignments.c.id == assignment_id) & (assignments.c.campaign_id == campaign_id)
    found = tx.execute(select(assignments).where(mine)).first()
    if found is None:
        raise not_found()
    if found.status != AssignmentStatus.REVOKED:
        revoked = {"status": AssignmentStatus.REVOKED, "revoked_at": ctx.now}
        tx.execute(assignments.update().where(mine).values(**revoked))
        open_ones = (sessions.c.assignment_id == assignment_id) & sessions.c.ended_at.is_(None)
        tx.execute(sessions.update().where(open_ones).values(ended_at=ctx.now))
        _free_claims(tx, ctx, found)
    return assignment_public(tx.execute(_ALL.where(mine)).one())


def _account(connection: Connection, ctx: Context, body: CampaignAssignmentCreate) -> str:
    """The annotator account of this address, made on its first invitation.

    Its row stays locked, so that of two invitations at once the second one sees the first.
    """
    email = body.email.lower()
    mine = (annotator_accounts.c.org_id == ctx.caller.org_id) & (annotator_accounts.c.email == email)
    row = connection.execute(select(annotator_accounts).where(mine).with_for_update(key_share=True)).first()
    if row is None:
        account_id = new_id()
        values = {"id": account_id, "org_id": ctx.caller.org_id, "email": email, "created_at": ctx.now}
        connection.execute(insert(annotator_accounts).values(**values, display_name=body.display_name))
        return account_id
    if body.display_name:
        connection.execute(annotator_accounts.update().where(mine).values(display_name=body.display_name))
    return str(row.id)


def _refuse_second(connection: Connection, campaign_id: str, account_id: str) -> None:
    standing = select(assignments.c.id).where(
        assignments.c.campaign_id == campaign_id,
        assignments.c.annotator_account_id == account_id,
        assignments.c.status != AssignmentStatus.REVOKED,
    )
    if connection.execute(standing).first() is not None:
        message = "This address is invited already: revoke that assignment first if the link is lost."
        raise conflict(ConflictReason.ALREADY_INVITED, message)


def _invite(connection: Connection, ctx: Context, campaign_id: str, account_id: str, role: str, token: str) -> str:
    assignment_id = new_id()
    connection.execute(
        insert(assignments).values(
            id=assignment_id,
            campaign_id=campaign_id,
            annotator_account_id=account_id,
            role=role,
            status=AssignmentStatus.INVITED,
            invited_at=ctx.now,
        )
    )
    until = ctx.now + timedelta(hours=ctx.settings.invitation_hours)
    link = {"sha256": tokens.digest(token), "assignment_id": assignment_id, "expires_at": until}
    connection.execute(insert(magic_links).values(**link))
    return assignment_id


def _free_claims(connection: Connection, ctx: Context, revoked: Row[Any]) -> None:
    """Ends the person's claims in this campaign and, with no assignment left, those in pool campaigns too."""
    person = revoked.annotator_account_id
    others = select(assignments.c.id).where(
        assignments.c.annotator_account_id == person, assignments.c.status != AssignmentStatus.REVOKED
    )
    reach = {revoked.campaign_id}
    if connection.execute(others).first() is None:
        reach |= set(connection.execute(select(tasks.c.campaign_id).where(tasks.c.holder_id == person)).scalars())
    for campaign_id in sorted(reach):
        leases.end_claims(connection, ctx.now, campaign_id=campaign_id, voter_id=person)
