"""Messages of webhooks: reads settled tasks and campaigns, and writes the bytes that are sent."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, func, select

from gonogo.json_types import JsonValue
from gonogo.schemas.webhooks import CampaignChange, SettledTask, WebhookMessage
from gonogo.server.export.sql import SETTLED_STATE
from gonogo.server.serialize import instant
from gonogo.server.store.schema import campaigns, cases, part_revisions, parts, predictions, tasks
from gonogo.server.store.typed_rows import fetch_all

BATCH: Final = 100
"""Settled tasks that are read at a time."""
UNFINISHED_STATES: Final = ("Ready", "Active", "Flagged")
"""States of cases of which something is left to do; gold has a state of its own, so it is in none."""


class SettledRow(NamedTuple):
    """Settled task with its origin, and the place and time of its last change."""

    cursor: int
    settled_at: datetime
    task_id: str
    part: str | None
    part_revision_id: str | None
    prediction_id: str | None
    target_kind: str | None
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    predicted_value: JsonValue
    consensus_verdict: str | None
    consensus_value: JsonValue
    agreement: float | None
    adjudicated: bool
    submission_count: int
    resolved_at: datetime | None


class CampaignNow(NamedTuple):
    """Campaign with its ordinary tasks by status."""

    id: str
    name: str
    status: str
    n_open: int
    n_in_review: int
    n_resolved: int

    @property
    def n_tasks(self) -> int:
        return self.n_open + self.n_in_review + self.n_resolved


def read_settled(connection: Connection, campaign_id: str, after: int, horizon: int) -> list[SettledRow]:
    """Tasks that settled after a cursor and not after the horizon, in their order, at most `BATCH`."""
    values = {"campaign": campaign_id, "after": after, "horizon": horizon}
    return fetch_all(connection, _SETTLED, SettledRow, values)


def read_campaign_now(connection: Connection, campaign_id: str) -> CampaignNow:
    """The campaign as it stands. Raises `LookupError` if it does not exist."""
    (row,) = connection.execute(_CAMPAIGN, {"campaign": campaign_id}).all()
    counts: dict[str, int] = dict(connection.execute(_COUNTS, {"campaign": campaign_id}).all())
    n_open = sum(counts.get(state, 0) for state in ("Ready", "Active", "Canceled"))
    return CampaignNow(row.id, row.name, row.status, n_open, counts.get("Flagged", 0), counts.get(SETTLED_STATE, 0))


def read_done_tasks(connection: Connection, campaign_id: str) -> int | None:
    """The number of tasks of a campaign where nothing is left to vote on or to review; else, or without any, `None`.

    Tasks that were open when it was closed are no longer voted on.
    """
    if connection.execute(_UNFINISHED, {"campaign": campaign_id}).first() is not None:
        return None
    state = read_campaign_now(connection, campaign_id)
    return state.n_tasks if state.n_resolved else None


def settled_body(row: SettledRow, campaign_id: str, campaign: str) -> str:
    """The message of a settled task."""
    values = row._asdict() | {"resolved_at": instant(row.resolved_at)}
    data = SettledTask(campaign_id=campaign_id, campaign=campaign, **values)
    return body_of("task.settled", row.settled_at, data.model_dump())


def campaign_body(event: str, campaign: CampaignNow, now: datetime) -> str:
    """The message of a campaign's change."""
    fields = {name: getattr(campaign, name) for name in CampaignChange.model_fields if hasattr(campaign, name)}
    data = CampaignChange(campaign_id=campaign.id, campaign=campaign.name, **fields)
    return body_of(event, now, data.model_dump())


def body_of(event: str, at: datetime, data: JsonValue) -> str:
    """The JSON of a message."""
    return WebhookMessage(type=event, timestamp=instant(at), data=data).model_dump_json()


_SETTLED = (
    select(
        cases.c.seq.label("cursor"),
        cases.c.updated_at.label("settled_at"),
        tasks.c.id.label("task_id"),
        parts.c.name.label("part"),
        tasks.c.part_revision_id,
        predictions.c.external_id.label("prediction_id"),
        *(tasks.c[name] for name in SettledRow._fields[6:]),
    )
    .select_from(cases)
    .join(tasks, tasks.c.number == cases.c.task_number)
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
    .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
    .where(
        cases.c.campaign_id == bindparam("campaign"),
        cases.c.state == SETTLED_STATE,
        cases.c.seq > bindparam("after"),
        cases.c.seq <= bindparam("horizon"),
    )
    .order_by(cases.c.seq)
    .limit(BATCH)
)
_CAMPAIGN = select(campaigns.c.id, campaigns.c.name, campaigns.c.status).where(campaigns.c.id == bindparam("campaign"))
_UNFINISHED = (
    select(cases.c.task_number)
    .where(cases.c.campaign_id == bindparam("campaign"), cases.c.state.in_(UNFINISHED_STATES))
    .limit(1)
)
_COUNTS = (
    select(cases.c.state, func.count()).where(cases.c.campaign_id == bindparam("campaign")).group_by(cases.c.state)
)
