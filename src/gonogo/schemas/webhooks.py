"""Webhook models: endpoints, their deliveries, and the messages that travel, after the Standard Webhooks specification.

A message has the headers `webhook-id`, `webhook-timestamp` and `webhook-signature`, and the JSON of `WebhookMessage`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, JsonValue, WithJsonSchema

from gonogo.schemas.base import AnyValue, Link, Received, Sent, Timestamp, words


class WebhookEvent(StrEnum):
    """Event that an endpoint may ask for."""

    TASK_SETTLED = "task.settled"
    CAMPAIGN_DONE = "campaign.done"
    CAMPAIGN_CLOSED = "campaign.closed"
    CAMPAIGN_PROMOTED = "campaign.promoted"


PING = "ping"
"""Type of the message that a test sends."""


class WebhookState(StrEnum):
    """State of an endpoint; `failing` is tried again more and more rarely, `disabled` is not."""

    ACTIVE = "active"
    FAILING = "failing"
    DISABLED = "disabled"


class DeliveryState(StrEnum):
    """State of a delivery; `pending` is tried (again) at `next_try_at`, `failed` was given up."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookCreate(Sent):
    """New endpoint. `events` are all without a list; `campaign_id` limits it to one campaign.

    `from_start` also sends what has settled before.
    """

    url: Annotated[str, Field(min_length=8, max_length=2000, pattern="^https?://")]
    events: Annotated[
        list[Annotated[str, Field(max_length=100, json_schema_extra=words(WebhookEvent))]] | None,
        Field(min_length=1, max_length=20),
    ] = None
    campaign_id: Link | None = None
    from_start: bool = False


class WebhookPublic(Received):
    """Endpoint without its secret. `last_error` is that of its newest try, if it failed."""

    id: str
    url: str
    events: list[str]
    campaign_id: str | None = None
    campaign: str | None = None
    state: Annotated[str, Field(json_schema_extra=words(WebhookState))]
    disabled_reason: str | None = None
    failing_since: Timestamp | None = None
    last_error: str | None = None
    n_pending: int = 0
    n_failed: int = 0
    created_at: Timestamp | None = None


class WebhookCreated(WebhookPublic):
    """Created endpoint; the only response that contains its secret."""

    secret: Annotated[str, Field(repr=False)]


class WebhookList(Received):
    count: int
    data: list[WebhookPublic]
    next_cursor: str | None = None


class WebhookSecret(Received):
    """New secret of an endpoint, shown once. Until `old_until` messages are signed with the old one, too."""

    id: str
    secret: Annotated[str, Field(repr=False)]
    old_until: Timestamp


class DeliveryPublic(Received):
    """Delivery of a message to an endpoint. `id` is its `webhook-id`, the same at every try; `body` is what is sent."""

    id: str
    webhook_id: str
    event: str
    campaign_id: str | None = None
    state: Annotated[str, Field(json_schema_extra=words(DeliveryState))]
    attempts: int = 0
    next_try_at: Timestamp | None = None
    last_status: int | None = None
    last_error: str | None = None
    created_at: Timestamp | None = None
    done_at: Timestamp | None = None
    body: str = ""


class DeliveryList(Received):
    count: int
    data: list[DeliveryPublic]
    next_cursor: str | None = None


class ReplayRequest(Sent):
    """Deliveries to send again: those made at `since` or later that were given up, or `delivered` ones too with `all`.

    A request takes at most 1,000; `after` is `next_after` of the one before.
    """

    since: Annotated[str, Field(max_length=40, json_schema_extra={"format": "date-time"})]
    all: bool = False
    after: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0


class ReplayResult(Received):
    """Number of deliveries that will be sent again; `next_after` is set while there are more."""

    replayed: int
    next_after: int | None = None


class SettledTask(Received):
    """Data of `task.settled`: a subset of the export's line, names alike, without people.

    `cursor` grows with each change of the campaign: of two messages about a task the one with the greater counts.
    """

    cursor: int
    task_id: str
    campaign_id: str
    campaign: str
    part: str | None = None
    part_revision_id: str | None = None
    prediction_id: str | None = None
    target_kind: str | None = None
    detail_kind: str | None = None
    field_name: str | None = None
    field_path: str | None = None
    predicted_value: AnyValue = None
    consensus_verdict: str | None = None
    consensus_value: AnyValue = None
    agreement: float | None = None
    adjudicated: bool = False
    submission_count: int = 0
    resolved_at: Timestamp | None = None


class CampaignChange(Received):
    """Data of the events of a campaign: its status, and its tasks by status, honeypots not among them."""

    campaign_id: str
    campaign: str
    status: str
    n_tasks: int
    n_open: int
    n_in_review: int
    n_resolved: int


_DATA = {"type": "object", "additionalProperties": True}


class WebhookMessage(Received):
    """Message: its type, time and data (`SettledTask`, `CampaignChange`; of a `ping`, the endpoint)."""

    type: str
    timestamp: Timestamp
    data: Annotated[JsonValue, WithJsonSchema(_DATA)]
