"""Honeypot queries: run the SQL on a campaign's pool of gold items and their copies, one method a question."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, bindparam, exists, func, select

from gonogo.schemas.enums import TaskStatus
from gonogo.server.queue.rows import SERVED_COLUMNS, ServedRow
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import gold_items, gold_servings, tasks

SEARCH_LIMIT = 100
"""Items that one search for a copy visits, however large the pool; where none fits, the honeypot stays owed."""
SPARE_COPIES = 1
"""Copies with room that `items_short_of_copies` asks for."""

_STATE_COLUMNS = {
    *("number", "id", "created_at", "n_people", "status", "submission_count", "agreement", "consensus_verdict"),
    *("consensus_value", "posterior", "adjudicated", "resolved_at", "rank", "holder_id", "holder_kind", "claimed_at"),
    "claim_expires_at",
}
_CONTENT_COLUMNS = [column for column in tasks.c if column.name not in _STATE_COLUMNS]
"""The columns that all copies of an item share."""

RowT = TypeVar("RowT", bound=tuple[Any, ...])


class PoolItem(NamedTuple):
    """A gold item and its fixed pseudo-random position in the pool."""

    id: str
    shuffle: int


class Visit(NamedTuple):
    """The parameters of every search.

    Attributes:
        campaign: Id of the campaign.
        voter: Id of the voter.
        people: People that the ordinary task was served to; a like copy was served to as many.
        start: Position in the pool where the search starts.
    """

    campaign: str
    voter: str
    people: int
    start: int


# --- parts of the searches ---------------------------------------------------------------------------------

_in_campaign = gold_items.c.campaign_id == bindparam("campaign")
_wants_votes = (tasks.c.status == TaskStatus.OPEN, tasks.c.submission_count < tasks.c.n_required)
_has_room = tasks.c.n_people < tasks.c.n_required
_served_to_as_many = tasks.c.n_people == bindparam("people")
_pool = select(gold_items.c.id, gold_items.c.shuffle).where(_in_campaign).order_by(gold_items.c.shuffle)


def _was_served(item_id: ColumnElement[str]) -> ColumnElement[bool]:
    return exists().where(gold_servings.c.gold_item_id == item_id, gold_servings.c.voter_id == bindparam("voter"))


def _free_copies(items: Select[Any], *conditions: ColumnElement[bool]) -> Select[Any]:
    """A free copy with room of one of the first `items` that the voter has not met."""
    near = items.limit(SEARCH_LIMIT).subquery("near")
    return (
        select(*SERVED_COLUMNS, tasks.c.gold_item_id)
        .join(near, near.c.id == tasks.c.gold_item_id)
        .where(~_was_served(near.c.id), _has_room, tasks.c.holder_id.is_(None), *_wants_votes, *conditions)
        .limit(1)
        .with_for_update(skip_locked=True, of=tasks)
    )


def _scheduled_copies(items: Select[Any]) -> Select[Any]:
    on_sheet = items.where(gold_items.c.sheet_seq == bindparam("sheet"), gold_items.c.shuffle <= bindparam("threshold"))
    return _free_copies(on_sheet, _served_to_as_many, tasks.c.place < bindparam("place"))


def _like_copies(items: Select[Any]) -> Select[Any]:
    return _free_copies(items, _served_to_as_many)


def _unmet_items(items: Select[Any]) -> Select[Any]:
    return items.where(~_was_served(gold_items.c.id)).limit(1)


class CircularSearch(Generic[RowT]):
    """Search of the pool from a position to its end, then from its beginning to that position."""

    def __init__(self, build: Callable[[Select[Any]], Select[Any]], row: type[RowT]) -> None:
        """`build` makes the search from a SELECT of items in pool order."""
        self._from_start = CompiledQuery(build(_pool.where(gold_items.c.shuffle >= bindparam("start"))), row)
        self._before_start = CompiledQuery(build(_pool.where(gold_items.c.shuffle < bindparam("start"))), row)

    def first(self, connection: Connection, visit: Visit, **params: Any) -> RowT | None:
        """The first hit, or `None`."""
        values = {**visit._asdict(), **params}
        hit = self._from_start.first(connection, values)
        if hit is None and visit.start:
            hit = self._before_start.first(connection, values)
        return hit


# --- the questions -----------------------------------------------------------------------------------------


class HoneypotQueries:
    """The questions that serving honeypots asks the database; copies found are locked."""

    def __init__(self) -> None:
        self._scheduled = CircularSearch(_scheduled_copies, ServedRow)
        self._like = CircularSearch(_like_copies, ServedRow)
        self._any = CircularSearch(_free_copies, ServedRow)
        self._unmet = CircularSearch(_unmet_items, PoolItem)

    def scheduled_copy(
        self, connection: Connection, visit: Visit, *, sheet: int, place: str, threshold: int
    ) -> ServedRow | None:
        """A like copy on a sheet, before `place`, of an item up to `threshold` in the pool."""
        return self._scheduled.first(connection, visit, sheet=sheet, place=place, threshold=threshold)

    def like_copy(self, connection: Connection, visit: Visit) -> ServedRow | None:
        """A copy served to as many people as the ordinary task."""
        return self._like.first(connection, visit)

    def any_copy(self, connection: Connection, visit: Visit) -> ServedRow | None:
        """Any copy with room."""
        return self._any.first(connection, visit)

    def unmet_item(self, connection: Connection, visit: Visit) -> PoolItem | None:
        """An item that the voter has not met, whether a copy of it is free or not."""
        return self._unmet.first(connection, visit)

    def items_short_of_copies(self, connection: Connection, campaign_id: str, limit: int) -> list[str]:
        """Ids of items with fewer than `SPARE_COPIES` copies that have room."""
        return _SHORT_OF_COPIES.scalars(connection, {"campaign": campaign_id, "limit": limit})

    def create_copy(self, connection: Connection, item_id: str, now: datetime) -> ServedRow:
        """Adds a copy to an item; returns it."""
        copy_id = new_id()
        _INSERT_COPY.run(connection, {"copy": copy_id, "now": now, "item": item_id})
        return _COPY_BY_ID.one(connection, {"copy": copy_id})

    def was_served(self, connection: Connection, item_id: str, voter_id: str) -> bool:
        """Whether the voter has met the item."""
        return bool(_WAS_SERVED.scalar(connection, {"item": item_id, "voter": voter_id}))

    def insert_serving(
        self, connection: Connection, *, item_id: str, voter_id: str, campaign_id: str, task_id: str
    ) -> None:
        """Records that a copy was served to a voter."""
        params = {"item": item_id, "voter": voter_id, "campaign": campaign_id, "task": task_id}
        _INSERT_SERVING.later(connection, params)


_spare = select(func.count()).where(tasks.c.gold_item_id == gold_items.c.id, _has_room, *_wants_votes)
_SHORT_OF_COPIES = CompiledStatement(
    select(gold_items.c.id).where(_in_campaign, _spare.scalar_subquery() < SPARE_COPIES).limit(bindparam("limit"))
)
_own_columns = {
    "id": bindparam("copy", type_=tasks.c.id.type),
    "created_at": bindparam("now", type_=tasks.c.created_at.type),
}
_INSERT_COPY = CompiledStatement(
    tasks.insert().from_select(
        [*_own_columns, *(column.name for column in _CONTENT_COLUMNS)],
        select(*_own_columns.values(), *_CONTENT_COLUMNS)
        .where(tasks.c.gold_item_id == bindparam("item"))
        .order_by(tasks.c.number)
        .limit(1),
    )
)
_COPY_BY_ID = CompiledQuery(
    select(*SERVED_COLUMNS, tasks.c.gold_item_id).where(tasks.c.id == bindparam("copy")), ServedRow
)
_WAS_SERVED = CompiledStatement(select(_was_served(bindparam("item")).label("was_served")))
_INSERT_SERVING = CompiledStatement(
    gold_servings.insert().values(
        gold_item_id=bindparam("item"),
        voter_id=bindparam("voter"),
        campaign_id=bindparam("campaign"),
        task_id=bindparam("task"),
    )
)
