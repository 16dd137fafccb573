"""Projects: creates them, and generates campaigns from their prediction runs."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from gonogo.schemas.labeling import (
    GenerateProjectTasks,
    GenerateProjectTasksResult,
    LabelingCampaignCreate,
    LabelingProjectCreate,
    LabelingProjectPublic,
)
from gonogo.server.auth.authorization import LEAD, project_for
from gonogo.server.auth.principals import Principal
from gonogo.server.campaigns.campaigns import campaign_values, name_taken
from gonogo.server.errors import not_found
from gonogo.server.serialize import campaign_public, project_public, read_campaign
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import auto_accepts, calculations, campaigns, projects
from gonogo.server.store.typed_rows import fetch_campaign
from gonogo.server.tasks import generate, selection


def create_project(
    connection: Connection, caller: Principal, body: LabelingProjectCreate, now: datetime
) -> LabelingProjectPublic:
    """Creates a project; raises 409 `name_taken`, or 422 for a selection policy with a wrong value."""
    selection.read_policy(body.selection_policy)
    values = body.model_dump() | {
        "id": new_id(),
        "org_id": caller.org_id,
        "created_by_user_id": caller.id,
        "created_at": now,
        "selection_policy": body.selection_policy or {},
        "target_kinds": body.target_kinds or [],
        "uses_platform_pool": bool(body.uses_platform_pool),
    }
    try:
        connection.execute(insert(projects).values(values))
        return project_public(project_for(connection, caller, values["id"], LEAD))
    except IntegrityError:
        raise name_taken("project") from None


def generate_campaign(
    connection: Connection,
    caller: Principal,
    project_id: str,
    body: GenerateProjectTasks,
    now: datetime,
    rng: random.Random,
) -> GenerateProjectTasksResult:
    """Creates a campaign of the predictions that the project's selection policy chooses.

    Raises 404 for an unknown project or run, 409 `name_taken`, 422 for an unknown consensus method.
    """
    try:
        project = project_for(connection, caller, project_id, LEAD).project
        runs = runs_of(connection, project_id, body.calculation_ids)
        choice = selection.select_predictions(
            connection, project, runs, rng, acceptance_of(body), merge=body.merge_readings
        )
        settings = body.campaign or LabelingCampaignCreate(name=_free_name(connection, caller.org_id, project.name))
        values = campaign_values(caller, settings, now, project_id)
        connection.execute(insert(campaigns).values(values))
        campaign = fetch_campaign(connection, values["id"])
        policy = selection.read_policy(project.selection_policy)
        gold = selection.draw_honeypots(choice.chosen, campaign.gold_fraction, policy.rng(rng))
        wrong = selection.draw_seeded_errors(policy, choice.chosen, gold, rng)
        generate.generate_tasks(connection, campaign, choice.chosen, gold, now, rng, wrong, choice.places)
        if body.accept_above is not None:
            connection.execute(
                insert(auto_accepts).values(
                    campaign_id=campaign.id,
                    accept_above=body.accept_above,
                    bound=body.accept_bound,
                    n_accepted=choice.n_accepted,
                    n_audited=choice.n_audited,
                )
            )
        public = campaign_public(read_campaign(connection, campaign.id))
    except IntegrityError:
        raise name_taken("campaign") from None
    return GenerateProjectTasksResult(
        campaign=public,
        n_candidates=choice.n_candidates,
        n_eligible=choice.n_eligible,
        n_skipped=choice.n_skipped,
        n_honeypots=len(gold),
        n_tasks=len(choice.chosen) - len(gold),
        n_accepted=choice.n_accepted,
        n_audited=choice.n_audited,
        n_merged=choice.n_merged,
    )


def acceptance_of(body: GenerateProjectTasks) -> selection.Acceptance | None:
    """What the request accepts unseen; `None` for nothing."""
    return None if body.accept_above is None else selection.Acceptance(body.accept_above, body.audit_fraction)


def runs_of(connection: Connection, project_id: str, calculation_ids: Sequence[str]) -> list[str]:
    """Ids of the prediction runs without repetitions; raises 404 if one of them is not in this project."""
    ids = list(dict.fromkeys(calculation_ids))
    in_project = select(calculations.c.id).where(calculations.c.id.in_(ids), calculations.c.project_id == project_id)
    if len(connection.execute(in_project).all()) != len(ids):
        raise not_found()
    return ids


def all_runs_of(connection: Connection, project_id: str) -> list[str]:
    """Ids of all prediction runs of a project, oldest first."""
    query = select(calculations.c.id).where(calculations.c.project_id == project_id).order_by(calculations.c.number)
    return list(connection.execute(query).scalars())


def _free_name(connection: Connection, org_id: str, project_name: str) -> str:
    """The project's name, with a number if a campaign has that name already."""
    taken = set(connection.execute(select(campaigns.c.name).where(campaigns.c.org_id == org_id)).scalars())
    name, count = project_name, 1
    while name in taken:
        count += 1
        name = f"{project_name[:190]} {count}"
    return name
