"""Refreshes of a campaign's consensus: at once, in the caller's transaction, or in the background after answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from gonogo.server.scoring.store_consensus import write_consensus, write_consensus_in_chunks
from gonogo.server.scoring.worker_process import WORKER_THRESHOLD, run_scoring
from gonogo.server.store.engine import Store
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_campaign

if TYPE_CHECKING:
    from gonogo.server.scoring.campaign_consensus import ConsensusResult

COOLDOWN_FACTOR = 20.0
"""After a refresh of t seconds the next one waits this many times t: at most a twentieth of one processor."""


def measure_campaign(connection: Connection, campaign: CampaignRow) -> ConsensusResult:
    """Consensus of a campaign as its votes stand. Writes nothing; takes up to a second for 100,000 votes."""
    from gonogo.server.scoring.consensus_from_votes import measure  # numpy: kept out of the server's start

    return measure(connection, campaign)


def refresh_campaign(connection: Connection, campaign_id: str, now: datetime) -> None:
    """Measures a campaign and writes its consensus, all in the caller's transaction."""
    campaign = fetch_campaign(connection, campaign_id)
    write_consensus(connection, campaign, measure_campaign(connection, campaign), now)


def refresh_consensus(store: Store, campaign_id: str, now: datetime, *, large: int = WORKER_THRESHOLD) -> None:
    """Measures a campaign without a lock and writes its consensus in short transactions. Blocks: run it in a thread."""
    run_scoring(_refresh, store, campaign_id, now, large=large)


def _refresh(store: Store, campaign_id: str, now: datetime) -> None:
    with store.read() as connection:
        campaign = fetch_campaign(connection, campaign_id)
        result = measure_campaign(connection, campaign)
    write_consensus_in_chunks(store, campaign, result, now)


@dataclass
class _Debouncer:
    """Refreshes of one store: which campaigns are being refreshed, and when each may be again."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    next_at: dict[str, float] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)


_debouncers: WeakKeyDictionary[Store, _Debouncer] = WeakKeyDictionary()


def refresh_debounced(
    store: Store, campaign_id: str, now: datetime, *, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Refreshes a campaign unless that happens now or happened a moment ago; returns whether it did.

    Meant for a thread, after the response is sent.
    """
    debouncer = _debouncers.setdefault(store, _Debouncer())
    with debouncer.lock:
        if campaign_id in debouncer.running or clock() < debouncer.next_at.get(campaign_id, 0.0):
            return False
        debouncer.running.add(campaign_id)
    started = clock()
    try:
        refresh_consensus(store, campaign_id, now)
    finally:
        with debouncer.lock:
            debouncer.running.discard(campaign_id)
            debouncer.next_at[campaign_id] = clock() + COOLDOWN_FACTOR * (clock() - started)
    return True
