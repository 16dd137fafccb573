"""A verdict arrives: counted if the task still wants it, kept in any case."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, bindparam, case, exists, false, null, select

from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus
from gonogo.schemas.labeling import Adjudication, LabelSubmit
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import honeypots, leases
from gonogo.server.scoring.consensus_store import SCORING_COLUMNS, rescore_loaded, rescore_task
from gonogo.server.store import audit, ordering
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaign_scores, campaigns, gold_servings, submissions, tasks, voters


@dataclass(frozen=True)
class StoredSubmission:
    """A submission as it was just stored."""

    id: str
    task_id: str
    campaign_id: str
    voter_id: str
    voter_kind: str
    verdict: str
    corrected_value: dict[str, Any] | None
    confidence: float | None
    duration_ms: int | None
    counted: bool
    late: bool
    claimed_at: datetime | None
    created_at: datetime
    idempotency_key: str | None


@dataclass(frozen=True)
class SubmitResult:
    """A stored submission. `refused` is why it does not count; it is stored (or was, before) all the same."""

    submission: StoredSubmission | Row[Any]
    refused: ConflictReason | None = None

    @property
    def was_there(self) -> bool:
        """Whether an earlier request had stored it."""
        return self.refused == ConflictReason.ALREADY_SUBMITTED


def submit(
    connection: Connection,
    campaign: Row[Any],
    task_id: str,
    voter: Voter,
    answer: LabelSubmit,
    now: datetime,
    *,
    idempotency_key: str | None = None,
    position: Row[Any] | None = None,
) -> SubmitResult:
    """Stores `answer`. Call it in a `store.write()` block, and let the block commit whatever the outcome.

    It counts if the campaign is open, the task still wants votes, and either the voter holds the task or his vote
    does not take the last place from the person who does. The statements are the same for gold and other tasks.
    `position` is what `claims.position` gave, if it was asked: it locks.
    """
    if position is None:
        leases.lock_cursor(connection, campaign.id, voter, now)
    ordering.lock_order(connection, campaign.id)
    task = _lock_task(connection, task_id, voter)
    if task.own_id is not None:
        return SubmitResult(_own_submission(connection, task_id, voter), ConflictReason.ALREADY_SUBMITTED)
    is_open = task.campaign_status == CampaignStatus.OPEN
    if task.holder_id is not None and task.holder_id != voter.id and task.claim_expires_at <= now:
        leases.release(connection, task, now)
        ended = {"task_id": task.id, "campaign_id": campaign.id}
        audit.append(connection, "claim_ended", now, actor=task.holder_id, content=ended)
        task = _lock_task(connection, task_id, voter)
    holds = task.holder_id == voter.id
    live = holds and task.claim_expires_at > now
    reserved = int(task.holder_id is not None and not holds)
    wanted = task.status == TaskStatus.OPEN and task.submission_count + reserved < task.n_required
    counted = is_open and wanted
    row = _insert_submission(
        connection, campaign.id, task, voter, answer, now, idempotency_key, counted=counted, late=not live
    )
    _record_vote(connection, task, voter, holds=holds, counted=counted, now=now)
    if counted:
        return SubmitResult(row)
    return SubmitResult(row, ConflictReason.TASK_RESOLVED if is_open else ConflictReason.CAMPAIGN_CLOSED)


def resolve_by_ruling(connection: Connection, task_id: str, ruling: Adjudication, now: datetime) -> None:
    """Settles a task by an expert's ruling, whatever the votes say, and ends the claim on it, if any."""
    settled = {
        "adjudicated": True,
        "status": TaskStatus.RESOLVED,
        "consensus_verdict": ruling.verdict,
        "consensus_value": ruling.corrected_value,
        "resolved_at": now,
        "rank": null(),
    }
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(**settled, **leases.NO_HOLDER))
    rescore_task(connection, task_id, now)


