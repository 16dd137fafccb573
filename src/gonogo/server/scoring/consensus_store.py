"""Consensus written to the database: of one task inside a submit, of a campaign for its reports."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, func, null, select, true

from gonogo.schemas.enums import ConsensusMethod, TaskStatus
from gonogo.schemas.labeling import QualityReport
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES
from gonogo.server.consensus.decide import (
    Outcome,
    Rule,
    Truth,
    Vote,
    decide_outcome,
    gold_outcome,
    parse_gold,
    ruled_outcome,
)
from gonogo.server.consensus.decide import class_posterior as bayes
from gonogo.server.consensus.values import to_value
from gonogo.server.store import audit
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.ordering import lock_order, reconcile
from gonogo.server.store.schema import annotator_scores, campaign_scores, campaigns, submissions, tasks

if TYPE_CHECKING:
    from gonogo.server.scoring.campaign_consensus import ConsensusResult, TaskRow
    from gonogo.server.store.engine import Store

ASSUMED_ACCURACY = 0.85
"""Accuracy assumed of a voter whom no refresh of the campaign has measured yet."""

_SPREAD = (1 - ASSUMED_ACCURACY) / (len(VERDICT_CLASSES) - 1)
_ASSUMED_MATRIX = [
    [ASSUMED_ACCURACY if j == k else _SPREAD for k in range(len(VERDICT_CLASSES))] for j in range(len(VERDICT_CLASSES))
]
_EVEN = [1 / len(VERDICT_CLASSES)] * len(VERDICT_CLASSES)

_CHUNK = 200
"""Tasks written in one transaction of a refresh behind the answers."""

_NOTICEABLE = 0.005
"""A posterior that moved less than this is not written again."""


def rescore_task(connection: Connection, task_id: str, now: datetime) -> Outcome:
    """The task's status and consensus from its counted votes, written if they changed.

    Voters weigh what the last refresh of the campaign found; until then all weigh the same. A task that an expert
    ruled on keeps the ruling; only its agreement follows the votes. Plain arithmetic on a handful of rows.
    """
    return rescore_loaded(connection, _TASK.one(connection, {"task": task_id}), now)


def rescore_loaded(connection: Connection, task: Row[Any], now: datetime) -> Outcome:
    """The same for a task that was just read, with the columns of `SEEN`."""
    found = score_task(task, _TASK_VOTES.all(connection, {"task": task.id})).outcome()
    if _changed(task, found):
        _UPDATE_ONE_TASK.run(connection, _outcome_params(task, found, now))
    return found


@dataclass(frozen=True, slots=True)
class ScoredTask:
    """One task and its counted votes, ready to be decided; `probabilities` are the classes' by the votes alone."""

    votes: list[Vote]
    probabilities: list[float]
    rule: Rule
    truth: Truth | None
    ruling: Truth | None

    def outcome(self) -> Outcome:
        if self.ruling is not None:
            return ruled_outcome(self.votes, self.ruling)
        if self.truth is not None:
            return gold_outcome(self.votes, self.truth, self.rule)
        return decide_outcome(self.votes, self.probabilities, self.rule)


def score_task(task: Row[Any], rows: Sequence[Any]) -> ScoredTask:
    """`task` has the columns of `SEEN`; each of `rows` a verdict, a value, and its voter's measured scores, if any."""
    zeros = task.trailing_zeros_matter
    measured = task.consensus_method != ConsensusMethod.MAJORITY and task.class_prior is not None
    known = [measured and row.confusion is not None for row in rows]
    votes = [
        Vote(
            row.verdict,
            to_value(row.corrected_value, trailing_zeros=zeros),
            row.reliability if is_known else ASSUMED_ACCURACY,
        )
        for row, is_known in zip(rows, known, strict=True)
    ]
    ruling = None
    if task.adjudicated:
        ruling = Truth(task.consensus_verdict, to_value(task.consensus_value, trailing_zeros=zeros))
    matrices = [row.confusion if is_known else _ASSUMED_MATRIX for row, is_known in zip(rows, known, strict=True)]
    return ScoredTask(
        votes,
        bayes([CLASS_OF[vote.verdict] for vote in votes], matrices, task.class_prior if measured else _EVEN),
        Rule(task.n_required, task.early_stop),
        parse_gold(task.gold_answer, trailing_zeros=zeros) if task.is_gold else None,
        ruling,
    )


