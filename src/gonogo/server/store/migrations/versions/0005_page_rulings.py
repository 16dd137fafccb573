"""Fifth migration: marks rulings that were made only by the key for a whole page."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import BOOLEAN

revision = "page_rulings"
down_revision = "gold_order"


def upgrade() -> None:
    op.add_column("rulings", sa.Column("by_page", BOOLEAN, nullable=False, server_default=sa.false()))
