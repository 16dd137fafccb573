"""Campaigns as the results API has them: a Task is a campaign, a Case one of its tasks, a Read a submission."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, Table, bindparam, select, text

from gonogo.server.consensus.decide import parse_gold
from gonogo.server.records import instant
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import (
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

CLOCK_SLACK: Final = timedelta(hours=1)
"""How far the database's clock may be set back, and two writers at once be apart, without harm to `updated_after`."""
Content = tuple[str, dict[str, Any]]
"""A drawing: its `content_type`, and its `content_metadata`."""
_SHORT = 500  # so many cases are read sooner than a place between them is looked up


@dataclass(frozen=True)
class Wanted:
    """Filters of a page. `after` is the change counter of the last case seen."""

    after: int = 0
    limit: int = 100
    state: str | None = None
    updated_after: datetime | None = None
    verbose: bool = False


@dataclass(frozen=True)
class CasePage:
    payload: list[dict[str, Any]]
    has_next: bool
    last_sequence_id: int


def campaign_numbered(connection: Connection, org_id: str, number: int) -> Row[Any] | None:
    """The campaign with this integer id, its project's number and name beside it."""
    query = (
        select(campaigns, projects.c.number.label("project_number"), projects.c.name.label("project_name"))
        .outerjoin(projects, projects.c.id == campaigns.c.project_id)
        .where(campaigns.c.number == number, campaigns.c.org_id == org_id)
    )
    return connection.execute(query).first()


def committed_up_to(store: Store, campaign_id: str) -> int | None:
    """The change counter up to which nothing can still turn up; `None` where writers come one after the other.

    On PostgreSQL a number is taken before its transaction commits, so a later one may show first. All writers of a
    campaign hold a shared lock until they commit; whoever gets it alone knows that all numbers taken are committed.
    """
    if store.url.get_backend_name() == "sqlite":
        return None
    with store.write() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(30, hashtext(:campaign))"), {"campaign": campaign_id})
        last: int = connection.execute(text("SELECT last_value FROM case_changes")).scalar_one()
    return last


@contextmanager
def caught_up(store: Store) -> Iterator[Connection]:
    """A view in which all shows that was committed before now: the replica's, if it is there already.

    A replica that lags could show a later change before an earlier one counts as seen, and a page walk would miss it.
    """
    if store.replica_url is not None and store.url.get_backend_name() == "postgresql":
        written = store.look(text("SELECT pg_current_wal_lsn() AS at")).at
        with store.report() as connection:
            if connection.execute(_REPLAYED, {"written": written}).scalar():
                yield connection
                return
    with store.read() as connection:
        yield connection


def page(connection: Connection, campaign: Row[Any], wanted: Wanted, horizon: int | None) -> CasePage:
    """The cases that changed after `wanted.after`, in the order of their last change.

    A case that changes during a walk moves to its end, so it may be seen twice and is never missed.
    """
    after = wanted.after
    if wanted.updated_after is not None:
        after = max(after, _all_older(connection, campaign.id, after, wanted.updated_after - CLOCK_SLACK))
    here: list[ColumnElement[bool]] = [cases.c.campaign_id == campaign.id, cases.c.seq > after]
    if horizon is not None:
        here.append(cases.c.seq <= horizon)
    if wanted.state is not None:
        here.append(cases.c.state == wanted.state)
    if wanted.updated_after is not None:
        here.append(cases.c.updated_at > wanted.updated_after)
    query = select(cases).where(*here).order_by(cases.c.seq).limit(wanted.limit + 1)
    found = connection.execute(query).all()
    shown = found[: wanted.limit]
    last = shown[-1].seq if shown else wanted.after
    return CasePage(_payload(connection, campaign, shown, wanted.verbose), len(found) > wanted.limit, last)


def _all_older(connection: Connection, campaign_id: str, low: int, when: datetime) -> int:
    """A change counter from `low` up to which no case changed after `when`.

    Counter and clock grow together, so a few looks at the index find the place; read from `low` on, a page of what
    changed lately would pass by all that did not.
    """
    high: int = connection.execute(_LAST, {"campaign": campaign_id}).scalar() or 0
    while high - low > _SHORT:
        middle = (low + high) // 2
        found = connection.execute(_NEXT, {"campaign": campaign_id, "after": middle}).first()
        if found is None or found.updated_at > when:
            high = middle
        else:
            low = found.seq
    return low


def one(connection: Connection, campaign: Row[Any], case_id: int, verbose: bool) -> dict[str, Any] | None:
    """One case of the campaign, or `None`."""
    query = select(cases).where(cases.c.campaign_id == campaign.id, cases.c.task_number == case_id)
    payload = _payload(connection, campaign, connection.execute(query).all(), verbose)
    return payload[0] if payload else None


def _payload(
    connection: Connection, campaign: Row[Any], found: Sequence[Row[Any]], verbose: bool
) -> list[dict[str, Any]]:
    if not found:
        return []
    numbers = [row.task_number for row in found]
    known = {row.number: row for row in connection.execute(_TASKS, {"numbers": numbers}).all()}
    reads: dict[str, list[Row[Any]]] = defaultdict(list)
    query = _READS if verbose else _COUNTS
    for vote in connection.execute(query, {"ids": [row.id for row in known.values()]}).all():
        reads[vote.task_id].append(vote)
    revisions = list({row.part_revision_id for row in known.values()} - {None})
    drawn = connection.execute(_DRAWINGS, {"revisions": revisions}).all()
    content = {row.part_revision_id: _metadata(row) for row in drawn}
    return [
        _case(campaign, case, task, reads[task.id], content.get(task.part_revision_id), verbose)
        for case in found
        if (task := known.get(case.task_number)) is not None
    ]


