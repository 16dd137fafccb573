"""Effect of a change of settings on the tasks of a campaign: counted before anything changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, false, null

from gonogo.schemas.enums import ConflictReason, TaskStatus
from gonogo.schemas.gonogo_api import SettingsEffect
from gonogo.server.consensus.decide import Outcome, Policy
from gonogo.server.errors import conflict
from gonogo.server.store.schema import tasks
from gonogo.server.store.schema.rows import CampaignRow

if TYPE_CHECKING:
    from gonogo.server.scoring.vote_matrix import VoteMatrix

_OF_VALUES = ("unit", "trailing_zeros_matter")
"""Settings that say which corrected values are equal. A settled task keeps its limit and votes, but not these."""


def settings_effect(connection: Connection, campaign: CampaignRow, changes: dict[str, Any]) -> SettingsEffect:
    """How many tasks `changes` would settle, and how many settled ones would not be settled under them.

    Measures the campaign: up to a second for 100,000 votes.
    """
    # numpy: kept out of the server's start
    from gonogo.server.scoring import campaign_consensus, vote_matrix

    def outcomes(matrix: VoteMatrix) -> Sequence[Outcome]:
        return campaign_consensus.compute_consensus(matrix, campaign.consensus_method).outcomes

    changed = campaign._replace(**changes)
    matrix = vote_matrix.read_votes(connection, changed)
    kept = outcomes(matrix)
    policy = Policy(changed.max_risk, changed.votes, changed.min_votes)
    afresh = replace(matrix, rules=[policy.rule(task.id, task.n_required) for task in matrix.tasks])
    asked_again = outcomes(afresh)
    unchanged = kept
    if _changes_values(campaign, changes):
        unchanged = outcomes(vote_matrix.read_votes(connection, campaign))
    counts = {"n_settled": 0, "n_newly_settled": 0, "n_resettled": 0, "n_reopened": 0, "n_not_kept": 0}
    for task, before, stays, goes in zip(matrix.tasks, unchanged, kept, asked_again, strict=True):
        if task.is_gold or task.adjudicated:
            continue
        if task.status == TaskStatus.RESOLVED:
            counts["n_settled"] += 1
            counts["n_resettled"] += goes.status != TaskStatus.RESOLVED
            counts["n_reopened"] += goes.status == TaskStatus.OPEN
            counts["n_not_kept"] += before.status == TaskStatus.RESOLVED != stays.status
        else:
            counts["n_newly_settled"] += stays.status == TaskStatus.RESOLVED
    return SettingsEffect(**counts)


def refuse_unkept(connection: Connection, campaign: CampaignRow, changes: dict[str, Any]) -> None:
    """Raises 409 `settled_tasks` where settled tasks could not stay settled under `changes`."""
    if not _changes_values(campaign, changes):
        return
    n = settings_effect(connection, campaign, changes).n_not_kept
    if n:
        tasks_are = "1 settled task gets" if n == 1 else f"{n} settled tasks get"
        message = f"{tasks_are} values that differ by these settings: ask to settle again, or leave the settings."
        raise conflict(ConflictReason.SETTLED_TASKS, message, n_not_kept=n)


def _changes_values(campaign: CampaignRow, changes: dict[str, Any]) -> bool:
    return any(name in changes and changes[name] != getattr(campaign, name) for name in _OF_VALUES)


def forget_settled_rules(connection: Connection, campaign_id: str) -> None:
    """Lets the present settings decide on tasks that votes settled under earlier ones; the next refresh does."""
    of_votes = tasks.update().where(
        tasks.c.campaign_id == campaign_id, tasks.c.status == TaskStatus.RESOLVED, tasks.c.adjudicated == false()
    )
    connection.execute(of_votes.values(settled_max_risk=null(), settled_votes=null()))
