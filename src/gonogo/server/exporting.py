"""A campaign as lines: one JSON object a task, with its prediction, its votes and its outcome."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from gonogo.server.records import instant
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import (
    annotator_accounts,
    drawings,
    gold_items,
    golden_items,
    part_revisions,
    parts,
    predictions,
    rulings,
    submissions,
    tasks,
    users,
)
from gonogo.wire.extensions import ExportRecord

BATCH = 500


def export_lines(store: Store, campaign: Row[Any], batch: int = BATCH, *, golden: bool = False) -> Iterator[bytes]:
    """The tasks of `campaign` in the order they were made, some whole lines at a time; memory stays flat.

    With `golden` only those that were promoted.
    """
    after = 0
    query: Select[Any] = _TASKS.where(golden_items.c.task_id.is_not(None)) if golden else _TASKS
    names: dict[str | None, str | None] = {None: None}
    while True:
        with store.read() as connection:
            here = query.where(tasks.c.campaign_id == campaign.id, tasks.c.number > after)
            rows: Sequence[Row[Any]] = connection.execute(here.order_by(tasks.c.number).limit(batch)).all()
            ids = [row.id for row in rows]
            votes, ruled = _votes(connection, ids), _rulings(connection, ids)
            _name_drawings(connection, rows, names)
        if not rows:
            return
        found = (_record(row, campaign.name, names[row.part_revision_id]) for row in rows)
        yield b"".join(
            _line(record | {"rulings": ruled[record["task_id"]], "submissions": votes[record["task_id"]]})
            for record in found
        )
        after = rows[-1].number


def _line(record: dict[str, Any]) -> bytes:
    return _ENCODER.encode(record).encode() + b"\n"


def _name_drawings(connection: Connection, rows: Sequence[Row[Any]], known: dict[str | None, str | None]) -> None:
    """Adds the file name of the newest drawing of each revision that is not `known` yet."""
    fresh = {row.part_revision_id for row in rows} - known.keys()
    if fresh:
        known |= dict.fromkeys(fresh)
        query = select(drawings.c.part_revision_id, drawings.c.filename).order_by(drawings.c.number)
        for row in connection.execute(query.where(drawings.c.part_revision_id.in_(fresh))):
            known[row.part_revision_id] = row.filename


def _votes(connection: Connection, task_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if task_ids:
        query = _VOTES.where(submissions.c.task_id.in_(task_ids)).order_by(submissions.c.number)
        for row in connection.execute(query):
            found[row.task_id].append(_vote(row))
    return found


def _rulings(connection: Connection, task_ids: list[str]) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if task_ids:
        for row in connection.execute(
            select(rulings).where(rulings.c.task_id.in_(task_ids)).order_by(rulings.c.number)
        ):
            fields = {name: getattr(row, name) for name in ("expert_id", "verdict", "corrected_value", "superseded")}
            found[row.task_id].append(fields | {"created_at": instant(row.created_at)})
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


def _record(row: Row[Any], campaign: str, drawing: str | None) -> dict[str, Any]:
    """The fields of `ExportRecord`, but for rulings and submissions."""
    values = row._mapping
    return {
        "task_id": row.id,
        "campaign_id": row.campaign_id,
        "campaign": campaign,
        **{name: values[name] for name in _AS_IS},
        "drawing": drawing,
        "prediction_id": row.external_id,
        "golden": _golden(row),
        "created_at": instant(row.created_at),
        "resolved_at": instant(row.resolved_at),
    }


def _golden(row: Row[Any]) -> dict[str, Any] | None:
    if row.promoted_at is None:
        return None
    return {
        "verdict": row.golden_verdict,
        "value": row.golden_value,
        "forced": row.forced,
        "promoted_at": instant(row.promoted_at),
    }


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_MADE_HERE = {"task_id", "campaign_id", "campaign", "drawing", "prediction_id", "golden", "created_at", "resolved_at"}
_AS_IS = [name for name in ExportRecord.model_fields if name not in _MADE_HERE | {"rulings", "submissions"}]
_FROM_TASK = [
    *(tasks.c[name] for name in _AS_IS if name in tasks.c),
    *(tasks.c[name] for name in ("number", "id", "campaign_id", "created_at", "resolved_at")),
]
_TASKS = (
    select(
        *_FROM_TASK,
        predictions.c.external_id,
        predictions.c.truth,
        parts.c.name.label("part"),
        gold_items.c.error_type,
        golden_items.c.verdict.label("golden_verdict"),
        golden_items.c.value.label("golden_value"),
        golden_items.c.forced,
        golden_items.c.promoted_at,
    )
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
    .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
    .outerjoin(gold_items, gold_items.c.id == tasks.c.gold_item_id)
    .outerjoin(golden_items, golden_items.c.task_id == tasks.c.id)
)
_VOTES = (
    select(submissions, annotator_accounts.c.email.label("annotator_email"), users.c.email.label("user_email"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)
    .outerjoin(users, users.c.id == submissions.c.voter_id)
)