def _case(
    campaign: Row[Any],
    case: Row[Any],
    task: Row[Any],
    reads: list[Row[Any]],
    content: Content | None,
    verbose: bool,
) -> dict[str, Any]:
    counted = [read for read in reads if read.counted]
    truth = parse_gold(task.gold_answer) if task.is_gold else None
    correct = truth.verdict if truth else task.consensus_verdict if case.state == "Labeled" else None
    counts: dict[str, int] = {}
    for read in counted:
        counts[read.verdict] = counts.get(read.verdict, 0) + 1
    stats: dict[str, Any] = {"counts": counts, "n_reads": len(reads), "n_qualified_reads": len(counted)}
    if verbose:
        stats["reads"] = [_read(read) for read in reads]
    return {
        "task_id": campaign.number,
        "task_name": campaign.name,
        "project_id": campaign.project_number,
        "project_name": campaign.project_name,
        "case_id": case.task_number,
        "task_type": "choice",
        "content_type": "image" if content is None else content[0],
        "labeling_state": case.state,
        "qualified_reads": len(counted),
        "patch": _patch(task.drawing_bbox),
        "content_metadata": [content[1]] if content is not None else [],
        "agreement": task.agreement,
        "difficulty": 1 - counts.get(correct, 0) / len(counted) if correct and counted else None,
        "correct_label": correct,
        "majority_label": task.consensus_verdict,
        "read_stats": stats,
        "gonogo": {
            "task_id": task.id,
            "campaign_id": campaign.id,
            "part": task.part,
            "prediction_id": task.external_id,
            "run": task.run,
            "prompt": task.prompt,
            "predicted_value": task.predicted_value,
            "consensus_value": task.consensus_value,
            "adjudicated": task.adjudicated,
            "updated_at": instant(case.updated_at),
            "sequence_id": case.seq,
            **({"target_kind": task.target_kind, "detail_kind": task.detail_kind} if verbose else {}),
            **({"drawing_bbox": task.drawing_bbox, "part_revision_id": task.part_revision_id} if verbose else {}),
        },
    }


def _read(read: Row[Any]) -> dict[str, Any]:
    return {
        "read_id": read.number,
        "labeler": read.voter_id,
        "answer": {"answer_class": read.verdict, "corrected_value": read.corrected_value},
        "qualified": read.counted,
        "duration_ms": read.duration_ms,
        "created_at": instant(read.created_at),
    }


def _patch(box: list[float] | None) -> str | None:
    """The area of interest as WKT in 0…100; only a box in fractions of the page can be given so."""
    if not box or min(box[:4]) < 0 or max(box[:4]) > 1:
        return None
    x0, y0, x1, y1 = (f"{100 * number:.10g}" for number in box[:4])
    return f"POLYGON (({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))"


def _metadata(drawing: Row[Any]) -> Content:
    kind = "image" if drawing.content_type.startswith("image/") else "document"
    created = instant(drawing.created_at)
    fixed = {"series": None, "series_index": None}
    return kind, {"content_id": drawing.number, "origin": drawing.filename, "created_at": created, **fixed}


def _columns(table: Table, names: str) -> list[ColumnElement[Any]]:
    return [table.c[name] for name in names.split()]


# Only what is shown is read, and the statements are made once: a page is a hundred cases, and mostly Python's time.
_LAST = select(cases.c.seq).where(cases.c.campaign_id == bindparam("campaign")).order_by(cases.c.seq.desc()).limit(1)
_NEXT = (
    select(cases.c.seq, cases.c.updated_at)
    .where(cases.c.campaign_id == bindparam("campaign"), cases.c.seq > bindparam("after"))
    .order_by(cases.c.seq)
    .limit(1)
)
_TASKS: Select[Any] = (
    select(
        *_columns(
            tasks, "number id is_gold gold_answer consensus_verdict consensus_value drawing_bbox agreement prompt"
        ),
        *_columns(tasks, "predicted_value adjudicated target_kind detail_kind part_revision_id"),
        predictions.c.external_id,
        calculations.c.run,
        parts.c.name.label("part"),
    )
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(calculations, calculations.c.id == predictions.c.calculation_id)
    .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
    .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
    .where(tasks.c.number.in_(bindparam("numbers", expanding=True)))
)
_MINE = submissions.c.task_id.in_(bindparam("ids", expanding=True))
_COUNTS = select(*_columns(submissions, "task_id verdict counted")).where(_MINE)
_READS = (
    select(*_columns(submissions, "task_id number voter_id verdict corrected_value counted duration_ms created_at"))
    .where(_MINE)
    .order_by(submissions.c.number)
)
_DRAWINGS = (  # in this order the newest of a revision is the last
    select(*_columns(drawings, "number part_revision_id filename content_type created_at"))
    .where(drawings.c.part_revision_id.in_(bindparam("revisions", expanding=True)))
    .order_by(drawings.c.number)
)

_REPLAYED = text("SELECT pg_is_in_recovery() AND pg_last_wal_replay_lsn() >= CAST(:written AS pg_lsn)")
