"""What a server does beside answering: forgets what has expired, in small pieces, and lays in copies of gold.

Every worker does it; the pieces are short transactions, and on PostgreSQL rows that another worker has are skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, or_, select

from gonogo.server import gold, idempotency, limits
from gonogo.server.errors import DATABASE_AWAY
from gonogo.server.settings import ServerSettings
from gonogo.server.store.columns import Instant
from gonogo.server.store.engine import Store
from gonogo.server.store.tables import campaigns, drawing_files, drawings, magic_links, sessions, tasks
from gonogo.wire.vocabulary import CampaignStatus

log = logging.getLogger("gonogo.server")
PIECE = 200
"""Rows of one piece; a piece is one transaction."""
MOST_PIECES = 50


@contextlib.asynccontextmanager
async def running(state: Any) -> AsyncIterator[None]:
    """Does the upkeep every `settings.upkeep_seconds`, in a thread, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(_loop(state, stop))
    try:
        yield
    finally:
        stop.set()
        await task


def once(store: Store, settings: ServerSettings, now: datetime) -> dict[str, int]:
    """One round; answers how many rows each kind of work touched."""
    ended = now - timedelta(days=settings.keep_ended_days)
    done = {
        "idempotency_keys": _pieces(store, lambda c: idempotency.sweep(c, now)),
        "sessions": _pieces(store, lambda c: c.execute(_OLD_SESSIONS, {"before": ended}).rowcount),
        "magic_links": _pieces(store, lambda c: c.execute(_OLD_LINKS, {"before": ended}).rowcount),
        "rate_counts": _pieces(store, lambda c: limits.sweep(c, now)),
        "gold_copies": _stock(store, now),
    }
    if settings.keep_drawings_days is not None:
        done["drawings"] = forget_drawings(store, now - timedelta(days=settings.keep_drawings_days))
    return done


def forget_drawings(store: Store, before: datetime) -> int:
    """Deletes drawings older than `before` that only campaigns closed before then use; answers how many."""
    with store.read() as connection:
        used = set(connection.execute(_USED_REVISIONS, {"before": before}).scalars())
        old = connection.execute(select(drawings.c.id, drawings.c.part_revision_id).where(_BEFORE), {"before": before})
        gone = [row.id for row in old if row.part_revision_id not in used]
    for start in range(0, len(gone), PIECE):
        with store.write() as connection:
            connection.execute(delete(drawings).where(drawings.c.id.in_(gone[start : start + PIECE])))
    if gone:
        with store.write() as connection:
            still = select(drawings.c.sha256).where(drawings.c.sha256 == drawing_files.c.sha256)
            connection.execute(delete(drawing_files).where(~still.exists()))
    return len(gone)


async def _loop(state: Any, stop: asyncio.Event) -> None:
    seconds: float = state.settings.upkeep_seconds
    while True:
        with contextlib.suppress(TimeoutError):  # workers that started together do not come back together
            await asyncio.wait_for(stop.wait(), seconds * random.uniform(0.7, 1.3))  # noqa: S311
        if stop.is_set():
            return
        try:
            await asyncio.to_thread(once, state.store, state.settings, state.clock())
        except DATABASE_AWAY:
            log.warning("upkeep: the database is away; tried again later")


def _pieces(store: Store, work: Callable[[Connection], int]) -> int:
    total = 0
    for _piece in range(MOST_PIECES):
        with store.write() as connection:
            done = work(connection)
        total += done
        if done < PIECE:
            break
    return total


def _stock(store: Store, now: datetime) -> int:
    with store.read() as connection:
        wanted = connection.execute(_WITH_GOLD).scalars().all()
    made = 0
    for campaign_id in wanted:
        with store.write() as connection:
            made += gold.stock(connection, campaign_id, now)
    return made


_before = bindparam("before", type_=Instant)
_old_sessions = select(sessions.c.sha256).where(or_(sessions.c.ended_at < _before, sessions.c.seen_at < _before))
_OLD_SESSIONS = delete(sessions).where(sessions.c.sha256.in_(_old_sessions.limit(PIECE)))
_old_links = select(magic_links.c.sha256).where(magic_links.c.expires_at < _before)
_OLD_LINKS = delete(magic_links).where(magic_links.c.sha256.in_(_old_links.limit(PIECE)))
_WITH_GOLD = select(campaigns.c.id).where(
    campaigns.c.status == CampaignStatus.OPEN, campaigns.c.n_gold_items > 0, campaigns.c.gold_fraction > 0
)
_BEFORE = drawings.c.created_at < _before
_USED_REVISIONS = (
    select(tasks.c.part_revision_id)
    .distinct()
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .where(
        tasks.c.part_revision_id.is_not(None),
        or_(campaigns.c.status == CampaignStatus.OPEN, campaigns.c.closed_at >= _before),
    )
)
