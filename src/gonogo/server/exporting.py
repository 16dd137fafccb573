"""A campaign as lines: one JSON object a task, with its prediction, its votes and its outcome."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from gonogo.server.records import instant
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import (
    annotator_accounts,
    part_revisions,
    parts,
    predictions,
    submissions,
    tasks,
    users,
)
from gonogo.wire.extensions import ExportRecord

BATCH = 500


def export_lines(store: Store, campaign: Row[Any], batch: int = BATCH) -> Iterator[bytes]:
    """The tasks of `campaign` in the order they were made, some whole lines at a time; memory stays flat."""
    after = 0
    while True:
        with store.read() as connection:
            rows = _tasks(connection, campaign.id, after, batch)
            votes = _votes(connection, [row.id for row in rows])
        if not rows:
            return
        yield b"".join(_line(_record(row, campaign.name, votes[row.id])) for row in rows)
        after = rows[-1].number


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _tasks(connection: Connection, campaign_id: str, after: int, batch: int) -> Sequence[Row[Any]]:
    here = tasks.c.campaign_id == campaign_id
    return connection.execute(_TASKS.where(here, tasks.c.number > after).order_by(tasks.c.number).limit(batch)).all()


def _votes(connection: Connection, task_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if task_ids:
        query = _VOTES.where(submissions.c.task_id.in_(task_ids)).order_by(submissions.c.number)
        for row in connection.execute(query):
            found[row.task_id].append(_vote(row))
    return found


def _vote(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "annotator_id": row.voter_id,
        "annotator_email": row.annotator_email or row.user_email,
        "verdict": row.verdict,
        "corrected_value": row.corrected_value,
        "confidence": row.confidence,
        "duration_ms": row.duration_ms,
        "created_at": instant(row.created_at),
        "counted": row.counted,
        "late": row.late,
    }


def _record(row: Row[Any], campaign: str, votes: list[dict[str, Any]]) -> dict[str, Any]:
    """The fields of `ExportRecord`."""
    return {
        **{name: getattr(row, name) for name in _AS_IS},
        "task_id": row.id,
        "campaign": campaign,
        "prediction_id": row.external_id,
        "created_at": instant(row.created_at),
        "resolved_at": instant(row.resolved_at),
        "submissions": votes,
    }


_AS_IS = [
    name
    for name in ExportRecord.model_fields
    if name not in {"task_id", "campaign", "prediction_id", "created_at", "resolved_at", "submissions"}
]
_TASKS = (
    select(tasks, predictions.c.external_id, parts.c.name.label("part"))
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
    .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
)
_VOTES = (
    select(submissions, annotator_accounts.c.email.label("annotator_email"), users.c.email.label("user_email"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)
    .outerjoin(users, users.c.id == submissions.c.voter_id)
)