def load_task(connection: Connection, task_id: str) -> Row[Any]:
    """A task with the columns of `SEEN`."""
    found: Row[Any] = _TASK.one(connection, {"task": task_id})
    return found


def refresh_campaign(connection: Connection, campaign_id: str, now: datetime) -> None:
    """The consensus of every task of the campaign, and its voters' scores; call it in a `store.write()` block."""
    campaign = connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one()
    write_consensus(connection, campaign, measure_campaign(connection, campaign), now)


def measure_campaign(connection: Connection, campaign: Row[Any]) -> ConsensusResult:
    """Reads and computes, writes nothing; up to a second for 100,000 votes."""
    from gonogo.server.scoring.campaign_consensus import compute_consensus, read_votes

    return compute_consensus(read_votes(connection, campaign), campaign.consensus_method)


def write_consensus(connection: Connection, campaign: Row[Any], measured: ConsensusResult, now: datetime) -> None:
    """Stores voters' scores and the outcomes that changed.

    A task that got a vote or a ruling since it was measured is left alone: its own refresh knew more.
    """
    lock_refresh(connection, campaign)
    _write_outcomes(connection, _changes(measured), now)
    _write_scores(connection, campaign, measured, now)


def lock_refresh(connection: Connection, campaign: Row[Any]) -> None:
    """One refresh of a campaign at a time; on SQLite the transaction is lock enough."""
    lock_order(connection, campaign.id)
    connection.execute(select(campaigns.c.id).where(campaigns.c.id == campaign.id).with_for_update(key_share=True))


def write_consensus_in_chunks(store: Store, campaign: Row[Any], measured: ConsensusResult, now: datetime) -> None:
    """The same in many short transactions, so that claims and submits get their turns in between."""
    changed = _changes(measured)
    for start in range(0, len(changed), _CHUNK):
        with store.write() as connection:
            started = time.monotonic()
            lock_refresh(connection, campaign)
            _write_outcomes(connection, changed[start : start + _CHUNK], now)
        time.sleep(time.monotonic() - started)
    with store.write() as connection:
        lock_refresh(connection, campaign)
        _write_scores(connection, campaign, measured, now)


def _changes(measured: ConsensusResult) -> list[tuple[TaskRow, Outcome]]:
    pairs = zip(measured.ballots.tasks, measured.outcomes, strict=True)
    return [(task, found) for task, found in pairs if _changed(task, found)]


def _write_outcomes(connection: Connection, changed: Sequence[tuple[TaskRow, Outcome]], now: datetime) -> None:
    if not changed:
        return
    connection.execute(_UPDATE_TASK, [_outcome_params(task, found, now) for task, found in changed])
    _audit_refresh(connection, changed, now)
    # What was settled early may be open again, or the other way round.
    other = [t.id for t, found in changed if t.status != found.status and TaskStatus.OPEN in (t.status, found.status)]
    reconcile(connection, other)


def _audit_refresh(connection: Connection, changed: Sequence[tuple[TaskRow, Outcome]], now: datetime) -> None:
    """The audit log's row of what a refresh did, with the tasks whose status is another one now."""
    states = {task.id: str(found.status) for task, found in changed if task.status != found.status}
    campaign_id = connection.execute(select(tasks.c.campaign_id).where(tasks.c.id == changed[0][0].id)).scalar_one()
    content = {"campaign_id": campaign_id, "n_tasks": len(changed), "states": states}
    audit.append(connection, "refresh_consensus", now, actor="server", content=content)


