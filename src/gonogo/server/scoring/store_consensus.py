"""Consensus writer: writes the outcomes of tasks and the scores of voters to the database."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from gonogo.schemas.enums import TaskStatus
from gonogo.server.consensus.decide import Outcome
from gonogo.server.scoring.task_scoring import UNIFORM_PRIOR, UPDATE_OUTCOME, outcome_changed, outcome_params
from gonogo.server.store import audit
from gonogo.server.store.schema import annotator_scores, campaign_scores, campaigns
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.task_order import lock_order, reconcile

if TYPE_CHECKING:
    from gonogo.server.scoring.campaign_consensus import ConsensusResult
    from gonogo.server.scoring.vote_matrix import MeasuredTask
    from gonogo.server.store.engine import Store

_TASKS_PER_TRANSACTION = 200

ChangedTask = tuple["MeasuredTask", Outcome]


def write_consensus(connection: Connection, campaign: CampaignRow, result: ConsensusResult, now: datetime) -> None:
    """Writes the scores, and the outcomes that changed, in the caller's transaction.

    A task that got a vote or a ruling since it was measured is left alone: its own rescoring knew more.
    """
    lock_refresh(connection, campaign.id)
    _write_outcomes(connection, campaign.id, _changed_tasks(result), now)
    _write_scores(connection, campaign.id, result, now)


def write_consensus_in_chunks(store: Store, campaign: CampaignRow, result: ConsensusResult, now: datetime) -> None:
    """`write_consensus` in many short transactions, so that claims and submits get their turns in between."""
    changed = _changed_tasks(result)
    for start in range(0, len(changed), _TASKS_PER_TRANSACTION):
        with store.write() as connection:
            started = time.monotonic()
            lock_refresh(connection, campaign.id)
            _write_outcomes(connection, campaign.id, changed[start : start + _TASKS_PER_TRANSACTION], now)
        # No event tells that the others had their turn: the refresh takes at most half of the writer's time.
        time.sleep(time.monotonic() - started)
    with store.write() as connection:
        lock_refresh(connection, campaign.id)
        _write_scores(connection, campaign.id, result, now)


def lock_refresh(connection: Connection, campaign_id: str) -> None:
    """Lets one refresh of a campaign run at a time; on SQLite the transaction is lock enough."""
    lock_order(connection, campaign_id)
    connection.execute(select(campaigns.c.id).where(campaigns.c.id == campaign_id).with_for_update(key_share=True))


def _changed_tasks(result: ConsensusResult) -> list[ChangedTask]:
    pairs = zip(result.matrix.tasks, result.outcomes, strict=True)
    return [(task, outcome) for task, outcome in pairs if outcome_changed(task, outcome)]


def _write_outcomes(connection: Connection, campaign_id: str, changed: Sequence[ChangedTask], now: datetime) -> None:
    if not changed:
        return
    connection.execute(UPDATE_OUTCOME, [outcome_params(task, campaign_id, outcome, now) for task, outcome in changed])
    _audit_refresh(connection, campaign_id, changed, now)
    # A task that was settled early may be open again, or the other way round.
    reopened_or_settled = [
        task.id
        for task, outcome in changed
        if task.status != outcome.status and TaskStatus.OPEN in (task.status, outcome.status)
    ]
    reconcile(connection, campaign_id, reopened_or_settled)


def _audit_refresh(connection: Connection, campaign_id: str, changed: Sequence[ChangedTask], now: datetime) -> None:
    """Appends one audit row: the number of tasks written, and the new status of each whose status changed."""
    states = {task.id: str(outcome.status) for task, outcome in changed if task.status != outcome.status}
    content = {"campaign_id": campaign_id, "n_tasks": len(changed), "states": states}
    audit.append(connection, "refresh_consensus", now, actor="server", content=content)


def _write_scores(connection: Connection, campaign_id: str, result: ConsensusResult, now: datetime) -> None:
    """Replaces the measured confusion matrices, reliabilities and class prior of the campaign."""
    consensus, matrix = result.consensus, result.matrix
    connection.execute(annotator_scores.delete().where(annotator_scores.c.campaign_id == campaign_id))
    scores = [
        {"campaign_id": campaign_id, "voter_id": voter_id, "confusion": confusion, "reliability": reliability}
        for voter_id, confusion, reliability in zip(
            matrix.voter_ids, consensus.confusion.tolist(), result.reliability.tolist(), strict=True
        )
    ]
    if scores:
        connection.execute(annotator_scores.insert(), scores)
    connection.execute(campaign_scores.delete().where(campaign_scores.c.campaign_id == campaign_id))
    # One task's worth of evenness: a verdict that nobody has given yet stays possible.
    n_tasks = len(matrix.tasks)
    prior = (consensus.class_prior * n_tasks + UNIFORM_PRIOR) / (n_tasks + 1)
    connection.execute(
        campaign_scores.insert().values(
            campaign_id=campaign_id,
            method_used=consensus.method,
            class_prior=prior.tolist(),
            temperature=result.calibration.temperature,
            evidence=result.calibration.evidence.stored(),
            asks_on=result.asks_on,
            refreshed_at=now,
        )
    )
