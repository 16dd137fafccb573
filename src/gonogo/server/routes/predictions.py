"""Routes of predictions: store a batch of a run, and create tasks of a run."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, select

from gonogo.schemas.enums import CampaignStatus, ConflictReason
from gonogo.schemas.gonogo_api import PredictionsCreate, PredictionsStored, TasksFromPredictions, TasksMade
from gonogo.server.auth.authorization import LEAD, campaign_for, project_for
from gonogo.server.context import Context
from gonogo.server.errors import conflict, documented, not_found
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.store.schema import auto_accepts, calculations, projects
from gonogo.server.tasks.generate import tasks_from_run
from gonogo.server.tasks.predictions import store_predictions

router = make_router(Tag.PROJECTS)
_AUDIT = select(auto_accepts.c.campaign_id).where(auto_accepts.c.campaign_id == bindparam("campaign"))


@router.post("/api/v1/gonogo/predictions", name="store_predictions", status_code=201, responses=documented({404}))
@open_to(*LEAD)
def store(body: PredictionsCreate, ctx: Context, tx: Connection) -> PredictionsStored:
    """Stores a batch of predictions in a run; those whose `id` the run has already are counted as known, unchanged."""
    project_for(tx, ctx.caller, body.project_id, LEAD)
    org_id = ctx.caller.org_id
    return store_predictions(tx, org_id, body.project_id, body.run, body.predictions, ctx.now)


@router.post(
    "/api/v1/gonogo/campaigns/{campaign_id}/tasks-from-predictions", name="tasks_from_predictions", status_code=201
)
@open_to(*LEAD)
def tasks_from_predictions(campaign_id: str, body: TasksFromPredictions, ctx: Context, tx: Connection) -> TasksMade:
    """Creates a task of each prediction of a run, once; with `gold_from_truth` a share of them becomes gold.

    With `update` predictions of records that the campaign has (the same id on the same sheet, or the same box and
    field) go to the tasks of these that nobody has seen yet; both predictions are kept. `n_skipped` is 0 then. It is
    refused with 409 where the campaign accepted predictions unseen: its audit is of the ones it accepted.

    A long run takes several requests, so that other writers get their turns: `limit` predictions a request, `after` is
    the `next` of the previous response. 409 for a closed campaign, 404 for an unknown run.
    """
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    if campaign.status != CampaignStatus.OPEN:
        raise conflict(ConflictReason.CAMPAIGN_CLOSED, "The campaign is closed: it takes no more tasks.")
    query = select(calculations.c.id).join(projects, projects.c.id == calculations.c.project_id)
    mine = query.where(calculations.c.id == body.calculation_id, projects.c.org_id == ctx.caller.org_id)
    if tx.execute(mine).first() is None:
        raise not_found()
    if body.update and tx.execute(_AUDIT, {"campaign": campaign_id}).first() is not None:
        message = "The campaign audits predictions that it accepted unseen: others would falsify the audit."
        raise conflict(ConflictReason.AUDITED, message)
    return tasks_from_run(tx, campaign, body, ctx.now, ctx.rng, ctx.caller.id)
