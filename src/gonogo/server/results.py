"""Campaigns as the results API has them: a Task is a campaign, a Case one of its tasks, a Read a submission."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, text

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


def page(connection: Connection, campaign: Row[Any], wanted: Wanted, horizon: int | None) -> CasePage:
    """The cases that changed after `wanted.after`, in the order of their last change.

    A case that changes during a walk moves to its end, so it may be seen twice and is never missed.
    """
    here: list[ColumnElement[bool]] = [cases.c.campaign_id == campaign.id, cases.c.seq > wanted.after]
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
    known = {row.number: row for row in connection.execute(_TASKS.where(tasks.c.number.in_(numbers)))}
    reads: dict[str, list[Row[Any]]] = defaultdict(list)
    ids = [row.id for row in known.values()]
    for vote in connection.execute(_READS.where(submissions.c.task_id.in_(ids)).order_by(submissions.c.number)):
        reads[vote.task_id].append(vote)
    content = _content(connection, {row.part_revision_id for row in known.values()} - {None})
    return [
        _case(campaign, case, task, reads[task.id], content.get(task.part_revision_id), verbose)
        for case in found
        if (task := known.get(case.task_number)) is not None
    ]


def _content(connection: Connection, revisions: set[str]) -> dict[str, Row[Any]]:
    """The newest drawing of each revision."""
    columns = [drawings.c[name] for name in ("number", "part_revision_id", "filename", "content_type", "created_at")]
    query = select(*columns).where(drawings.c.part_revision_id.in_(revisions)).order_by(drawings.c.number)
    return {row.part_revision_id: row for row in connection.execute(query)}


def _case(
    campaign: Row[Any], case: Row[Any], task: Row[Any], reads: list[Row[Any]], content: Row[Any] | None, verbose: bool
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
        "content_type": "image" if content is None or content.content_type.startswith("image/") else "document",
        "labeling_state": case.state,
        "qualified_reads": len(counted),
        "patch": _patch(task.drawing_bbox),
        "content_metadata": [_metadata(content)] if content is not None else [],
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
    if not box or not all(0 <= number <= 1 for number in box[:4]):
        return None
    x0, y0, x1, y1 = (format(100 * number, ".10g") for number in box[:4])
    return f"POLYGON (({x0} {y0}, {x1} {y0}, {x1} {y1}, {x0} {y1}, {x0} {y0}))"


def _metadata(content: Row[Any]) -> dict[str, Any]:
    created = instant(content.created_at)
    fixed = {"series": None, "series_index": None}
    return {"content_id": content.number, "origin": content.filename, "created_at": created, **fixed}


_TASKS = (
    select(tasks, predictions.c.external_id, calculations.c.run, parts.c.name.label("part"))
    .outerjoin(predictions, predictions.c.id == tasks.c.prediction_id)
    .outerjoin(calculations, calculations.c.id == predictions.c.calculation_id)
    .outerjoin(part_revisions, part_revisions.c.id == tasks.c.part_revision_id)
    .outerjoin(parts, parts.c.id == part_revisions.c.part_id)
)
_READS = select(submissions)
