"""Who has qualified in a campaign."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision: str | None = "0030"


def upgrade() -> None:
    op.create_table(
        "qualifications",
        sa.Column("campaign_id", sa.String(36), sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("voter_id", sa.String(36), primary_key=True),
        sa.Column("pass_mark", sa.Float(), nullable=False),
        sa.Column("passed_at", sa.BigInteger(), nullable=False),
    )
