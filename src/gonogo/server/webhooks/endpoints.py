"""Endpoints: creates, lists and removes them, and keeps how each answers."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Update, bindparam, case, func, insert, select, update

from gonogo.schemas.enums import CampaignStatus
from gonogo.schemas.webhooks import (
    PING,
    DeliveryState,
    WebhookCreate,
    WebhookCreated,
    WebhookEvent,
    WebhookPublic,
    WebhookSecret,
    WebhookState,
)
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import conflict, invalid, not_found
from gonogo.server.http import pagination
from gonogo.server.serialize import instant
from gonogo.server.store import audit
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.engine import Store
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import Instant, campaigns, cases, webhook_cursors, webhook_deliveries, webhooks
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_all, fetch_first
from gonogo.server.webhooks.deliveries import DeliveryRow, add_ping
from gonogo.server.webhooks.destination import DestinationError, parse_destination
from gonogo.server.webhooks.messages import body_of, read_done_tasks
from gonogo.server.webhooks.retries import FAILING_AFTER, EndpointHealth
from gonogo.server.webhooks.secrets import seal
from gonogo.server.webhooks.signatures import new_secret

MAX_ENDPOINTS: Final = 20
"""Endpoints of one organisation."""
BY_LEAD: Final = "by a lead"
OLD_SECRET: Final = timedelta(hours=24)
"""Time in which messages are signed with the secret of before, too."""


class EndpointRow(NamedTuple):
    """Row of `ENDPOINTS`: all of an endpoint but who made it."""

    number: int
    id: str
    org_id: str
    campaign_id: str | None
    url: str
    events: list[str]
    secret: bytes
    old_secret: bytes | None
    old_secret_until: datetime | None
    disabled_at: datetime | None
    disabled_reason: str | None
    failures: int
    failing_since: datetime | None
    resume_at: datetime | None
    last_error: str | None
    created_at: datetime

    @property
    def health(self) -> EndpointHealth:
        return EndpointHealth(self.failures, self.failing_since, self.resume_at)

    @property
    def state(self) -> WebhookState:
        if self.disabled_at is not None:
            return WebhookState.DISABLED
        return WebhookState.FAILING if self.health.is_failing else WebhookState.ACTIVE


def endpoint_public(connection: Connection, row: EndpointRow) -> WebhookPublic:
    """An endpoint as a list shows it: without its secret."""
    return WebhookPublic(**_public(connection, row))


def endpoint_for(connection: Connection, caller: Principal, webhook_id: str) -> EndpointRow:
    """The endpoint of the caller's organisation; else raises 404."""
    query = ENDPOINTS.where(webhooks.c.id == webhook_id, webhooks.c.org_id == caller.org_id)
    row = fetch_first(connection, query, EndpointRow)
    if row is None:
        raise not_found()
    return row


def create_endpoint(
    connection: Connection,
    caller: Principal,
    body: WebhookCreate,
    campaign: CampaignRow | None,
    now: datetime,
    *,
    private: bool,
) -> WebhookCreated:
    """Creates an endpoint that hears of what happens from now on, or `from_start`.

    Raises 422 for an unknown event, or a URL that nothing is sent to; 409 `too_many`.
    """
    try:
        parse_destination(body.url, private=private)
    except DestinationError as error:
        raise invalid([{"loc": ["body", "url"], "msg": str(error), "type": "url"}]) from None
    events = list(dict.fromkeys(body.events or WebhookEvent))
    for place, event in enumerate(events):
        pagination.one_of(event, WebhookEvent, "body", "events", place)
    mine = select(func.count()).where(webhooks.c.org_id == caller.org_id, webhooks.c.removed_at.is_(None))
    if connection.execute(mine).scalar_one() >= MAX_ENDPOINTS:
        raise conflict("too_many", f"There are {MAX_ENDPOINTS} endpoints already: remove one first.")
    webhook_id, secret = new_id(), new_secret()
    row = {
        "id": webhook_id,
        "org_id": caller.org_id,
        "campaign_id": None if campaign is None else campaign.id,
        "url": body.url,
        "events": events,
        "secret": seal(connection, webhook_id, secret),
        "created_by_user_id": caller.id,
        "created_at": now,
    }
    connection.execute(insert(webhooks), row)
    _add_cursors(connection, webhook_id, caller.org_id, campaign, from_start=body.from_start)
    return WebhookCreated(**_public(connection, endpoint_for(connection, caller, webhook_id)), secret=secret)


