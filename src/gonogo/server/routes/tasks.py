"""Labeling tasks: list, create, submit, adjudicate."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import BackgroundTasks, Request
from sqlalchemy import Connection, func, select

from gonogo.schemas.base import JsonObject
from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus, Verdict
from gonogo.schemas.gonogo_api import SubmissionDetail, SubmissionList
from gonogo.schemas.labeling import (
    Adjudication,
    LabelingTaskList,
    LabelingTaskPublic,
    LabelingTasksCreate,
    LabelSubmission,
    LabelSubmit,
)
from gonogo.schemas.review import RulingCreate
from gonogo.server.auth.authorization import (
    EVERYBODY,
    LEAD,
    REVIEW_READERS,
    REVIEWERS,
    campaign_for,
    task_for,
    voter_of,
)
from gonogo.server.context import Context, Ctx
from gonogo.server.errors import ApiError, conflict, invalid
from gonogo.server.http import pagination
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.queue import caller_lookup
from gonogo.server.queue import submissions as votes
from gonogo.server.review.adjudication import adjudicate as rule
from gonogo.server.scoring.debounced_refresh import refresh_debounced
from gonogo.server.serialize import submission_public, task_public
from gonogo.server.store.schema.campaigns import annotator_accounts, submissions, tasks, users
from gonogo.server.tasks.create import create_tasks, parse_tasks

router = make_router()
_LABELING = "/api/v1/parts/labeling"

_REFUSALS = {
    ConflictReason.ALREADY_SUBMITTED: "You have answered this task already; your first answer stands.",
    ConflictReason.TASK_RESOLVED: "This task no longer needs an answer; yours is kept, but does not count.",
    ConflictReason.CAMPAIGN_CLOSED: "The campaign is closed; your answer is kept, but does not count.",
}


@router.get(_LABELING + "/campaigns/{campaign_id}/tasks", name="list_labeling_tasks")
async def list_tasks(
    ctx: Ctx,
    campaign_id: str,
    status: pagination.Status = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> LabelingTaskList:
    return await asyncio.to_thread(_tasks, ctx, campaign_id, status, limit, cursor)


def _tasks(ctx: Context, campaign_id: str, status: str | None, limit: int, cursor: str | None) -> LabelingTaskList:
    with ctx.store.read() as connection:
        campaign_for(connection, ctx.caller, campaign_id, REVIEW_READERS)
        pagination.one_of(status, TaskStatus, "query", "status")
        wanted = [tasks.c.campaign_id == campaign_id]
        if status is not None:
            wanted.append(tasks.c.status == status)
        count = select(func.count()).select_from(tasks).where(*wanted)
        page = pagination.page(connection, select(tasks).where(*wanted), tasks.c.number, limit, cursor, count=count)
    data = [task_public(row, ctx.now) for row in page.rows]
    return LabelingTaskList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_LABELING + "/campaigns/{campaign_id}/tasks", name="create_labeling_tasks", status_code=201)
async def create(ctx: Ctx, campaign_id: str, body: LabelingTasksCreate) -> LabelingTaskList:
    """All of the tasks, or none: one that is wrong refuses the whole body."""
    errors: list[dict[str, Any]] = []
    with ctx.store.write() as connection:
        campaign = campaign_for(connection, ctx.caller, campaign_id, LEAD)
        wanted = parse_tasks(body.tasks, errors)
        if errors:
            raise invalid(errors)
        if campaign.status != CampaignStatus.OPEN:
            raise conflict(ConflictReason.CAMPAIGN_CLOSED, "The campaign is closed: it takes no more tasks.")
        ids = create_tasks(connection, campaign, wanted, ctx.now, ctx.rng)
        rows = connection.execute(select(tasks).where(tasks.c.id.in_(ids)).order_by(tasks.c.number)).all()
    return LabelingTaskList(count=len(rows), data=[task_public(row, ctx.now) for row in rows])


@router.post(_LABELING + "/tasks/{task_id}/submit", name="submit_label", status_code=201)
async def submit(request: Request, ctx: Ctx, task_id: str, body: LabelSubmit) -> LabelSubmission:
    """Stores a verdict. One that comes too late to count is stored all the same, and answered 409 with its receipt."""
    key = request.headers.get("idempotency-key")
    with ctx.store.write() as connection:
        outcome = vote(connection, ctx, task_id, body, key)
    if outcome.refused is not None:
        raise refusal(outcome, key)
    return submission_public(outcome.submission)


def vote(connection: Connection, ctx: Context, task_id: str, body: LabelSubmit, key: str | None) -> votes.SubmitResult:
    """Stores the caller's verdict; refuses a body or a caller before anything was written."""
    campaign, position = caller_lookup.load_task_caller(connection, ctx, task_id)
    check_verdict(body.verdict, body.corrected_value)
    voter = voter_of(ctx.caller)
    return votes.submit(connection, campaign, task_id, voter, body, ctx.now, idempotency_key=key, position=position)


