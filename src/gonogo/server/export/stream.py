"""A campaign as lines: one JSON object a task, with its prediction, its votes and its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from json.encoder import encode_basestring
from typing import Any

from sqlalchemy import Integer, bindparam, select

from gonogo.server.export.sql import lines
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import golden_items, tasks
from gonogo.server.store.schema.rows import CampaignRow

BATCH = 500
Span = dict[str, Any]
"""The tasks of a batch, by the numbers they lie between."""


def export_lines(store: Store, campaign: CampaignRow, batch: int = BATCH, *, golden: bool = False) -> Iterator[bytes]:
    """The tasks of `campaign` in the order they were made, some whole lines at a time; memory stays flat.

    With `golden` only those that were promoted.
    """
    export = Export(store, campaign, batch, golden=golden)
    after: int | None = 0
    while after is not None:
        span, after = export.following(after)
        if span is not None and (written := export.lines(span)):
            yield written


class Export:
    """A campaign in batches that may be written side by side, each read in one transaction."""

    def __init__(self, store: Store, campaign: CampaignRow, batch: int = BATCH, *, golden: bool = False) -> None:
        self._store = store
        self._campaign, self._name = campaign.id, encode_basestring(campaign.name)
        self._batch = batch
        self._lines = _GOLDEN if golden else _LINES

    def following(self, after: int) -> tuple[Span | None, int | None]:
        """The batch behind the task with the number `after`, or `None`; and where the next one begins, if any does."""
        wanted = {"campaign": self._campaign, "after": after, "batch": self._batch}
        with self._store.report() as connection:
            numbers = [row[0] for row in _NUMBERS.tuples(connection, wanted)]
        if not numbers:
            return None, None
        span = {"campaign": self._campaign, "name": self._name, "after": after, "last": numbers[-1]}
        return span, numbers[-1] if len(numbers) == self._batch else None

    def lines(self, span: Span) -> bytes:
        """The lines of a batch, each with its newline; none where nothing of it was promoted."""
        with self._store.report() as connection:
            written = self._lines.scalar(connection, span)
        return b"" if written is None else written.encode() + b"\n"


_within = (tasks.c.campaign_id == bindparam("campaign")) & (tasks.c.number > bindparam("after"))
_batch = _within & (tasks.c.number <= bindparam("last"))
_LINES, _GOLDEN = (
    CompiledStatement(lines(_batch)),
    CompiledStatement(lines(_batch & golden_items.c.task_id.is_not(None))),
)
_NUMBERS = CompiledStatement(
    select(tasks.c.number).where(_within).order_by(tasks.c.number).limit(bindparam("batch", type_=Integer))
)
