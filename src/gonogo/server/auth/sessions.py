"""Sessions of annotators and reviewers: redeems a magic link for a session, and signs out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select

from gonogo.schemas.enums import AssignmentStatus
from gonogo.schemas.gonogo_api import AnnotatorIdentity, SessionCreate, SessionCreated
from gonogo.server.auth import tokens
from gonogo.server.auth.principals import SESSION_ABSOLUTE, is_within
from gonogo.server.serialize import instant
from gonogo.server.store import audit
from gonogo.server.store.schema import annotator_accounts, assignments, magic_links, sessions
from gonogo.server.store.typed_rows import fetch_first

LONGEST_INVITATION = timedelta(hours=72, minutes=2)
"""Longest life of a link; one that would live longer was made while a clock was ahead."""
REPEAT_WITHIN = timedelta(minutes=2)
"""Time after a redeem in which the same client gets the same session again, because its response may be lost."""


class _LinkRow(NamedTuple):
    sha256: str
    assignment_id: str
    expires_at: datetime
    used_at: datetime | None
    nonce_sha256: str | None
    campaign_id: str
    role: str
    status: str
    account_id: str
    email: str
    display_name: str | None


def redeem_link(
    connection: Connection, body: SessionCreate, now: datetime, request_id: str | None
) -> SessionCreated | None:
    """Redeems a magic link, in a write transaction; `None` if it is unknown, expired, used or revoked. Audited.

    The session's secret derives from the link and the client's nonce, so that a repeated redeem gives the same one.
    """
    link = fetch_first(connection, _LINK.where(magic_links.c.sha256 == tokens.digest(body.magic_link_token)), _LinkRow)
    if link is None or link.status == AssignmentStatus.REVOKED:
        return None
    token = tokens.session_secret(body.magic_link_token, body.client_nonce)
    if link.used_at is not None:
        same_client = tokens.same(tokens.digest(body.client_nonce), link.nonce_sha256 or "")
        if not (same_client and is_within(REPEAT_WITHIN, link.used_at, now) and _is_live(connection, token)):
            return None
        return _session(link, token, link.used_at)
    if not timedelta(0) < link.expires_at - now <= LONGEST_INVITATION:
        return None
    used = {"used_at": now, "nonce_sha256": tokens.digest(body.client_nonce)}
    connection.execute(magic_links.update().where(magic_links.c.sha256 == link.sha256).values(**used))
    assignment = assignments.update().where(assignments.c.id == link.assignment_id)
    connection.execute(assignment.values(status=AssignmentStatus.ACTIVE))
    row = {"sha256": tokens.digest(token), "assignment_id": link.assignment_id, "created_at": now, "seen_at": now}
    connection.execute(insert(sessions).values(**row))
    content = {"assignment_id": link.assignment_id, "campaign_id": link.campaign_id}
    audit.append(connection, "redeem_magic_link", now, actor=link.account_id, content=content, request_id=request_id)
    return _session(link, token, now)


def end_session(connection: Connection, token: str, now: datetime) -> None:
    """Ends the session with this secret."""
    connection.execute(sessions.update().where(sessions.c.sha256 == tokens.digest(token)).values(ended_at=now))


def _is_live(connection: Connection, token: str) -> bool:
    """True if the session with this secret has not ended."""
    live = (sessions.c.sha256 == tokens.digest(token)) & sessions.c.ended_at.is_(None)
    return connection.execute(select(sessions.c.sha256).where(live)).first() is not None


def _session(link: _LinkRow, token: str, since: datetime) -> SessionCreated:
    """The response to a redeemed link."""
    return SessionCreated(
        session_token=token,
        expires_at=instant(since + SESSION_ABSOLUTE),
        role=link.role,
        annotator=AnnotatorIdentity(id=link.account_id, email=link.email, display_name=link.display_name),
        campaign_id=link.campaign_id,
        assignment_id=link.assignment_id,
    )


_LINK = (
    select(
        magic_links,
        assignments.c.campaign_id,
        assignments.c.role,
        assignments.c.status,
        annotator_accounts.c.id.label("account_id"),
        annotator_accounts.c.email,
        annotator_accounts.c.display_name,
    )
    .join(assignments, assignments.c.id == magic_links.c.assignment_id)
    .join(annotator_accounts, annotator_accounts.c.id == assignments.c.annotator_account_id)
    .with_for_update(of=magic_links)  # concurrent redeems of one link: only the first creates a session
)
