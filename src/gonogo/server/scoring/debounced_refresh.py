"""Refreshing a campaign behind the answers: one at a time, and never more than a small part of the processor."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakKeyDictionary

from gonogo.server.scoring.report_worker import refresh_consensus
from gonogo.server.store.engine import Store

COOLDOWN_FACTOR = 20.0
"""After a refresh of t seconds the next one waits for this many times t; reports refresh by themselves."""


@dataclass
class _State:
    lock: threading.Lock = field(default_factory=threading.Lock)
    again_at: dict[str, float] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)


_states: WeakKeyDictionary[Store, _State] = WeakKeyDictionary()


def refresh_debounced(
    store: Store, campaign_id: str, now: datetime, *, clock: Callable[[], float] = time.monotonic
) -> bool:
    """Refreshes a campaign's consensus, unless that was done a moment ago; answers whether it was done.

    Reads and computes before it takes the write lock. Meant for a thread, after the answer is out.
    """
    state = _states.setdefault(store, _State())
    with state.lock:
        if campaign_id in state.running or clock() < state.again_at.get(campaign_id, 0.0):
            return False
        state.running.add(campaign_id)
    started = clock()
    try:
        refresh_consensus(store, campaign_id, now)
    finally:
        with state.lock:
            state.running.discard(campaign_id)
            state.again_at[campaign_id] = clock() + COOLDOWN_FACTOR * (clock() - started)
    return True
