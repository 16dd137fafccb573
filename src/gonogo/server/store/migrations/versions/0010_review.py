"""Rulings, actions on annotators, practice, and the settings of review."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision: str | None = "0001"

ID = sa.String(36)
INSTANT = sa.BigInteger()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_index(
        "ix_tasks_conflicts",
        "tasks",
        ["campaign_id", "status", "posterior", "predicted_confidence", "is_gold", "number"],
        sqlite_where=sa.text("status = 'in_review'"),
        postgresql_where=sa.text("status = 'in_review'"),
    )
    op.create_table(
        "rulings",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("task_id", ID, sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("expert_id", ID, nullable=False),
        sa.Column("expert_kind", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("corrected_value", sa.JSON()),
        sa.Column("note", sa.Text()),
        sa.Column("error_type", sa.String(100)),
        sa.Column("gold_status", sa.Text()),
        sa.Column("gold_decided_by", ID),
        sa.Column("gold_decided_at", INSTANT),
        sa.Column("gold_task_id", ID, sa.ForeignKey("tasks.id")),
        sa.Column("superseded", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_rulings_task_number", "rulings", ["task_id", "number"])
    op.create_index("ix_rulings_campaign_gold_status_number", "rulings", ["campaign_id", "gold_status", "number"])
    op.create_table(
        "review_settings",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("sample_rate", sa.Float(), nullable=False),
        sa.Column("warm_up_items", sa.Integer(), nullable=False),
        sa.Column("qualification_items", sa.Integer(), nullable=False),
        sa.Column("pass_mark", sa.Float()),
    )
    op.create_table(
        "annotator_actions",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("voter_id", ID, nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("n_tasks", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text()),
        sa.Column("actor_id", ID, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_annotator_actions_campaign_number", "annotator_actions", ["campaign_id", "number"])
    op.create_table(
        "annotator_pauses",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("voter_id", ID, primary_key=True),
        sa.Column("paused_at", INSTANT, nullable=False),
    )
    op.create_table(
        "discounted_votes",
        sa.Column("submission_id", ID, sa.ForeignKey("submissions.id"), primary_key=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("voter_id", ID, nullable=False),
    )
    op.create_index("ix_discounted_votes_campaign_voter", "discounted_votes", ["campaign_id", "voter_id"])
    op.create_table(
        "practice_answers",
        sa.Column("number", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("voter_id", ID, nullable=False),
        sa.Column("item", sa.String(100), nullable=False),
        sa.Column("right", sa.Boolean(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index(
        "ix_practice_answers_campaign_voter_number", "practice_answers", ["campaign_id", "voter_id", "number"]
    )
