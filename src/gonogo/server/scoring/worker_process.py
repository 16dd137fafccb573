"""Worker process for the scoring of large campaigns; small ones are scored in the calling thread.

Scoring 100,000 votes is most of a second of Python. In a thread of the server it would hold the interpreter's lock
again and again, and every statement of a claim would wait for it. The worker process has connections of its own and a
lower priority, and stays for the next job.
"""

from __future__ import annotations

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, select

from gonogo.server.store.engine import Store
from gonogo.server.store.observers import observers
from gonogo.server.store.schema import submissions

WORKER_THRESHOLD = 20_000
"""Votes from which the worker process is worth its start and its memory."""
_NICENESS = 5

ResultT = TypeVar("ResultT")
ScoringJob = Callable[[Store, str, datetime], ResultT]
"""A module-level function of store, campaign id and instant; its result can be pickled."""


def run_scoring(
    job: ScoringJob[ResultT], store: Store, campaign_id: str, now: datetime, *, large: int = WORKER_THRESHOLD
) -> ResultT:
    """Result of `job`, run in the worker process if the campaign has at least `large` votes.

    Runs it here as well where no process can be started, or the worker has died.
    """
    started = time.monotonic()
    result = _run(job, store, campaign_id, now, large)
    for observer in observers:
        observer.refreshed(time.monotonic() - started)
    return result


def _run(job: ScoringJob[ResultT], store: Store, campaign_id: str, now: datetime, large: int) -> ResultT:
    if _has_votes(store, campaign_id, large):
        url = store.url.render_as_string(hide_password=False)
        try:
            return worker.pool().submit(_run_in_worker, job, url, store.replica_url, campaign_id, now).result()
        except (BrokenProcessPool, OSError):
            worker.discard_pool()
    return job(store, campaign_id, now)


def _has_votes(store: Store, campaign_id: str, count: int) -> bool:
    first = select(submissions.c.number).where(submissions.c.campaign_id == campaign_id).limit(count).subquery()
    with store.read() as connection:
        return bool(connection.execute(select(func.count()).select_from(first)).scalar_one() >= count)


class ScoringWorker:
    """Pool of one process, started when first needed; it ends with this process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def pool(self) -> ProcessPoolExecutor:
        """The pool, started if it is not running."""
        with self._lock:
            if self._pool is None:
                # Never a fork: this process has threads and open databases.
                spawn = multiprocessing.get_context("spawn")
                self._pool = ProcessPoolExecutor(1, mp_context=spawn, initializer=_initialise_worker)
            return self._pool

    def discard_pool(self) -> None:
        """Forgets a pool whose process died; the next job starts another."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=False)


worker = ScoringWorker()


# --- in the worker process ---------------------------------------------------------------------------------


def _initialise_worker() -> None:
    """Lowers the priority below the server's, and watches for the server's end."""
    if sys.platform != "win32":
        os.nice(_NICENESS)
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """Ends this process when the server has ended, even if that was killed."""
    server = multiprocessing.parent_process()
    if server is not None:
        server.join()
        os._exit(1)


def _run_in_worker(job: ScoringJob[ResultT], url: str, replica: str | None, campaign_id: str, now: datetime) -> ResultT:
    store = Store(url, replica=replica)
    try:
        return job(store, campaign_id, now)
    finally:
        store.dispose()
