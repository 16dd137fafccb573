"""Audits: what people found among the predictions that a campaign accepted unseen, but for a random share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, and_, case, exists, false, func, select

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.model_report import AuditResult
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.agreement import Share
from gonogo.server.store.schema import auto_accepts, campaigns, predictions, tasks
from gonogo.server.store.typed_rows import fetch_all


class _AuditRow(NamedTuple):
    campaign_id: str
    campaign: str
    accept_above: float
    bound: float | None
    n_accepted: int
    n_audited: int
    n_known: int
    n_wrong: int


def audits_of(connection: Connection, project_id: str, calculation_ids: Sequence[str]) -> list[AuditResult]:
    """The audits of the project's campaigns that have predictions of these runs, newest first.

    An audited prediction counts as soon as its task is resolved as correct or incorrect; honeypots do not count.
    """
    audited = and_(
        tasks.c.campaign_id == campaigns.c.id,
        tasks.c.is_gold == false(),
        tasks.c.predicted_confidence >= auto_accepts.c.accept_above,
    )
    judged = and_(
        tasks.c.status == TaskStatus.RESOLVED, tasks.c.consensus_verdict.in_((Verdict.CORRECT, Verdict.INCORRECT))
    )
    wrong = and_(judged, tasks.c.consensus_verdict == Verdict.INCORRECT)
    of_runs = (
        exists()
        .where(tasks.c.campaign_id == campaigns.c.id, tasks.c.prediction_id == predictions.c.id)
        .where(predictions.c.calculation_id.in_(calculation_ids))
        .correlate(campaigns)
    )
    query = (
        select(
            campaigns.c.id.label("campaign_id"),
            campaigns.c.name.label("campaign"),
            auto_accepts.c.accept_above,
            auto_accepts.c.bound,
            auto_accepts.c.n_accepted,
            auto_accepts.c.n_audited,
            func.count(case((judged, 1))).label("n_known"),
            func.count(case((wrong, 1))).label("n_wrong"),
        )
        .select_from(auto_accepts.join(campaigns, campaigns.c.id == auto_accepts.c.campaign_id))
        .outerjoin(tasks, audited)
        .where(campaigns.c.project_id == project_id, of_runs)
        .group_by(campaigns.c.number, *auto_accepts.c, campaigns.c.id, campaigns.c.name)
        .order_by(campaigns.c.number.desc())
    )
    return [_result(row) for row in fetch_all(connection, query, _AuditRow)]


def _result(row: _AuditRow) -> AuditResult:
    share = Share(row.n_wrong, row.n_known)
    interval = None if share.interval is None else [share.interval.low, share.interval.high]
    return AuditResult(**row._asdict(), error=share.share, interval=interval)
