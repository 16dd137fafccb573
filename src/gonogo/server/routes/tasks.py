"""Routes of labeling tasks: list, create, submit, adjudicate; and the votes of a campaign."""

from __future__ import annotations

from typing import NamedTuple, Self, cast

from fastapi import Request
from sqlalchemy import Connection, func, select
from starlette.background import BackgroundTask

from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus
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
    VOTERS,
    campaign_for,
    campaign_of_task,
    task_for,
    voter_of,
)
from gonogo.server.context import Context
from gonogo.server.errors import FieldError, conflict, invalid
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import IN_THREAD, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.queue import amendments, operations
from gonogo.server.queue.verdicts import check_verdict
from gonogo.server.review.adjudication import adjudicate as rule
from gonogo.server.review.adjudication import refuse_own_vote
from gonogo.server.scoring.refresh import refresh_debounced
from gonogo.server.serialize import instant, submission_public, task_public
from gonogo.server.store.compiled_statements import Columns
from gonogo.server.store.schema import annotator_accounts, submissions, tasks, users
from gonogo.server.store.schema.rows import AmendmentRow, SubmissionRow, TaskRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.create import create_tasks, parse_tasks

router = make_router(Tag.TASKS)
_LABELING = "/api/v1/parts/labeling"


@router.get(_LABELING + "/campaigns/{campaign_id}/tasks", name="list_labeling_tasks")
@IN_THREAD
@open_to(*REVIEW_READERS)
def list_tasks(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    status: pagination.TaskFilter = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> LabelingTaskList:
    """Tasks of a campaign, newest first, honeypots included; `status` filters."""
    campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    pagination.one_of(status, TaskStatus, "query", "status")
    conditions = [tasks.c.campaign_id == campaign_id]
    if status is not None:
        conditions.append(tasks.c.status == status)
    count = select(func.count()).select_from(tasks).where(*conditions)
    page = pagination.page(
        tx, select(tasks).where(*conditions), TaskRow._make, tasks.c.number, limit, cursor, count=count
    )
    data = [task_public(row, ctx.now) for row in page.rows]
    return LabelingTaskList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_LABELING + "/campaigns/{campaign_id}/tasks", name="create_labeling_tasks", status_code=201)
@open_to(*LEAD)
def create(ctx: Context, tx: Connection, campaign_id: str, body: LabelingTasksCreate) -> LabelingTaskList:
    """Creates all of the tasks, or none: 422 if one of them is wrong, 409 for a closed campaign."""
    errors: list[FieldError] = []
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    specs = parse_tasks(body.tasks, errors)
    if errors:
        raise invalid(errors)
    if campaign.status != CampaignStatus.OPEN:
        raise conflict(ConflictReason.CAMPAIGN_CLOSED, "The campaign is closed: it takes no more tasks.")
    ids = create_tasks(tx, campaign, specs, ctx.now, ctx.rng)
    rows = fetch_all(tx, select(tasks).where(tasks.c.id.in_(ids)).order_by(tasks.c.number), TaskRow)
    return LabelingTaskList(count=len(rows), data=[task_public(row, ctx.now) for row in rows])


@router.post(_LABELING + "/tasks/{task_id}/submit", name="submit_label", tags=[Tag.WORK], status_code=201)
@open_to(*VOTERS)
def submit(request: Request, ctx: Context, tx: Connection, task_id: str, body: LabelSubmit) -> Reply[LabelSubmission]:
    """Stores a verdict on a task. One that is too late to count is stored as well, and answered 409 with a receipt."""
    key = request.headers.get("idempotency-key")
    outcome = operations.submit_verdict(tx, ctx, task_id, body, key)
    if outcome.refused is None:
        return Reply(submission_public(outcome.submission))
    stored_id = None if outcome.was_there else outcome.submission.id
    return Reply(refusal=operations.refusal(outcome, key), stored_id=stored_id)


