"""Review queue: fetches its rows from the server page by page, when rows near the end of what is loaded are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from gonogo.client.errors import GonogoClientError
from gonogo.desk.connection.circuit_breaker import ServerConnection, is_trouble
from gonogo.desk.review.clusters import Cluster, Grouping, cluster_key, clustered
from gonogo.desk.review.models import QueuePage, QueueRow, ReviewFilters
from gonogo.desk.review.server_adapter import ReviewServer

MARGIN = 100
"""Rows kept loaded below the one looked at."""
MOST_GROUPED = 1_000
"""Rows that are grouped: those of most harm. What was ruled leaves the list, and the next ones come in."""


class ReviewQueue:
    """List of `count` rows (`None` before the first page), of which the first `loaded` are here.

    With a `grouping` the rows stand in `clusters`, at most `MOST_GROUPED` of the `total` that the server has; they
    change their places while pages come in, so a place is asked for by the id of its task.
    `run` fetches until cancelled. `refused` is the error because of which the server gives no list.
    """

    def __init__(
        self,
        campaign_id: str,
        connection: ServerConnection,
        server: Callable[[], Awaitable[ReviewServer]],
        on_change: Callable[[], None],
    ) -> None:
        self.filters = ReviewFilters()
        self.total: int | None = None
        self.grouping = Grouping.NONE
        self.clusters: tuple[Cluster, ...] = ()
        self.hidden_own = 0
        self.unseen = 0
        self.statuses: tuple[str, ...] = ()
        """Statuses of tasks that were seen so far, on a server with words of its own."""
        self.refused: GonogoClientError | None = None
        self._campaign_id = campaign_id
        self._connection = connection
        self._server = server
        self._on_change = on_change
        self._fetched: list[QueueRow] = []
        """Rows in the order of the server."""
        self._keys: list[str] = []
        """Cluster keys of the fetched rows, as far as they are known."""
        self._rows: list[QueueRow] = []
        """Rows in the order of the list."""
        self._places: dict[str, int] = {}
        self._cursor: str | None = None
        self._wanted = MARGIN
        self._edition = 0
        self._kick = asyncio.Event()

    @property
    def loaded(self) -> int:
        return len(self._rows)

    @property
    def count(self) -> int | None:
        """Length of the list; `None` before the first page. A grouped list has the rows that are loaded."""
        return self.total if self.total is None or self.grouping is Grouping.NONE else self.loaded

    @property
    def complete(self) -> bool:
        """Whether every row is loaded."""
        return self.total is not None and self._cursor is None

    @property
    def at_rest(self) -> bool:
        """Whether nothing more is fetched until another row is wanted."""
        return self.total is not None and not self._more()

    def row(self, index: int | None) -> QueueRow | None:
        """Returns the row at `index`, if it is loaded."""
        return self._rows[index] if index is not None and 0 <= index < len(self._rows) else None

    def find(self, task_id: str) -> int | None:
        """Returns the index of a task, if it is loaded."""
        return self._places.get(task_id)

    def next_open(self, after: int, waits: Callable[[QueueRow], bool]) -> int | None:
        """Returns the first loaded row behind `after` for which `waits` is true; more are fetched near the end."""
        self.want(after)
        for index in range(after + 1, len(self._rows)):
            if waits(self._rows[index]):
                self.want(index)
                return index
        return None

    def want(self, index: int) -> None:
        """Loads row `index` and some behind it."""
        if index + MARGIN > self._wanted:
            self._wanted = index + MARGIN
            self._kick.set()

    def cluster_of(self, task_id: str) -> Cluster | None:
        """Returns the cluster of a task; `None` for one that has nothing in common with others."""
        index = self.find(task_id)
        for cluster in self.clusters:
            if index is not None and cluster.key and cluster.start <= index < cluster.start + len(cluster.rows):
                return cluster
        return None

    def together(self, rows: Sequence[QueueRow]) -> list[QueueRow]:
        """Returns those of `rows` that stand in the cluster of the first; all of them where nothing is grouped."""
        first = self.find(rows[0].task.id) if rows else None
        for cluster in self.clusters:
            if first is not None and cluster.start <= first < cluster.start + len(cluster.rows):
                members = {row.task.id for row in cluster.rows}
                return [row for row in rows if row.task.id in members]
        return list(rows)

    def group_by(self, grouping: Grouping) -> None:
        """Groups the list anew; loads it again where the causes are asked for and not here yet."""
        self.grouping = grouping
        self._keys = []
        if grouping is Grouping.CAUSE and any(row.cause is None for row in self._fetched):
            self.look_for(self.filters)
            return
        self._arrange()
        self._kick.set()

    def look_for(self, filters: ReviewFilters) -> None:
        """Loads another list from the top."""
        self.filters = filters
        self._fetched, self._keys, self._cursor, self.total = [], [], None, None
        self._arrange()
        self._wanted, self.refused = MARGIN, None
        self._edition += 1
        self._kick.set()

    def reload(self) -> None:
        """Asks again after a refusal; a list that was drained, or grouped as far as it will be, is read anew."""
        if self.refused is not None or self.complete or (self.grouping is not Grouping.NONE and self.at_rest):
            self.look_for(self.filters)
        self._kick.set()

    async def run(self) -> None:
        """Fetches the rows that are wanted."""
        while True:
            self._kick.clear()
            if not self._more():
                await self._kick.wait()
                continue
            await self._fetch()

    def _more(self) -> bool:
        if self.refused is not None:
            return False
        wanted = self._wanted if self.grouping is Grouping.NONE else MOST_GROUPED
        return self.total is None or (self._cursor is not None and len(self._fetched) < wanted)

    async def _fetch(self) -> None:
        server, edition = await self._server(), self._edition
        try:
            async with self._connection.request_slot() as slot:
                causes = self.grouping is Grouping.CAUSE
                page = await server.page(self._campaign_id, self.filters, self._cursor, causes=causes)
            self._connection.clear(slot)
        except GonogoClientError as error:
            if not is_trouble(error) and edition == self._edition:
                self.refused = error
            self._on_change()
            return
        if edition == self._edition:
            self._append(page)
            self._on_change()

    def _append(self, page: QueuePage) -> None:
        """Appends the rows of a page; those that moved since the page before are not listed twice."""
        new = [row for row in page.rows if row.task.id not in self._places]
        self._fetched += new
        if self.grouping is Grouping.NONE:
            self._places |= {row.task.id: place for place, row in enumerate(new, len(self._rows))}
            self._rows += new
        else:
            self._arrange()
        self._cursor = page.cursor
        self.hidden_own = page.hidden_own
        self.unseen = page.unseen
        self.statuses = tuple(sorted({*self.statuses, *page.statuses}))
        # the list may grow or shrink while it is read
        self.total = max(page.count, self.loaded) if page.cursor else self.loaded

    def _arrange(self) -> None:
        """Puts the fetched rows into the order of the list."""
        self.clusters = ()
        self._rows = list(self._fetched)
        if self.grouping is not Grouping.NONE:
            self._keys += [cluster_key(row, self.grouping) for row in self._fetched[len(self._keys) :]]
            self.clusters = tuple(clustered(self._fetched, self._keys))
            self._rows = [row for cluster in self.clusters for row in cluster.rows]
        self._places = {row.task.id: place for place, row in enumerate(self._rows)}
