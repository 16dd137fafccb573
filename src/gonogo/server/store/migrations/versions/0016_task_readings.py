"""Sixteenth migration: several readings of one place become one question."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import JSON, index, reference

revision = "task_readings"
down_revision = "webhooks"


def upgrade() -> None:
    op.create_table(
        "task_readings",
        reference("campaign_id", "campaigns.id", primary_key=True),
        reference("prediction_id", "predictions.id", primary_key=True),
        reference("asked_id", "predictions.id"),
    )
    index("ix_task_readings_campaign_asked", "task_readings", "campaign_id", "asked_id")
    index("ix_task_readings_prediction", "task_readings", "prediction_id")
    op.add_column("tasks", sa.Column("other_readings", JSON))
