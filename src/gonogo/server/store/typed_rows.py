"""Typed query results: rows of a SELECT as instances of a `NamedTuple` class, checked by column name.

    class Person(NamedTuple):
        id: str
        email: str | None

    fetch_all(connection, select(users.c.id, users.c.email), Person)

The queries of a claim and a vote use `compiled.CompiledQuery` instead, which is faster and takes the same classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Result, Select, select

from gonogo.server.store.schema import campaigns
from gonogo.server.store.schema.rows import CampaignRow

RowT = TypeVar("RowT", bound=tuple[Any, ...])
Params = Mapping[str, Any]


def fetch_all(connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None) -> list[RowT]:
    """All rows. Raises `TypeError` if the fields of `row` are not the columns of `query`, in their order."""
    result = connection.execute(query, params)
    make = _maker(result, row)
    return [make(columns) for columns in result.all()]


def fetch_first(
    connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None
) -> RowT | None:
    """The first row, or `None`."""
    result = connection.execute(query, params)
    make = _maker(result, row)
    columns = result.first()
    return None if columns is None else make(columns)


def fetch_one(connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None) -> RowT:
    """The only row. Raises `NoResultFound` or `MultipleResultsFound` otherwise."""
    result = connection.execute(query, params)
    return _maker(result, row)(result.one())


def _maker(result: Result[Any], row: type[RowT]) -> Callable[[Iterable[Any]], RowT]:
    """The constructor of rows. Names are compared once a query: by name, each row would cost ten times as much."""
    row_type: Any = row
    columns = tuple(result.keys())
    if columns != row_type._fields:
        raise TypeError(f"{row.__name__} has the fields {row_type._fields}, the query gives {columns}")
    make: Callable[[Iterable[Any]], RowT] = row_type._make
    return make


def fetch_campaign(connection: Connection, campaign_id: str) -> CampaignRow:
    """The campaign. Raises `NoResultFound` if it does not exist."""
    return fetch_one(connection, select(campaigns).where(campaigns.c.id == campaign_id), CampaignRow)
