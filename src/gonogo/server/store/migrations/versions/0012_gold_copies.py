"""Twelfth migration: remembers which copy of a gold item a voter met, so that it comes back after a release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import ID

revision = "gold_copies"
down_revision = "auto_accepts"


def upgrade() -> None:
    op.add_column("gold_servings", sa.Column("task_id", ID))
