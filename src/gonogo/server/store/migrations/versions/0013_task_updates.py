"""Thirteenth migration: keeps both predictions where a newer one replaces that of a task."""

from __future__ import annotations

from alembic import op

from gonogo.server.store.migrations.columns import INSTANT, JSON, index, numbered, reference, required

revision = "task_updates"
down_revision = "gold_copies"


def upgrade() -> None:
    op.create_table(
        "task_updates",
        *numbered(),
        reference("task_id", "tasks.id"),
        reference("campaign_id", "campaigns.id"),
        reference("replaced_id", "predictions.id"),
        reference("prediction_id", "predictions.id"),
        *required(JSON, "before", "after"),
        *required(INSTANT, "created_at"),
    )
    index("ix_task_updates_task_number", "task_updates", "task_id", "number")
    index("ix_task_updates_replaced", "task_updates", "replaced_id")
    index("ix_predictions_part_revision", "predictions", "part_revision_id", where="part_revision_id IS NOT NULL")
