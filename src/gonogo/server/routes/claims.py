"""Routes of claims: claim the next task or a page of equal ones, renew or release a claim, ask the lead, own queue."""

from __future__ import annotations

from sqlalchemy import Connection

from gonogo.schemas.gonogo_api import ClaimState, GroupClaim, HelpAsked, HelpCreate, QueueView, TaskGroup
from gonogo.schemas.labeling import ServedTask
from gonogo.server.auth.authorization import EVERYBODY, REVIEW_READERS, VOTERS, campaign_for, task_for, voter_of
from gonogo.server.context import Context
from gonogo.server.errors import invalid
from gonogo.server.http.handler_decorators import IN_THREAD, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.practice.eligibility import ineligibility
from gonogo.server.queue import help_requests, leases, operations
from gonogo.server.queue.queue_counts import queue_view as queue_view_of
from gonogo.server.serialize import instant, served_task

router = make_router(Tag.WORK)
EXPIRES_IN = "X-Claim-Expires-In"
"""Seconds left of the claim, on the server's clock."""


@router.post("/api/v1/parts/labeling/campaigns/{campaign_id}/next-task", name="next_labeling_task")
@open_to(*VOTERS)
def next_task(ctx: Context, tx: Connection, campaign_id: str) -> Reply[ServedTask | None]:
    """Claims the next task for the caller; `null` when none is left.

    `X-Claim-Expires-In` tells the seconds of the lease.
    """
    claim = operations.claim_task(tx, ctx, campaign_id)
    if claim is None:
        return Reply(None)
    seconds = int((claim.expires_at - ctx.now).total_seconds())
    return Reply(served_task(claim.task), headers={EXPIRES_IN: str(seconds)})


@router.post("/api/v1/gonogo/campaigns/{campaign_id}/next-group", name="next_group")
@open_to(*VOTERS)
def next_group(ctx: Context, tx: Connection, campaign_id: str, body: GroupClaim) -> Reply[TaskGroup]:
    """Claims the next task for the caller, and others with an equal value and the same question, to be answered
    together: at most `limit`, and no more than `max_grouped_claims` of the capabilities are held at once. In a campaign
    without the setting `grouping` it is one task. `tasks` is empty when none is left.
    """
    claims = operations.claim_group(tx, ctx, campaign_id, body.limit)
    if not claims:
        return Reply(TaskGroup())
    seconds = int((claims[0].expires_at - ctx.now).total_seconds())
    group = TaskGroup(tasks=[served_task(claim.task) for claim in claims], expires_in=seconds)
    return Reply(group, headers={EXPIRES_IN: str(seconds)})


@router.post("/api/v1/gonogo/tasks/{task_id}/renew", name="renew_claim")
@open_to(*VOTERS)
def renew(ctx: Context, tx: Connection, task_id: str) -> ClaimState:
    """Renews the lease of a task the caller holds; `held: false` if the caller does not hold it (any more)."""
    task, campaign = task_for(tx, ctx.caller, task_id, VOTERS)
    until = leases.renew(tx, task, campaign, voter_of(ctx.caller), ctx.now)
    seconds = None if until is None else int((until - ctx.now).total_seconds())
    return ClaimState(task_id=task_id, held=until is not None, expires_in=seconds)


@router.post("/api/v1/gonogo/tasks/{task_id}/release", name="release_claim")
@open_to(*VOTERS)
def release(ctx: Context, tx: Connection, task_id: str) -> ClaimState:
    """Releases a claim unanswered, so that others can claim the task at once. Idempotent."""
    task, _campaign = task_for(tx, ctx.caller, task_id, VOTERS)
    leases.release_if_held(tx, task, voter_of(ctx.caller), ctx.now)
    return ClaimState(task_id=task_id, held=False)


@router.post("/api/v1/gonogo/tasks/{task_id}/help", name="ask_help", status_code=201)
@open_to(*VOTERS)
def ask_help(ctx: Context, tx: Connection, task_id: str, body: HelpCreate) -> HelpAsked:
    """Gives a task to the lead, with a reason, instead of answering it: the claim ends, and the caller is not served
    the task again. It stands first in the review queue; others may still answer it. Asking again changes the words.
    """
    task, _campaign = task_for(tx, ctx.caller, task_id, VOTERS)
    if not body.reason and not (body.note or "").strip():
        raise invalid([{"loc": ["body"], "msg": "Give a reason or a note.", "type": "missing"}])
    asked = help_requests.ask_help(tx, task, voter_of(ctx.caller), body, ctx.now)
    created_at = instant(asked.created_at)
    return HelpAsked(id=asked.id, task_id=asked.task_id, reason=asked.reason, note=asked.note, created_at=created_at)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/queue", name="queue_view")
@IN_THREAD
@open_to(*EVERYBODY)
def queue_view(ctx: Context, tx: Connection, campaign_id: str) -> QueueView:
    """State of the caller's queue: tasks left, held and done, and the reason if the caller gets none now."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, EVERYBODY)
    reviews = ctx.caller.role in REVIEW_READERS
    view = queue_view_of(tx, campaign, voter_of(ctx.caller), ctx.now, reviews=reviews)
    hindrance = ineligibility(tx, campaign_id, voter_of(ctx.caller), ctx.now)
    if hindrance is None:
        return view
    return view.model_copy(update={"waits_for": hindrance.reason, "waits_because": hindrance.message})
