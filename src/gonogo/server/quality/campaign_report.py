"""Quality report of a stored campaign: measures it, writes the fresh consensus, and reports."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from gonogo.json_types import as_list, as_object
from gonogo.schemas.labeling import QualityReport
from gonogo.server.scoring.refresh import measure_campaign
from gonogo.server.scoring.store_consensus import write_consensus, write_consensus_in_chunks
from gonogo.server.scoring.worker_process import WORKER_THRESHOLD, run_scoring
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_campaign

if TYPE_CHECKING:
    from gonogo.server.scoring.campaign_consensus import ConsensusResult


def quality_report(store: Store, campaign_id: str, now: datetime, *, large: int = WORKER_THRESHOLD) -> QualityReport:
    """Measures and reports without a lock, and writes in short transactions. Blocks: run it in a thread."""
    return run_scoring(_measure_and_report, store, campaign_id, now, large=large)


def campaign_quality(connection: Connection, campaign: CampaignRow, now: datetime) -> QualityReport:
    """Measures, writes and reports, all in the caller's transaction."""
    result = measure_campaign(connection, campaign)
    write_consensus(connection, campaign, result, now)
    return _report(connection, campaign, result)


def _measure_and_report(store: Store, campaign_id: str, now: datetime) -> QualityReport:
    with (store.report if _is_replicated(store, campaign_id) else store.read)() as connection:
        campaign = fetch_campaign(connection, campaign_id)
        result = measure_campaign(connection, campaign)
        report = _report(connection, campaign, result)
    # A task that got a vote since, or is ahead of the replica, is left alone.
    write_consensus_in_chunks(store, campaign, result, now)
    return report


def _report(connection: Connection, campaign: CampaignRow, result: ConsensusResult) -> QualityReport:
    """Returns the report of a measured campaign, with the names of its sheets."""
    from gonogo.server.quality import breakdown, gold_looks, report  # numpy: kept out of the server's start

    built = report.build_report(result, campaign, gold_looks.gold_looks(connection, result.matrix))
    breakdown.name_sheets(connection, [as_object(group) for group in as_list((built.gonogo or {})["by_sheet"])])
    return built


def _is_replicated(store: Store, campaign_id: str) -> bool:
    """Whether the replica, if there is one, has the campaign already."""
    with store.report() as connection:
        return connection.execute(select(campaigns.c.id).where(campaigns.c.id == campaign_id)).first() is not None
