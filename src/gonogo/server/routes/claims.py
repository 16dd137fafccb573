"""The queue: next task, renewing and giving back a claim, and the queue explained."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import Response

from gonogo.schemas.gonogo_api import ClaimState, QueueView
from gonogo.schemas.labeling import ServedTask
from gonogo.server.auth.authorization import EVERYBODY, REVIEW_READERS, VOTERS, campaign_for, task_for, voter_of
from gonogo.server.context import Context, Ctx
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.practice.eligibility import ineligibility
from gonogo.server.queue import leases, operations
from gonogo.server.queue import next_task as queue
from gonogo.server.serialize import served_task

router = make_router()
EXPIRES_IN = "X-Claim-Expires-In"
"""Seconds left of the claim, on the server's clock."""


@router.post("/api/v1/parts/labeling/campaigns/{campaign_id}/next-task", name="next_labeling_task")
async def next_task(ctx: Ctx, response: Response, campaign_id: str) -> ServedTask | None:
    """Claims a task for the caller; `null` when nothing is left for him."""
    with ctx.store.write() as connection:
        found = operations.claim_task(connection, ctx, campaign_id)
    if found is None:
        return None
    response.headers[EXPIRES_IN] = expires_in(found, ctx.now)
    return served_task(found.task)


def expires_in(found: queue.Claim, now: datetime) -> str:
    """The value of the header `EXPIRES_IN`."""
    return str(int((found.expires_at - now).total_seconds()))


@router.post("/api/v1/gonogo/tasks/{task_id}/renew", name="renew_claim")
async def renew(ctx: Ctx, task_id: str) -> ClaimState:
    """A fresh lease for a task the caller holds; `held: false` if he does not, or no longer."""
    with ctx.store.write() as connection:
        task, campaign = task_for(connection, ctx.caller, task_id, VOTERS)
        until = leases.renew(connection, task, campaign, voter_of(ctx.caller), ctx.now)
    seconds = None if until is None else int((until - ctx.now).total_seconds())
    return ClaimState(task_id=task_id, held=until is not None, expires_in=seconds)


@router.post("/api/v1/gonogo/tasks/{task_id}/release", name="release_claim")
async def release(ctx: Ctx, task_id: str) -> ClaimState:
    """Gives a task back unanswered, so that somebody can have it now."""
    with ctx.store.write() as connection:
        task, _campaign = task_for(connection, ctx.caller, task_id, VOTERS)
        leases.release_if_held(connection, task, voter_of(ctx.caller), ctx.now)
    return ClaimState(task_id=task_id, held=False)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/queue", name="queue_view")
async def queue_view(ctx: Ctx, campaign_id: str) -> QueueView:
    """What is left for the caller; counted in a thread, for a campaign may be large."""
    return await asyncio.to_thread(_view, ctx, campaign_id)


def _view(ctx: Context, campaign_id: str) -> QueueView:
    with ctx.store.read() as connection:
        campaign = campaign_for(connection, ctx.caller, campaign_id, EVERYBODY)
        reviews = ctx.caller.role in REVIEW_READERS
        found = queue.queue_view(connection, campaign, voter_of(ctx.caller), ctx.now, reviews=reviews)
        held = ineligibility(connection, campaign_id, voter_of(ctx.caller), ctx.now)
    if held is None:
        return found
    return found.model_copy(update={"waits_for": held.reason, "waits_because": held.message})
