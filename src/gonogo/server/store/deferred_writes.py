"""Deferred writes: send the writes of a transaction whose results nobody reads as one statement, on PostgreSQL.

Every statement is a round trip, in which the event loop stands still. A claim ends with three such writes, a vote with
four; they become one statement of data-modifying common table expressions, before the next read or the commit:

    WITH w0 AS (UPDATE tasks …), w1 AS (UPDATE voters …) INSERT INTO audit_log …

The parts of such a statement all see the database as it was before it, and PostgreSQL forbids two of them to change
one row; so a table is written by at most one part. Figures: `docs/design/performance.md`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection

_DEFERRED = "gonogo_deferred_writes"
_PARAMETER = re.compile(r"%\((\w+)\)s")


class DeferredWrite(NamedTuple):
    """One write, as the driver takes it."""

    table: str
    sql: str
    parameters: dict[str, object]


def defer(connection: Connection, write: DeferredWrite) -> None:
    """Adds a write to those that wait in the transaction of `connection`; none of them may write the same table."""
    connection.info.setdefault(_DEFERRED, []).append(write)


def deferred(connection: Connection) -> list[DeferredWrite]:
    """The writes that wait, in their order."""
    waiting: list[DeferredWrite] = connection.info.get(_DEFERRED, [])
    return waiting


def take_combined(connection: Connection) -> tuple[str, dict[str, object]] | None:
    """All writes that wait as one statement and its parameters; none waits after that."""
    writes = deferred(connection)
    if not writes:
        return None
    drop_deferred(connection)
    if len(writes) == 1:
        return writes[0].sql, writes[0].parameters
    parameters = {f"w{n}_{name}": value for n, write in enumerate(writes) for name, value in write.parameters.items()}
    return _combine(tuple(write.sql for write in writes)), parameters


def drop_deferred(connection: Connection, *_event: object) -> None:
    """Forgets the writes that wait, because their transaction is rolled back."""
    if not connection.invalidated:
        connection.info.pop(_DEFERRED, None)


@lru_cache(maxsize=200)
def _combine(statements: tuple[str, ...]) -> str:
    *parts, last = (_PARAMETER.sub(rf"%(w{n}_\1)s", sql) for n, sql in enumerate(statements))
    heads = ", ".join(f"w{n} AS ({part})" for n, part in enumerate(parts))
    return f"WITH {heads} {last}"
