"""Typed query results: rows of a SELECT as instances of a `NamedTuple` class, checked by column name.

    class Person(NamedTuple):
        id: str
        email: str | None

    fetch_all(connection, select(users.c.id, users.c.email), Person)

The queries of a claim and a vote use `compiled_statements.CompiledQuery` instead, which is faster and takes the same
classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Connection, Executable, Select, select

from gonogo.server.store.compiled_statements import RowT, Values
from gonogo.server.store.schema import campaigns
from gonogo.server.store.schema.rows import CampaignRow

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
"""SELECT of any columns; a `NamedTuple` class gives its rows their types."""
AnyColumn: TypeAlias = ColumnElement[Any]
"""Column of any type, for lists of them: `ColumnElement` is invariant."""


def fetch_all(connection: Connection, query: Executable, row: type[RowT], params: Values | None = None) -> list[RowT]:
    """All rows. Raises `TypeError` if the fields of `row` are not the columns of `query`, in their order."""
    result = connection.execute(query, params)
    make = _maker(result.keys(), row)
    return [make(columns) for columns in result.all()]


def fetch_first(
    connection: Connection, query: Executable, row: type[RowT], params: Values | None = None
) -> RowT | None:
    """The first row, or `None`."""
    result = connection.execute(query, params)
    make = _maker(result.keys(), row)
    columns = result.first()
    return None if columns is None else make(columns)


def fetch_one(connection: Connection, query: Executable, row: type[RowT], params: Values | None = None) -> RowT:
    """The only row. Raises `NoResultFound` or `MultipleResultsFound` otherwise."""
    result = connection.execute(query, params)
    return _maker(result.keys(), row)(result.one())


def _maker(names: Iterable[str], row: type[RowT]) -> Callable[[Iterable[object]], RowT]:
    """The constructor of rows. Names are compared once a query: by name, each row would cost ten times as much."""
    row_type: Any = row  # a NamedTuple class: there is no type for those
    columns = tuple(names)
    if columns != row_type._fields:
        raise TypeError(f"{row.__name__} has the fields {row_type._fields}, the query gives {columns}")
    make: Callable[[Iterable[object]], RowT] = row_type._make
    return make


def fetch_campaign(connection: Connection, campaign_id: str) -> CampaignRow:
    """The campaign. Raises `NoResultFound` if it does not exist."""
    return fetch_one(connection, select(campaigns).where(campaigns.c.id == campaign_id), CampaignRow)