def remove_endpoint(connection: Connection, row: EndpointRow, now: datetime) -> None:
    """Nothing is sent to it any more; upkeep deletes its deliveries."""
    connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(removed_at=now, disabled_at=now))


def rotate_secret(connection: Connection, row: EndpointRow, now: datetime) -> WebhookSecret:
    """Gives an endpoint a new secret; the old one signs, too, for a day."""
    secret, until = new_secret(), now + OLD_SECRET
    fresh = {"secret": seal(connection, row.id, secret), "old_secret": row.secret, "old_secret_until": until}
    connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(**fresh))
    return WebhookSecret(id=row.id, secret=secret, old_until=instant(until))


def set_enabled(connection: Connection, row: EndpointRow, now: datetime, *, enabled: bool) -> None:
    """Disables an endpoint, or enables it: it then goes on where it stopped, at once."""
    values: dict[str, object]
    if enabled:
        values = {"disabled_at": None, "disabled_reason": None, "failures": 0, "failing_since": None, "resume_at": None}
    elif row.disabled_at is None:
        values = {"disabled_at": now, "disabled_reason": BY_LEAD}
    else:
        return
    connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(**values))


def ping_endpoint(connection: Connection, row: EndpointRow, now: datetime) -> DeliveryRow:
    """Puts a test message into the outbox. Raises 409 `disabled`."""
    if row.disabled_at is not None:
        raise conflict("disabled", "This endpoint is disabled, so nothing is sent to it: enable it first.")
    delivery = add_ping(connection, row.id, PING, body_of(PING, now, {"webhook_id": row.id}), now)
    connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(resume_at=None))
    return delivery


def read_sendable(connection: Connection, now: datetime) -> list[str]:
    """Ids of endpoints, of all organisations, with a delivery that is due."""
    due = select(webhook_deliveries.c.number).where(
        webhook_deliveries.c.webhook_id == webhooks.c.id,
        webhook_deliveries.c.state == DeliveryState.PENDING.value,
        webhook_deliveries.c.next_try_at <= now,
    )
    free = webhooks.c.resume_at.is_(None) | (webhooks.c.resume_at <= now)
    query = select(webhooks.c.id).where(webhooks.c.disabled_at.is_(None), free, due.correlate(webhooks).exists())
    return list(connection.execute(query).scalars())


def read_sendable_one(connection: Connection, webhook_id: str, now: datetime) -> EndpointRow | None:
    """The endpoint, if something may be sent to it now."""
    row = fetch_first(connection, ENDPOINTS.where(webhooks.c.id == webhook_id), EndpointRow)
    if row is None or row.disabled_at is not None or (row.resume_at is not None and row.resume_at > now):
        return None
    return row


def read_troubled(connection: Connection) -> list[EndpointRow]:
    """Endpoints of all organisations that fail, or were disabled by the server itself."""
    by_server = webhooks.c.disabled_at.is_not(None) & (webhooks.c.disabled_reason != BY_LEAD)
    return fetch_all(connection, ENDPOINTS.where((webhooks.c.failures >= FAILING_AFTER) | by_server), EndpointRow)


class WebhookCounts(NamedTuple):
    """Endpoints of all organisations by state, and messages that wait."""

    n_active: int
    n_failing: int
    n_disabled: int
    n_pending: int


