"""Second migration: the risk with which tasks settle, and votes that follow it, in place of `early_stop`."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import FLOAT, INTEGER, JSON, TEXT

revision = "max_risk"
down_revision = "initial"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("max_risk", FLOAT, nullable=False, server_default="0.05"))
    op.add_column("campaigns", sa.Column("votes", TEXT, nullable=False, server_default="fixed"))
    op.add_column("campaigns", sa.Column("min_votes", INTEGER, nullable=False, server_default="1"))
    op.execute("UPDATE campaigns SET votes = 'by_risk', min_votes = 2 WHERE early_stop")
    op.drop_column("campaigns", "early_stop")
    op.add_column("campaign_scores", sa.Column("temperature", FLOAT, nullable=False, server_default="1"))
    op.add_column("campaign_scores", sa.Column("evidence", JSON))
    op.add_column("tasks", sa.Column("settled_max_risk", FLOAT))
    op.add_column("tasks", sa.Column("settled_votes", INTEGER))
    # What was settled before stays settled: by the rule of then, which asked for a posterior of 0.8.
    op.execute(
        "UPDATE tasks SET settled_max_risk = 0.2, settled_votes = submission_count"
        " WHERE status = 'resolved' AND NOT adjudicated"
    )
