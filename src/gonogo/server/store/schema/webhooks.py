"""Webhook tables: define endpoints, how far each has followed each campaign, and the outbox of deliveries.

A settled task writes none of these: deliveries are derived from `cases` afterwards (server/webhooks/changes.py).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from gonogo.server.store.schema.columns import Id, Instant, Json, foreign_key, metadata, number, public_id

webhooks = Table(
    "webhooks",
    metadata,
    number(),
    public_id(),
    foreign_key("orgs", index=True),
    foreign_key("campaigns", nullable=True),  # NULL: all of the organisation
    Column("url", Text, nullable=False),
    Column("events", Json, nullable=False),
    Column("secret", LargeBinary, nullable=False),  # sealed (server/webhooks/secrets.py)
    Column("old_secret", LargeBinary),
    Column("old_secret_until", Instant),
    Column("disabled_at", Instant),
    Column("disabled_reason", Text),
    Column("removed_at", Instant),  # its deliveries are deleted by and by
    Column("failures", Integer, nullable=False, server_default="0"),  # in a row
    Column("failing_since", Instant),
    Column("resume_at", Instant),  # not tried before
    Column("last_error", Text),
    Column("created_by_user_id", Id, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
)

webhook_cursors = Table(  # what an endpoint has seen of a campaign
    "webhook_cursors",
    metadata,
    Column("webhook_id", Id, ForeignKey("webhooks.id"), primary_key=True),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("after", BigInteger, nullable=False),  # `cases.seq` up to which deliveries were made
    Column("status", Text, nullable=False),
    Column("done_tasks", Integer),  # tasks of the campaign when it was last done; NULL: it is not
    Column("version", Integer, nullable=False, server_default="0"),  # two senders never make the same deliveries
)

_PENDING = text("state = 'pending'")
webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    number(),
    public_id(),
    Column("webhook_id", Id, ForeignKey("webhooks.id"), nullable=False),
    Column("campaign_id", Id),
    Column("event", String(40), nullable=False),
    Column("subject", Id, nullable=False),  # task, campaign or endpoint: one at a time is tried
    Column("body", Text, nullable=False),
    Column("state", String(12), nullable=False),  # pending, delivered, failed
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("next_try_at", Instant, nullable=False),
    Column("last_status", Integer),
    Column("last_error", Text),
    Column("created_at", Instant, nullable=False),
    Column("done_at", Instant),
    Index("ix_webhook_deliveries_webhook_number", "webhook_id", "number"),
    Index("ix_webhook_deliveries_webhook_state_number", "webhook_id", "state", "number"),
    Index("ix_webhook_deliveries_done", "done_at"),
    Index(
        "ix_webhook_deliveries_due",
        "webhook_id",
        "next_try_at",
        "number",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    ),
    Index(
        "ix_webhook_deliveries_subject",
        "webhook_id",
        "subject",
        "number",
        sqlite_where=_PENDING,
        postgresql_where=_PENDING,
    ),
)

webhook_senders = Table(  # one row: the process that sends, until when
    "webhook_senders",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("holder", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
