"""Prometheus metrics of one server process: requests, actions, refreshes, database connections, and the queue.

With several workers each writes its numbers to a file of a shared folder (prometheus-client's multiprocess mode), so
that any of them answers for all. Routes, actions and statuses are labels, because they are ours and few; addresses,
campaigns and people never are. Nothing is read from the database for a scrape: `ops/metrics_sampler` does
that beforehand.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

import gonogo
from gonogo.schemas.enums import TaskStatus

if TYPE_CHECKING:
    from prometheus_client import Gauge

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0)
"""Upper bounds of the buckets of requests."""
REFRESH_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0)
"""Upper bounds of the buckets of refreshes."""
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that prometheus-client reads when it is imported; a worker sets it before."""
PoolName = Literal["primary", "replica"]


class Metrics:
    """Numbers of this process, in a registry of its own. Needs the extra `metrics`."""

    def __init__(self, folder: str | None) -> None:
        """`folder` is where the workers of one machine put their numbers together; `None` for a single process."""
        import prometheus_client as prometheus  # an extra; and a worker sets `SHARED_FOLDER` first

        prometheus.disable_created_metrics()
        self._folder = folder
        self._registry = registry = prometheus.CollectorRegistry()
        route = ["method", "route"]
        self._requests = prometheus.Counter(
            "gonogo_requests", "Answered requests.", [*route, "status"], registry=registry
        )
        self._seconds = prometheus.Histogram(
            "gonogo_request_seconds", "Time to the end of the answer.", route, buckets=SECONDS, registry=registry
        )
        self._actions = prometheus.Counter(
            "gonogo_actions", "Rows of the audit log that were written, by action.", ["action"], registry=registry
        )
        self._refreshes = prometheus.Histogram(
            "gonogo_consensus_refresh_seconds",
            "Measuring a campaign: refreshes, quality reports, promotions.",
            buckets=REFRESH_SECONDS,
            registry=registry,
        )
        self._webhooks = prometheus.Counter(
            "gonogo_webhook_tries",
            "Tries to deliver a message: delivered, failed, or failed for the last time.",
            ["outcome"],
            registry=registry,
        )
        self._webhook_endpoints = self._latest_gauge("gonogo_webhook_endpoints", "Endpoints, by state.", "state")
        self._webhooks_pending = self._latest_gauge("gonogo_webhooks_pending", "Messages that wait for their delivery.")
        self._streams = self._live_gauge("gonogo_progress_streams", "Progress streams that are open.")
        self._in_use = self._live_gauge("gonogo_db_connections_in_use", "Database connections in use.", "database")
        self._open = self._live_gauge("gonogo_db_connections_open", "Database connections, idle ones too.", "database")
        self._limit = self._live_gauge("gonogo_db_connections_limit", "Most that may be open.", "database")
        self._live_gauge("gonogo_workers", "Processes that answer.").set(1)
        self._latest_gauge("gonogo_info", "Release of this server.", "version").labels(gonogo.__version__).set(1)
        self._tasks = self._latest_gauge("gonogo_tasks", "Unsettled tasks of open campaigns, by status.", "status")
        self._claimable = self._latest_gauge("gonogo_tasks_claimable", "Tasks that somebody may claim now.")
        self._claims = self._latest_gauge("gonogo_claims_live", "Claims that have not expired.")
        self._overdue = self._latest_gauge("gonogo_claims_overdue", "Claims that expired and were not taken back yet.")
        self._measured = self._latest_gauge("gonogo_queue_measured_time_seconds", "When the tasks were counted (Unix).")
        self._took = self._latest_gauge("gonogo_queue_measured_in_seconds", "How long counting them took.")

    # --- requests and events ---

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """Counts an answered request."""
        known = method if method in METHODS else "other"  # a stranger may send any word, and each would be kept
        self._requests.labels(known, route, status).inc()
        self._seconds.labels(known, route).observe(seconds)

    def acted(self, action: str) -> None:
        self._actions.labels(action).inc()

    def refreshed(self, seconds: float) -> None:
        self._refreshes.observe(seconds)

    def sent_webhooks(self, n_delivered: int, n_failed: int, n_given_up: int) -> None:
        self._webhooks.labels("delivered").inc(n_delivered)
        self._webhooks.labels("failed").inc(n_failed - n_given_up)
        self._webhooks.labels("given_up").inc(n_given_up)

    # --- samples ---

    def sample_pool(self, database: PoolName, *, in_use: int, is_open: int, limit: int) -> None:
        self._in_use.labels(database).set(in_use)
        self._open.labels(database).set(is_open)
        self._limit.labels(database).set(limit)

    def sample_streams(self, n_open: int) -> None:
        self._streams.set(n_open)

    def sample_queue(
        self, *, n_open: int, n_in_review: int, claimable: int, live: int, overdue: int, at: float, took: float
    ) -> None:
        self._tasks.labels(TaskStatus.OPEN.value).set(n_open)
        self._tasks.labels(TaskStatus.IN_REVIEW.value).set(n_in_review)
        self._claimable.set(claimable)
        self._claims.set(live)
        self._overdue.set(overdue)
        self._measured.set(at)
        self._took.set(took)

    def sample_webhooks(self, *, n_active: int, n_failing: int, n_disabled: int, n_pending: int) -> None:
        for state, number in (("active", n_active), ("failing", n_failing), ("disabled", n_disabled)):
            self._webhook_endpoints.labels(state).set(number)
        self._webhooks_pending.set(n_pending)

    # --- the answer ---

    def text(self) -> bytes:
        """The numbers of all workers, in the exposition format 0.0.4."""
        from prometheus_client import CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        if self._folder is None:
            return generate_latest(self._registry)
        registry = CollectorRegistry()
        MultiProcessCollector(registry, path=self._folder)
        return generate_latest(registry)

    def _live_gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        """A gauge that is the sum over the processes that live."""
        from prometheus_client import Gauge

        return Gauge(name, help_text, labels, registry=self._registry, multiprocess_mode="livesum")

    def _latest_gauge(self, name: str, help_text: str, *labels: str) -> Gauge:
        """A gauge of something that all processes see alike: the newest value counts."""
        from prometheus_client import Gauge

        return Gauge(name, help_text, labels, registry=self._registry, multiprocess_mode="mostrecent")


def share_numbers(folder: str) -> None:
    """Makes this process, a worker, write its numbers into `folder`; before anything imports prometheus-client."""
    os.environ[SHARED_FOLDER] = folder


def forget_worker(pid: int, folder: str) -> None:
    """Takes what a dead worker had open out of the sums; what it counted stays."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, folder)
