"""Adjudication: stores an expert's ruling on a task, which settles it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, false, select

from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.labeling import Adjudication
from gonogo.schemas.review import RulingCreate, RulingPublic
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import ApiError, conflict
from gonogo.server.queue.submissions import resolve_by_ruling
from gonogo.server.review.rulings import CANDIDATE, RulingRow, ruling_by_id, ruling_public, rulings_of_task
from gonogo.server.serialize import instant
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import rulings, submissions, tasks
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.typed_rows import fetch_one


def refuse_own_vote(connection: Connection, task_id: str, voter_id: str) -> None:
    """Raises 409 when a reviewer would rule on a task that they voted on."""
    own = select(submissions.c.id).where(submissions.c.task_id == task_id, submissions.c.voter_id == voter_id)
    if connection.execute(own).first() is not None:
        message = "You voted on this task: another reviewer has to rule on it."
        raise conflict(ConflictReason.OWN_VOTE, message)


def adjudicate(
    connection: Connection, task_id: str, caller: Principal, body: RulingCreate, now: datetime
) -> tuple[RulingRow, TaskRow]:
    """Settles the task by the ruling, in a write transaction; returns the ruling and the task.

    An earlier ruling stands unless `override`: 409 `task_resolved`, with both rulings in the details.
    """
    task = fetch_one(connection, select(tasks).where(tasks.c.id == task_id).with_for_update(), TaskRow)
    if task.adjudicated and not body.override:
        raise _already_ruled(connection, task, caller, body)
    ruling = Adjudication(verdict=body.verdict, corrected_value=body.corrected_value)
    resolve_by_ruling(connection, task_id, ruling, now)
    earlier = rulings.update().where(rulings.c.task_id == task_id, rulings.c.superseded == false())
    connection.execute(earlier.values(superseded=True))
    ruling_id = new_id()
    connection.execute(
        rulings.insert().values(
            id=ruling_id,
            task_id=task_id,
            campaign_id=task.campaign_id,
            expert_id=caller.id,
            expert_kind=caller.kind,
            verdict=body.verdict,
            corrected_value=body.corrected_value,
            note=body.note,
            error_type=body.error_type,
            by_page=body.by_page,
            gold_status=CANDIDATE if body.gold_candidate and not task.is_gold else None,
            created_at=now,
        )
    )
    settled = fetch_one(connection, select(tasks).where(tasks.c.id == task_id), TaskRow)
    return ruling_by_id(connection, ruling_id), settled


def _already_ruled(connection: Connection, task: TaskRow, caller: Principal, body: RulingCreate) -> ApiError:
    """The refusal to rule again, with both rulings in its details."""
    standing = [row for row in rulings_of_task(connection, task.id) if not row.superseded]
    if standing:
        earlier = ruling_public(standing[-1], caller.id, names=False)
    else:  # from the time when the published operation left no record but the outcome
        known = {"verdict": task.consensus_verdict, "corrected_value": task.consensus_value}
        earlier = RulingPublic(task_id=task.id, created_at=instant(task.resolved_at), **known)
    who = "You have" if earlier.by_you else "Another expert has"
    message = f"{who} ruled on this task already; nothing was changed. Look at both rulings, then override or go on."
    yours = {"verdict": body.verdict, "corrected_value": body.corrected_value, "note": body.note}
    return conflict(ConflictReason.TASK_RESOLVED, message, earlier=earlier.model_dump(), yours=yours)
