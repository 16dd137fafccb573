"""Routes of review: the queue of conflicts, one case with its votes, rulings, gold candidates, settings."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection, select
from starlette.background import BackgroundTask

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.review import (
    GoldCandidate,
    GoldCandidateList,
    GoldDecision,
    ReviewDetail,
    ReviewPage,
    ReviewSettings,
    RulingCreate,
    RulingMade,
    RulingPublic,
)
from gonogo.server.auth.authorization import LEAD, REVIEW_READERS, REVIEWERS, campaign_for, task_for
from gonogo.server.context import Context
from gonogo.server.errors import invalid
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import IN_THREAD, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import Flag
from gonogo.server.practice.items import check_settings
from gonogo.server.practice.settings import load_review_settings
from gonogo.server.practice.settings import update_review_settings as store_review_settings
from gonogo.server.queue.verdicts import check_verdict
from gonogo.server.review.adjudication import adjudicate, refuse_own_vote
from gonogo.server.review.case_detail import case_detail
from gonogo.server.review.gold_decisions import decide_gold_candidate
from gonogo.server.review.queue import ReviewQuery, queue_page
from gonogo.server.review.rulings import ACCEPTED, CANDIDATE, DECLINED, RULINGS, RulingRow, ruling_by_id, ruling_public
from gonogo.server.scoring.refresh import refresh_debounced
from gonogo.server.serialize import task_public
from gonogo.server.store.schema import rulings, tasks
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.typed_rows import fetch_all

router = make_router(Tag.REVIEW)
_CAMPAIGN = "/api/v1/gonogo/campaigns/{campaign_id}"
_TASK = "/api/v1/gonogo/tasks/{task_id}"
_Names = Annotated[Flag, Query(description="Whether to name who voted.")]
_GoldFilter = Annotated[
    str | None,
    Query(
        max_length=100,
        description="`candidate` by default.",
        json_schema_extra={"enum": [CANDIDATE, ACCEPTED, DECLINED]},
    ),
]


@router.get(_CAMPAIGN + "/review", name="review_queue")
@IN_THREAD
@open_to(*REVIEW_READERS)
def review_queue(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: Annotated[str | None, Query(max_length=60, description="`next_cursor` of the page before.")] = None,
    status: pagination.TaskFilter = None,
    kind: Annotated[str | None, Query(max_length=300, description="`target_kind` or `detail_kind`.")] = None,
    annotator: Annotated[str | None, Query(max_length=300, description="Id or address of who voted.")] = None,
    sheet: Annotated[str | None, Query(max_length=300, description="Revision, `revision#page`, or part.")] = None,
    text: Annotated[str | None, Query(max_length=300, description="Text in question, field or values.")] = None,
    reason: Annotated[str | None, Query(max_length=300, description="Reason of a note; `any`: any note.")] = None,
    sample: Annotated[Flag, Query(description="Settled tasks at the campaign's sample rate, too.")] = False,
    causes: Annotated[Flag, Query(description="Whether to name the `cause` of each conflict.")] = False,
) -> ReviewPage:
    """Review queue: open tasks that annotators ask the lead about, then conflicts by expected harm; then, with
    `sample`, settled tasks at the campaign's `sample_rate`. `reason` keeps those with such a note; `any` with any note.

    With `status` other than `in_review`: all tasks of that status, newest first. Tasks that the caller voted on are
    left out.
    """
    pagination.one_of(status, TaskStatus, "query", "status")
    filters = ReviewQuery(status, kind, annotator, sheet, text, reason, sample, causes)
    campaign = campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    return queue_page(tx, campaign, ctx.caller.id, filters, limit, cursor, ctx.now)


@router.get(_TASK + "/review", name="review_task")
@open_to(*REVIEW_READERS)
def review_task(ctx: Context, tx: Connection, task_id: str, names: _Names = False) -> ReviewDetail:
    """Case detail for one adjudication: votes, values, possible and earlier rulings; names with `?names=true`."""
    task, _campaign = task_for(tx, ctx.caller, task_id, REVIEW_READERS)
    return case_detail(tx, task, ctx.caller, ctx.now, names=names)


@router.post(_TASK + "/ruling", name="rule_on_task", status_code=201)
@open_to(*REVIEWERS)
def make_ruling(ctx: Context, tx: Connection, task_id: str, body: RulingCreate) -> Reply[RulingMade]:
    """Adjudicates a task, with a note, the error type and a proposal for gold; refreshes the consensus afterwards.

    409 `own_vote` for a reviewer who voted on the task, `task_resolved` for a second ruling without `override`.
    """
    task, _campaign = task_for(tx, ctx.caller, task_id, REVIEWERS)
    check_verdict(body.verdict, body.corrected_value)
    if ctx.caller.role == "reviewer":
        refuse_own_vote(tx, task_id, ctx.caller.id)
    ruling, row = adjudicate(tx, task_id, ctx.caller, body, ctx.now)
    public = RulingMade(ruling=ruling_public(ruling, ctx.caller.id, names=False), task=task_public(row, ctx.now))
    return Reply(public, after=BackgroundTask(refresh_debounced, ctx.store, task.campaign_id, ctx.now))


@router.get(_CAMPAIGN + "/review-settings", name="review_settings")
@open_to(*REVIEW_READERS)
def read_settings(ctx: Context, tx: Connection, campaign_id: str) -> ReviewSettings:
    """Review settings of a campaign: sample rate, warm-up and qualification."""
    campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    return load_review_settings(tx, campaign_id)


@router.patch(_CAMPAIGN + "/review-settings", name="update_review_settings")
@open_to(*LEAD)
def update_settings(ctx: Context, tx: Connection, campaign_id: str, body: ReviewSettings) -> ReviewSettings:
    """Changes the settings in the body; the others stay. 409 for a qualification that nobody could pass."""
    campaign_for(tx, ctx.caller, campaign_id, LEAD)
    changed = store_review_settings(tx, campaign_id, body)
    if body.model_fields_set & {"pass_mark", "qualification_items"}:
        check_settings(tx, campaign_id, changed)
    return changed


@router.get(_CAMPAIGN + "/gold-candidates", name="gold_candidates")
@open_to(*REVIEW_READERS)
def gold_candidates(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    status: _GoldFilter = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> GoldCandidateList:
    """Gold candidates: rulings proposed as gold; `status` is `candidate` (the default), `accepted` or `declined`."""
    allowed = (CANDIDATE, ACCEPTED, DECLINED)
    if status is not None and status not in allowed:
        known = ", ".join(allowed)
        raise invalid([{"loc": ["query", "status"], "msg": f"Allowed values: {known}.", "type": "enum"}])
    query = RULINGS.where(
        rulings.c.campaign_id == campaign_id,
        rulings.c.gold_status == (status or CANDIDATE),
        rulings.c.superseded.is_(False),
    )
    campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    page = pagination.page(tx, query, RulingRow._make, rulings.c.number, limit, cursor)
    ruled = select(tasks).where(tasks.c.id.in_([row.task_id for row in page.rows]))
    by_id = {task.id: task for task in fetch_all(tx, ruled, TaskRow)}
    data = [
        GoldCandidate(
            ruling=ruling_public(row, ctx.caller.id, names=True), task=task_public(by_id[row.task_id], ctx.now)
        )
        for row in page.rows
    ]
    return GoldCandidateList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post("/api/v1/gonogo/rulings/{ruling_id}/gold", name="decide_gold")
@open_to(*LEAD)
def gold_decision(ctx: Context, tx: Connection, ruling_id: str, body: GoldDecision) -> RulingPublic:
    """Accepts a gold candidate, which creates a honeypot, or declines it."""
    ruling = ruling_by_id(tx, ruling_id)
    campaign = campaign_for(tx, ctx.caller, ruling.campaign_id, LEAD)
    target = campaign
    if body.campaign_id is not None:
        target = campaign_for(tx, ctx.caller, body.campaign_id, LEAD)
    decided = decide_gold_candidate(tx, ruling, target, body, ctx.caller, ctx.now, ctx.rng)
    return ruling_public(decided, ctx.caller.id, names=True)
