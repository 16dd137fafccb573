"""Routes of sessions: redeem a magic link, sign out, and the identity of the caller."""

from __future__ import annotations

from datetime import datetime

from fastapi import Request
from sqlalchemy import Connection, Select, false, func, or_, select, true

from gonogo.schemas.enums import CampaignStatus, ErrorCode
from gonogo.schemas.gonogo_api import Ended, Me, SessionCreate, SessionCreated
from gonogo.server.auth.authorization import EVERYBODY
from gonogo.server.auth.principals import Principal
from gonogo.server.auth.sessions import end_session as end
from gonogo.server.auth.sessions import redeem_link
from gonogo.server.context import Context
from gonogo.server.errors import documented, request_id, unauthorized
from gonogo.server.http.client_address import client_address
from gonogo.server.http.handler_decorators import PUBLIC, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import CAMPAIGN, CountedCampaign, campaign_public
from gonogo.server.store.schema import campaigns, projects

MAX_CAMPAIGNS = 500
"""Campaigns in `me`, newest first."""
_MORE = "These are the newest {shown} of {total} campaigns. A lead's key lists all of them, page by page."

router = make_router(Tag.SIGN_IN)


@router.post("/api/v1/gonogo/sessions", name="redeem_magic_link", status_code=201, responses=documented({401, 429}))
@PUBLIC
async def redeem(request: Request, body: SessionCreate) -> SessionCreated:
    """Redeems a magic link for a session. Unknown, expired, used and revoked links all answer the same 401."""
    state = request.app.state
    now: datetime = state.clock()
    address = client_address(request)
    state.limits.check_redeem(address)
    number = request_id(request)
    session: SessionCreated | None = await state.group_commit.run(lambda tx: redeem_link(tx, body, now, number))
    if session is None:
        state.limits.redeem_failed(address)
        message = "This link was used or has expired. Ask your lead for a new one."
        raise unauthorized(ErrorCode.INVALID_MAGIC_LINK, message)
    return session


@router.delete("/api/v1/gonogo/sessions/current", name="end_session")
@open_to(*EVERYBODY)
def end_session(request: Request, ctx: Context, tx: Connection) -> Ended:
    """Ends the caller's session; `ended: false` for an API key, which has none."""
    if ctx.caller.kind == "user":
        return Ended(ended=False)
    token = request.headers.get("authorization", "").partition(" ")[2].strip()
    end(tx, token, ctx.now)
    return Ended(ended=True)


@router.get("/api/v1/gonogo/me", name="me")
@open_to(*EVERYBODY)
def me(ctx: Context, tx: Connection) -> Me:
    """Identity of the caller, and the campaigns they may work in."""
    caller = ctx.caller
    query = _campaigns_of(caller)
    rows = tx.execute(query.limit(MAX_CAMPAIGNS)).all()
    n_campaigns = len(rows)
    if n_campaigns == MAX_CAMPAIGNS:
        n_campaigns = tx.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()
    counts = caller.kind == "user"
    return Me(
        id=caller.id,
        kind=caller.kind,
        role=caller.role,
        name=caller.name,
        email=caller.email,
        campaigns=[campaign_public(CountedCampaign.of(row), counts=counts) for row in rows],
        n_campaigns=n_campaigns,
        notice=_MORE.format(shown=len(rows), total=n_campaigns) if n_campaigns > len(rows) else None,
    )


def _campaigns_of(caller: Principal) -> Select[tuple[object, ...]]:
    """Query of the caller's own campaign and, for annotators, the open pool campaigns; for users of all."""
    query = select(*CAMPAIGN).where(campaigns.c.org_id == caller.org_id)
    if caller.kind == "annotator":
        pool = select(projects.c.id).where(projects.c.uses_platform_pool == true())
        in_pool = campaigns.c.project_id.in_(pool) & (campaigns.c.status == CampaignStatus.OPEN)
        query = query.where(
            or_(campaigns.c.id == caller.campaign_id, in_pool if caller.role == "annotator" else false())
        )
    return query.order_by(campaigns.c.number.desc())