@router.post("/api/v1/gonogo/tasks/{task_id}/amend", name="amend_label", tags=[Tag.WORK], status_code=201)
@open_to(*VOTERS)
def amend(ctx: Context, tx: Connection, task_id: str, body: LabelSubmit) -> LabelSubmission:
    """Changes the caller's verdict on a task that is still open. The last one counts; all of them are kept.

    409 `not_submitted`, `task_resolved` (settled, or with an expert) or `campaign_closed`; then nothing was changed.
    """
    campaign = campaign_of_task(tx, ctx.caller, task_id, VOTERS)
    check_verdict(body.verdict, body.corrected_value)
    return submission_public(amendments.amend(tx, campaign, task_id, voter_of(ctx.caller), body, ctx.now))


@router.post(_LABELING + "/tasks/{task_id}/adjudicate", name="adjudicate_task", tags=[Tag.REVIEW])
@open_to(*REVIEWERS)
def adjudicate(ctx: Context, tx: Connection, task_id: str, body: Adjudication) -> Reply[LabelingTaskPublic]:
    """Adjudicates a task: the ruling resolves it whatever the votes say, and replaces an earlier ruling.

    Recorded like a ruling by the extension; the consensus is refreshed after the response.
    """
    task, _campaign = task_for(tx, ctx.caller, task_id, REVIEWERS)
    check_verdict(body.verdict, body.corrected_value)
    if ctx.caller.role == "reviewer":
        refuse_own_vote(tx, task_id, ctx.caller.id)
    ruling = RulingCreate(verdict=body.verdict, corrected_value=body.corrected_value, override=True)
    _ruling, row = rule(tx, task_id, ctx.caller, ruling, ctx.now)
    refresh = BackgroundTask(refresh_debounced, ctx.store, task.campaign_id, ctx.now)
    return Reply(task_public(row, ctx.now), after=refresh)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/submissions", name="list_submissions")
@IN_THREAD
@open_to(*EVERYBODY)
def list_submissions(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> SubmissionList:
    """Votes of a campaign, newest first; for an annotator only their own."""
    campaign_for(tx, ctx.caller, campaign_id, EVERYBODY)
    conditions = [submissions.c.campaign_id == campaign_id]
    if ctx.caller.role == "annotator":
        conditions.append(submissions.c.voter_id == ctx.caller.id)
    count = select(func.count()).select_from(submissions).where(*conditions)
    page = pagination.page(
        tx, _VOTES.where(*conditions), _NamedSubmission.of, submissions.c.number, limit, cursor, count=count
    )
    changed = amendments.latest_amendments(tx, [row.id for row, _email in page.rows])
    data = [_detail(row, email, changed.get(row.id), own=ctx.caller.role == "annotator") for row, email in page.rows]
    return SubmissionList(count=page.count, data=data, next_cursor=page.next_cursor)


def _detail(row: SubmissionRow, email: str | None, amendment: AmendmentRow | None, *, own: bool) -> SubmissionDetail:
    """A vote with its last answer for its voter, and with the one that counts for a lead: they differ on gold."""
    vote: dict[str, object] = {**submission_public(row).model_dump(), "reason": row.reason, "note": row.note}
    vote["group_size"] = row.group_size
    if amendment is not None and own:
        vote |= amendment.after
    vote["amended_at"] = None if amendment is None else instant(amendment.created_at)
    people = {"voter_id": row.voter_id, "voter_email": email}
    return SubmissionDetail.model_validate({**vote, **people, "counted": row.counted, "late": row.late})


class _NamedSubmission(NamedTuple):
    submission: SubmissionRow
    email: str | None

    @classmethod
    def of(cls, columns: Columns) -> Self:
        """From a row of `_VOTES`."""
        *submission, email = columns
        return cls(SubmissionRow._make(submission), cast("str | None", email))


_VOTES = (
    select(submissions, func.coalesce(annotator_accounts.c.email, users.c.email).label("email"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)
    .outerjoin(users, users.c.id == submissions.c.voter_id)
)
