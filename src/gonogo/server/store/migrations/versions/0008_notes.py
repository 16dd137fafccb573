"""Eighth migration: stores notes with votes, and requests for the lead's help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import (
    ID,
    INSTANT,
    INTEGER,
    TEXT,
    index,
    numbered,
    optional,
    reference,
    required,
)

revision = "notes"
down_revision = "audit_numbers"


def upgrade() -> None:
    op.add_column("submissions", sa.Column("reason", sa.String(100)))
    op.add_column("submissions", sa.Column("note", TEXT))
    op.create_table(
        "help_requests",
        *numbered(),
        reference("task_id", "tasks.id"),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "voter_id"),
        *required(TEXT, "voter_kind"),
        *optional(sa.String(100), "reason"),
        *optional(TEXT, "note"),
        *optional(INTEGER, "duration_ms"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("task_id", "voter_id"),
    )
    index("ix_help_requests_campaign_number", "help_requests", "campaign_id", "number")
