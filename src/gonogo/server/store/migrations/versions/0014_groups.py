"""Fourteenth migration: lets a campaign ask equal values together, and remembers the size of the page of each vote."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import BOOLEAN, INTEGER

revision = "groups"
down_revision = "task_updates"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("grouping", BOOLEAN, nullable=False, server_default=sa.false()))
    op.add_column("submissions", sa.Column("group_size", INTEGER))
