"""Queries of the results API: campaigns, cases and votes as typed rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, FromClause, Integer, bindparam, literal_column, select

from gonogo.json_types import JsonValue
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import (
    calculations,
    campaigns,
    cases,
    drawings,
    part_revisions,
    parts,
    predictions,
    projects,
    submissions,
    tasks,
)
from gonogo.server.store.typed_rows import AnyColumn, AnySelect, fetch_all
from gonogo.server.tasks.drawings import NEWEST_DRAWING_NUMBER

_SHORT_RANGE = 500  # so many cases are read sooner than a place between them is looked up


class ResultsCampaign(NamedTuple):
    """A campaign, which is a Task of the results API, and its project."""

    id: str
    number: int
    name: str
    project_number: int | None
    project_name: str | None


class CaseRow(NamedTuple):
    """A case, its task, and where the task came from."""

    seq: int
    state: str
    updated_at: datetime
    number: int
    id: str
    is_gold: bool
    gold_answer: str | None
    consensus_verdict: str | None
    consensus_value: JsonValue
    predicted_value: JsonValue
    drawing_bbox: list[float] | None
    agreement: float | None
    prompt: str | None
    adjudicated: bool
    target_kind: str
    detail_kind: str | None
    part_revision_id: str | None
    external_id: str | None
    run: str | None
    part: str | None
    drawing: int | None
    filename: str
    content_type: str
    drawn_at: datetime


class VoteRow(NamedTuple):
    """A submission, which is a Read of the results API."""

    task_id: str
    number: int
    verdict: str
    counted: bool
    voter_id: str
    corrected_value: JsonValue
    duration_ms: int | None
    created_at: datetime


class _Change(NamedTuple):
    """The place of a case in the order of changes."""

    seq: int
    updated_at: datetime


@dataclass(frozen=True)
class CaseFilter:
    """The cases of a campaign that changed after counter `after`, up to `horizon`; `number` is that of a task."""

    after: int = -1
    limit: int = 1
    state: str | None = None
    updated_after: datetime | None = None
    horizon: int | None = None
    number: int | None = None


def find_campaign(store: Store, org_id: str, number: int) -> ResultsCampaign | None:
    """The campaign with this integer id, if it is one of the organisation's."""
    return store.query_one(_CAMPAIGN, {"number": number, "org": org_id})


def read_cases(connection: Connection, campaign_id: str, filters: CaseFilter) -> list[CaseRow]:
    """The first cases that pass the filters, in the order of their last change."""
    return sorted(fetch_all(connection, _cases_query(campaign_id, filters), CaseRow), key=lambda case: case.seq)


def read_votes(connection: Connection, case_rows: Sequence[CaseRow]) -> dict[str, list[VoteRow]]:
    """The votes on each task that has any, oldest first; keys are task ids."""
    votes: dict[str, list[VoteRow]] = {}
    for vote in fetch_all(connection, _VOTES, VoteRow, {"task_ids": [case.id for case in case_rows]}):
        votes.setdefault(vote.task_id, []).append(vote)
    return votes


def skip_unchanged(connection: Connection, campaign_id: str, after: int, moment: datetime) -> int:
    """A change counter from `after` up to which no case changed after `moment`.

    Counter and clock grow together, so a binary search of the index finds the place. A page read from `after` on would
    pass by all cases that did not change.
    """
    low, high = after, int(_LAST.scalar(connection, {"campaign": campaign_id}) or 0)
    while high - low > _SHORT_RANGE:
        middle = (low + high) // 2
        case = _NEXT.first(connection, {"campaign": campaign_id, "after": middle})
        if case is None or case.updated_at > moment:
            high = middle
        else:
            low = case.seq
    return low


def _cases_query(campaign_id: str, filters: CaseFilter) -> AnySelect:
    conditions = [cases.c.campaign_id == campaign_id, cases.c.seq > filters.after]
    if filters.state is not None:
        conditions.append(cases.c.state == filters.state)
    if filters.updated_after is not None:
        conditions.append(cases.c.updated_at > filters.updated_after)
    if filters.horizon is not None:
        conditions.append(cases.c.seq <= filters.horizon)
    if filters.number is not None:
        conditions.append(cases.c.task_number == filters.number)
    # The limit stands in the text: where PostgreSQL does not see it, it plans for a tenth of all cases.
    limit = literal_column(str(filters.limit), Integer)
    few = select(cases).where(*conditions).order_by(cases.c.seq).limit(limit).subquery("few")
    return select(*_columns(few)).select_from(_with_origin(few))


def _columns(few: FromClause) -> list[AnyColumn]:
    """The columns of `CaseRow`, by name."""
    columns: dict[str, AnyColumn] = {
        **dict(tasks.c.items()),
        **{name: few.c[name] for name in ("seq", "state", "updated_at")},
        "external_id": predictions.c.external_id,
        "run": calculations.c.run,
        "part": parts.c.name,
        "drawing": drawings.c.number,
        "filename": drawings.c.filename,
        "content_type": drawings.c.content_type,
        "drawn_at": drawings.c.created_at,
    }
    return [columns[name].label(name) for name in CaseRow._fields]


def _with_origin(few: FromClause) -> FromClause:
    """Outer joins only: the few cases come first, and the rest is looked up for them by index."""
    return (
        few.outerjoin(tasks, tasks.c.number == few.c.task_number)
        .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
        .outerjoin(calculations, calculations.c.id == predictions.c.calculation_id)
        .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
        .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
        .outerjoin(drawings, drawings.c.number == NEWEST_DRAWING_NUMBER)
    )


_CAMPAIGN = CompiledQuery(
    select(
        campaigns.c.id,
        campaigns.c.number,
        campaigns.c.name,
        projects.c.number.label("project_number"),
        projects.c.name.label("project_name"),
    )
    .outerjoin(projects, projects.c.id == campaigns.c.project_id)
    .where(campaigns.c.number == bindparam("number"), campaigns.c.org_id == bindparam("org")),
    ResultsCampaign,
)
_VOTES = (
    select(*[submissions.c[name] for name in VoteRow._fields])
    .where(submissions.c.task_id.in_(bindparam("task_ids", expanding=True)))
    .order_by(submissions.c.number)
)
_LAST = CompiledStatement(
    select(cases.c.seq).where(cases.c.campaign_id == bindparam("campaign")).order_by(cases.c.seq.desc()).limit(1)
)
_NEXT = CompiledQuery(
    select(cases.c.seq, cases.c.updated_at)
    .where(cases.c.campaign_id == bindparam("campaign"), cases.c.seq > bindparam("after"))
    .order_by(cases.c.seq)
    .limit(1),
    _Change,
)
