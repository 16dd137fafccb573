"""Routes of labeling projects: list, create, get; their campaigns, and tasks generated of predictions."""

from __future__ import annotations

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from gonogo.schemas.labeling import (
    GenerateProjectTasks,
    GenerateProjectTasksResult,
    LabelingCampaignCreate,
    LabelingCampaignPublic,
    LabelingProjectCreate,
    LabelingProjectList,
    LabelingProjectPublic,
)
from gonogo.server.auth.authorization import LEAD, READERS, project_for
from gonogo.server.auth.principals import require
from gonogo.server.context import Context
from gonogo.server.errors import not_found
from gonogo.server.http import pagination
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.routes.campaigns import campaign_values, make_campaign, name_taken
from gonogo.server.serialize import PROJECT, campaign_public, project_public, read_campaign
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import calculations, campaigns, projects
from gonogo.server.store.typed_rows import fetch_campaign
from gonogo.server.tasks import generate, selection

router = make_router()
_PATH = "/api/v1/parts/labeling/projects"


@router.get(_PATH, name="list_labeling_projects")
def list_projects(
    ctx: Context, tx: Connection, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> LabelingProjectList:
    require(ctx.caller, *READERS)
    query = select(*PROJECT).where(projects.c.org_id == ctx.caller.org_id)
    page = pagination.page(tx, query, projects.c.number, limit, cursor)
    data = [project_public(row) for row in page.rows]
    return LabelingProjectList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_labeling_project", status_code=201)
def create_project(ctx: Context, tx: Connection, body: LabelingProjectCreate) -> LabelingProjectPublic:
    require(ctx.caller, *LEAD)
    selection.read_policy(body.selection_policy)
    values = body.model_dump() | {
        "id": new_id(),
        "org_id": ctx.caller.org_id,
        "created_by_user_id": ctx.caller.id,
        "created_at": ctx.now,
        "selection_policy": body.selection_policy or {},
        "target_kinds": body.target_kinds or [],
        "uses_platform_pool": bool(body.uses_platform_pool),
    }
    try:
        tx.execute(insert(projects).values(values))
        return project_public(project_for(tx, ctx.caller, values["id"], LEAD))
    except IntegrityError:
        raise name_taken("project") from None


@router.get(_PATH + "/{project_id}", name="get_labeling_project")
def get_project(ctx: Context, tx: Connection, project_id: str) -> LabelingProjectPublic:
    return project_public(project_for(tx, ctx.caller, project_id, READERS))


@router.post(_PATH + "/{project_id}/generate-tasks", name="generate_project_tasks", status_code=201)
def generate_tasks(
    ctx: Context, tx: Connection, project_id: str, body: GenerateProjectTasks
) -> GenerateProjectTasksResult:
    """Chooses predictions by the project's selection policy, and makes a campaign of them."""
    try:
        project = project_for(tx, ctx.caller, project_id, LEAD)
        runs = runs_of(tx, project_id, body.calculation_ids)
        choice = selection.select_predictions(tx, project, runs, ctx.rng)
        wanted = body.campaign or LabelingCampaignCreate(name=_free_name(tx, ctx, project.name))
        values = campaign_values(ctx.caller, wanted, project_id) | {"created_at": ctx.now}
        tx.execute(insert(campaigns).values(values))
        campaign = fetch_campaign(tx, values["id"])
        policy = selection.read_policy(project.selection_policy)
        gold = selection.draw_honeypots(choice.chosen, campaign.gold_fraction, policy.rng(ctx.rng))
        wrong = selection.draw_seeded_errors(policy, choice.chosen, gold, ctx.rng)
        generate.generate_tasks(tx, campaign, choice.chosen, gold, ctx.now, ctx.rng, wrong)
        made = campaign_public(read_campaign(tx, campaign.id))
    except IntegrityError:
        raise name_taken("campaign") from None
    return GenerateProjectTasksResult(
        campaign=made,
        n_candidates=choice.n_candidates,
        n_eligible=choice.n_eligible,
        n_skipped=choice.n_skipped,
        n_honeypots=len(gold),
        n_tasks=len(choice.chosen) - len(gold),
    )


@router.post("/api/v1/gonogo/projects/{project_id}/campaigns", name="create_campaign_in_project", status_code=201)
def create_campaign_in_project(
    ctx: Context, tx: Connection, project_id: str, body: LabelingCampaignCreate
) -> LabelingCampaignPublic:
    project_for(tx, ctx.caller, project_id, LEAD)
    return make_campaign(ctx, tx, body, project_id)


def runs_of(connection: Connection, project_id: str, wanted: list[str]) -> list[str]:
    """The wanted prediction runs; 404 if one of them is not in this project."""
    ids = list(dict.fromkeys(wanted))
    mine = select(calculations.c.id).where(calculations.c.id.in_(ids), calculations.c.project_id == project_id)
    if len(connection.execute(mine).all()) != len(ids):
        raise not_found()
    return ids


def _free_name(connection: Connection, ctx: Context, project_name: str) -> str:
    """The project's name, with a number if a campaign has that name already."""
    taken = set(connection.execute(select(campaigns.c.name).where(campaigns.c.org_id == ctx.caller.org_id)).scalars())
    name, count = project_name, 1
    while name in taken:
        count += 1
        name = f"{project_name[:190]} {count}"
    return name
