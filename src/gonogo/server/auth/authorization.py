"""Authorization: returns an object if the caller may see it, else raises 404 or 403.

Outside the caller's organisation, or for annotators and reviewers outside their campaign, an object does not exist:
404, exactly as for a random id. Inside, an operation that is not for the caller's role is 403.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, select

from gonogo.server.auth.principals import Principal, Voter, require
from gonogo.server.errors import not_found
from gonogo.server.serialize import PROJECT, CountedCampaign, CountedProject, read_campaign
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.schema import campaigns, projects, rulings, tasks, webhooks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow

LEAD = ("lead",)
READERS = ("lead", "reader")
REVIEWERS = ("lead", "reviewer")
REVIEW_READERS = ("lead", "reader", "reviewer")
VOTERS = ("lead", "annotator")
EVERYBODY = ("lead", "reader", "reviewer", "annotator")


def voter_of(caller: Principal) -> Voter:
    """The caller as a voter."""
    return Voter(caller.id, caller.kind)


def campaign_for(connection: Connection, caller: Principal, campaign_id: str, roles: tuple[str, ...]) -> CampaignRow:
    """The campaign (all columns of `campaigns`), if `caller` may see it (else 404) in one of `roles` (else 403)."""
    row = _CAMPAIGN.first(connection, {"campaign": campaign_id, "org": caller.org_id})
    return _checked(connection, caller, row, roles)


def counted_campaign(
    connection: Connection, caller: Principal, campaign_id: str, roles: tuple[str, ...]
) -> CountedCampaign:
    """Campaign of `campaign_for` with its count of resolved tasks."""
    campaign_for(connection, caller, campaign_id, roles)
    return read_campaign(connection, campaign_id)


def task_for(
    connection: Connection, caller: Principal, task_id: str, roles: tuple[str, ...]
) -> tuple[TaskRow, CampaignRow]:
    """The task (all columns) and its campaign."""
    task = _TASK.first(connection, {"task": task_id})
    if task is None:
        raise not_found()
    return task, campaign_for(connection, caller, task.campaign_id, roles)


def campaign_of_task(connection: Connection, caller: Principal, task_id: str, roles: tuple[str, ...]) -> CampaignRow:
    """Campaign of a task, without reading the task; refuses like `campaign_for`."""
    row = _CAMPAIGN_OF_TASK.first(connection, {"task": task_id, "org": caller.org_id})
    return _checked(connection, caller, row, roles)


def check_rights(connection: Connection, caller: Principal, path: Mapping[str, str], roles: tuple[str, ...]) -> None:
    """Raises 404 or 403 if an operation for `roles` on the object of its `path` is not for `caller`; writes nothing."""
    if (campaign_id := path.get("campaign_id")) is not None:
        campaign_for(connection, caller, campaign_id, roles)
    elif (task_id := path.get("task_id")) is not None:
        campaign_of_task(connection, caller, task_id, roles)
    elif (ruling_id := path.get("ruling_id")) is not None:
        row = _CAMPAIGN_OF_RULING.first(connection, {"ruling": ruling_id, "org": caller.org_id})
        _checked(connection, caller, row, roles)
    elif (project_id := path.get("project_id")) is not None:
        project_for(connection, caller, project_id, roles)
    elif (webhook_id := path.get("webhook_id")) is not None:
        require(caller, *roles)
        if _WEBHOOK.first(connection, {"webhook": webhook_id, "org": caller.org_id}) is None:
            raise not_found()
    else:
        require(caller, *roles)


def project_for(connection: Connection, caller: Principal, project_id: str, roles: tuple[str, ...]) -> CountedProject:
    """The project, if `caller` may see it (else 404). Annotators and reviewers get 403 for any id."""
    require(caller, *roles)
    query = select(*PROJECT).where(projects.c.id == project_id, projects.c.org_id == caller.org_id)
    row = connection.execute(query).first()
    if row is None:
        raise not_found()
    return CountedProject.of(row)


def _checked(connection: Connection, caller: Principal, row: CampaignRow | None, roles: tuple[str, ...]) -> CampaignRow:
    if row is None or not _in_reach(connection, caller, row):
        raise not_found()
    require(caller, *roles)
    return row


def _in_reach(connection: Connection, caller: Principal, campaign: CampaignRow) -> bool:
    if caller.kind == "user" or campaign.id == caller.campaign_id:
        return True
    if caller.role != "annotator" or campaign.project_id is None:
        return False
    return bool(_POOL.scalar(connection, {"project": campaign.project_id}))


_CAMPAIGN = CompiledQuery(
    select(campaigns).where(campaigns.c.id == bindparam("campaign"), campaigns.c.org_id == bindparam("org")),
    CampaignRow,
)
_CAMPAIGN_OF_TASK = CompiledQuery(
    select(campaigns)
    .join(tasks, tasks.c.campaign_id == campaigns.c.id)
    .where(tasks.c.id == bindparam("task"), campaigns.c.org_id == bindparam("org")),
    CampaignRow,
)
_CAMPAIGN_OF_RULING = CompiledQuery(
    select(campaigns)
    .join(rulings, rulings.c.campaign_id == campaigns.c.id)
    .where(rulings.c.id == bindparam("ruling"), campaigns.c.org_id == bindparam("org")),
    CampaignRow,
)
_TASK = CompiledQuery(select(tasks).where(tasks.c.id == bindparam("task")), TaskRow)
_WEBHOOK = CompiledStatement(
    select(webhooks.c.id).where(
        webhooks.c.id == bindparam("webhook"), webhooks.c.org_id == bindparam("org"), webhooks.c.removed_at.is_(None)
    )
)
_POOL = CompiledStatement(select(projects.c.uses_platform_pool).where(projects.c.id == bindparam("project")))