def count_webhooks(store: Store) -> WebhookCounts:
    """The counts as they stand; on the replica they may be as old as it is behind."""
    pending = select(func.count()).where(webhook_deliveries.c.state == DeliveryState.PENDING.value)
    with store.report() as connection:
        states = Counter(EndpointRow._make(row).state for row in connection.execute(ENDPOINTS))
        n_active, n_failing, n_disabled = (states[state] for state in WebhookState)
        return WebhookCounts(n_active, n_failing, n_disabled, connection.execute(pending).scalar_one())


def store_health(connection: Connection, row: EndpointRow, health: EndpointHealth, error: str | None) -> None:
    """Stores how the newest tries of an endpoint went, which was `row` before them.

    A lead who asked for a try meanwhile (`resume_at` is then another one) does not wait for it.
    """
    is_as_read = webhooks.c.resume_at.is_not_distinct_from(bindparam("read", row.resume_at, Instant))
    resume_at = case((is_as_read, bindparam("resume", health.resume_at, Instant)), else_=webhooks.c.resume_at)
    connection.execute(_alive(row.id).values(last_error=error, **vars(health) | {"resume_at": resume_at}))


def disable(connection: Connection, webhook_id: str, reason: str, now: datetime) -> bool:
    """Disables an endpoint, with an audit row; returns whether it was enabled."""
    was_enabled = connection.execute(_alive(webhook_id).values(disabled_at=now, disabled_reason=reason)).rowcount > 0
    if was_enabled:
        content = {"id": webhook_id, "reason": reason}
        audit.append(connection, "disable_webhook", now, actor="server", content=content)
    return was_enabled


def _alive(webhook_id: str) -> Update:
    return update(webhooks).where(webhooks.c.id == webhook_id, webhooks.c.disabled_at.is_(None))


def _public(connection: Connection, row: EndpointRow) -> dict[str, Any]:
    times = {name: instant(getattr(row, name)) for name in ("failing_since", "created_at")}
    counts = {f"n_{state}": _n_deliveries(connection, row.id, state) for state in _COUNTED}
    campaign = connection.execute(select(campaigns.c.name).where(campaigns.c.id == row.campaign_id)).scalar()
    return {name: getattr(row, name) for name in _AS_IS} | times | counts | {"state": row.state, "campaign": campaign}


def _n_deliveries(connection: Connection, webhook_id: str, state: DeliveryState) -> int:
    mine = (webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == state.value)
    return connection.execute(select(func.count()).where(*mine)).scalar_one()


def _add_cursors(
    connection: Connection, webhook_id: str, org_id: str, campaign: CampaignRow | None, *, from_start: bool
) -> None:
    """Cursors of the campaigns that there are; those of later ones begin at 0.

    `last_case_change` waits for writers of the campaign: what settles after this transaction lies behind the cursor.
    """
    mine = select(campaigns.c.id, campaigns.c.status).where(campaigns.c.org_id == org_id).order_by(campaigns.c.id)
    known = mine if campaign is None else mine.where(campaigns.c.id == campaign.id)
    rows = []
    for campaign_id, status in connection.execute(known).all():
        fresh = {"webhook_id": webhook_id, "campaign_id": campaign_id, "after": 0, "done_tasks": None}
        fresh["status"] = CampaignStatus.OPEN.value
        if not from_start:
            fresh |= {"after": _last_change(connection, campaign_id), "status": status}
            fresh["done_tasks"] = read_done_tasks(connection, campaign_id)
        rows.append(fresh)
    if rows:
        connection.execute(insert(webhook_cursors), rows)


def _last_change(connection: Connection, campaign_id: str) -> int:
    dialect = dialect_of(connection)
    if dialect.CONCURRENT_WRITERS:
        return dialect.last_case_change(connection, campaign_id)
    last = select(func.max(cases.c.seq)).where(cases.c.campaign_id == campaign_id)
    return connection.execute(last).scalar() or 0


_AS_IS: Final = ("id", "url", "events", "campaign_id", "disabled_reason", "last_error")
_COUNTED: Final = (DeliveryState.PENDING, DeliveryState.FAILED)
ENDPOINTS: Final = select(*(webhooks.c[name] for name in EndpointRow._fields)).where(webhooks.c.removed_at.is_(None))
