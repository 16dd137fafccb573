"""Promotion: copies a campaign's resolved tasks to the golden dataset, if its quality meets the threshold or the lead
forces it.

The campaign is measured before the transaction begins, so that others can vote meanwhile. The transaction only checks
that nothing has changed since, and copies; if something has, it measures again, with the database locked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, bindparam, case, exists, false, func, literal, select

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.schemas.labeling import PromoteResult, QualityReport
from gonogo.schemas.verdicts import Verdict
from gonogo.server.quality.campaign_report import campaign_quality, quality_report
from gonogo.server.results.pages import committed_horizon
from gonogo.server.scoring.store_consensus import lock_refresh
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns, cases, golden_items, tasks
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import AnyColumn, fetch_campaign

_MAX_MEASUREMENTS: Final = 3
"""The first may itself write outcomes that were out of date; the second then finds nothing to write."""
_SETTINGS = (
    "status",
    "consensus_method",
    "acceptance_alpha",
    "max_risk",
    "votes",
    "min_votes",
    "trailing_zeros_matter",
    "unit",
)


@dataclass(frozen=True)
class PromotionMeasurement:
    """A quality report, the change counter of the cases it is of, and the settings of the campaign then."""

    report: QualityReport
    seq: int
    settings: tuple[object, ...]


def measure_for_promotion(store: Store, campaign_id: str, now: datetime) -> PromotionMeasurement:
    """Measures the campaign as it stands, and writes its consensus. Blocks: run it in a thread."""
    for _try in range(_MAX_MEASUREMENTS):
        with store.read() as connection:
            campaign = fetch_campaign(connection, campaign_id)
        seq = _last_change(store, campaign_id)
        ahead = PromotionMeasurement(quality_report(store, campaign_id, now), seq, _settings(campaign))
        with store.read() as connection:
            if not _has_changed(connection, campaign, ahead):
                break
    return ahead


def promote(
    connection: Connection, campaign: CampaignRow, force: bool, now: datetime, ahead: PromotionMeasurement | None = None
) -> PromoteResult:
    """Copies resolved tasks that are not there yet to the golden dataset, if the campaign is accepted or `force`.

    The golden value is the predicted one where the prediction is right, the consensus value where it is wrong. Gold
    tasks are not copied: their answers were known before. A closed campaign becomes `promoted`; an open one goes on.
    """
    lock_refresh(connection, campaign.id)
    if ahead is None or _has_changed(connection, campaign, ahead):
        quality = campaign_quality(connection, campaign, now)
    else:
        quality = ahead.report
    accepted = bool(quality.accepted)
    if not accepted and not force:
        return PromoteResult(accepted=False, alpha=quality.alpha, forced=False, promoted=0)
    promoted = _copy_resolved(connection, campaign, forced=not accepted, now=now)
    if campaign.status == CampaignStatus.CLOSED:
        done = campaigns.update().where(campaigns.c.id == campaign.id).values(status=CampaignStatus.PROMOTED)
        connection.execute(done)
    return PromoteResult(accepted=accepted, alpha=quality.alpha, forced=not accepted, promoted=promoted)


def _last_change(store: Store, campaign_id: str) -> int:
    """A change counter; changes that are not committed yet will have higher ones."""
    horizon = committed_horizon(store, campaign_id)
    if horizon is not None:
        return horizon
    with store.read() as connection:
        last = select(func.max(cases.c.seq)).where(cases.c.campaign_id == campaign_id)
        return connection.execute(last).scalar() or 0


def _has_changed(connection: Connection, campaign: CampaignRow, ahead: PromotionMeasurement) -> bool:
    """True if a vote, a ruling, a task or a setting changed since the measurement."""
    later = select(cases.c.seq).where(cases.c.campaign_id == campaign.id, cases.c.seq > ahead.seq).limit(1)
    return _settings(campaign) != ahead.settings or connection.execute(later).first() is not None


def _settings(campaign: CampaignRow) -> tuple[object, ...]:
    return tuple(getattr(campaign, name) for name in _SETTINGS)


def _copy_resolved(connection: Connection, campaign: CampaignRow, *, forced: bool, now: datetime) -> int:
    """Copies inside the database, because others wait meanwhile; returns how many."""
    known: list[AnyColumn] = [
        literal(campaign.org_id),
        literal(forced),
        bindparam("now", now, golden_items.c.promoted_at.type),
    ]
    chosen = _RESOLVED.add_columns(dialect_of(connection).RANDOM_UUID, *known).where(tasks.c.campaign_id == campaign.id)
    into = ["task_id", "campaign_id", "verdict", "value", "id", "org_id", "forced", "promoted_at"]
    copy = golden_items.insert().from_select(into, chosen.order_by(tasks.c.number))
    return connection.execute(copy, execution_options={"preserve_rowcount": True}).rowcount


_RESOLVED = select(
    tasks.c.id,
    tasks.c.campaign_id,
    tasks.c.consensus_verdict,
    case((tasks.c.consensus_verdict == Verdict.CORRECT, tasks.c.predicted_value), else_=tasks.c.consensus_value),
).where(
    tasks.c.status == TaskStatus.RESOLVED,
    tasks.c.is_gold == false(),
    ~exists().where(golden_items.c.task_id == tasks.c.id),
)
