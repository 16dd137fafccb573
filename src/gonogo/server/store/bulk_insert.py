"""Bulk inserts: write many rows at the least cost, and convert values to the form that the database stores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import TypeVar

from pydantic_core import to_json
from sqlalchemy import Connection, Insert, Table

from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema.columns import to_microseconds

T = TypeVar("T")


def execute_many(
    connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[object]]
) -> int:
    """Runs `statement` for each of `rows` and returns how many rows it inserted.

    A row holds the values of the parameters `names` as the database stores them: instants are microseconds
    (`stored_instant`), JSON is text (`stored_json`). SQLAlchemy's `executemany` converts each value by a call, which
    takes longer than SQLite takes to store the row.
    """
    return dialect_of(connection).execute_many(connection, statement, names, rows)


def insert_new(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[object]], unique: Sequence[str]
) -> int:
    """Inserts those of `rows` whose columns `unique` no row of `table` has, the first of equal ones; see
    `execute_many`. Returns how many."""
    statement = dialect_of(connection).insert_ignore(table, unique)
    return execute_many(connection, statement, names, rows)


def chunks(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """`items` in lists of at most `size`, because databases limit the parameters of a statement."""
    remaining = iter(items)
    while chunk := list(islice(remaining, size)):
        yield chunk


def stored_json(value: object) -> str | None:
    """A value as a `Json` column stores it."""
    return None if value is None else to_json(value).decode()


def stored_instant(moment: datetime) -> int:
    """An instant as an `Instant` column stores it."""
    return to_microseconds(moment)
