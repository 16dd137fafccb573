"""The cases of a page, all in one JSON text that the database puts together.

A page is a hundred cases with their votes: read row by row in a thread, each row would wait for its turn at the
interpreter's lock while others submit. One row is one turn, and the database works outside the lock.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import JSON, ColumnElement, Connection, Integer, Text, bindparam, cast, literal_column, select

from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.schema.campaigns import (
    calculations,
    cases,
    drawings,
    part_revisions,
    parts,
    predictions,
    submissions,
    tasks,
)
from gonogo.server.store.sql_functions import ExactFloat, JsonArray, JsonArrayAgg, StringAgg
from gonogo.server.tasks.drawings import NEWEST_DRAWING_NUMBER


class CaseRecord(NamedTuple):
    """A case and its task, as the database writes them: values in JSON, instants in microseconds.

    `votes` are JSON lists of `CaseVote` with commas between, where all is to be told; else of each vote a 1
    if it counts or a 0, and its verdict.
    """

    seq: int
    state: str
    updated_at: int
    number: int
    id: str
    is_gold: bool
    gold_answer: str | None
    consensus_verdict: str | None
    consensus_value: str | None
    predicted_value: str | None
    drawing_bbox: str | None
    agreement: str | None
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
    drawn_at: int
    votes: str | None


class CaseVote(NamedTuple):
    """A submission; its value in JSON."""

    number: int
    verdict: str
    counted: bool
    voter_id: str = ""
    corrected_value: str | None = None
    duration_ms: int | None = None
    created_at: int = 0


class CaseFilter(NamedTuple):
    """Which cases of a campaign, beside the counter they come after; `case` is the number of the only one wanted."""

    limit: int = 1
    verbose: bool = False
    state: bool = False
    updated_after: bool = False
    horizon: bool = False
    case: bool = False


def read_cases(connection: Connection, chosen: CaseFilter, values: dict[str, Any]) -> list[CaseRecord]:
    """The cases in the order of their changes. `values` are `campaign`, `after`, and those that `chosen` names."""
    found = _query(chosen).scalar(connection, values)
    rows = [CaseRecord._make(cells) for cells in json.loads(found or "[]")]
    return sorted(rows, key=lambda row: row.seq)


def read_votes(case: CaseRecord, *, verbose: bool) -> list[CaseVote]:
    """The votes of a case, oldest first; but for verdict and whether it counts, empty unless `verbose`."""
    if not verbose:
        return [CaseVote(0, one[1:], one[0] == "1") for one in (case.votes or "").split(",") if one]
    found = [CaseVote._make(cells) for cells in json.loads(f"[{case.votes or ''}]")]
    return sorted(found, key=lambda vote: vote.number)


@lru_cache(maxsize=256)
def _query(chosen: CaseFilter) -> CompiledStatement:
    conditions = {
        "state": cases.c.state == bindparam("state"),
        "updated_after": cases.c.updated_at > bindparam("updated_after", type_=cases.c.updated_at.type),
        "horizon": cases.c.seq <= bindparam("horizon"),
        "case": cases.c.task_number == bindparam("case"),
    }
    # The limit stands in the text: where PostgreSQL does not see it, it plans for a tenth of all cases.
    few = (
        select(cases)
        .where(cases.c.campaign_id == bindparam("campaign"), cases.c.seq > bindparam("after"))
        .where(*[condition for name, condition in conditions.items() if getattr(chosen, name)])
        .order_by(cases.c.seq)
        .limit(literal_column(str(chosen.limit), Integer))
        .subquery("few")
    )
    rows = JsonArrayAgg(JsonArray(*_columns(few, chosen.verbose)))
    return CompiledStatement(select(cast(rows, Text).label("rows")).select_from(_with_all(few)))


def _columns(few: Any, verbose: bool) -> Sequence[ColumnElement[Any]]:
    """As `CaseRecord` has them."""
    found = {
        **{name: few.c[name] for name in ("seq", "state", "updated_at")},
        "agreement": ExactFloat(tasks.c.agreement),
        "external_id": predictions.c.external_id,
        "run": calculations.c.run,
        "part": parts.c.name,
        "drawing": drawings.c.number,
        "filename": drawings.c.filename,
        "content_type": drawings.c.content_type,
        "drawn_at": drawings.c.created_at,
        "votes": _ALL_OF_VOTES if verbose else _VOTES,
    }
    return [found[name] if name in found else _as_text(tasks.c[name]) for name in CaseRecord._fields]


def _with_all(few: Any) -> Any:
    """Outer joins all the way: the few cases come first, and all else is looked up for them by index."""
    return (
        few.outerjoin(tasks, tasks.c.number == few.c.task_number)
        .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
        .outerjoin(calculations, calculations.c.id == predictions.c.calculation_id)
        .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
        .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
        .outerjoin(drawings, drawings.c.number == NEWEST_DRAWING_NUMBER)
    )


def _as_text(column: ColumnElement[Any]) -> ColumnElement[Any]:
    return cast(column, Text) if isinstance(column.type, JSON) else column


def _votes(vote: ColumnElement[Any]) -> ColumnElement[Any]:
    return (
        select(StringAgg(vote, literal_column("','", Text), submissions.c.number))
        .where(submissions.c.task_id == tasks.c.id)
        .correlate(tasks)
        .scalar_subquery()
    )


_VOTES = _votes(cast(cast(submissions.c.counted, Integer), Text) + submissions.c.verdict)
_ALL_OF_VOTES = _votes(cast(JsonArray(*[_as_text(submissions.c[name]) for name in CaseVote._fields]), Text))
