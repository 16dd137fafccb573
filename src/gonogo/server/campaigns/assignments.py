"""Assignments of people to campaigns: invites by magic link, and revokes."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from gonogo.schemas.enums import AssignmentStatus, CampaignStatus, ConflictReason, Role
from gonogo.schemas.labeling import CampaignAssignmentCreate
from gonogo.server.auth import tokens
from gonogo.server.errors import conflict, not_found
from gonogo.server.queue import leases
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import annotator_accounts, assignments, magic_links, sessions, tasks
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_first


class Invitation(NamedTuple):
    """New assignment and the secret of its magic link, which is stored as a digest only."""

    assignment_id: str
    token: str


class _AssignmentRow(NamedTuple):
    id: str
    campaign_id: str
    annotator_account_id: str
    status: str


def invite(
    connection: Connection,
    campaign: CampaignRow,
    body: CampaignAssignmentCreate,
    role: str,
    now: datetime,
    valid_for: timedelta,
) -> Invitation:
    """Invites the person of an email address to a campaign; the link expires after `valid_for`.

    Raises 409 `campaign_closed` for an annotator of a closed campaign, `already_invited` for a second invitation.
    """
    token = tokens.new_secret("gl")
    if campaign.status != CampaignStatus.OPEN and role == Role.ANNOTATOR:
        message = "This campaign is closed: it takes reviewers, but no annotators."
        raise conflict(ConflictReason.CAMPAIGN_CLOSED, message)
    account_id = _account_of(connection, campaign.org_id, body, now)
    _refuse_second(connection, campaign.id, account_id)
    assignment_id = new_id()
    connection.execute(
        insert(assignments).values(
            id=assignment_id,
            campaign_id=campaign.id,
            annotator_account_id=account_id,
            role=role,
            status=AssignmentStatus.INVITED,
            invited_at=now,
        )
    )
    link = {"sha256": tokens.digest(token), "assignment_id": assignment_id, "expires_at": now + valid_for}
    connection.execute(insert(magic_links).values(**link))
    return Invitation(assignment_id, token)


def revoke(connection: Connection, campaign_id: str, assignment_id: str, now: datetime) -> None:
    """Revokes an assignment: ends the person's sessions and claims. Idempotent; raises 404 for an unknown one."""
    this = (assignments.c.id == assignment_id) & (assignments.c.campaign_id == campaign_id)
    columns = [assignments.c[name] for name in _AssignmentRow._fields]
    assignment = fetch_first(connection, select(*columns).where(this), _AssignmentRow)
    if assignment is None:
        raise not_found()
    if assignment.status == AssignmentStatus.REVOKED:
        return
    connection.execute(assignments.update().where(this).values(status=AssignmentStatus.REVOKED, revoked_at=now))
    live = (sessions.c.assignment_id == assignment_id) & sessions.c.ended_at.is_(None)
    connection.execute(sessions.update().where(live).values(ended_at=now))
    _end_claims(connection, assignment, now)


def _account_of(connection: Connection, org_id: str, body: CampaignAssignmentCreate, now: datetime) -> str:
    """Id of the annotator account of this address, created on its first invitation.

    Its row stays locked, so that of two invitations at once the second one sees the first.
    """
    email = body.email.lower()
    this = (annotator_accounts.c.org_id == org_id) & (annotator_accounts.c.email == email)
    query = select(annotator_accounts.c.id).where(this).with_for_update(key_share=True)
    account_id = connection.execute(query).scalar()
    if account_id is None:
        account_id = new_id()
        values = {"id": account_id, "org_id": org_id, "email": email, "created_at": now}
        connection.execute(insert(annotator_accounts).values(**values, display_name=body.display_name))
    elif body.display_name:
        connection.execute(annotator_accounts.update().where(this).values(display_name=body.display_name))
    return str(account_id)


def _refuse_second(connection: Connection, campaign_id: str, account_id: str) -> None:
    """Raises 409 if the account has an assignment in the campaign that is not revoked."""
    standing = select(assignments.c.id).where(
        assignments.c.campaign_id == campaign_id,
        assignments.c.annotator_account_id == account_id,
        assignments.c.status != AssignmentStatus.REVOKED,
    )
    if connection.execute(standing).first() is not None:
        message = "This address is already invited: revoke that assignment first if the link is lost."
        raise conflict(ConflictReason.ALREADY_INVITED, message)


def _end_claims(connection: Connection, revoked: _AssignmentRow, now: datetime) -> None:
    """Ends the person's claims in this campaign and, with no assignment left, those in pool campaigns too."""
    person = revoked.annotator_account_id
    others = select(assignments.c.id).where(
        assignments.c.annotator_account_id == person, assignments.c.status != AssignmentStatus.REVOKED
    )
    campaign_ids = {revoked.campaign_id}
    if connection.execute(others).first() is None:
        holding = select(tasks.c.campaign_id).where(tasks.c.holder_id == person)
        campaign_ids |= set(connection.execute(holding).scalars())
    for campaign_id in sorted(campaign_ids):
        leases.end_claims(connection, now, campaign_id=campaign_id, voter_id=person)