def _record_vote(
    connection: Connection, task: Row[Any], voter: Voter, *, holds: bool, counted: bool, now: datetime
) -> None:
    """Books the vote on its task and voter, refreshes the consensus, and makes the task available if it wants more."""
    n_votes = task.submission_count + counted
    ended = _END_OWN_LEASE if holds else _KEEP_LEASE
    ended.later(connection, {"task": task.id, "votes": n_votes})
    _DONE.later(connection, {"campaign": task.campaign_id, "voter": voter.id, "gold": int(task.is_gold)})
    if task.is_gold and not task.was_served:
        honeypots.record_unserved(connection, task, voter)
    if not counted:
        return
    found = rescore_loaded(connection, task._replace(submission_count=n_votes), now)
    if found.status != TaskStatus.OPEN and n_votes < task.n_required:  # settled early
        ordering.REMOVE_IF_COMPLETE.run(connection, {"task": task.id})


def _insert_submission(
    connection: Connection,
    campaign_id: str,
    task: Row[Any],
    voter: Voter,
    answer: LabelSubmit,
    now: datetime,
    idempotency_key: str | None,
    *,
    counted: bool,
    late: bool,
) -> StoredSubmission:
    stored = StoredSubmission(
        new_id(),
        task.id,
        campaign_id,
        voter.id,
        voter.kind,
        answer.verdict,
        answer.corrected_value,
        answer.confidence,
        answer.duration_ms,
        counted,
        late,
        task.claimed_at if task.holder_id == voter.id else None,
        now,
        idempotency_key,
    )
    _INSERT.later(connection, stored.__dict__)
    return stored


def _own_submission(connection: Connection, task_id: str, voter: Voter) -> Row[Any]:
    return _OWN.one(connection, {"task": task_id, "voter": voter.id})


def _lock_task(connection: Connection, task_id: str, voter: Voter) -> Row[Any]:
    """The task, locked, with the campaign's status and the id of the voter's own vote, if there is one."""
    return _TASK.one(connection, {"task": task_id, "voter": voter.id})


_OWN = CompiledStatement(
    select(submissions).where(submissions.c.task_id == bindparam("task"), submissions.c.voter_id == bindparam("voter"))
)
_own_id = select(submissions.c.id).where(
    submissions.c.task_id == tasks.c.id, submissions.c.voter_id == bindparam("voter")
)
_held = [column for column in leases.LEASE_COLUMNS if column not in SCORING_COLUMNS]
_was_served = exists().where(
    gold_servings.c.gold_item_id == tasks.c.gold_item_id, gold_servings.c.voter_id == bindparam("voter")
)
_more = (
    campaigns.c.status.label("campaign_status"),
    _own_id.scalar_subquery().label("own_id"),
    _was_served.label("was_served"),
)
_TASK = CompiledStatement(
    select(*SCORING_COLUMNS, *_held, *_more)
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .outerjoin(campaign_scores, campaign_scores.c.campaign_id == tasks.c.campaign_id)
    .where(tasks.c.id == bindparam("task"))
    .with_for_update(of=tasks)
)
_INSERT = CompiledStatement(submissions.insert(), [field.name for field in fields(StoredSubmission)])
_votes = bindparam("votes", type_=tasks.c.submission_count.type)
_wants_more = and_(tasks.c.status == TaskStatus.OPEN, _votes < tasks.c.n_required)
_counted = tasks.update().where(tasks.c.id == bindparam("task")).values(submission_count=_votes)
_KEEP_LEASE = CompiledStatement(_counted.values(rank=case((_wants_more, tasks.c.rank), else_=null())))
_back = case((and_(_wants_more, tasks.c.is_gold == false()), ordering.RANK_AT_INSERT_ROUND), else_=null())
_END_OWN_LEASE = CompiledStatement(_counted.values(rank=_back, **leases.NO_HOLDER))
_DONE = CompiledStatement(
    voters.update()
    .where(voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter"))
    .values(n_done=voters.c.n_done + 1, n_gold_done=voters.c.n_gold_done + bindparam("gold"))
)
