"""Eleventh migration: remembers which predictions a campaign accepted unseen."""

from __future__ import annotations

from alembic import op

from gonogo.server.store.migrations.columns import FLOAT, INTEGER, optional, reference, required

revision = "auto_accepts"
down_revision = "amendments"


def upgrade() -> None:
    op.create_table(
        "auto_accepts",
        reference("campaign_id", "campaigns.id", primary_key=True),
        *required(FLOAT, "accept_above"),
        *optional(FLOAT, "bound"),
        *required(INTEGER, "n_accepted", "n_audited"),
    )
