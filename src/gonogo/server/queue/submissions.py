"""Submissions: store every verdict that arrives, and count it if its task still needs it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, bindparam, case, exists, null, select

from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus
from gonogo.schemas.labeling import Adjudication, LabelSubmit
from gonogo.server.auth.principals import Voter
from gonogo.server.consensus.decide import StoredEvidence
from gonogo.server.queue import honeypots, leases
from gonogo.server.queue.rows import QueueCampaign, VoterCursor
from gonogo.server.scoring.task_scoring import SCORING_COLUMNS, TaskToScore, rescore_loaded, rescore_task
from gonogo.server.store import task_order
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import (
    campaign_scores,
    campaigns,
    gold_servings,
    help_requests,
    submissions,
    tasks,
    voters,
)
from gonogo.server.store.schema.rows import SubmissionRow


@dataclass(frozen=True)
class StoredSubmission:
    """A submission as it was just stored."""

    id: str
    task_id: str
    campaign_id: str
    voter_id: str
    voter_kind: str
    verdict: str
    corrected_value: JsonObject | None
    confidence: float | None
    duration_ms: int | None
    counted: bool
    late: bool
    claimed_at: datetime | None
    created_at: datetime
    idempotency_key: str | None
    reason: str | None
    note: str | None
    group_size: int | None


@dataclass(frozen=True)
class SubmitResult:
    """A stored submission. `refused` says why it does not count; it is stored (or was, before) all the same."""

    submission: StoredSubmission | SubmissionRow
    refused: ConflictReason | None = None

    @property
    def was_there(self) -> bool:
        """Whether an earlier request had stored it."""
        return self.refused == ConflictReason.ALREADY_SUBMITTED


# --- queries -----------------------------------------------------------------------------------------------


class LockedTask(NamedTuple):
    """A task as a submission reads it: the fields of `TaskToScore`, then its claim and the voter's own state."""

    id: str
    campaign_id: str
    n_required: int
    is_gold: bool
    gold_answer: str | None
    adjudicated: bool
    status: str
    consensus_verdict: str | None
    consensus_value: JsonValue
    agreement: float | None
    posterior: float | None
    predicted_confidence: float | None
    settled_max_risk: float | None
    settled_votes: int | None
    submission_count: int
    consensus_method: str
    max_risk: float
    votes: str
    min_votes: int
    trailing_zeros_matter: bool
    unit: str | None
    class_prior: list[float] | None
    temperature: float | None
    evidence: StoredEvidence | None
    asks_on: list[float] | None
    gold_item_id: str | None
    holder_id: str | None
    claimed_at: datetime | None
    claim_expires_at: datetime | None
    campaign_status: str
    own_id: str | None
    was_served: bool

    def to_score(self, submission_count: int) -> TaskToScore:
        """The task for scoring, with the new number of votes."""
        scored = TaskToScore._make(self[: len(TaskToScore._fields)])
        return scored._replace(submission_count=submission_count)

    def holds_live(self, voter: Voter, now: datetime) -> bool:
        """Whether the voter has a claim that has not expired."""
        return self.holder_id == voter.id and self.claim_expires_at is not None and self.claim_expires_at > now

    def is_expired_claim_of_other(self, voter: Voter, now: datetime) -> bool:
        """Whether somebody else's claim on it has expired but was not ended yet."""
        if self.holder_id is None or self.holder_id == voter.id:
            return False
        return self.claim_expires_at is not None and self.claim_expires_at <= now


