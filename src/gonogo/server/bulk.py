"""Many rows by one statement, as fast as the database takes them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Connection, Insert

from gonogo.server.store.columns import EPOCH


def execute_many(
    connection: Connection, statement: Insert, names: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Runs `statement` for each of `rows`: the values of its parameters `names`, as the database stores them.

    Instants are microseconds (`stored_instant`), JSON is text (`stored_json`). SQLAlchemy's own way of running a
    statement for many rows converts each value by a call, which takes longer than SQLite takes to store the row.
    """
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(names))
    order = compiled.positiontup
    if order is None:  # a driver with named parameters
        connection.exec_driver_sql(str(compiled), [dict(zip(names, row, strict=True)) for row in rows])
        return
    picked = map(itemgetter(*(names.index(name) for name in order)), rows)
    connection.exec_driver_sql(str(compiled), list(picked))


def stored_json(value: Any) -> str | None:
    """A value as a `Json` column stores it."""
    return None if value is None else to_json(value).decode()


def stored_instant(moment: datetime) -> int:
    """An instant as an `Instant` column stores it."""
    past = moment - EPOCH
    return (past.days * 86_400 + past.seconds) * 1_000_000 + past.microseconds
