"""Pagination of lists: newest first, cut to `limit`, with the total and the cursor of the next page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from sqlalchemy import ColumnElement, Connection, func, select

from gonogo.schemas.base import words
from gonogo.schemas.enums import CampaignStatus, TaskStatus
from gonogo.server.errors import invalid
from gonogo.server.http.query_types import DIGITS
from gonogo.server.store.compiled_statements import Columns
from gonogo.server.store.typed_rows import AnySelect

Limit = Annotated[int, Query(ge=1, le=500, description="How many at most, newest first."), DIGITS]
Cursor = Annotated[
    str | None,
    Query(
        max_length=40,
        description="`next_cursor` of the page before (extension).",
        json_schema_extra={"pattern": "^[0-9]{1,18}$"},
    ),
]
CampaignFilter = Annotated[
    str | None,
    Query(max_length=100, description="Only campaigns of this status.", json_schema_extra=words(CampaignStatus)),
]
TaskFilter = Annotated[
    str | None,
    Query(max_length=100, description="Only tasks of this status.", json_schema_extra=words(TaskStatus)),
]
DEFAULT_LIMIT = 100


T = TypeVar("T")


@dataclass(frozen=True)
class ListPage(Generic[T]):
    """One page: its rows, the total of the list, and the cursor of the next page (`None` at the end)."""

    rows: list[T]
    count: int
    next_cursor: str | None


def page(
    connection: Connection,
    query: AnySelect,
    make: Callable[[Columns], T],
    number: ColumnElement[int],
    limit: int,
    cursor: str | None,
    *,
    count: AnySelect | None = None,
) -> ListPage[T]:
    """Returns one page of `query`, which selects a column named `number`; `make` gives its rows a type.

    `count` is a cheaper query for the total.
    """
    total = count if count is not None else select(func.count()).select_from(query.order_by(None).subquery())
    before = query if cursor is None else query.where(number < _position(cursor))
    rows = connection.execute(before.order_by(number.desc()).limit(limit + 1)).all()
    following = str(rows[limit - 1].number) if len(rows) > limit else None
    return ListPage([make(row) for row in rows[:limit]], connection.execute(total).scalar_one(), following)


def one_of(value: str | None, allowed: type[StrEnum], *loc: str | int) -> str | None:
    """Returns `value` if it is `None` or one of the enumeration; else raises 422 that names the allowed ones."""
    if value is not None and value not in set(allowed):
        known = ", ".join(allowed)
        raise invalid([{"loc": list(loc), "msg": f"Allowed values: {known}.", "type": "enum"}])
    return value


def _position(cursor: str) -> int:
    if not cursor.isdecimal() or not cursor.isascii() or len(cursor) > 18:
        message = "This cursor isn't from this list: send the previous page's next_cursor unchanged."
        raise invalid([{"loc": ["query", "cursor"], "msg": message, "type": "cursor"}])
    return int(cursor)