_own_submission = select(submissions.c.id).where(
    submissions.c.task_id == tasks.c.id,
    submissions.c.campaign_id == tasks.c.campaign_id,
    submissions.c.voter_id == bindparam("voter"),
)
_was_served = exists().where(
    gold_servings.c.gold_item_id == tasks.c.gold_item_id, gold_servings.c.voter_id == bindparam("voter")
)
_LOCK_TASK = CompiledQuery(
    select(
        *SCORING_COLUMNS,
        tasks.c.gold_item_id,
        tasks.c.holder_id,
        tasks.c.claimed_at,
        tasks.c.claim_expires_at,
        campaigns.c.status.label("campaign_status"),
        _own_submission.scalar_subquery().label("own_id"),
        _was_served.label("was_served"),
    )
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .outerjoin(campaign_scores, campaign_scores.c.campaign_id == tasks.c.campaign_id)
    .where(tasks.c.id == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .with_for_update(of=tasks),
    LockedTask,
)
_OWN_SUBMISSION = CompiledQuery(
    select(submissions).where(
        submissions.c.task_id == bindparam("task"),
        submissions.c.campaign_id == bindparam("campaign"),
        submissions.c.voter_id == bindparam("voter"),
    ),
    SubmissionRow,
)
_INSERT = CompiledStatement(submissions.insert(), [field.name for field in fields(StoredSubmission)])

_n_votes = bindparam("votes", type_=tasks.c.submission_count.type)
_wants_votes = and_(tasks.c.status == TaskStatus.OPEN, _n_votes < tasks.c.n_required)
_set_n_votes = (
    tasks.update()
    .where(tasks.c.id == bindparam("task"), tasks.c.campaign_id == bindparam("campaign"))
    .values(submission_count=_n_votes)
)
_COUNT_VOTE = CompiledStatement(_set_n_votes.values(rank=case((_wants_votes, tasks.c.rank), else_=null())))
_rank_if_wanted = case((_wants_votes, task_order.RANK_AT_INSERT_ROUND), else_=null())
_COUNT_VOTE_AND_RELEASE = CompiledStatement(_set_n_votes.values(rank=_rank_if_wanted, **leases.NO_HOLDER))
_own_voter = voters.update().where(
    voters.c.campaign_id == bindparam("campaign"), voters.c.voter_id == bindparam("voter")
)
COUNT_DONE = CompiledStatement(
    _own_voter.values(n_done=voters.c.n_done + 1, n_gold_done=voters.c.n_gold_done + bindparam("gold"))
)
_asked_for_help = exists().where(
    help_requests.c.task_id == bindparam("task"),
    help_requests.c.campaign_id == bindparam("campaign"),
    help_requests.c.voter_id == bindparam("voter"),
)
_COUNT_ANSWER = CompiledStatement(  # a question given to the lead counted then, and does not count again
    _own_voter.values(
        n_done=voters.c.n_done + case((_asked_for_help, 0), else_=1),
        n_gold_done=voters.c.n_gold_done + case((_asked_for_help, 0), else_=bindparam("gold")),
    )
)


# --- submitting --------------------------------------------------------------------------------------------


def submit(
    connection: Connection,
    campaign: QueueCampaign,
    task_id: str,
    voter: Voter,
    answer: LabelSubmit,
    now: datetime,
    *,
    idempotency_key: str | None = None,
    cursor: VoterCursor | None = None,
) -> SubmitResult:
    """Stores `answer` in a write transaction, which commits whatever the result.

    It counts if the campaign is open, the task still needs votes, and either the voter holds the task or the vote does
    not take the last place from the person who does. The statements are the same for gold and other tasks. `cursor` is
    what `leases.lock_cursor` returned, if the caller has locked it already.
    """
    if cursor is None:
        leases.lock_cursor(connection, campaign.id, voter, now)
    task_order.lock_order(connection, campaign.id)
    task = _lock_task(connection, campaign.id, task_id, voter)
    if task.own_id is not None:
        own = _OWN_SUBMISSION.one(connection, {"task": task_id, "campaign": campaign.id, "voter": voter.id})
        return SubmitResult(own, ConflictReason.ALREADY_SUBMITTED)
    if task.is_expired_claim_of_other(voter, now):
        leases.expire_claim(connection, campaign.id, task_id, now)
        task = _lock_task(connection, campaign.id, task_id, voter)
    is_open = task.campaign_status == CampaignStatus.OPEN
    counted = is_open and _needs_vote_of(task, voter)
    stored = StoredSubmission(
        id=new_id(),
        task_id=task.id,
        campaign_id=campaign.id,
        voter_id=voter.id,
        voter_kind=voter.kind,
        verdict=answer.verdict,
        corrected_value=answer.corrected_value,
        confidence=answer.confidence,
        duration_ms=answer.duration_ms,
        counted=counted,
        late=not task.holds_live(voter, now),
        claimed_at=task.claimed_at if task.holder_id == voter.id else None,
        created_at=now,
        idempotency_key=idempotency_key,
        reason=answer.reason,
        note=answer.note or None,
        group_size=answer.group_size,
    )
    _INSERT.later(connection, stored.__dict__)
    _record_vote(connection, campaign.id, task, voter, counted=counted, now=now)
    if counted:
        return SubmitResult(stored)
    return SubmitResult(stored, ConflictReason.TASK_RESOLVED if is_open else ConflictReason.CAMPAIGN_CLOSED)


def _needs_vote_of(task: LockedTask, voter: Voter) -> bool:
    """Whether the task needs a vote beside the one that another holder has reserved."""
    n_reserved = int(task.holder_id is not None and task.holder_id != voter.id)
    return task.status == TaskStatus.OPEN and task.submission_count + n_reserved < task.n_required


def _record_vote(
    connection: Connection, campaign_id: str, task: LockedTask, voter: Voter, *, counted: bool, now: datetime
) -> None:
    """Counts the vote on its task and voter, rescores the task, and makes it available if it needs more votes."""
    n_votes = task.submission_count + counted
    update = _COUNT_VOTE_AND_RELEASE if task.holder_id == voter.id else _COUNT_VOTE
    update.later(connection, {"task": task.id, "campaign": campaign_id, "votes": n_votes})
    done = {"campaign": campaign_id, "voter": voter.id, "task": task.id, "gold": int(task.is_gold)}
    _COUNT_ANSWER.later(connection, done)
    if task.is_gold and task.gold_item_id is not None and not task.was_served:
        honeypots.record_unserved(connection, task.gold_item_id, voter.id)
    if not counted:
        return
    outcome = rescore_loaded(connection, task.to_score(n_votes), now)
    if outcome.status != TaskStatus.OPEN and n_votes < task.n_required:  # settled early
        task_order.REMOVE_IF_COMPLETE.later(connection, {"task": task.id, "campaign": campaign_id})


def _lock_task(connection: Connection, campaign_id: str, task_id: str, voter: Voter) -> LockedTask:
    return _LOCK_TASK.one(connection, {"task": task_id, "campaign": campaign_id, "voter": voter.id})


# --- rulings -----------------------------------------------------------------------------------------------


def resolve_by_ruling(connection: Connection, task_id: str, ruling: Adjudication, now: datetime) -> None:
    """Resolves a task by an expert's ruling, whatever the votes say, and ends the claim on it, if any."""
    resolved = {
        "adjudicated": True,
        "status": TaskStatus.RESOLVED,
        "consensus_verdict": ruling.verdict,
        "consensus_value": ruling.corrected_value,
        "resolved_at": now,
        "rank": null(),
    }
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(**resolved, **leases.NO_HOLDER))
    rescore_task(connection, task_id, now)
