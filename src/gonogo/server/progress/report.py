"""Progress report of a campaign for its lead: counts tasks, people and their pace, and estimates the time left. Read-
only, and cheap at any size.

Every number comes from an index, so that watching a campaign does not slow down the people who work in it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, case, false, func, select

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.lead import AtWork, CampaignProgress
from gonogo.server.serialize import instant
from gonogo.server.store.schema import annotator_accounts, submissions, tasks, users, voters
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_all

PACE_WINDOW: Final = timedelta(hours=24)
PACE_VOTES: Final = 1000  # the pace is that of the newest so many votes, of the last day at most
_MANY = 5000  # open tasks; of more, the votes they have are not added up


def campaign_progress(connection: Connection, campaign: CampaignRow, now: datetime) -> CampaignProgress:
    """The numbers of one campaign (all columns of `campaigns`); honeypots are in none of the task counts."""
    params = {"campaign": campaign.id}
    counts = {row.status: row.n for row in connection.execute(_COUNTS, params)}
    holders = connection.execute(_HELD, {**params, "now": now}).all()
    held = {row.holder_id: row.n for row in holders}
    n_open = counts.get(TaskStatus.OPEN, 0)
    return CampaignProgress(
        campaign_id=campaign.id,
        status=campaign.status,
        n_tasks=campaign.n_tasks,
        n_open=n_open,
        n_held=sum(row.n_work for row in holders),
        n_in_review=counts.get(TaskStatus.IN_REVIEW, 0),
        n_resolved=counts.get(TaskStatus.RESOLVED, 0),
        votes_left=_votes_left(connection, campaign, n_open) if campaign.status == CampaignStatus.OPEN else 0,
        votes_per_hour=_pace(connection, campaign.id, now),
        people=[_person(row, held) for row in fetch_all(connection, _PEOPLE, _PersonRow, params)],
        as_of=instant(now),
    )


def _votes_left(connection: Connection, campaign: CampaignRow, n_open: int) -> int:
    """Votes that the open tasks still need; with many open tasks an upper bound, as if none had any yet."""
    if n_open > _MANY:
        return n_open * int(campaign.target_redundancy)
    return int(connection.execute(_MISSING, {"campaign": campaign.id}).scalar() or 0)


def _pace(connection: Connection, campaign_id: str, now: datetime) -> float | None:
    """Votes an hour, over the newest `PACE_VOTES` of the last day; `None` before there are two."""
    recent = connection.execute(_RECENT, {"campaign": campaign_id, "since": now - PACE_WINDOW}).one()
    if recent.n < 2:
        return None
    hours: float = max((now - recent.first).total_seconds() / 3600, 1 / 3600)
    pace: float = round(recent.n / hours, 1)
    return pace


class _PersonRow(NamedTuple):
    voter_id: str
    n_done: int
    email: str | None
    name: str | None
    last_at: datetime | None


def _person(row: _PersonRow, held: dict[str, int]) -> AtWork:
    return AtWork(
        voter_id=row.voter_id,
        email=row.email,
        name=row.name,
        n_done=row.n_done,
        n_held=held.get(row.voter_id, 0),
        last_at=instant(row.last_at),
    )


_HERE = tasks.c.campaign_id == bindparam("campaign")
_COUNTS = (
    select(tasks.c.status, func.count().label("n")).where(_HERE, tasks.c.is_gold == false()).group_by(tasks.c.status)
)
_HELD = (
    select(
        tasks.c.holder_id,
        func.count().label("n"),
        func.sum(case((tasks.c.is_gold, 0), else_=1)).label("n_work"),
    )
    .where(
        _HERE,
        tasks.c.holder_id.is_not(None),
        tasks.c.claim_expires_at > bindparam("now", type_=tasks.c.claimed_at.type),
    )
    .group_by(tasks.c.holder_id)
)
_MISSING = select(func.sum(tasks.c.n_required - tasks.c.submission_count)).where(
    _HERE, tasks.c.status == TaskStatus.OPEN, tasks.c.is_gold == false(), tasks.c.n_required > tasks.c.submission_count
)
_newest = (
    select(submissions.c.created_at)
    .where(submissions.c.campaign_id == bindparam("campaign"))
    .order_by(submissions.c.number.desc())
    .limit(PACE_VOTES)
    .subquery()
)
_RECENT = select(func.count().label("n"), func.min(_newest.c.created_at).label("first")).where(
    _newest.c.created_at > bindparam("since", type_=submissions.c.created_at.type)
)
_LAST = (
    select(submissions.c.created_at)
    .where(submissions.c.campaign_id == voters.c.campaign_id, submissions.c.voter_id == voters.c.voter_id)
    .order_by(submissions.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
_PEOPLE = (
    select(
        voters.c.voter_id,
        voters.c.n_done,
        func.coalesce(annotator_accounts.c.email, users.c.email).label("email"),
        func.coalesce(annotator_accounts.c.display_name, users.c.name).label("name"),
        _LAST.label("last_at"),
    )
    .outerjoin(annotator_accounts, annotator_accounts.c.id == voters.c.voter_id)
    .outerjoin(users, users.c.id == voters.c.voter_id)
    .where(voters.c.campaign_id == bindparam("campaign"))
    .order_by(voters.c.n_done.desc(), voters.c.voter_id)
)
