"""Gold given back does not come to the same person again: nothing is remembered of it but that it was served."""

from __future__ import annotations

from alembic import op

revision = "0050"
down_revision: str | None = "0040"


def upgrade() -> None:
    op.drop_index("ix_gold_servings_campaign_voter_returned", "gold_servings")
    op.drop_column("gold_servings", "returned")