def _write_scores(connection: Connection, campaign: Row[Any], measured: ConsensusResult, now: datetime) -> None:
    here = {"campaign_id": campaign.id}
    consensus = measured.consensus
    connection.execute(annotator_scores.delete().where(annotator_scores.c.campaign_id == campaign.id))
    if measured.ballots.voter_ids:
        voters = zip(
            measured.ballots.voter_ids, consensus.confusion.tolist(), measured.reliability.tolist(), strict=True
        )
        connection.execute(
            annotator_scores.insert(),
            [{**here, "voter_id": v, "confusion": matrix, "reliability": r} for v, matrix, r in voters],
        )
    connection.execute(campaign_scores.delete().where(campaign_scores.c.campaign_id == campaign.id))
    # One task's worth of evenness: a verdict nobody has used yet stays possible.
    prior = (consensus.class_prior * len(measured.ballots.tasks) + _EVEN) / (len(measured.ballots.tasks) + 1)
    connection.execute(
        campaign_scores.insert().values(
            **here, method_used=consensus.method, class_prior=prior.tolist(), refreshed_at=now
        )
    )


def campaign_quality(connection: Connection, campaign: Row[Any], now: datetime) -> QualityReport:
    """Refreshes the campaign and reports on it; `campaign` is its row."""
    from gonogo.server.quality.report import build_report

    measured = measure_campaign(connection, campaign)
    write_consensus(connection, campaign, measured, now)
    return build_report(measured, campaign)


def _raw_value(found: Outcome) -> Any:
    return None if found.value is None else found.value.raw


def _changed(task: Row[Any] | TaskRow, found: Outcome) -> bool:
    before, after = task.posterior, found.posterior
    moved = (before is None) != (after is None) or (
        before is not None and after is not None and abs(before - after) > _NOTICEABLE
    )
    return (
        moved
        or task.status != found.status
        or task.consensus_verdict != found.verdict
        or task.agreement != found.agreement
        or task.consensus_value != _raw_value(found)
    )


def _outcome_params(task: Row[Any] | TaskRow, found: Outcome, now: datetime) -> dict[str, Any]:
    """Parameters of `_WRITE`."""
    return {
        "task": task.id,
        "seen": task.submission_count,
        "ruled": task.adjudicated,
        "to_status": str(found.status),
        "to_verdict": found.verdict,
        "to_value": _raw_value(found),
        "to_agreement": found.agreement,
        "to_posterior": found.posterior,
        "now": now,
    }


SCORING_COLUMNS: list[ColumnElement[Any]] = [
    tasks.c[name]
    for name in (
        "id",
        "n_required",
        "is_gold",
        "gold_answer",
        "adjudicated",
        "status",
        "consensus_verdict",
        "consensus_value",
        "agreement",
        "posterior",
        "submission_count",
    )
]
SCORING_COLUMNS += [
    campaigns.c.consensus_method,
    campaigns.c.early_stop,
    campaigns.c.trailing_zeros_matter,
    campaign_scores.c.class_prior,
]
_TASK = CompiledStatement(
    select(*SCORING_COLUMNS)
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .outerjoin(campaign_scores, campaign_scores.c.campaign_id == tasks.c.campaign_id)
    .where(tasks.c.id == bindparam("task"))
)
_TASK_VOTES = CompiledStatement(
    select(
        submissions.c.verdict,
        submissions.c.corrected_value,
        annotator_scores.c.confusion,
        annotator_scores.c.reliability,
    )
    .outerjoin(
        annotator_scores,
        and_(
            annotator_scores.c.campaign_id == submissions.c.campaign_id,
            annotator_scores.c.voter_id == submissions.c.voter_id,
        ),
    )
    .where(submissions.c.task_id == bindparam("task"), submissions.c.counted == true())
    .order_by(submissions.c.number)
)
_UPDATE_TASK = (
    tasks.update()
    .where(
        tasks.c.id == bindparam("task"),
        tasks.c.submission_count == bindparam("seen"),
        tasks.c.adjudicated == bindparam("ruled"),
    )
    .values(
        status=bindparam("to_status"),
        consensus_verdict=bindparam("to_verdict"),
        consensus_value=bindparam("to_value"),
        agreement=bindparam("to_agreement"),
        posterior=bindparam("to_posterior"),
        # A task that stays resolved keeps the time at which it was.
        resolved_at=case(
            (
                bindparam("to_status") == TaskStatus.RESOLVED.value,
                func.coalesce(tasks.c.resolved_at, bindparam("now", type_=tasks.c.resolved_at.type)),
            ),
            else_=null(),
        ),
    )
)
_UPDATE_ONE_TASK = CompiledStatement(_UPDATE_TASK)