@router.post(_LABELING + "/tasks/{task_id}/adjudicate", name="adjudicate_task")
async def adjudicate(ctx: Ctx, background: BackgroundTasks, task_id: str, body: Adjudication) -> LabelingTaskPublic:
    """An expert's ruling: it stands whatever the votes say, resolves the task, and replaces an earlier ruling.

    It leaves the record that a ruling by our extension leaves. The campaign learns from it after the answer is out.
    """
    with ctx.store.write() as connection:
        task, _campaign = task_for(connection, ctx.caller, task_id, REVIEWERS)
        check_verdict(body.verdict, body.corrected_value)
        if ctx.caller.role == "reviewer":
            refuse_own(connection, task_id, ctx.caller.id)
        ruling = RulingCreate(verdict=body.verdict, corrected_value=body.corrected_value, override=True)
        _made, row = rule(connection, task_id, ctx.caller, ruling, ctx.now)
    background.add_task(refresh_debounced, ctx.store, task.campaign_id, ctx.now)
    return task_public(row, ctx.now)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/submissions", name="list_submissions")
async def list_submissions(
    ctx: Ctx, campaign_id: str, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> SubmissionList:
    """The votes of a campaign; for an annotator only the own ones."""
    return await asyncio.to_thread(_submissions, ctx, campaign_id, limit, cursor)


def _submissions(ctx: Context, campaign_id: str, limit: int, cursor: str | None) -> SubmissionList:
    with ctx.store.read() as connection:
        campaign_for(connection, ctx.caller, campaign_id, EVERYBODY)
        wanted = [submissions.c.campaign_id == campaign_id]
        if ctx.caller.role == "annotator":
            wanted.append(submissions.c.voter_id == ctx.caller.id)
        count = select(func.count()).select_from(submissions).where(*wanted)
        page = pagination.page(connection, _VOTES.where(*wanted), submissions.c.number, limit, cursor, count=count)
    data = [
        SubmissionDetail(
            **submission_public(row).model_dump(),
            voter_id=row.voter_id,
            voter_email=row.email,
            counted=row.counted,
            late=row.late,
        )
        for row in page.rows
    ]
    return SubmissionList(count=page.count, data=data, next_cursor=page.next_cursor)


def check_verdict(verdict: str, corrected_value: JsonObject | None) -> None:
    """422 for a verdict that is none, and for a value that does not go with it."""
    pagination.one_of(verdict, Verdict, "body", "verdict")
    message = None
    if corrected_value is not None and verdict != Verdict.INCORRECT:
        message = "A corrected value goes only with the verdict incorrect."
    elif corrected_value == {}:
        message = "A corrected value has at least one key, such as text."
    if message is not None:
        raise invalid([{"loc": ["body", "corrected_value"], "msg": message, "type": "corrected_value"}])


def refusal(outcome: votes.SubmitResult, key: str | None) -> ApiError:
    """409 with a receipt; `same_request` tells a client that its own earlier try had arrived."""
    reason = outcome.refused
    assert reason is not None
    stored = outcome.submission
    same = key is not None and stored.idempotency_key == key
    return conflict(reason, _REFUSALS[reason], receipt_id=stored.id, counted=stored.counted, same_request=same)


def refuse_own(connection: Connection, task_id: str, voter_id: str) -> None:
    """409 for who voted on the task and would now rule on it."""
    own = select(submissions.c.id).where(submissions.c.task_id == task_id, submissions.c.voter_id == voter_id)
    if connection.execute(own).first() is not None:
        message = "You voted on this task: another reviewer has to rule on it."
        raise conflict(ConflictReason.OWN_VOTE, message)


_VOTES = (
    select(submissions, func.coalesce(annotator_accounts.c.email, users.c.email).label("email"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)
    .outerjoin(users, users.c.id == submissions.c.voter_id)
)
