"""Lease of the sender: one process at a time makes and sends deliveries; another takes over when the lease expires.

Two senders at once, after a process that slept through its lease, send some messages twice, with the same
`webhook-id`; they never make the same deliveries twice (`webhook_cursors.version`).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, or_, select, update

from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import Instant, webhook_senders

LEASE: Final = timedelta(seconds=30)
_ROW: Final = 1


class HeldLease(NamedTuple):
    """Row of the lease."""

    holder: str
    expires_at: datetime


_now = bindparam("now", type_=Instant)
_TAKE = (
    update(webhook_senders)
    .where(
        webhook_senders.c.id == _ROW,
        or_(
            webhook_senders.c.holder == bindparam("me"),
            webhook_senders.c.expires_at <= _now,
            webhook_senders.c.expires_at > bindparam("latest", type_=Instant),  # a clock was ahead
        ),
    )
    .values(holder=bindparam("me"), expires_at=bindparam("until", type_=Instant))
)
_HELD = CompiledQuery(
    select(webhook_senders.c.holder, webhook_senders.c.expires_at).where(webhook_senders.c.id == _ROW), HeldLease
)
_RELEASE = delete(webhook_senders).where(webhook_senders.c.holder == bindparam("me"))


def is_held_by_another(store: Store, holder: str, now: datetime) -> bool:
    """True while another holder's lease runs; a look that costs far less than trying to take it."""
    held = store.query_one(_HELD, {})
    return held is not None and held.holder != holder and now < held.expires_at <= now + 2 * LEASE


def take(connection: Connection, holder: str, now: datetime) -> datetime | None:
    """Takes or renews the lease; returns its end, or `None` if another holder has it."""
    until = now + LEASE
    values = {"me": holder, "now": now, "until": until, "latest": until + LEASE}
    if connection.execute(_TAKE, values).rowcount:
        return until
    row = {"id": _ROW, "holder": holder, "expires_at": until}
    insert = dialect_of(connection).insert_ignore(webhook_senders, ["id"]).values(row)
    return until if connection.execute(insert, execution_options={"preserve_rowcount": True}).rowcount else None


def release(connection: Connection, holder: str) -> None:
    """Gives the lease back, so that the next process need not wait for its end."""
    connection.execute(_RELEASE, {"me": holder})
