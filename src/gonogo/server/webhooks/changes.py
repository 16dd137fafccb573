"""Changes of campaigns as deliveries: what settled since an endpoint's cursor goes into its outbox.

Nothing is written when a task settles: its place in the order of changes (`cases.seq`) is there anyway, for the results
API. The sender reads what lies behind an endpoint's cursor, and one transaction stores the deliveries and moves the
cursor. So no event is lost or made twice, whatever ends in between; and claims and votes cost nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Exists, and_, bindparam, exists, func, insert, or_, select, update

from gonogo.schemas.enums import CampaignStatus
from gonogo.schemas.webhooks import DeliveryState, WebhookEvent
from gonogo.server.export.sql import SETTLED_STATE
from gonogo.server.results.pages import committed_horizon
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_ids
from gonogo.server.store.schema import campaigns, cases, webhook_cursors, webhook_deliveries, webhooks
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.webhooks.messages import (
    UNFINISHED_STATES,
    campaign_body,
    read_campaign_now,
    read_done_tasks,
    read_settled,
    settled_body,
)

log = logging.getLogger("gonogo.server")
MAX_PENDING: Final = 1000
"""Pending deliveries of an endpoint, above which its cursors wait: an outage costs no more than so many rows."""
_CAMPAIGNS: Final = 100
_NO_HORIZON: Final = 2**63 - 1


class CursorRow(NamedTuple):
    """Cursor of an endpoint in a campaign, with what it needs of both."""

    webhook_id: str
    campaign_id: str
    after: int
    status: str
    done_tasks: int | None
    version: int
    events: list[str]
    campaign: str
    status_now: str
    was_closed: bool


@dataclass(frozen=True)
class NewDelivery:
    """Delivery to be stored: event, its subject's id, and the bytes."""

    event: str
    subject: str
    body: str


@dataclass(frozen=True)
class CursorMove:
    """Deliveries of one endpoint in one campaign, and where its cursor then stands."""

    cursor: CursorRow
    after: int
    status: str
    done_tasks: int | None
    deliveries: list[NewDelivery] = field(default_factory=list)


def follow_new_campaigns(connection: Connection) -> int:
    """Gives endpoints of all campaigns a cursor in those that were made since; returns how many."""
    rows = connection.execute(_UNFOLLOWED).all()
    if rows:
        add = dialect_of(connection).insert_ignore(webhook_cursors, ["webhook_id", "campaign_id"])
        fresh = {"after": 0, "status": CampaignStatus.OPEN.value}
        connection.execute(add, [row._asdict() | fresh for row in rows])
    return len(rows)


def has_unfollowed(connection: Connection) -> bool:
    return connection.execute(_UNFOLLOWED.limit(1)).first() is not None


def plan(store: Store, now: datetime) -> list[CursorMove]:
    """What changed for the endpoints, as moves for `store_moves`. Blocks: run it in a thread."""
    with store.read() as connection:
        full = [webhook_id for webhook_id, n_pending in connection.execute(_N_PENDING) if n_pending >= MAX_PENDING]
        due = fetch_all(connection, _CHANGED.where(webhooks.c.id.not_in(full)), CursorRow)
    horizons = {campaign: committed_horizon(store, campaign) for campaign in {cursor.campaign_id for cursor in due}}
    moves = []
    with store.read() as connection:
        for cursor in due:
            try:
                moves.append(_move(connection, cursor, horizons[cursor.campaign_id], now))
            except (LookupError, TypeError, ValueError):  # of one campaign's rows: the others go on
                log.exception("webhooks: changes of campaign %s could not be read", cursor.campaign_id)
    return moves


def store_moves(connection: Connection, moves: Sequence[CursorMove], now: datetime) -> int:
    """Stores the deliveries of moves, and the cursors; returns the number of deliveries.

    A move whose cursor another sender moved meanwhile is dropped.
    """
    rows = []
    for move in moves:
        cursor = move.cursor
        key = {"webhook": cursor.webhook_id, "campaign": cursor.campaign_id, "known": cursor.version}
        to = {"to_after": move.after, "to_status": move.status, "to_done": move.done_tasks}
        if connection.execute(_MOVE, key | to | {"next": cursor.version + 1}).rowcount:
            rows += [_row(cursor, delivery, now) for delivery in move.deliveries]
    if rows:
        for row, new_id in zip(rows, new_ids(len(rows)), strict=True):
            row["id"] = new_id
        connection.execute(insert(webhook_deliveries), rows)
    return len(rows)


