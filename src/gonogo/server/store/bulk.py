"""Many rows by one statement, as fast as the database takes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain, islice
from operator import itemgetter
from typing import Any, Final, TypeVar

from pydantic_core import to_json
from sqlalchemy import Connection, Insert, Table
from sqlalchemy.dialects import postgresql, sqlite

from gonogo.server.store.schema.columns import EPOCH

T = TypeVar("T")


TOGETHER: Final = 50
"""Rows that one statement copies on SQLite. It keeps every page a statement with triggers changes, in case the
statement fails: with a statement a row this costs more than all the rest."""
_CACHE_KIB: Final = 12_000
"""What SQLite may keep of the database while it takes many rows. Ids are random, so some thousand rows change as many
pages; with its usual 2 MB it would write and read most of them again and again before the commit."""


def execute_many(connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Runs `statement` for each of `rows`: the values of its parameters `names`, as the database stores them. Answers
    how many rows it made.

    Instants are microseconds (`stored_instant`), JSON is text (`stored_json`). SQLAlchemy's own way of running a
    statement for many rows converts each value by a call, which takes longer than SQLite takes to store the row.
    """
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    order = compiled.positiontup
    if order is None:  # a driver with named parameters
        named = [dict(zip(names, row, strict=True)) for row in rows]
        return connection.exec_driver_sql(str(compiled), named).rowcount
    connection.exec_driver_sql(f"PRAGMA cache_size=-{_CACHE_KIB}")
    if statement.select is not None:
        return _copied(connection, str(compiled), order, names, rows)
    picked = list(map(itemgetter(*(names.index(name) for name in order)), rows))
    return connection.exec_driver_sql(str(compiled), picked).rowcount if picked else 0


def _copied(
    connection: Connection, sql: str, order: Sequence[str], names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    """`INSERT … SELECT … FROM` with the parameters `order` for each of `rows`, many a statement: they become a table
    beside the one it selects from."""
    head, _, select = sql.partition(" SELECT ")
    pieces = select.replace("\nFROM ", "\nFROM given CROSS JOIN ", 1).split("?")
    taken = "".join(f"{piece}given.{name}" for piece, name in zip(pieces, order, strict=False)) + pieces[-1]
    given, row = ", ".join(names), f"({', '.join('?' * len(names))})"
    made, size, text = 0, 0, ""
    for some in chunks(rows, TOGETHER):
        if len(some) != size:
            size = len(some)
            text = f"WITH given ({given}) AS (VALUES {', '.join([row] * size)}) {head} SELECT {taken}"
        made += connection.exec_driver_sql(text, tuple(chain.from_iterable(some))).rowcount
    return made


def insert_new(
    connection: Connection, table: Table, names: Sequence[str], rows: Iterable[Sequence[Any]], unique: Sequence[str]
) -> int:
    """Stores those of `rows` whose columns `unique` no row of `table` has, the first of two that are alike; answers
    how many. The rest is as with `execute_many`."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    statement = dialect.insert(table).on_conflict_do_nothing(index_elements=unique)
    return execute_many(connection, statement, names, rows)


def chunks(items: Iterable[T], size: int = 500) -> Iterator[list[T]]:
    """`items` in lists of at most `size`: databases take only so many parameters."""
    found = iter(items)
    while some := list(islice(found, size)):
        yield some


def stored_json(value: Any) -> str | None:
    """A value as a `Json` column stores it."""
    return None if value is None else to_json(value).decode()


def stored_instant(moment: datetime) -> int:
    """An instant as an `Instant` column stores it."""
    past = moment - EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
