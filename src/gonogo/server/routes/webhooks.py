"""Routes of webhooks, for leads: endpoints, their secrets, test messages, deliveries and replays."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import Query
from sqlalchemy import Connection

from gonogo.schemas.base import words
from gonogo.schemas.webhooks import (
    DeliveryList,
    DeliveryPublic,
    DeliveryState,
    ReplayRequest,
    ReplayResult,
    WebhookCreate,
    WebhookCreated,
    WebhookList,
    WebhookPublic,
    WebhookSecret,
)
from gonogo.server.auth.authorization import LEAD, campaign_for
from gonogo.server.context import Context
from gonogo.server.errors import invalid, not_found
from gonogo.server.http import pagination
from gonogo.server.http.handler_decorators import open_to
from gonogo.server.http.openapi import Tag
from gonogo.server.http.pipeline import router as make_router
from gonogo.server.store.schema import webhook_deliveries, webhooks
from gonogo.server.webhooks import deliveries, endpoints
from gonogo.server.webhooks.deliveries import DELIVERIES, DeliveryRow, delivery_public
from gonogo.server.webhooks.endpoints import ENDPOINTS, EndpointRow, endpoint_for, endpoint_public

router = make_router(Tag.WEBHOOKS)
_PATH = "/api/v1/gonogo/webhooks"
_ONE = _PATH + "/{webhook_id}"
_State = Annotated[
    str | None,
    Query(max_length=100, description="Only deliveries in this state.", json_schema_extra=words(DeliveryState)),
]


@router.post(_PATH, name="create_webhook", status_code=201)
@open_to(*LEAD)
def create_webhook(body: WebhookCreate, ctx: Context, tx: Connection) -> WebhookCreated:
    """Creates an endpoint, to which signed messages are sent from now on; only this response contains its secret.

    409 `too_many` above 20 endpoints. Private addresses and plain http are refused unless the operator allows them.
    """
    campaign = None if body.campaign_id is None else campaign_for(tx, ctx.caller, body.campaign_id, LEAD)
    private = ctx.settings.webhook_private
    return endpoints.create_endpoint(tx, ctx.caller, body, campaign, ctx.now, private=private)


@router.get(_PATH, name="list_webhooks")
@open_to(*LEAD)
def list_webhooks(
    ctx: Context, tx: Connection, limit: pagination.Limit = pagination.DEFAULT_LIMIT, cursor: pagination.Cursor = None
) -> WebhookList:
    """Endpoints of the organisation, without their secrets: how each answers, and what waits for it."""
    query = ENDPOINTS.where(webhooks.c.org_id == ctx.caller.org_id)
    page = pagination.page(tx, query, EndpointRow._make, webhooks.c.number, limit, cursor)
    data = [endpoint_public(tx, row) for row in page.rows]
    return WebhookList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.get(_ONE, name="get_webhook")
@open_to(*LEAD)
def get_webhook(webhook_id: str, ctx: Context, tx: Connection) -> WebhookPublic:
    """One endpoint: how it answers, and what waits for it."""
    return endpoint_public(tx, endpoint_for(tx, ctx.caller, webhook_id))


@router.delete(_ONE, name="remove_webhook")
@open_to(*LEAD)
def remove_webhook(webhook_id: str, ctx: Context, tx: Connection) -> WebhookPublic:
    """Removes an endpoint: nothing more is sent to it, and its deliveries go."""
    row = endpoint_for(tx, ctx.caller, webhook_id)
    shown = endpoint_public(tx, row)
    endpoints.remove_endpoint(tx, row, ctx.now)
    return shown


@router.post(_ONE + "/test", name="ping_webhook", status_code=202)
@open_to(*LEAD)
def ping_webhook(webhook_id: str, ctx: Context, tx: Connection) -> DeliveryPublic:
    """Sends a message of type `ping` in a moment, before all others; the delivery says what became of it.

    409 `disabled`.
    """
    return delivery_public(endpoints.ping_endpoint(tx, endpoint_for(tx, ctx.caller, webhook_id), ctx.now))


@router.post(_ONE + "/rotate", name="rotate_webhook_secret")
@open_to(*LEAD)
def rotate_webhook_secret(webhook_id: str, ctx: Context, tx: Connection) -> WebhookSecret:
    """Gives an endpoint a new secret; only this response contains it. For 24 hours the old one signs, too."""
    return endpoints.rotate_secret(tx, endpoint_for(tx, ctx.caller, webhook_id), ctx.now)


@router.post(_ONE + "/enable", name="enable_webhook")
@open_to(*LEAD)
def enable_webhook(webhook_id: str, ctx: Context, tx: Connection) -> WebhookPublic:
    """Enables an endpoint, and tries it at once: it goes on where it stopped. Idempotent."""
    endpoints.set_enabled(tx, endpoint_for(tx, ctx.caller, webhook_id), ctx.now, enabled=True)
    return endpoint_public(tx, endpoint_for(tx, ctx.caller, webhook_id))


@router.post(_ONE + "/disable", name="disable_webhook")
@open_to(*LEAD)
def disable_webhook(webhook_id: str, ctx: Context, tx: Connection) -> WebhookPublic:
    """Disables an endpoint: events wait until it is enabled again. Idempotent."""
    endpoints.set_enabled(tx, endpoint_for(tx, ctx.caller, webhook_id), ctx.now, enabled=False)
    return endpoint_public(tx, endpoint_for(tx, ctx.caller, webhook_id))


@router.get(_ONE + "/deliveries", name="list_deliveries")
@open_to(*LEAD)
def list_deliveries(
    webhook_id: str,
    ctx: Context,
    tx: Connection,
    state: _State = None,
    limit: pagination.Limit = pagination.DEFAULT_LIMIT,
    cursor: pagination.Cursor = None,
) -> DeliveryList:
    """Deliveries of an endpoint, newest first, each with its tries and the bytes that are sent; `state` filters.

    Those delivered or given up are kept for 14 days.
    """
    pagination.one_of(state, DeliveryState, "query", "state")
    endpoint_for(tx, ctx.caller, webhook_id)
    query = DELIVERIES.where(webhook_deliveries.c.webhook_id == webhook_id)
    if state is not None:
        query = query.where(webhook_deliveries.c.state == state)
    page = pagination.page(tx, query, DeliveryRow._make, webhook_deliveries.c.number, limit, cursor)
    data = [delivery_public(row) for row in page.rows]
    return DeliveryList(count=page.count, data=data, next_cursor=page.next_cursor)


@router.get(_ONE + "/deliveries/{delivery_id}", name="get_delivery")
@open_to(*LEAD)
def get_delivery(webhook_id: str, delivery_id: str, ctx: Context, tx: Connection) -> DeliveryPublic:
    """One delivery: its tries so far, and the bytes that are sent."""
    return delivery_public(_delivery_for(tx, ctx, webhook_id, delivery_id))


@router.post(_ONE + "/deliveries/{delivery_id}/replay", name="replay_delivery")
@open_to(*LEAD)
def replay_delivery(webhook_id: str, delivery_id: str, ctx: Context, tx: Connection) -> DeliveryPublic:
    """Sends one delivery again, with the same `webhook-id` and body, whatever became of it."""
    _delivery_for(tx, ctx, webhook_id, delivery_id)
    return delivery_public(deliveries.replay(tx, webhook_id, delivery_id, ctx.now))


@router.post(_ONE + "/replay", name="replay_deliveries")
@open_to(*LEAD)
def replay_deliveries(webhook_id: str, body: ReplayRequest, ctx: Context, tx: Connection) -> ReplayResult:
    """Sends deliveries again that were made since a time and given up; with `all`, those that arrived, too."""
    endpoint_for(tx, ctx.caller, webhook_id)
    since, everything = _time(body.since), body.all
    replayed, after = deliveries.replay_since(tx, webhook_id, since, body.after, ctx.now, all_of_them=everything)
    return ReplayResult(replayed=replayed, next_after=after)


def _delivery_for(tx: Connection, ctx: Context, webhook_id: str, delivery_id: str) -> DeliveryRow:
    endpoint_for(tx, ctx.caller, webhook_id)
    row = deliveries.find_delivery(tx, webhook_id, delivery_id)
    if row is None:
        raise not_found()
    return row


def _time(text: str) -> datetime:
    """A time with its zone, UTC without one; else 422."""
    try:
        time = datetime.fromisoformat(text)
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        message = "Give a time like 2026-11-30T12:00:00Z."
        raise invalid([{"loc": ["body", "since"], "msg": message, "type": "datetime"}]) from None
