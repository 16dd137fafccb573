"""Maintenance: deletes expired rows in small chunks, puts gold that came late into the order, and ends claims that were
taken while a clock was ahead.

Every worker does it, a chunk a transaction. Chunks that concern people or their work have a row in the audit log.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import random
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial

from sqlalchemy import Connection, Delete, bindparam, delete, or_, select
from sqlalchemy.exc import SQLAlchemyError

from gonogo.schemas.enums import CampaignStatus
from gonogo.server.auth.principals import ServerState
from gonogo.server.drawing_places import unused_files
from gonogo.server.drawing_places.place import PlaceError
from gonogo.server.drawing_places.remembered import DrawingPlaces, describe, lock
from gonogo.server.errors import DATABASE_AWAY
from gonogo.server.http import idempotency, rate_limits
from gonogo.server.queue import leases
from gonogo.server.settings import ServerSettings
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import (
    campaigns,
    drawings,
    magic_links,
    results_sessions,
    sessions,
    task_sheets,
)
from gonogo.server.store.schema.columns import Instant
from gonogo.server.tasks import gold_places
from gonogo.server.webhooks.deliveries import prune as prune_webhooks

log = logging.getLogger("gonogo.server")
audit_logger = logging.getLogger("gonogo.audit")
CHUNK = 200
"""Rows of one transaction."""
MAX_CHUNKS = 50
DRAWINGS_CHUNK = 10
"""Fewer than `CHUNK`: drawings may be tens of megabytes each."""
DRAWINGS_EVERY_ROUNDS = 100
"""Rounds between two searches for old drawings."""


@contextlib.asynccontextmanager
async def run_in_background(state: ServerState) -> AsyncIterator[None]:
    """Runs maintenance every `settings.upkeep_seconds`, in a thread, until the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(_loop(state, stop))
    try:
        yield
    finally:
        stop.set()
        await task


def run_once(store: Store, settings: ServerSettings, now: datetime, *, with_drawings: bool = True) -> dict[str, int]:
    """Runs one round; returns how many rows each kind of work touched.

    Raises `PlaceError` if files of drawings can't be deleted in their place; a later round does it.
    """
    done = {name: _in_chunks(store, delete) for name, delete in _deletions(settings, now).items()}
    done["gold_copies"] = _plan_gold(store, now)
    done["claims_ahead"] = _end_claims_ahead(store, now)
    if with_drawings and settings.keep_drawings_days is not None:
        done["drawings"] = delete_unused_drawings(store, now - timedelta(days=settings.keep_drawings_days), now)
        unused_files.delete_marked(DrawingPlaces(store))
    return done


def log_audit_heads(store: Store) -> None:
    """Writes the ends of the audit log's chains into the server's log, where who changes the database can't reach."""
    if not audit_logger.isEnabledFor(logging.INFO):
        return
    with store.read() as connection:
        heads = audit.heads(connection)
    audit_logger.info("heads of the audit log", extra={"audit_heads": audit.heads_as_json(heads)})


def preview(store: Store, settings: ServerSettings, now: datetime) -> dict[str, int]:
    """Returns how many rows of each kind `run_once` would delete; nothing is changed."""
    counts = {name: _rolled_back(store, delete) for name, delete in _deletions(settings, now).items()}
    if settings.keep_drawings_days is not None:
        before = now - timedelta(days=settings.keep_drawings_days)
        counts["drawings"] = sum(map(len, _unused_drawings(store, before)))
    return counts


def _deletions(settings: ServerSettings, now: datetime) -> dict[str, Callable[[Connection], int]]:
    """Deletions of one chunk of each kind of rows; each returns how many rows are gone."""
    ended = now - timedelta(days=settings.keep_ended_days)
    return {
        "idempotency_keys": lambda connection: idempotency.sweep(connection, now),
        "sessions": partial(_delete_ended, table="sessions", query=_OLD_SESSIONS, ended=ended, now=now),
        "results_sessions": partial(
            _delete_ended, table="results_sessions", query=_OLD_RESULTS_SESSIONS, ended=ended, now=now
        ),
        "magic_links": partial(_delete_ended, table="magic_links", query=_OLD_LINKS, ended=ended, now=now),
        "webhook_deliveries": lambda connection: prune_webhooks(
            connection, now - timedelta(days=settings.keep_deliveries_days), CHUNK
        ),
        "rate_counts": lambda connection: rate_limits.sweep(connection, now),
    }


def delete_unused_drawings(store: Store, before: datetime, now: datetime) -> int:
    """Deletes drawings older than `before` that only campaigns closed before then use; returns how many.

    Their files are marked, for `unused_files.delete_marked`.
    """
    total = 0
    for chunk in _unused_drawings(store, before):
        with store.write() as connection:
            lock(connection, alone=True)  # an upload of the same content, which would use its file, waits
            files = set(connection.execute(select(drawings.c.sha256).where(drawings.c.id.in_(chunk))).scalars())
            total += connection.execute(delete(drawings).where(drawings.c.id.in_(chunk))).rowcount
            unused_files.mark(connection, files)
            audit.append(connection, "forget_drawings", now, actor="server", content={"drawings": chunk})
    return total


