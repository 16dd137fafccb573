"""Routes of quality: the quality report, promotion of results, and the golden datasets."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Query, Request
from sqlalchemy import Connection, case, func, select

from gonogo.json_types import JsonObject
from gonogo.schemas.base import Received, Timestamp
from gonogo.schemas.labeling import PromoteResult, QualityReport
from gonogo.server.auth.authorization import LEAD, READERS, REVIEW_READERS, campaign_for
from gonogo.server.auth.principals import Principal
from gonogo.server.context import Context
from gonogo.server.errors import ApiError
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import Options, open_to, operation
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.http.query_types import Flag
from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.review.promotion import measure_for_promotion
from gonogo.server.review.promotion import promote as promote_results
from gonogo.server.serialize import instant
from gonogo.server.store.schema import campaigns, golden_items, tasks

router = make_router(Tag.QUALITY)
_Force = Annotated[Flag, Query(description="Promote although the campaign is below acceptance.")]
_PATH = "/api/v1/parts/labeling/campaigns/{campaign_id}"


class GoldenDatasetPublic(Received):
    """Golden dataset with the fields that the published reference of the sibling API shows."""

    id: str
    name: str
    description: str | None = None
    card: JsonObject = {}
    created_at: Timestamp | None = None
    created_by_user_id: str | None = None
    frozen_at: Timestamp | None = None
    item_count: int = 0
    modality_counts: JsonObject = {}


class GoldenDatasetList(Received):
    """Page of golden datasets."""

    count: int
    data: list[GoldenDatasetPublic]
    next_cursor: str | None = None


async def _measure(request: Request, caller: Principal) -> None:
    """Measures the campaign before the request's transaction starts, because it may take long."""
    state, campaign_id = request.app.state, request.path_params["campaign_id"]
    try:
        with state.store.read() as tx:
            campaign_for(tx, caller, campaign_id, LEAD)
    except ApiError:  # the operation refuses the same, and its reply is kept for a repeated request
        return
    request.state.measurement = await asyncio.to_thread(measure_for_promotion, state.store, campaign_id, state.clock())


@router.post(_PATH + "/promote", name="promote_labeling_campaign")
@operation(Options(prepare=_measure))
@open_to(*LEAD)
def promote(request: Request, ctx: Context, tx: Connection, campaign_id: str, force: _Force = False) -> PromoteResult:
    """Promotes newly resolved tasks to the golden dataset; a campaign below acceptance only with `?force=true`."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, LEAD)
    measurement = getattr(request.state, "measurement", None)
    return promote_results(tx, campaign, force, ctx.now, measurement)


@router.get(_PATH + "/quality", name="labeling_campaign_quality")
@open_to(*REVIEW_READERS)
async def quality(ctx: Context, campaign_id: str) -> QualityReport:
    """Quality report: agreement against the threshold, each annotator's record, and the explanations.

    Measured in a thread; the database is locked only to write the changes, so that claims and submits go on.
    """
    with ctx.store.read() as tx:
        campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    return await asyncio.to_thread(quality_report, ctx.store, campaign_id, ctx.now)


@router.get("/api/v1/parts/ground-truth/datasets", name="list_golden_datasets")
@open_to(*READERS)
def golden_datasets(
    ctx: Context,
    tx: Connection,
    name: Annotated[str | None, Query(max_length=200, description="Name of the campaign.")] = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> GoldenDatasetList:
    """Golden datasets, newest first: one for each campaign with promoted tasks. `name` filters by campaign name."""
    query = _DATASETS.where(campaigns.c.org_id == ctx.caller.org_id)
    if name is not None:
        query = query.where(campaigns.c.name == name)
    page = pagination.page(tx, query, _DatasetRow._make, campaigns.c.number, limit, cursor)
    ids = [row.id for row in page.rows]
    kinds = tx.execute(_KINDS.where(golden_items.c.campaign_id.in_(ids))).all()
    data = [_dataset(row, {kind: n for campaign, kind, n in kinds if campaign == row.id}) for row in page.rows]
    return GoldenDatasetList(count=page.count, data=data, next_cursor=page.next_cursor)


class _DatasetRow(NamedTuple):
    number: int
    id: str
    name: str
    description: str | None
    created_by_user_id: str | None
    n_items: int
    n_forced: int
    first_at: datetime


def _dataset(row: _DatasetRow, kinds: dict[str, int]) -> GoldenDatasetPublic:
    return GoldenDatasetPublic(
        id=row.id,
        name=row.name,
        description=row.description,
        card={"campaign_id": row.id, "forced_items": row.n_forced},
        created_at=instant(row.first_at),
        created_by_user_id=row.created_by_user_id,
        item_count=row.n_items,
        modality_counts=kinds,
    )


_ITEMS = (
    select(
        golden_items.c.campaign_id,
        func.count().label("n_items"),
        func.sum(case((golden_items.c.forced, 1), else_=0)).label("n_forced"),
        func.min(golden_items.c.promoted_at).label("first_at"),
    )
    .group_by(golden_items.c.campaign_id)
    .subquery()
)
_CAMPAIGN_COLUMNS = (
    campaigns.c.number,
    campaigns.c.id,
    campaigns.c.name,
    campaigns.c.description,
    campaigns.c.created_by_user_id,
)
_DATASETS = select(*_CAMPAIGN_COLUMNS, _ITEMS.c.n_items, _ITEMS.c.n_forced, _ITEMS.c.first_at).join(
    _ITEMS, _ITEMS.c.campaign_id == campaigns.c.id
)
_KINDS = (
    select(golden_items.c.campaign_id, tasks.c.target_kind, func.count())
    .join(tasks, tasks.c.id == golden_items.c.task_id)
    .group_by(golden_items.c.campaign_id, tasks.c.target_kind)
)
