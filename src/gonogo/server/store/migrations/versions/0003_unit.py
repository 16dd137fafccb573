"""Third migration: the unit of lengths without one, by campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import TEXT

revision = "unit"
down_revision = "max_risk"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("unit", TEXT))
