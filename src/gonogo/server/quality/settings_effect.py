"""Effect of a change of settings on the tasks of a campaign: counted before anything changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, false, null

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.gonogo_api import SettingsEffect
from gonogo.server.consensus.decide import Policy
from gonogo.server.store.schema import tasks
from gonogo.server.store.schema.rows import CampaignRow


def settings_effect(connection: Connection, campaign: CampaignRow, changes: dict[str, Any]) -> SettingsEffect:
    """How many tasks `changes` would settle, and how many settled ones would not be settled under them.

    Measures the campaign: up to a second for 100,000 votes.
    """
    # numpy: kept out of the server's start
    from gonogo.server.scoring import campaign_consensus, vote_matrix

    changed = campaign._replace(**changes)
    matrix = vote_matrix.read_votes(connection, changed)
    kept = campaign_consensus.compute_consensus(matrix, changed.consensus_method).outcomes
    policy = Policy(changed.max_risk, changed.votes, changed.min_votes)
    afresh = replace(matrix, rules=[policy.rule(task.id, task.n_required) for task in matrix.tasks])
    asked_again = campaign_consensus.compute_consensus(afresh, changed.consensus_method).outcomes
    counts = {"n_settled": 0, "n_newly_settled": 0, "n_resettled": 0}
    for task, stays, goes in zip(matrix.tasks, kept, asked_again, strict=True):
        if task.is_gold or task.adjudicated:
            continue
        if task.status == TaskStatus.RESOLVED:
            counts["n_settled"] += 1
            counts["n_resettled"] += goes.status != TaskStatus.RESOLVED
        else:
            counts["n_newly_settled"] += stays.status == TaskStatus.RESOLVED
    return SettingsEffect(**counts)


def forget_settled_rules(connection: Connection, campaign_id: str) -> None:
    """Lets the present settings decide on tasks that votes settled under earlier ones; the next refresh does."""
    of_votes = tasks.update().where(
        tasks.c.campaign_id == campaign_id, tasks.c.status == TaskStatus.RESOLVED, tasks.c.adjudicated == false()
    )
    connection.execute(of_votes.values(settled_max_risk=null(), settled_votes=null()))
