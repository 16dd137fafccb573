"""Review queue: fetches its rows from the server page by page, when rows near the end of what is loaded are shown."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gonogo.client.errors import GonogoClientError
from gonogo.desk.connection.circuit_breaker import ServerConnection, is_trouble
from gonogo.desk.review.models import QueuePage, QueueRow, ReviewFilters
from gonogo.desk.review.server_adapter import ReviewServer

MARGIN = 100
"""Rows kept loaded below the one looked at."""


class ReviewQueue:
    """List of `count` rows (`None` before the first page), of which the first `loaded` are here.

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
        self.count: int | None = None
        self.hidden_own = 0
        self.unseen = 0
        self.statuses: tuple[str, ...] = ()
        """Statuses of tasks that were seen so far, on a server with words of its own."""
        self.refused: GonogoClientError | None = None
        self._campaign_id = campaign_id
        self._connection = connection
        self._server = server
        self._on_change = on_change
        self._rows: list[QueueRow] = []
        self._places: dict[str, int] = {}
        self._cursor: str | None = None
        self._wanted = MARGIN
        self._edition = 0
        self._kick = asyncio.Event()

    @property
    def loaded(self) -> int:
        return len(self._rows)

    @property
    def complete(self) -> bool:
        """Whether every row is loaded."""
        return self.count is not None and self._cursor is None

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

    def look_for(self, filters: ReviewFilters) -> None:
        """Loads another list from the top."""
        self.filters = filters
        self._rows, self._places, self._cursor, self.count = [], {}, None, None
        self._wanted, self.refused = MARGIN, None
        self._edition += 1
        self._kick.set()

    def reload(self) -> None:
        """Asks again after a refusal; a list that was drained is read anew."""
        if self.refused is not None or self.complete:
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
        return self.count is None or (self._cursor is not None and len(self._rows) < self._wanted)

    async def _fetch(self) -> None:
        server, edition = await self._server(), self._edition
        try:
            async with self._connection.request_slot() as slot:
                page = await server.page(self._campaign_id, self.filters, self._cursor)
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
        for row in page.rows:
            if row.task.id not in self._places:
                self._places[row.task.id] = len(self._rows)
                self._rows.append(row)
        self._cursor = page.cursor
        self.hidden_own = page.hidden_own
        self.unseen = page.unseen
        self.statuses = tuple(sorted({*self.statuses, *page.statuses}))
        # the list may grow or shrink while it is read
        self.count = max(page.count, len(self._rows)) if page.cursor else len(self._rows)
