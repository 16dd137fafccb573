"""Quality of a campaign, promotion of its results, and the golden datasets that promotion filled."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy import Connection, Row, case, func, select

from gonogo.server.auth import Caller, Lead, Principal, Reader, require
from gonogo.server.errors import not_found
from gonogo.server.records import instant
from gonogo.server.routing import router as make_router
from gonogo.server.scoring import measure_campaign, write_measured
from gonogo.server.scoring import promote as promote_results
from gonogo.server.store.tables import campaigns, golden_items, tasks
from gonogo.wire.labeling import PromoteResult, QualityReport

router = make_router()


@router.post("/api/v1/parts/labeling/campaigns/{campaign_id}/promote", name="promote_labeling_campaign")
async def promote(request: Request, campaign_id: str, caller: Lead, force: bool = False) -> PromoteResult:
    """Copies what is newly resolved to the golden dataset; below acceptance only with `?force=true`."""
    state = request.app.state
    with state.store.write() as connection:
        campaign = _visible(connection, caller, campaign_id)
        return promote_results(connection, campaign, force, state.clock())


@router.get("/api/v1/parts/labeling/campaigns/{campaign_id}/quality", name="labeling_campaign_quality")
async def quality(request: Request, campaign_id: str, caller: Caller) -> QualityReport:
    """Agreement against the threshold and each annotator's part in it; for leads, readers and reviewers.

    The work is done in a thread and writes only what changed, so that claims and submits go on meanwhile.
    """
    with request.app.state.store.read() as connection:
        campaign = _visible(connection, caller, campaign_id)
    require(caller, "lead", "reader", "reviewer")
    return await asyncio.to_thread(_measure, request.app.state, campaign)


@router.get("/api/v1/parts/ground-truth/datasets", name="list_golden_datasets")
async def golden_datasets(
    request: Request,
    caller: Reader,
    name: str | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> dict[str, Any]:
    """The golden datasets: one for each campaign from which something was promoted, newest first."""
    where = [golden_items.c.org_id == caller.org_id]
    if name is not None:
        where.append(campaigns.c.name == name)
    with request.app.state.store.read() as connection:
        rows = connection.execute(_DATASETS.where(*where)).all()
        kinds = connection.execute(_KINDS.where(*where)).all()
    found = [_dataset(row, {kind: n for campaign_id, kind, n in kinds if campaign_id == row.id}) for row in rows]
    return {"count": len(found), "data": found[:limit]}


def _measure(state: Any, campaign: Row[Any]) -> QualityReport:
    from gonogo.server.quality import report

    with state.store.read() as connection:
        measured = measure_campaign(connection, campaign)
    answer = report(measured, campaign)
    with state.store.write() as connection:
        write_measured(connection, campaign, measured, state.clock())
    return answer


def _visible(connection: Connection, caller: Principal, campaign_id: str) -> Row[Any]:
    """The campaign, if it is in the caller's organisation and, for annotators, theirs; else 404."""
    row = connection.execute(
        select(campaigns).where(campaigns.c.id == campaign_id, campaigns.c.org_id == caller.org_id)
    ).first()
    if row is None or caller.campaign_id not in (None, campaign_id):
        raise not_found()
    return row


def _dataset(row: Row[Any], kinds: dict[str, int]) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "card": {"campaign_id": row.id, "forced_items": row.forced},
        "created_at": instant(row.first),
        "created_by_user_id": row.created_by_user_id,
        "frozen_at": None,
        "item_count": row.n,
        "modality_counts": kinds,
    }


_DATASETS = (
    select(
        campaigns.c.id,
        campaigns.c.name,
        campaigns.c.description,
        campaigns.c.created_by_user_id,
        func.count().label("n"),
        func.sum(case((golden_items.c.forced, 1), else_=0)).label("forced"),
        func.min(golden_items.c.promoted_at).label("first"),
    )
    .select_from(golden_items.join(campaigns, campaigns.c.id == golden_items.c.campaign_id))
    .group_by(
        campaigns.c.id, campaigns.c.name, campaigns.c.description, campaigns.c.created_by_user_id, campaigns.c.number
    )
    .order_by(campaigns.c.number.desc())
)
_KINDS = (
    select(campaigns.c.id, tasks.c.target_kind, func.count())
    .select_from(
        golden_items.join(campaigns, campaigns.c.id == golden_items.c.campaign_id).join(
            tasks, tasks.c.id == golden_items.c.task_id
        )
    )
    .group_by(campaigns.c.id, tasks.c.target_kind)
)
