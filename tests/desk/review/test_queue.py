"""Review queue: a grouped list reads on until enough is here, and knows its rows by their tasks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest

from gonogo.desk.connection.circuit_breaker import ServerConnection
from gonogo.desk.core.clock import Clock
from gonogo.desk.review import queue as review_queue
from gonogo.desk.review.clusters import Grouping
from gonogo.desk.review.models import QueuePage, QueueRow, ReviewFilters
from gonogo.desk.review.queue import ReviewQueue
from gonogo.desk.review.server_adapter import ReviewServer
from tests.desk.review.test_clusters import row

_CAUSES = ("sign", "decimal_sign", "", "decimal_sign")


class Pages:
    """A server with `n_rows` conflicts, in pages of ten; it names causes on request alone."""

    def __init__(self, n_rows: int) -> None:
        self.n_rows = n_rows
        self.asked: list[bool] = []

    async def page(
        self, campaign_id: str, filters: ReviewFilters, cursor: str | None, *, causes: bool = False
    ) -> QueuePage:
        self.asked.append(causes)
        start = int(cursor or 0)
        numbers = range(start, min(start + 10, self.n_rows))
        rows = tuple(row(number, _CAUSES[number % len(_CAUSES)] if causes else None) for number in numbers)
        return QueuePage(rows, self.n_rows, cursor=str(start + 10) if start + 10 < self.n_rows else None)


@asynccontextmanager
async def listing(pages: Pages) -> AsyncIterator[tuple[ReviewQueue, asyncio.Event]]:
    async def server() -> ReviewServer:
        return cast(ReviewServer, pages)

    changed = asyncio.Event()
    queue = ReviewQueue("c", ServerConnection(Clock(), changed.set), server, changed.set)
    job = asyncio.create_task(queue.run())
    yield queue, changed
    job.cancel()


async def until(changed: asyncio.Event, holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await changed.wait()
            changed.clear()


def ids(rows: list[QueueRow | None]) -> list[str]:
    return [each.task.id for each in rows if each is not None]


async def test_grouping_asks_for_causes_and_puts_the_largest_group_first() -> None:
    pages = Pages(30)
    async with listing(pages) as (queue, changed):
        await until(changed, lambda: queue.complete)
        assert pages.asked == [False] * 3
        queue.group_by(Grouping.CAUSE)
        await until(changed, lambda: queue.complete)
        assert pages.asked[3:] == [True] * 3
        assert [(cluster.key, len(cluster.rows)) for cluster in queue.clusters] == [
            ("decimal_sign", 15),
            ("sign", 8),
            ("", 7),
        ]
        listed = ids([queue.row(index) for index in range(30)])
        assert listed[:3] == ["task-1", "task-3", "task-5"]
        assert [queue.find(task) for task in listed] == list(range(30))
        cluster = queue.cluster_of("task-0")
        assert cluster is not None
        assert (cluster.key, queue.cluster_of("task-2")) == ("sign", None)
        assert ids(list(queue.together([row(0), row(1), row(4)]))) == ["task-0", "task-4"]
        queue.group_by(Grouping.NONE)
        assert ids([queue.row(index) for index in range(3)]) == ["task-0", "task-1", "task-2"]
        assert not queue.clusters
        queue.group_by(Grouping.CAUSE)
        assert len(pages.asked) == 6, "the causes are here"


async def test_of_a_long_queue_the_worst_are_grouped_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(review_queue, "MOST_GROUPED", 50)
    pages = Pages(2_000)
    async with listing(pages) as (queue, changed):
        queue.group_by(Grouping.VALUE)
        await until(changed, lambda: queue.at_rest)
        assert (queue.count, queue.total, queue.complete) == (50, 2_000, False)
        assert len(queue.clusters) == 1
        pages.n_rows = 30  # the others were ruled on
        queue.reload()
        await until(changed, lambda: queue.at_rest)
        assert (queue.count, queue.complete) == (30, True)
