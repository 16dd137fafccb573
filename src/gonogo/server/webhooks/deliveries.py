"""Deliveries: the outbox of webhooks, from due ones and what became of them to replays and pruning."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, delete, exists, insert, select, update

from gonogo.schemas.webhooks import DeliveryPublic, DeliveryState
from gonogo.server.serialize import instant
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import Instant, webhook_cursors, webhook_deliveries, webhooks
from gonogo.server.store.typed_rows import fetch_all, fetch_first
from gonogo.server.webhooks.retries import next_try
from gonogo.server.webhooks.sending import TryResult

REPLAYED_AT_ONCE: Final = 1000
_FIRST: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_PENDING: Final = DeliveryState.PENDING.value


class DueRow(NamedTuple):
    """Delivery to be tried now."""

    id: str
    event: str
    body: str
    attempts: int


class DeliveryRow(NamedTuple):
    """Delivery as a list shows it."""

    number: int
    id: str
    webhook_id: str
    event: str
    campaign_id: str | None
    state: str
    attempts: int
    next_try_at: datetime
    last_status: int | None
    last_error: str | None
    created_at: datetime
    done_at: datetime | None
    body: str


def delivery_public(row: DeliveryRow) -> DeliveryPublic:
    """A delivery of the API."""
    times = {name: instant(getattr(row, name)) for name in ("created_at", "done_at")}
    waits = instant(max(row.next_try_at, row.created_at)) if row.state == _PENDING else None
    return DeliveryPublic(**row._asdict() | times | {"next_try_at": waits})


def read_due(connection: Connection, webhook_id: str, now: datetime, limit: int) -> list[DueRow]:
    """Deliveries whose time has come, oldest first; of one subject only the first that is not delivered yet."""
    return fetch_all(connection, _DUE.limit(limit), DueRow, {"webhook": webhook_id, "now": now})


def record_tries(
    connection: Connection, tries: Sequence[tuple[DueRow, TryResult]], now: datetime, rng: random.Random
) -> int:
    """Stores what became of tries; returns how many of the deliveries were given up."""
    rows = [_after_try(delivery, result, now, rng) for delivery, result in tries]
    if rows:
        connection.execute(_AFTER_TRY, rows)
    return sum(row["to_state"] == DeliveryState.FAILED for row in rows)


def add_ping(connection: Connection, webhook_id: str, event: str, body: str, now: datetime) -> DeliveryRow:
    """Stores a test message, which is sent before all others."""
    row: dict[str, object] = {
        "id": new_id(),
        "webhook_id": webhook_id,
        "event": event,
        "subject": webhook_id,
        "body": body,
    }
    row |= {"state": _PENDING, "next_try_at": _FIRST, "created_at": now}
    connection.execute(insert(webhook_deliveries), row)
    return _one(connection, webhook_id, str(row["id"]))


def find_delivery(connection: Connection, webhook_id: str, delivery_id: str) -> DeliveryRow | None:
    query = DELIVERIES.where(webhook_deliveries.c.id == delivery_id, webhook_deliveries.c.webhook_id == webhook_id)
    return fetch_first(connection, query, DeliveryRow)


def replay(connection: Connection, webhook_id: str, delivery_id: str, now: datetime) -> DeliveryRow:
    """Sends a delivery again, whatever became of it, with the tries of a new one."""
    chosen = update(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)
    connection.execute(chosen.values(**_anew(now)))
    _resume(connection, webhook_id)
    return _one(connection, webhook_id, delivery_id)


def replay_since(
    connection: Connection, webhook_id: str, since: datetime, after: int, now: datetime, *, all_of_them: bool
) -> tuple[int, int | None]:
    """Sends deliveries again that were made since then; returns how many, and the number to go on after."""
    states = [DeliveryState.FAILED, DeliveryState.DELIVERED] if all_of_them else [DeliveryState.FAILED]
    chosen = select(webhook_deliveries.c.number).where(
        webhook_deliveries.c.webhook_id == webhook_id,
        webhook_deliveries.c.state.in_(states),
        webhook_deliveries.c.created_at >= since,
        webhook_deliveries.c.number > after,
    )
    numbers = (
        connection.execute(chosen.order_by(webhook_deliveries.c.number).limit(REPLAYED_AT_ONCE + 1)).scalars().all()
    )
    taken = numbers[:REPLAYED_AT_ONCE]
    if taken:
        within = webhook_deliveries.c.number.in_(taken)
        connection.execute(update(webhook_deliveries).where(within).values(**_anew(now)))
        _resume(connection, webhook_id)
    return len(taken), taken[-1] if len(numbers) > len(taken) else None


def prune(connection: Connection, before: datetime, limit: int) -> int:
    """Deletes deliveries that were done before then, all of removed endpoints, and these; returns how many rows."""
    done = select(webhook_deliveries.c.number).where(webhook_deliveries.c.done_at < before).limit(limit)
    if gone := connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.number.in_(done))).rowcount:
        return gone
    removed = connection.execute(select(webhooks.c.id).where(webhooks.c.removed_at.is_not(None)).limit(1)).scalar()
    if removed is None:
        return 0
    old = select(webhook_deliveries.c.number).where(webhook_deliveries.c.webhook_id == removed).limit(limit)
    count = connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.number.in_(old))).rowcount
    if count < limit:
        count += connection.execute(delete(webhook_cursors).where(webhook_cursors.c.webhook_id == removed)).rowcount
        count += connection.execute(delete(webhooks).where(webhooks.c.id == removed)).rowcount
    return count


def _after_try(delivery: DueRow, result: TryResult, now: datetime, rng: random.Random) -> dict[str, object]:
    attempts = delivery.attempts + 1
    again = None if result.is_delivered else next_try(attempts, now, rng, result.retry_after)
    state = DeliveryState.DELIVERED if result.is_delivered else DeliveryState.FAILED if again is None else _PENDING
    return {
        "delivery": delivery.id,
        "to_state": str(state),
        "to_attempts": attempts,
        "to_next": again or now,
        "to_status": result.status,
        "to_error": result.error,
        "to_done": None if again else now,
    }


def _anew(now: datetime) -> dict[str, object]:
    return {"state": _PENDING, "attempts": 0, "next_try_at": now, "done_at": None}


def _resume(connection: Connection, webhook_id: str) -> None:
    """Ends the wait of an endpoint that fails: somebody asks for a try now."""
    connection.execute(update(webhooks).where(webhooks.c.id == webhook_id).values(resume_at=None))


def _one(connection: Connection, webhook_id: str, delivery_id: str) -> DeliveryRow:
    row = find_delivery(connection, webhook_id, delivery_id)
    assert row is not None
    return row


DELIVERIES = select(*(webhook_deliveries.c[name] for name in DeliveryRow._fields))
_earlier = webhook_deliveries.alias("earlier")
_now = bindparam("now", type_=Instant)
_DUE = (
    select(*(webhook_deliveries.c[name] for name in DueRow._fields))
    .where(
        webhook_deliveries.c.webhook_id == bindparam("webhook"),
        webhook_deliveries.c.state == _PENDING,
        webhook_deliveries.c.next_try_at <= _now,
        ~exists().where(
            _earlier.c.webhook_id == webhook_deliveries.c.webhook_id,
            _earlier.c.state == _PENDING,
            _earlier.c.subject == webhook_deliveries.c.subject,
            _earlier.c.number < webhook_deliveries.c.number,
        ),
    )
    .order_by(webhook_deliveries.c.next_try_at, webhook_deliveries.c.number)
)
_AFTER_TRY = (
    update(webhook_deliveries)
    .where(webhook_deliveries.c.id == bindparam("delivery"))
    .values(
        state=bindparam("to_state"),
        attempts=bindparam("to_attempts"),
        next_try_at=bindparam("to_next"),
        last_status=bindparam("to_status"),
        last_error=bindparam("to_error"),
        done_at=bindparam("to_done"),
    )
)
