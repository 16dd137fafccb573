"""Typed query results: rows of a SELECT as instances of a `NamedTuple` class, filled by column name.

    class Person(NamedTuple):
        id: str
        email: str | None

    fetch_all(connection, select(users.c.id, users.c.email), Person)

The queries of a claim and a vote use `compiled.CompiledQuery` instead, which is faster and takes the same classes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, select

from gonogo.server.store.schema import campaigns
from gonogo.server.store.schema.rows import CampaignRow

RowT = TypeVar("RowT", bound=tuple[Any, ...])
Params = Mapping[str, Any]


def fetch_all(connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None) -> list[RowT]:
    """All rows. Raises `TypeError` if the fields of `row` are not the columns of `query`."""
    return [row(**columns) for columns in connection.execute(query, params).mappings()]


def fetch_first(
    connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None
) -> RowT | None:
    """The first row, or `None`."""
    columns = connection.execute(query, params).mappings().first()
    return None if columns is None else row(**columns)


def fetch_one(connection: Connection, query: Select[Any], row: type[RowT], params: Params | None = None) -> RowT:
    """The only row. Raises `NoResultFound` or `MultipleResultsFound` otherwise."""
    return row(**connection.execute(query, params).mappings().one())


def fetch_campaign(connection: Connection, campaign_id: str) -> CampaignRow:
    """The campaign. Raises `NoResultFound` if it does not exist."""
    return fetch_one(connection, select(campaigns).where(campaigns.c.id == campaign_id), CampaignRow)
