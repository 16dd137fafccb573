"""Export of a campaign as JSON Lines: one object a task, with its prediction, its votes and its outcome."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from json.encoder import encode_basestring
from typing import Final, NamedTuple

from sqlalchemy import Integer, bindparam, select

from gonogo.server.export.merged_readings import with_derived_verdicts
from gonogo.server.export.sql import json_lines
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import golden_items, tasks

BATCH_SIZE: Final = 500
CONCURRENT_BATCHES: Final = 2
"""Batches that the database writes at once; with more, SQLite's connections only wait for each other."""


class ExportBatch(NamedTuple):
    """The tasks with numbers above `after`, up to `last`."""

    after: int
    last: int


class CampaignExport:
    """The lines of one campaign, in batches that may be written side by side; memory stays flat.

    Iteration gives some whole lines at a time, in the order the tasks were made.
    """

    def __init__(
        self, store: Store, campaign_id: str, name: str, *, golden: bool = False, batch_size: int = BATCH_SIZE
    ) -> None:
        """With `golden` only the promoted tasks."""
        self._store = store
        self._campaign_id, self._name = campaign_id, encode_basestring(name)
        self._batch_size = batch_size
        self._query = _GOLDEN_LINES if golden else _LINES

    def __iter__(self) -> Iterator[bytes]:
        return filter(None, map(self.write, self.batches()))

    def batches(self) -> Iterator[ExportBatch]:
        """The batches of all tasks; one query each."""
        numbers = [0]
        while numbers:
            after = numbers[-1]
            parameters = {"campaign": self._campaign_id, "after": after, "size": self._batch_size}
            with self._store.report() as tx:
                numbers = list(tx.execute(_NUMBERS, parameters).scalars())
            if numbers:
                yield ExportBatch(after, numbers[-1])
            if len(numbers) < self._batch_size:
                return

    def write(self, batch: ExportBatch) -> bytes:
        """The lines of a batch, each with its newline; empty if none of its tasks was promoted and only these count."""
        parameters = {"campaign": self._campaign_id, "name": self._name, **batch._asdict()}
        with self._store.report() as tx:
            lines: str | None = tx.execute(self._query, parameters).scalar()
            lines = lines and with_derived_verdicts(tx, self._campaign_id, lines)
        return b"" if lines is None else lines.encode() + b"\n"


async def stream_export(export: CampaignExport) -> AsyncIterator[bytes]:
    """The lines of an export, written in threads, so that the event loop answers other requests meanwhile."""
    batches = export.batches()
    pending: deque[asyncio.Task[bytes]] = deque()
    try:
        while True:
            while len(pending) < CONCURRENT_BATCHES:
                batch = await asyncio.to_thread(next, batches, None)
                if batch is None:
                    break
                pending.append(asyncio.create_task(asyncio.to_thread(export.write, batch)))
            if not pending:
                return
            lines = await asyncio.shield(pending[0])
            pending.popleft()
            if lines:
                yield lines
    finally:
        await asyncio.gather(*pending, return_exceptions=True)  # nothing is left reading when the request is over


_after = (tasks.c.campaign_id == bindparam("campaign")) & (tasks.c.number > bindparam("after"))
_batch = _after & (tasks.c.number <= bindparam("last"))
_NUMBERS = select(tasks.c.number).where(_after).order_by(tasks.c.number).limit(bindparam("size", type_=Integer))
_LINES = json_lines(_batch)
_GOLDEN_LINES = json_lines(_batch & golden_items.c.task_id.is_not(None))
