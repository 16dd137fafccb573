"""Fifteenth migration: adds endpoints of webhooks, and the outbox of their deliveries."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import (
    BIGINT,
    BYTES,
    ID,
    INSTANT,
    INTEGER,
    JSON,
    TEXT,
    index,
    numbered,
    optional,
    reference,
    required,
)

revision = "webhooks"
down_revision = "groups"


def upgrade() -> None:
    op.create_table(
        "webhooks",
        *numbered(),
        reference("org_id", "orgs.id"),
        reference("campaign_id", "campaigns.id", nullable=True),
        *required(TEXT, "url"),
        *required(JSON, "events"),
        *required(BYTES, "secret"),
        *optional(BYTES, "old_secret"),
        *optional(INSTANT, "old_secret_until", "disabled_at"),
        *optional(TEXT, "disabled_reason"),
        *optional(INSTANT, "removed_at"),
        *required(INTEGER, "failures", default="0"),
        *optional(INSTANT, "failing_since", "resume_at"),
        *optional(TEXT, "last_error"),
        reference("created_by_user_id", "users.id", nullable=True),
        *required(INSTANT, "created_at"),
    )
    index("ix_webhooks_org_id", "webhooks", "org_id")
    op.create_table(
        "webhook_cursors",
        reference("webhook_id", "webhooks.id", primary_key=True),
        reference("campaign_id", "campaigns.id", primary_key=True),
        *required(BIGINT, "after"),
        *required(TEXT, "status"),
        *optional(INTEGER, "done_tasks"),
        *required(INTEGER, "version", default="0"),
    )
    op.create_table(
        "webhook_deliveries",
        *numbered(),
        reference("webhook_id", "webhooks.id"),
        *optional(ID, "campaign_id"),
        *required(sa.String(40), "event"),
        *required(ID, "subject"),
        *required(TEXT, "body"),
        *required(sa.String(12), "state"),
        *required(INTEGER, "attempts", default="0"),
        *required(INSTANT, "next_try_at"),
        *optional(INTEGER, "last_status"),
        *optional(TEXT, "last_error"),
        *required(INSTANT, "created_at"),
        *optional(INSTANT, "done_at"),
    )
    deliveries, pending = "webhook_deliveries", "state = 'pending'"
    index("ix_webhook_deliveries_webhook_number", deliveries, "webhook_id", "number")
    index("ix_webhook_deliveries_webhook_state_number", deliveries, "webhook_id", "state", "number")
    index("ix_webhook_deliveries_done", deliveries, "done_at")
    index("ix_webhook_deliveries_due", deliveries, "webhook_id", "next_try_at", "number", where=pending)
    index("ix_webhook_deliveries_subject", deliveries, "webhook_id", "subject", "number", where=pending)
    op.create_table(
        "webhook_senders",
        sa.Column("id", INTEGER, primary_key=True, autoincrement=False),
        *required(sa.String(64), "holder"),
        *required(INSTANT, "expires_at"),
    )
