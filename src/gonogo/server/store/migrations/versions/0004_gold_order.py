"""Fourth migration: gives gold a rank in the order of tasks, as any task has. Maintenance puts that of campaigns from
before into their order.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations.columns import BOOLEAN, INTEGER, index

revision = "gold_order"
down_revision = "unit"


def upgrade() -> None:
    for name in ("n_gold_planned", "n_gold_placed"):
        op.add_column("campaigns", sa.Column(name, INTEGER, nullable=False, server_default="0"))
    op.add_column("campaigns", sa.Column("mixes_sheets", BOOLEAN, nullable=False, server_default=sa.false()))
    op.add_column("gold_items", sa.Column("n_copies", INTEGER, nullable=False, server_default="0"))
    for name in ("last_sheet_seq", "n_gold_served", "n_gold_items"):
        op.drop_column("voters", name)
    with op.batch_alter_table("gold_servings") as servings:
        for name in ("gold_item_id", "campaign_id", "task_id"):
            servings.drop_constraint(f"fk_gold_servings_{name}", type_="foreignkey")
        servings.drop_column("campaign_id")
        servings.drop_column("task_id")
    index("ix_gold_items_campaign_copies_shuffle", "gold_items", "campaign_id", "n_copies", "shuffle")
    index(
        "ix_tasks_gold_available",
        "tasks",
        "campaign_id",
        "rank",
        where="rank IS NOT NULL AND gold_item_id IS NOT NULL",
    )
