"""Routes of labeling projects: list, create, get; their campaigns, and tasks generated of predictions."""

from __future__ import annotations

from sqlalchemy import Connection, select

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
from gonogo.server.campaigns import projects as domain
from gonogo.server.campaigns.campaigns import create_campaign
from gonogo.server.context import Context
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.serialize import PROJECT, CountedProject, project_public
from gonogo.server.store.schema import projects

router = make_router(Tag.PROJECTS)
_PATH = "/api/v1/parts/labeling/projects"


@router.get(_PATH, name="list_labeling_projects")
@open_to(*READERS)
def list_projects(
    ctx: Context, tx: Connection, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> LabelingProjectList:
    """Projects of the organisation, newest first."""
    query = select(*PROJECT).where(projects.c.org_id == ctx.caller.org_id)
    page = pagination.page(tx, query, CountedProject.of, projects.c.number, limit, cursor)
    data = [project_public(row) for row in page.rows]
    return LabelingProjectList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.post(_PATH, name="create_labeling_project", status_code=201)
@open_to(*LEAD)
def create_project(ctx: Context, tx: Connection, body: LabelingProjectCreate) -> LabelingProjectPublic:
    """Creates a project; 409 `name_taken` if the organisation has one of this name, 422 for a wrong policy."""
    return domain.create_project(tx, ctx.caller, body, ctx.now)


@router.get(_PATH + "/{project_id}", name="get_labeling_project")
@open_to(*READERS)
def get_project(ctx: Context, tx: Connection, project_id: str) -> LabelingProjectPublic:
    """One project with its number of campaigns."""
    return project_public(project_for(tx, ctx.caller, project_id, READERS))


@router.post(_PATH + "/{project_id}/generate-tasks", name="generate_project_tasks", status_code=201)
@open_to(*LEAD)
def generate_tasks(
    ctx: Context, tx: Connection, project_id: str, body: GenerateProjectTasks
) -> GenerateProjectTasksResult:
    """Generates a campaign of the predictions that the project's selection policy chooses."""
    return domain.generate_campaign(tx, ctx.caller, project_id, body, ctx.now, ctx.rng)


@router.post("/api/v1/gonogo/projects/{project_id}/campaigns", name="create_campaign_in_project", status_code=201)
@open_to(*LEAD)
def create_campaign_in_project(
    ctx: Context, tx: Connection, project_id: str, body: LabelingCampaignCreate
) -> LabelingCampaignPublic:
    """Creates a campaign in a project; 409 `name_taken` if the organisation has one of this name."""
    project_for(tx, ctx.caller, project_id, LEAD)
    return create_campaign(tx, ctx.caller, body, ctx.now, project_id)