def _unused_drawings(store: Store, before: datetime) -> Iterator[list[str]]:
    """Ids of old drawings that no campaign uses any more, in chunks."""
    with store.read() as connection:
        sheets = connection.execute(_USED_SHEETS, {"before": before}).scalars()
        used = {sheet.rpartition("#")[0] for sheet in sheets}
        old = connection.execute(select(drawings.c.id, drawings.c.part_revision_id).where(_BEFORE), {"before": before})
        unused = [row.id for row in old if row.part_revision_id not in used]
    for start in range(0, len(unused), DRAWINGS_CHUNK):
        yield unused[start : start + DRAWINGS_CHUNK]


async def _loop(state: ServerState, stop: asyncio.Event) -> None:
    seconds = state.settings.upkeep_seconds
    logged: date | None = None
    for number in itertools.count():
        with contextlib.suppress(TimeoutError):  # random, so that workers don't all do it at the same time
            await asyncio.wait_for(stop.wait(), seconds * random.uniform(0.7, 1.3))  # noqa: S311
        if stop.is_set():
            return
        try:
            with_drawings = number % DRAWINGS_EVERY_ROUNDS == 0
            now = state.clock()
            await asyncio.to_thread(run_once, state.store, state.settings, now, with_drawings=with_drawings)
            if logged != now.date():
                await asyncio.to_thread(log_audit_heads, state.store)
                logged = now.date()
        except PlaceError as error:
            log.warning("upkeep: old drawings stay for now: %s", describe(error))
        except DATABASE_AWAY:
            log.warning("upkeep: the database is away; tried again later")
        except SQLAlchemyError:  # another worker was faster, or the database is damaged: the next round tries again
            log.exception("upkeep failed; tried again later")


def _delete_ended(connection: Connection, *, table: str, query: Delete, ended: datetime, now: datetime) -> int:
    """Deletes rows that ended before `ended`, and audits how many."""
    gone = connection.execute(query, {"before": ended}).rowcount
    if gone:
        audit.append(connection, f"forget_{table}", now, actor="server", content={"rows": gone})
    return gone


class _RolledBackError(Exception):
    """Error that ends a transaction which only counted."""


def _rolled_back(store: Store, work: Callable[[Connection], int]) -> int:
    """Runs `work` as `_in_chunks` does, in one transaction that is rolled back; returns the number of rows."""
    total = 0
    with contextlib.suppress(_RolledBackError), store.write() as connection:
        for _chunk in range(MAX_CHUNKS):
            done = work(connection)
            total += done
            if done < CHUNK:
                break
        raise _RolledBackError
    return total


def _in_chunks(store: Store, work: Callable[[Connection], int]) -> int:
    total = 0
    for _chunk in range(MAX_CHUNKS):
        with store.write() as connection:
            done = work(connection)
        total += done
        if done < CHUNK:
            break
    return total


def _end_claims_ahead(store: Store, now: datetime) -> int:
    with store.write() as connection:
        return leases.end_claims_ahead(connection, now)


def _plan_gold(store: Store, now: datetime) -> int:
    with store.read() as connection:
        campaign_ids = gold_places.unplanned_campaigns(connection)
    n_copies = 0
    for campaign_id in campaign_ids:
        with store.write() as connection:
            copies = gold_places.plan_late(connection, campaign_id, now, random.SystemRandom())
            content = {"campaign_id": campaign_id, "copies": copies}
            audit.append(connection, "lay_in_gold", now, actor="server", content=content)
        n_copies += copies
    return n_copies


_before = bindparam("before", type_=Instant)
_old_sessions = select(sessions.c.sha256).where(or_(sessions.c.ended_at < _before, sessions.c.seen_at < _before))
_old_results_sessions = select(results_sessions.c.sha256).where(
    or_(results_sessions.c.ended_at < _before, results_sessions.c.seen_at < _before)
)
_OLD_RESULTS_SESSIONS = delete(results_sessions).where(
    results_sessions.c.sha256.in_(_old_results_sessions.limit(CHUNK))
)
_OLD_SESSIONS = delete(sessions).where(sessions.c.sha256.in_(_old_sessions.limit(CHUNK)))
_old_links = select(magic_links.c.sha256).where(magic_links.c.expires_at < _before)
_OLD_LINKS = delete(magic_links).where(magic_links.c.sha256.in_(_old_links.limit(CHUNK)))
_BEFORE = drawings.c.created_at < _before
_USED_SHEETS = (
    select(task_sheets.c.sheet)
    .distinct()
    .join(campaigns, campaigns.c.id == task_sheets.c.campaign_id)
    .where(or_(campaigns.c.status == CampaignStatus.OPEN, campaigns.c.closed_at >= _before))
)
