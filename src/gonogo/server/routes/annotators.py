"""Routes of annotators: their states, the actions of leads on their work, and practice."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection, select
from starlette.background import BackgroundTask

from gonogo.schemas.review import (
    AnnotatorAction,
    AnnotatorActionCreate,
    AnnotatorActionList,
    AnnotatorActionPreview,
    AnnotatorStateList,
    AnnotatorVerb,
    PracticeAnswer,
    PracticeFeedback,
    PracticeSet,
)
from gonogo.server.auth.authorization import LEAD, READERS, campaign_for
from gonogo.server.context import Context
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import IN_THREAD, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import Reply
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import DIGITS
from gonogo.server.practice import items as practice
from gonogo.server.queue.verdicts import check_verdict
from gonogo.server.review.annotator_actions import (
    ActionRow,
    action_public,
    annotator_states,
    apply_action,
)
from gonogo.server.review.annotator_actions import (
    preview_action as preview,
)
from gonogo.server.scoring.refresh import refresh_debounced
from gonogo.server.store.schema import annotator_actions

router = make_router(Tag.PEOPLE)
_Items = Annotated[int, Query(ge=1, le=100, description="How many at most."), DIGITS]
_CAMPAIGN = "/api/v1/gonogo/campaigns/{campaign_id}"


@router.get(_CAMPAIGN + "/annotators", name="list_annotators")
@IN_THREAD
@open_to(*READERS)
def annotators(ctx: Context, tx: Connection, campaign_id: str) -> AnnotatorStateList:
    """Annotators of the campaign, by name: everybody who voted in it or is assigned to it, with counts and pause."""
    campaign_for(tx, ctx.caller, campaign_id, READERS)
    states = annotator_states(tx, campaign_id)
    return AnnotatorStateList(count=len(states), data=states)


@router.post(_CAMPAIGN + "/annotators/{voter_id}/actions", name="act_on_annotator", status_code=201)
@open_to(*LEAD)
def act_on(
    ctx: Context, tx: Connection, campaign_id: str, voter_id: str, body: AnnotatorActionCreate
) -> Reply[AnnotatorAction]:
    """Applies an action to an annotator's work: pause, resume, discount, restore or reopen. Leads only; audited.

    404 for a person who is not in the campaign.
    """
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    row = apply_action(tx, campaign, voter_id, body, ctx.caller, ctx.now)
    refresh = BackgroundTask(refresh_debounced, ctx.store, campaign_id, ctx.now) if row.n_tasks else None
    return Reply(action_public(row), after=refresh)


@router.get(_CAMPAIGN + "/annotators/{voter_id}/actions/{action}", name="preview_annotator_action")
@open_to(*LEAD)
def preview_action(
    ctx: Context, tx: Connection, campaign_id: str, voter_id: str, action: AnnotatorVerb
) -> AnnotatorActionPreview:
    """Preview of an action: its effect now, as a number of tasks and a sentence. Changes nothing."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    return preview(tx, campaign, voter_id, action)


@router.get(_CAMPAIGN + "/annotator-actions", name="annotator_actions")
@open_to(*READERS)
def actions(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> AnnotatorActionList:
    """Actions of leads on annotators in this campaign, newest first."""
    query = select(annotator_actions).where(annotator_actions.c.campaign_id == campaign_id)
    campaign_for(tx, ctx.caller, campaign_id, READERS)
    page = pagination.page(tx, query, ActionRow._make, annotator_actions.c.number, limit, cursor)
    data = [action_public(row) for row in page.rows]
    return AnnotatorActionList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.get(_CAMPAIGN + "/practice", name="practice_items", tags=[Tag.PRACTICE])
@IN_THREAD
@open_to(*practice.PRACTICE_ROLES)
def practice_items(
    ctx: Context,
    tx: Connection,
    campaign_id: str,
    limit: _Items = practice.DEFAULT_ITEMS,
) -> PracticeSet:
    """Practice items: known readings in random order, some with a seeded error. Answers never count as votes."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, practice.PRACTICE_ROLES)
    return practice.draw_items(tx, campaign, ctx.caller.id, limit, ctx.now, ctx.rng)


@router.post(_CAMPAIGN + "/practice", name="answer_practice_item", tags=[Tag.PRACTICE], status_code=201)
@open_to(*practice.PRACTICE_ROLES)
def answer_practice_item(ctx: Context, tx: Connection, campaign_id: str, body: PracticeAnswer) -> PracticeFeedback:
    """Feedback on one practice answer: the right verdict, the reason and the new standing. 404 for an unknown item."""
    check_verdict(body.verdict, body.corrected_value)
    campaign = campaign_for(tx, ctx.caller, campaign_id, practice.PRACTICE_ROLES)
    return practice.answer_item(tx, campaign, ctx.caller.id, body, ctx.now)
