"""Measuring a campaign off the way of claims and submits: in this thread while it is small, else in another process.

A report of 100,000 votes is most of a second of Python. In a thread of the server it would hold the interpreter's lock
again and again, and every statement of a claim would wait for it. So large campaigns are measured by a worker process
with connections of its own, a little less urgent than the server; it stays for the next report. Both ways read from one
consistent view without a lock, and write what changed in short transactions.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from gonogo.schemas.labeling import QualityReport
from gonogo.server.scoring.consensus_store import measure_campaign, write_consensus_in_chunks
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import campaigns, submissions

WORKER_THRESHOLD = 20_000
"""Votes from which the worker process is worth its start and its memory."""
_NICENESS = 5


def quality_report(store: Store, campaign_id: str, now: datetime, *, large: int = WORKER_THRESHOLD) -> QualityReport:
    """The quality report of a campaign, whose consensus is refreshed by the way. Blocks: call it in a thread."""
    if not _is_large(store, campaign_id, large):
        return _report(store, campaign_id, now)
    text = _run_in_worker(_report_in_worker, store, campaign_id, now)
    return QualityReport.model_validate_json(text) if text else _report(store, campaign_id, now)


def refresh_consensus(store: Store, campaign_id: str, now: datetime, *, large: int = WORKER_THRESHOLD) -> None:
    """The campaign's consensus and its voters' scores, brought up to date. Blocks: call it in a thread."""
    if not _is_large(store, campaign_id, large) or _run_in_worker(_refresh_in_worker, store, campaign_id, now) is None:
        _refresh(store, campaign_id, now)


def _is_large(store: Store, campaign_id: str, large: int) -> bool:
    some = select(submissions.c.number).where(submissions.c.campaign_id == campaign_id).limit(large).subquery()
    with store.read() as connection:
        return bool(connection.execute(select(func.count()).select_from(some)).scalar_one() >= large)


def _run_in_worker(work: Any, store: Store, campaign_id: str, now: datetime) -> Any:
    """`work` in the worker process; `None` where there can be none, or it ended: then the caller does it here."""
    url = store.url.render_as_string(hide_password=False)
    try:
        return _worker.pool().submit(work, url, store.replica_url, campaign_id, now).result()
    except (BrokenProcessPool, OSError):
        _worker.forget()
        return None


class ReportWorker:
    """One process for this one, started when first needed; it ends with this one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def pool(self) -> ProcessPoolExecutor:
        with self._lock:
            if self._pool is None:  # never a fork: this process has threads and open databases
                spawn = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_lower_priority)
            return self._pool

    def forget(self) -> None:
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


_worker = ReportWorker()


def _lower_priority() -> None:
    """What the worker does first: it lets the server go before, and ends with it, even if that is killed."""
    if sys.platform != "win32":
        os.nice(_NICENESS)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _report_in_worker(url: str, replica: str | None, campaign_id: str, now: datetime) -> str:
    store = Store(url, replica=replica)
    try:
        return _report(store, campaign_id, now).model_dump_json()
    finally:
        store.dispose()


def _refresh_in_worker(url: str, replica: str | None, campaign_id: str, now: datetime) -> bool:
    store = Store(url, replica=replica)
    try:
        _refresh(store, campaign_id, now)
    finally:
        store.dispose()
    return True


def _report(store: Store, campaign_id: str, now: datetime) -> QualityReport:
    from gonogo.server.quality.breakdown import name_sheets
    from gonogo.server.quality.report import build_report

    with (store.report if _has_arrived(store, campaign_id) else store.read)() as connection:
        campaign = _row(connection, campaign_id)
        measured = measure_campaign(connection, campaign)
        answer = build_report(measured, campaign)
        name_sheets(connection, (answer.gonogo or {})["by_sheet"])
    # What got a vote since, or is ahead of the replica, is left alone.
    write_consensus_in_chunks(store, campaign, measured, now)
    return answer


def _refresh(store: Store, campaign_id: str, now: datetime) -> None:
    with store.read() as connection:
        campaign = _row(connection, campaign_id)
        measured = measure_campaign(connection, campaign)
    write_consensus_in_chunks(store, campaign, measured, now)


def _has_arrived(store: Store, campaign_id: str) -> bool:
    """Whether the replica, if there is one, knows the campaign yet."""
    with store.report() as connection:
        return connection.execute(select(campaigns.c.id).where(campaigns.c.id == campaign_id)).first() is not None


def _row(connection: Any, campaign_id: str) -> Row[Any]:
    found: Row[Any] = connection.execute(select(campaigns).where(campaigns.c.id == campaign_id)).one()
    return found
