"""Third migration: adds `campaigns.unit`, the unit of lengths that are written without one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import TEXT

revision = "unit"
down_revision = "max_risk"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("unit", TEXT))
