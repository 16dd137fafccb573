"""Tenth migration: keeps both answers where a voter changes a vote."""

from __future__ import annotations

from alembic import op

from gonogo.server.store.migrations.columns import INSTANT, JSON, index, numbered, reference, required

revision = "amendments"
down_revision = "drawing_place"


def upgrade() -> None:
    op.create_table(
        "amendments",
        *numbered(),
        reference("submission_id", "submissions.id"),
        reference("task_id", "tasks.id"),
        reference("campaign_id", "campaigns.id"),
        *required(JSON, "before", "after"),
        *required(INSTANT, "created_at"),
    )
    index("ix_amendments_submission_number", "amendments", "submission_id", "number")
    index("ix_amendments_task_number", "amendments", "task_id", "number")
