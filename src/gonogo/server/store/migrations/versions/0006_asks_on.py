"""Sixth migration: stores how often ordinary tasks ask for another vote, so that gold asks as often."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import JSON

revision = "asks_on"
down_revision = "page_rulings"


def upgrade() -> None:
    op.add_column("campaign_scores", sa.Column("asks_on", JSON))
