"""What a lead does that the published reference has no operation for: API keys, prediction runs, previews."""

from __future__ import annotations

import asyncio

from sqlalchemy import func, select

from gonogo.schemas.gonogo_api import KeyCreate, KeyCreated
from gonogo.schemas.labeling import GenerateProjectTasks
from gonogo.schemas.lead import (
    AuditHead,
    CampaignProgress,
    GeneratePreview,
    KeyList,
    KeyPublic,
    ResultsPassword,
    RunList,
    RunPublic,
)
from gonogo.server.auth.api_keys import KEYS, key_public, make_key, revoke_key
from gonogo.server.auth.authorization import LEAD, READERS, REVIEW_READERS, campaign_for, project_for
from gonogo.server.auth.principals import require
from gonogo.server.context import Context, Ctx
from gonogo.server.errors import documented
from gonogo.server.http import pagination
from gonogo.server.http.pipeline import LookingRoute
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.progress.report import campaign_progress as progress
from gonogo.server.results.auth import make_password
from gonogo.server.routes.campaigns import DEFAULTS
from gonogo.server.routes.projects import runs_of
from gonogo.server.serialize import instant
from gonogo.server.store import audit
from gonogo.server.store.schema.campaigns import calculations, predictions, users
from gonogo.server.tasks import generate

router = make_router()
looking = make_router(LookingRoute)
_KEYS = "/api/v1/gonogo/keys"


@router.post(_KEYS, name="create_key", status_code=201, responses=documented({400}))
async def create_key(body: KeyCreate, context: Ctx) -> KeyCreated:
    """Makes an API key of the calling user; the answer is the only time it is shown."""
    require(context.caller, *LEAD)
    with context.store.write() as connection:
        return make_key(connection, context.caller.id, body.name, body.scopes, context.now)


@router.get(_KEYS, name="list_keys")
async def list_keys(
    context: Ctx, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> KeyList:
    """The keys of the organisation, revoked ones too; never a secret."""
    require(context.caller, *LEAD)
    query = KEYS.where(users.c.org_id == context.caller.org_id)
    with context.store.read() as connection:
        page = pagination.page(connection, query, KEYS.selected_columns.number, limit, cursor)
    return KeyList(count=page.count, data=[key_public(row) for row in page.rows], next_cursor=page.next_cursor)


@router.delete(_KEYS + "/{key_id}", name="revoke_key")
async def revoke(key_id: str, context: Ctx) -> KeyPublic:
    """Voids a key at once; one that is void already stays as it is."""
    require(context.caller, *LEAD)
    with context.store.write() as connection:
        return revoke_key(connection, context.caller.org_id, key_id, context.now)


@router.post(_KEYS + "/{key_id}/results-password", name="make_results_password", status_code=201)
async def results_password(key_id: str, context: Ctx) -> ResultsPassword:
    """Makes what signs in to the results API beside the key; shown once, and an older one is void."""
    require(context.caller, *LEAD)
    with context.store.write() as connection:
        return make_password(connection, context.caller.org_id, key_id, context.now)


@router.get("/api/v1/gonogo/projects/{project_id}/runs", name="list_runs")
async def list_runs(
    project_id: str, context: Ctx, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> RunList:
    """The prediction runs of a project; their ids are the `calculation_ids` of generate-tasks."""
    count = select(func.count()).where(predictions.c.calculation_id == calculations.c.id).scalar_subquery()
    query = select(calculations, count.label("n_predictions")).where(calculations.c.project_id == project_id)
    with context.store.read() as connection:
        project_for(connection, context.caller, project_id, READERS)
        page = pagination.page(connection, query, calculations.c.number, limit, cursor)
    data = [
        RunPublic(id=row.id, run=row.run, n_predictions=row.n_predictions, created_at=instant(row.created_at))
        for row in page.rows
    ]
    return RunList(count=page.count, data=data, next_cursor=page.next_cursor)


@looking.post("/api/v1/gonogo/projects/{project_id}/generate-tasks/preview", name="preview_tasks")
async def preview(project_id: str, body: GenerateProjectTasks, context: Ctx) -> GeneratePreview:
    """What generate-tasks would make; nothing is made. Without a seed in the policy another sample may be drawn."""
    with context.store.read() as connection:
        project = project_for(connection, context.caller, project_id, LEAD)
        choice = generate.select_predictions(
            connection, project, runs_of(connection, project_id, body.calculation_ids), context.rng
        )
    fraction = body.campaign.gold_fraction if body.campaign else None
    n_gold = generate.count_honeypots(choice.chosen, DEFAULTS["gold_fraction"] if fraction is None else fraction)
    return GeneratePreview(
        n_candidates=choice.n_candidates,
        n_eligible=choice.n_eligible,
        n_skipped=choice.n_skipped,
        n_honeypots=n_gold,
        n_tasks=len(choice.chosen) - n_gold,
    )


@router.get("/api/v1/gonogo/audit/head", name="audit_head")
async def audit_head(context: Ctx) -> AuditHead:
    """Where the audit log stands: what an export's manifest keeps, and later shows what was done since."""
    require(context.caller, *READERS)
    with context.store.read() as connection:
        heads = audit.heads(connection)
    return AuditHead(n_rows=sum(seq for seq, _ in heads.values()), n_chains=len(heads), sha256=audit.digest_of(heads))


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/progress", name="campaign_progress")
async def campaign_progress(campaign_id: str, context: Ctx) -> CampaignProgress:
    """What is left, held, in review and done; who works, how fast, and what is still to be voted."""
    return await asyncio.to_thread(_progress, campaign_id, context)


def _progress(campaign_id: str, context: Context) -> CampaignProgress:
    with context.store.read() as connection:
        campaign = campaign_for(connection, context.caller, campaign_id, REVIEW_READERS)
        return progress(connection, campaign, context.now)


router.include_router(looking)
