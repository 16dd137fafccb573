"""Notes of annotators on tasks: counts them for the review queue, and lists requests for help of one task."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, literal, or_, select, union_all

from gonogo.schemas.review import HelpRequest
from gonogo.server.review.rulings import person_name
from gonogo.server.serialize import instant
from gonogo.server.store.schema import annotator_accounts, help_requests, submissions, users
from gonogo.server.store.schema.rows import HelpRequestRow


@dataclass
class TaskNotes:
    """Notes on one task: how many for each reason, and how many of them ask for help."""

    reasons: dict[str, int] = field(default_factory=dict)
    n_help: int = 0


class _NoteRow(NamedTuple):
    task_id: str
    reason: str | None
    asks_help: bool


def notes_of(connection: Connection, campaign_id: str, task_ids: Collection[str]) -> dict[str, TaskNotes]:
    """The notes of these tasks; a task without any is missing. A note without a reason counts as `other`."""
    noted = or_(submissions.c.reason.is_not(None), submissions.c.note.is_not(None))
    with_votes = select(submissions.c.task_id, submissions.c.reason, literal(False).label("asks_help"))
    instead = select(help_requests.c.task_id, help_requests.c.reason, literal(True).label("asks_help"))
    query = union_all(
        with_votes.where(submissions.c.campaign_id == campaign_id, submissions.c.task_id.in_(task_ids), noted),
        instead.where(help_requests.c.campaign_id == campaign_id, help_requests.c.task_id.in_(task_ids)),
    )
    notes: dict[str, TaskNotes] = {}
    for row in map(_NoteRow._make, connection.execute(query)):
        task = notes.setdefault(row.task_id, TaskNotes())
        reason = row.reason or "other"
        task.reasons[reason] = task.reasons.get(reason, 0) + 1
        task.n_help += row.asks_help
    return notes


def help_of_task(connection: Connection, task_id: str, *, names: bool) -> list[HelpRequest]:
    """The requests for help with a task, oldest first; the people's names only with `names`."""
    query = (
        select(help_requests, person_name(help_requests.c.voter_id).label("voter_name"))
        .outerjoin(annotator_accounts, annotator_accounts.c.id == help_requests.c.voter_id)
        .outerjoin(users, users.c.id == help_requests.c.voter_id)
        .where(help_requests.c.task_id == task_id)
        .order_by(help_requests.c.number)
    )
    return [
        _public(HelpRequestRow._make(request), name if names else None, names=names)
        for *request, name in connection.execute(query)
    ]


def _public(row: HelpRequestRow, name: str | None, *, names: bool) -> HelpRequest:
    return HelpRequest(
        id=row.id,
        task_id=row.task_id,
        reason=row.reason,
        note=row.note,
        created_at=instant(row.created_at),
        voter_id=row.voter_id if names else None,
        voter_name=name,
    )
