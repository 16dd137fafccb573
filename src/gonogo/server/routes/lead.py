"""Routes for leads, extensions of the published API: keys, prediction runs, task previews, audit head, progress."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple

from fastapi import Query
from sqlalchemy import Connection, func, select

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
from gonogo.schemas.model_report import ModelReport
from gonogo.server.auth.api_keys import KEYS, KeyRow, key_public, make_key, revoke_key
from gonogo.server.auth.authorization import LEAD, READERS, REVIEW_READERS, campaign_for, project_for
from gonogo.server.campaigns.campaigns import DEFAULTS
from gonogo.server.campaigns.projects import acceptance_of, all_runs_of, runs_of
from gonogo.server.context import Context
from gonogo.server.errors import documented, invalid
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import IN_THREAD, READ_ONLY, open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.model_report.report import ReportQuery, model_report
from gonogo.server.progress.report import campaign_progress as progress
from gonogo.server.results.auth import make_password
from gonogo.server.serialize import instant
from gonogo.server.store import audit
from gonogo.server.store.schema import calculations, predictions, users
from gonogo.server.tasks import selection

router = make_router(Tag.SERVER)
_KEYS = "/api/v1/gonogo/keys"


class _RunRow(NamedTuple):
    number: int
    id: str
    run: str
    created_at: datetime
    n_predictions: int


@router.post(_KEYS, name="create_key", tags=[Tag.SIGN_IN], status_code=201, responses=documented({400}))
@open_to(*LEAD)
def create_key(body: KeyCreate, ctx: Context, tx: Connection) -> KeyCreated:
    """Creates an API key of the calling user; only this response contains it. 400 for unknown scopes."""
    return make_key(tx, ctx.caller.id, body.name, body.scopes, ctx.now)


@router.get(_KEYS, name="list_keys", tags=[Tag.SIGN_IN])
@open_to(*LEAD)
def list_keys(
    ctx: Context, tx: Connection, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> KeyList:
    """API keys of the organisation, revoked ones included, without their secrets."""
    query = KEYS.where(users.c.org_id == ctx.caller.org_id)
    page = pagination.page(tx, query, KeyRow._make, KEYS.selected_columns.number, limit, cursor)
    return KeyList(count=page.count, data=[key_public(row) for row in page.rows], next_cursor=page.next_cursor)


@router.delete(_KEYS + "/{key_id}", name="revoke_key", tags=[Tag.SIGN_IN])
@open_to(*LEAD)
def revoke(key_id: str, ctx: Context, tx: Connection) -> KeyPublic:
    """Revokes a key at once. Idempotent; 404 for an unknown key."""
    return revoke_key(tx, ctx.caller.org_id, key_id, ctx.now)


@router.post(_KEYS + "/{key_id}/results-password", name="make_results_password", tags=[Tag.SIGN_IN], status_code=201)
@open_to(*LEAD)
def results_password(key_id: str, ctx: Context, tx: Connection) -> ResultsPassword:
    """Creates the password that signs in to the results API beside the key; only this response contains it.

    An earlier password and its sessions end.
    """
    return make_password(tx, ctx.caller.org_id, key_id, ctx.now)


@router.get("/api/v1/gonogo/projects/{project_id}/runs", name="list_runs", tags=[Tag.PROJECTS])
@open_to(*READERS)
def list_runs(
    project_id: str,
    ctx: Context,
    tx: Connection,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> RunList:
    """Prediction runs of a project; their ids are the `calculation_ids` of generate-tasks."""
    count = select(func.count()).where(predictions.c.calculation_id == calculations.c.id).scalar_subquery()
    columns = [calculations.c[name] for name in _RunRow._fields[:-1]]
    query = select(*columns, count.label("n_predictions")).where(calculations.c.project_id == project_id)
    project_for(tx, ctx.caller, project_id, READERS)
    page = pagination.page(tx, query, _RunRow._make, calculations.c.number, limit, cursor)
    data = [
        RunPublic(id=row.id, run=row.run, n_predictions=row.n_predictions, created_at=instant(row.created_at))
        for row in page.rows
    ]
    return RunList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post("/api/v1/gonogo/projects/{project_id}/generate-tasks/preview", name="preview_tasks", tags=[Tag.PROJECTS])
@READ_ONLY
@open_to(*LEAD)
def preview(project_id: str, body: GenerateProjectTasks, ctx: Context, tx: Connection) -> GeneratePreview:
    """Preview of generate-tasks: the counts it would yield now. Changes nothing.

    Without a seed in the policy, generate-tasks may draw a different sample.
    """
    project = project_for(tx, ctx.caller, project_id, LEAD).project
    runs = runs_of(tx, project_id, body.calculation_ids)
    choice = selection.select_predictions(tx, project, runs, ctx.rng, acceptance_of(body), merge=body.merge_readings)
    fraction = body.campaign.gold_fraction if body.campaign else None
    n_gold = selection.count_honeypots(choice.chosen, DEFAULTS["gold_fraction"] if fraction is None else fraction)
    return GeneratePreview(
        n_candidates=choice.n_candidates,
        n_eligible=choice.n_eligible,
        n_skipped=choice.n_skipped,
        n_honeypots=n_gold,
        n_tasks=len(choice.chosen) - n_gold,
        n_accepted=choice.n_accepted,
        n_audited=choice.n_audited,
        n_merged=choice.n_merged,
    )


@router.get("/api/v1/gonogo/projects/{project_id}/model-report", name="model_report")
@IN_THREAD
@open_to(*READERS)
def read_model_report(
    project_id: str,
    ctx: Context,
    tx: Connection,
    runs: Annotated[str | None, Query(max_length=40_000, description="Ids of runs, with commas between.")] = None,
    against: Annotated[str | None, Query(max_length=200, description="Id of a run to compare with.")] = None,
    reader: Annotated[str | None, Query(max_length=200, description="A `source` of predictions.")] = None,
    other_reader: Annotated[str | None, Query(max_length=200, description="The one to compare it with.")] = None,
    bound: Annotated[float | None, Query(gt=0, lt=1, description="Greatest error to be accepted unseen.")] = None,
) -> ModelReport:
    """How far the predictions of `runs` (ids with commas between; default: all of the project) can be trusted alone.

    `against` compares with another run, `reader` with `other_reader`, at the places that both read. With `bound` the
    report has the lowest confidence above which the upper bound of the error is at most that.
    """
    project_for(tx, ctx.caller, project_id, READERS)
    ids = runs_of(tx, project_id, runs.split(",")) if runs else all_runs_of(tx, project_id)
    if against is not None:
        runs_of(tx, project_id, [against])
    if (reader is None) != (other_reader is None):
        raise invalid([{"loc": ["query", "reader"], "msg": "Give two readers to compare.", "type": "value_error"}])
    readers = None if reader is None or other_reader is None else (reader, other_reader)
    return model_report(tx, project_id, ReportQuery(ids, against or "", readers, bound))


@router.get("/api/v1/gonogo/audit/head", name="audit_head")
@open_to(*READERS)
def audit_head(ctx: Context, tx: Connection) -> AuditHead:
    """Head of the audit log: rows, chains and their ends, which an export's manifest records for a later check."""
    heads = audit.heads(tx)
    n_rows = sum(seq for seq, _ in heads.values())
    ends = audit.heads_as_json(heads)
    return AuditHead(n_rows=n_rows, n_chains=len(heads), sha256=audit.digest_of(heads), heads=ends)


@router.get("/api/v1/gonogo/campaigns/{campaign_id}/progress", name="campaign_progress", tags=[Tag.QUALITY])
@IN_THREAD
@open_to(*REVIEW_READERS)
def campaign_progress(campaign_id: str, ctx: Context, tx: Connection) -> CampaignProgress:
    """Progress of a campaign: tasks open, held, in review and resolved; the people at work, their pace, votes left."""
    campaign = campaign_for(tx, ctx.caller, campaign_id, REVIEW_READERS)
    return progress(tx, campaign, ctx.now)
