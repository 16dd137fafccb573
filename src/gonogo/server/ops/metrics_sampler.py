"""Metrics sampler: reads pools, streams and the queue from time to time, so that a scrape of `/metrics` costs nothing.

The tasks are counted from indexes, in a thread, on the replica if there is one; at most every half minute, and never
for more than a hundredth of the time: a server of ten million tasks counts more rarely. The answer says how old the
count is.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from sqlalchemy import bindparam, func, select
from sqlalchemy.exc import SQLAlchemyError

from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.server.auth.principals import ServerState
from gonogo.server.http.metrics import Metrics
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.engine import Store
from gonogo.server.store.observers import observers
from gonogo.server.store.schema import campaigns, tasks
from gonogo.server.webhooks.endpoints import count_webhooks

log = logging.getLogger("gonogo.server")
MAX_TIME_SHARE: Final = 0.01
"""Share of the time that counting tasks may take."""
COUNTS_EVERY: Final = 6
"""Samples between two counts of the tasks."""


class QueueCounts(NamedTuple):
    """Tasks of all open campaigns, gold among them, and claims."""

    n_open: int
    n_in_review: int
    claimable: int
    live: int
    overdue: int


class OpenStreams(Protocol):
    """Progress streams of this process."""

    @property
    def n_streams(self) -> int: ...


class MeasuredState(ServerState, Protocol):
    """Parts of the app that the sampler reads."""

    metrics: Metrics | None
    watching: OpenStreams


def count_queue(store: Store, now: datetime) -> QueueCounts:
    """The counts as they stand; on the replica they may be as old as it is behind."""
    with store.report() as connection:
        return _COUNTS.one(connection, {"now": now})


@contextlib.asynccontextmanager
async def run_in_background(state: MeasuredState) -> AsyncIterator[None]:
    """Samples every `settings.metrics_seconds` until the block ends; no operation without metrics."""
    metrics = state.metrics
    if metrics is None:
        yield
        return
    stop = asyncio.Event()
    observers.append(metrics)
    task = asyncio.create_task(_loop(state, metrics, stop))
    try:
        yield
    finally:
        observers.remove(metrics)
        stop.set()
        await task


async def _loop(state: MeasuredState, metrics: Metrics, stop: asyncio.Event) -> None:
    seconds = state.settings.metrics_seconds
    next_count = 0.0
    while not stop.is_set():
        sample_process(state, metrics)
        if time.monotonic() >= next_count:
            took = await _count(state, metrics)
            next_count = time.monotonic() + max(COUNTS_EVERY * seconds, took / MAX_TIME_SHARE)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), seconds)


def sample_process(state: MeasuredState, metrics: Metrics) -> None:
    """Reads what is in memory."""
    metrics.sample_streams(state.watching.n_streams)
    metrics.sample_pool("primary", **state.store.connections()._asdict())
    if state.store.replica is not None:
        metrics.sample_pool("replica", **state.store.replica.connections()._asdict())


async def _count(state: MeasuredState, metrics: Metrics) -> float:
    """Counts the tasks; returns the seconds it took. With the database away the last count stands, with its time."""
    started = time.monotonic()
    try:
        counts = await asyncio.to_thread(count_queue, state.store, state.clock())
        hooks = await asyncio.to_thread(count_webhooks, state.store)
    except SQLAlchemyError as error:
        log.warning("metrics: the tasks could not be counted (%s); tried again later", type(error).__name__)
        return time.monotonic() - started
    took = time.monotonic() - started
    metrics.sample_queue(**counts._asdict(), at=time.time(), took=took)
    metrics.sample_webhooks(**hooks._asdict())
    return took


_open_campaigns = select(campaigns.c.id).where(campaigns.c.status == CampaignStatus.OPEN.value)
_in_open_campaign = tasks.c.campaign_id.in_(_open_campaigns)
_n = select(func.count()).select_from(tasks)
_COUNTS = CompiledQuery(
    select(
        _n.where(_in_open_campaign, tasks.c.status == TaskStatus.OPEN.value).scalar_subquery().label("n_open"),
        _n.where(_in_open_campaign, tasks.c.status == TaskStatus.IN_REVIEW.value)
        .scalar_subquery()
        .label("n_in_review"),
        _n.where(_in_open_campaign, tasks.c.rank.is_not(None)).scalar_subquery().label("claimable"),
        _n.where(_in_open_campaign, tasks.c.claim_expires_at > bindparam("now")).scalar_subquery().label("live"),
        _n.where(_in_open_campaign, tasks.c.claim_expires_at <= bindparam("now")).scalar_subquery().label("overdue"),
    ),
    QueueCounts,
)
