"""Rulings of experts: reads their rows, and converts them to API models."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, func, select

from gonogo.json_types import JsonValue
from gonogo.schemas.review import RulingPublic
from gonogo.server.errors import not_found
from gonogo.server.serialize import instant
from gonogo.server.store.schema import annotator_accounts, rulings, users
from gonogo.server.store.typed_rows import fetch_all, fetch_first

CANDIDATE, ACCEPTED, DECLINED = "candidate", "accepted", "declined"
"""States of a ruling that an expert proposed as gold."""


class RulingRow(NamedTuple):
    """Row of `RULINGS`."""

    number: int
    id: str
    task_id: str
    campaign_id: str
    expert_id: str
    expert_kind: str
    verdict: str
    corrected_value: JsonValue
    note: str | None
    error_type: str | None
    gold_status: str | None
    gold_decided_by: str | None
    gold_decided_at: datetime | None
    gold_task_id: str | None
    superseded: bool
    by_page: bool
    created_at: datetime
    expert_name: str | None


def person_name(person_id: ColumnElement[str]) -> ColumnElement[str]:
    """A person's name, email or id, over outer joins with `annotator_accounts` and `users`."""
    name: ColumnElement[str] = func.coalesce(
        annotator_accounts.c.display_name, annotator_accounts.c.email, users.c.name, person_id
    )
    return name


RULINGS = (
    select(rulings, person_name(rulings.c.expert_id).label("expert_name"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == rulings.c.expert_id)
    .outerjoin(users, users.c.id == rulings.c.expert_id)
)
"""Rulings with the name of their expert."""


def ruling_by_id(connection: Connection, ruling_id: str) -> RulingRow:
    """The ruling. Raises 404 if there is none."""
    ruling = fetch_first(connection, RULINGS.where(rulings.c.id == ruling_id), RulingRow)
    if ruling is None:
        raise not_found()
    return ruling


def rulings_of_task(connection: Connection, task_id: str) -> list[RulingRow]:
    """All rulings on a task, oldest first."""
    return fetch_all(connection, RULINGS.where(rulings.c.task_id == task_id).order_by(rulings.c.number), RulingRow)


def ruling_public(row: RulingRow, caller_id: str, *, names: bool) -> RulingPublic:
    """A ruling as `caller_id` sees it; the expert's name only with `names`."""
    return RulingPublic(
        **{name: getattr(row, name) for name in ("id", "task_id", "verdict", "corrected_value", "note", "error_type")},
        gold_status=row.gold_status,
        gold_task_id=row.gold_task_id,
        superseded=row.superseded,
        by_page=row.by_page,
        by_you=row.expert_id == caller_id,
        expert_id=row.expert_id if names else None,
        expert_name=row.expert_name if names else None,
        created_at=instant(row.created_at),
    )
