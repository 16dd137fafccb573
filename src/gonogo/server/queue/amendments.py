"""Amendments: a voter changes an answer while its task is open; the last answer counts, and all of them are kept.

A vote on gold keeps its first answer, by which the voter is scored. Requests and responses are the same for gold and
other tasks, as are the statements.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, false, select

from gonogo.json_types import JsonObject
from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus
from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.auth.principals import Voter
from gonogo.server.errors import conflict
from gonogo.server.queue import leases
from gonogo.server.queue.rows import QueueCampaign
from gonogo.server.scoring.task_scoring import rescore_task
from gonogo.server.store import task_order
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import amendments, submissions, tasks
from gonogo.server.store.schema.rows import AmendmentRow, SubmissionRow
from gonogo.server.store.typed_rows import fetch_all

_REFUSALS = {
    ConflictReason.NOT_SUBMITTED: "You haven't answered this task, so there is nothing to change.",
    ConflictReason.TASK_RESOLVED: "This task is settled or with an expert; your answer stands as it was.",
    ConflictReason.CAMPAIGN_CLOSED: "The campaign is closed; your answer stands as it was.",
}
_FIELDS = ("verdict", "corrected_value", "confidence", "duration_ms", "reason", "note")


class _OpenTask(NamedTuple):
    status: str
    adjudicated: bool
    is_gold: bool


_LOCK_TASK = CompiledQuery(
    select(tasks.c.status, tasks.c.adjudicated, tasks.c.is_gold)
    .where(tasks.c.id == bindparam("task"))
    .with_for_update(),
    _OpenTask,
)
_OWN = CompiledQuery(
    select(submissions).where(submissions.c.task_id == bindparam("task"), submissions.c.voter_id == bindparam("voter")),
    SubmissionRow,
)


def amend(
    connection: Connection, campaign: QueueCampaign, task_id: str, voter: Voter, answer: LabelSubmit, now: datetime
) -> SubmissionRow:
    """Replaces the voter's answer by `answer`, in a write transaction; returns the vote with its new answer.

    Raises 409: `not_submitted`, `task_resolved` for a task that is no longer open, `campaign_closed`.
    """
    leases.lock_cursor(connection, campaign.id, voter, now)
    task_order.lock_order(connection, campaign.id)
    task = _LOCK_TASK.one(connection, {"task": task_id})
    own = _OWN.first(connection, {"task": task_id, "voter": voter.id})
    if own is None:
        raise _refusal(ConflictReason.NOT_SUBMITTED)
    if campaign.status != CampaignStatus.OPEN:
        raise _refusal(ConflictReason.CAMPAIGN_CLOSED)
    if task.status != TaskStatus.OPEN or task.adjudicated:
        raise _refusal(ConflictReason.TASK_RESOLVED)
    latest = latest_amendments(connection, [own.id]).get(own.id)
    values = {**answer.model_dump(include=set(_FIELDS)), "note": answer.note or None}
    before = latest.after if latest is not None else {name: getattr(own, name) for name in _FIELDS}
    connection.execute(
        amendments.insert().values(
            id=new_id(),
            submission_id=own.id,
            task_id=task_id,
            campaign_id=campaign.id,
            before=before,
            after=values,
            created_at=now,
        )
    )
    counts = bindparam("is_gold", task.is_gold) == false()
    connection.execute(submissions.update().where(submissions.c.id == own.id, counts).values(values))
    # The results API lists a task as changed when its row is written, though the number of votes is the same.
    connection.execute(tasks.update().where(tasks.c.id == task_id).values(status=tasks.c.status))
    rescore_task(connection, task_id, now)
    task_order.REMOVE_IF_COMPLETE.run(connection, {"task": task_id, "campaign": campaign.id})
    return own._replace(**values)


def latest_amendments(connection: Connection, submission_ids: Collection[str]) -> dict[str, AmendmentRow]:
    """The last amendment of each of these votes, by vote; a vote that was never changed is missing."""
    query = select(amendments).where(amendments.c.submission_id.in_(submission_ids)).order_by(amendments.c.number)
    return {row.submission_id: row for row in fetch_all(connection, query, AmendmentRow)}


def first_answers(connection: Connection, submission_ids: Collection[str]) -> dict[str, JsonObject]:
    """The answer that each of these votes began with, by vote; a vote that was never changed is missing."""
    query = (
        select(amendments).where(amendments.c.submission_id.in_(submission_ids)).order_by(amendments.c.number.desc())
    )
    return {row.submission_id: row.before for row in fetch_all(connection, query, AmendmentRow)}


def _refusal(reason: ConflictReason) -> Exception:
    return conflict(reason, _REFUSALS[reason])
