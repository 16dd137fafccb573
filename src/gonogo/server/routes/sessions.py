"""Signing in by a magic link, signing out, and who one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fastapi import Request
from sqlalchemy import Connection, Row, false, insert, or_, select, true

from gonogo.schemas.enums import AssignmentStatus, CampaignStatus, ErrorCode
from gonogo.schemas.gonogo_api import AnnotatorIdentity, Ended, Me, SessionCreate, SessionCreated
from gonogo.server.auth import tokens
from gonogo.server.auth.principals import SESSION_ABSOLUTE
from gonogo.server.context import Context
from gonogo.server.errors import ApiError, documented, request_id, unauthorized
from gonogo.server.http.pipeline import PUBLIC
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import CAMPAIGN, campaign_public, instant
from gonogo.server.store import audit
from gonogo.server.store.schema import annotator_accounts, assignments, campaigns, magic_links, projects, sessions

REPEAT_WITHIN = timedelta(minutes=2)
"""How long after a redeem the same client may ask again (its answer got lost) and get the same session."""

_SHOWN = 500

router = make_router()


@router.post("/api/v1/gonogo/sessions", name="redeem_magic_link", status_code=201, responses=documented({401, 429}))
@PUBLIC
async def redeem(request: Request, body: SessionCreate) -> SessionCreated:
    """Turns a magic link into a session. Unknown, expired, used and revoked links answer alike."""
    state = request.app.state
    now: datetime = state.clock()
    address = request.client.host if request.client else "unknown"
    state.limits.check_redeem(address)
    session: SessionCreated | None = await state.group_commit.run(lambda tx: _redeem(tx, request, body, now))
    if session is None:
        state.limits.redeem_failed(address)
        raise _invalid_link()
    return session


@router.delete("/api/v1/gonogo/sessions/current", name="end_session")
def end_session(request: Request, ctx: Context, tx: Connection) -> Ended:
    """Signs out; a caller with an API key has no session to end."""
    if ctx.caller.kind == "user":
        return Ended(ended=False)
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    mine = sessions.c.sha256 == tokens.digest(token)
    tx.execute(sessions.update().where(mine).values(ended_at=ctx.now))
    return Ended(ended=True)


@router.get("/api/v1/gonogo/me", name="me")
def me(ctx: Context, tx: Connection) -> Me:
    """Who the credential speaks for, and the campaigns it may work in."""
    caller = ctx.caller
    rows = _campaigns(tx, ctx)
    counts = caller.kind == "user"
    return Me(
        id=caller.id,
        kind=caller.kind,
        role=caller.role,
        name=caller.name,
        email=caller.email,
        campaigns=[campaign_public(row, counts=counts) for row in rows],
    )


def _redeem(connection: Connection, request: Request, body: SessionCreate, now: datetime) -> SessionCreated | None:
    link = connection.execute(_LINK.where(magic_links.c.sha256 == tokens.digest(body.magic_link_token))).first()
    if link is None or link.status == AssignmentStatus.REVOKED:
        return None
    token = tokens.session_secret(body.magic_link_token, body.client_nonce)
    if link.used_at is not None:
        if not _same_client_again(connection, link, body, token, now):
            return None
        return _session(link, token, link.used_at)
    if now >= link.expires_at:
        return None
    used = {"used_at": now, "nonce_sha256": tokens.digest(body.client_nonce)}
    connection.execute(magic_links.update().where(magic_links.c.sha256 == link.sha256).values(**used))
    active = assignments.update().where(assignments.c.id == link.assignment_id)
    connection.execute(active.values(status=AssignmentStatus.ACTIVE))
    row = {"sha256": tokens.digest(token), "assignment_id": link.assignment_id, "created_at": now, "seen_at": now}
    connection.execute(insert(sessions).values(**row))
    signed_in = {"assignment_id": link.assignment_id, "campaign_id": link.campaign_id}
    name, number = "redeem_magic_link", request_id(request)
    audit.append(connection, name, now, actor=link.account_id, content=signed_in, request_id=number)
    return _session(link, token, now)


def _same_client_again(connection: Connection, link: Row[Any], body: SessionCreate, token: str, now: datetime) -> bool:
    if not tokens.same(tokens.digest(body.client_nonce), link.nonce_sha256) or now - link.used_at >= REPEAT_WITHIN:
        return False
    live = (sessions.c.sha256 == tokens.digest(token)) & sessions.c.ended_at.is_(None)
    return connection.execute(select(sessions.c.sha256).where(live)).first() is not None


def _session(link: Row[Any], token: str, since: datetime) -> SessionCreated:
    return SessionCreated(
        session_token=token,
        expires_at=instant(since + SESSION_ABSOLUTE),
        role=link.role,
        annotator=AnnotatorIdentity(id=link.account_id, email=link.email, display_name=link.display_name),
        campaign_id=link.campaign_id,
        assignment_id=link.assignment_id,
    )


def _campaigns(connection: Connection, ctx: Context) -> list[Row[Any]]:
    """An annotator's own campaign and, for annotators, the open pool campaigns; a user's whole organisation."""
    caller = ctx.caller
    query = select(*CAMPAIGN).where(campaigns.c.org_id == caller.org_id)
    if caller.kind == "annotator":
        pool = select(projects.c.id).where(projects.c.uses_platform_pool == true())
        in_pool = campaigns.c.project_id.in_(pool) & (campaigns.c.status == CampaignStatus.OPEN)
        query = query.where(
            or_(campaigns.c.id == caller.campaign_id, in_pool if caller.role == "annotator" else false())
        )
    return list(connection.execute(query.order_by(campaigns.c.number.desc()).limit(_SHOWN)).all())


def _invalid_link() -> ApiError:
    message = "This link is not valid (any more): ask the lead of your campaign for a new one."
    return unauthorized(ErrorCode.INVALID_MAGIC_LINK, message)


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
    .with_for_update(of=magic_links)  # of several workers that are shown one link, one lets it in
)