def _row(cursor: CursorRow, delivery: NewDelivery, now: datetime) -> dict[str, object]:
    return {
        "webhook_id": cursor.webhook_id,
        "campaign_id": cursor.campaign_id,
        "event": delivery.event,
        "subject": delivery.subject,
        "body": delivery.body,
        "state": DeliveryState.PENDING.value,
        "next_try_at": now,
        "created_at": now,
    }


def _move(connection: Connection, cursor: CursorRow, horizon: int | None, now: datetime) -> CursorMove:
    limit = _NO_HORIZON if horizon is None else horizon
    settled = read_settled(connection, cursor.campaign_id, cursor.after, limit)
    after = settled[-1].cursor if settled else cursor.after
    deliveries = []
    if WebhookEvent.TASK_SETTLED in cursor.events:
        deliveries += [
            NewDelivery(WebhookEvent.TASK_SETTLED, row.task_id, settled_body(row, cursor.campaign_id, cursor.campaign))
            for row in settled
        ]
    is_more = select(_settled_after(cursor.campaign_id, after))
    if connection.execute(is_more).scalar():  # the events of the campaign come behind those of its tasks
        return CursorMove(cursor, after, cursor.status, cursor.done_tasks, deliveries)
    done_tasks = read_done_tasks(connection, cursor.campaign_id)
    events = [event for event in _campaign_events(cursor, done_tasks) if event in cursor.events]
    if events:
        state = read_campaign_now(connection, cursor.campaign_id)
        deliveries += [NewDelivery(event, cursor.campaign_id, campaign_body(event, state, now)) for event in events]
    return CursorMove(cursor, after, cursor.status_now, done_tasks, deliveries)


def _settled_after(campaign_id: ColumnElement[str] | str, after: ColumnElement[int] | int) -> Exists:
    """Condition: a task of the campaign settled after the cursor."""
    return exists().where(cases.c.campaign_id == campaign_id, cases.c.state == SETTLED_STATE, cases.c.seq > after)


def _campaign_events(cursor: CursorRow, done_tasks: int | None) -> Iterator[WebhookEvent]:
    """Events of the campaign itself since the cursor; `done_tasks` is set where nothing is left to do."""
    if done_tasks is not None and done_tasks != cursor.done_tasks:
        yield WebhookEvent.CAMPAIGN_DONE
    if cursor.was_closed and cursor.status == CampaignStatus.OPEN:
        yield WebhookEvent.CAMPAIGN_CLOSED
    if cursor.status_now == CampaignStatus.PROMOTED != cursor.status:
        yield WebhookEvent.CAMPAIGN_PROMOTED


_live = (webhooks.c.disabled_at.is_(None), webhooks.c.removed_at.is_(None))
_UNFOLLOWED = (
    select(webhooks.c.id.label("webhook_id"), campaigns.c.id.label("campaign_id"))
    .join(campaigns, campaigns.c.org_id == webhooks.c.org_id)
    .where(
        *_live,
        webhooks.c.campaign_id.is_(None),
        ~exists().where(webhook_cursors.c.webhook_id == webhooks.c.id, webhook_cursors.c.campaign_id == campaigns.c.id),
    )
    .limit(500)
)
_is_settled_since = _settled_after(webhook_cursors.c.campaign_id, webhook_cursors.c.after)
_undone = and_(
    webhook_cursors.c.done_tasks.is_not(None),
    exists().where(cases.c.campaign_id == webhook_cursors.c.campaign_id, cases.c.state.in_(UNFINISHED_STATES)),
)
_CHANGED = (
    select(
        *(webhook_cursors.c[name] for name in CursorRow._fields[:6]),
        webhooks.c.events,
        campaigns.c.name.label("campaign"),
        campaigns.c.status.label("status_now"),
        campaigns.c.closed_at.is_not(None).label("was_closed"),
    )
    .join(webhooks, webhooks.c.id == webhook_cursors.c.webhook_id)
    .join(campaigns, campaigns.c.id == webhook_cursors.c.campaign_id)
    .where(*_live, or_(campaigns.c.status != webhook_cursors.c.status, _is_settled_since, _undone))
    .limit(_CAMPAIGNS)
)
_n_pending = select(func.count()).where(
    webhook_deliveries.c.webhook_id == webhooks.c.id, webhook_deliveries.c.state == DeliveryState.PENDING.value
)
_N_PENDING = select(webhooks.c.id, _n_pending.scalar_subquery()).where(*_live)
_MOVE = (
    update(webhook_cursors)
    .where(
        webhook_cursors.c.webhook_id == bindparam("webhook"),
        webhook_cursors.c.campaign_id == bindparam("campaign"),
        webhook_cursors.c.version == bindparam("known"),
    )
    .values(
        after=bindparam("to_after"),
        status=bindparam("to_status"),
        done_tasks=bindparam("to_done"),
        version=bindparam("next"),
    )
)
