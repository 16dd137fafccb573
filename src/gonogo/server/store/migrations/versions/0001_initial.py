"""The initial schema. A migration is frozen: it repeats what the tables were, and never imports them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None

ID = sa.String(36)
REF = sa.String(200)
HASH = sa.String(64)
INSTANT = sa.BigInteger()
JSON = sa.JSON()
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SORTABLE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "drawing_files",
        sa.Column("sha256", HASH, primary_key=True),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("bytes", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "idempotency_keys",
        sa.Column("principal_id", HASH, primary_key=True),
        sa.Column("key", sa.String(255), primary_key=True),
        sa.Column("fingerprint", HASH, nullable=False),
        sa.Column("status_code", sa.Integer()),
        sa.Column("headers", JSON),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
    )
    op.create_index("ix_idempotency_keys_expires_at", "idempotency_keys", ["expires_at"])
    op.create_table(
        "orgs",
        sa.Column("id", ID, primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "server_secrets",
        sa.Column("name", sa.String(50), primary_key=True),
        sa.Column("value", sa.Text(), nullable=False),
    )
    op.create_table(
        "annotator_accounts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("display_name", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("org_id", "email"),
    )
    op.create_table(
        "parts",
        sa.Column("id", ID, primary_key=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("org_id", "name"),
    )
    op.create_table(
        "users",
        sa.Column("id", ID, primary_key=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_users_org_id", "users", ["org_id"])
    op.create_table(
        "api_keys",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("user_id", ID, sa.ForeignKey("users.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("prefix", sa.String(8), nullable=False, unique=True),
        sa.Column("sha256", HASH, nullable=False),
        sa.Column("scopes", JSON, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_table(
        "part_revisions",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("part_id", ID, sa.ForeignKey("parts.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_part_revisions_part_id", "part_revisions", ["part_id"])
    op.create_table(
        "projects",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False, server_default="active"),
        sa.Column("guideline_id", REF),
        sa.Column("ontology_id", REF),
        sa.Column("selection_policy", JSON, nullable=False),
        sa.Column("target_kinds", JSON, nullable=False),
        sa.Column("uses_platform_pool", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_by_user_id", ID, sa.ForeignKey("users.id")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("org_id", "name"),
    )
    op.create_table(
        "calculations",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("project_id", ID, sa.ForeignKey("projects.id"), nullable=False),
        sa.Column("run", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("project_id", "run"),
    )
    op.create_table(
        "campaigns",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("project_id", ID, sa.ForeignKey("projects.id")),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False, server_default="open"),
        sa.Column("consensus_method", sa.Text(), nullable=False),
        sa.Column("target_redundancy", sa.Integer(), nullable=False),
        sa.Column("gold_fraction", sa.Float(), nullable=False),
        sa.Column("acceptance_alpha", sa.Float(), nullable=False),
        sa.Column("created_by_user_id", ID, sa.ForeignKey("users.id")),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.Column("lease_minutes", sa.Integer(), nullable=False, server_default="10"),
        sa.Column("early_stop", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("trailing_zeros_matter", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("guideline", sa.Text()),
        sa.Column("insert_round", sa.String(8), nullable=False, server_default="00000000"),
        sa.Column("n_tasks", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_gold_items", sa.Integer(), nullable=False, server_default="0"),
        sa.UniqueConstraint("org_id", "name"),
    )
    op.create_index("ix_campaigns_org_id", "campaigns", ["org_id"])
    op.create_index("ix_campaigns_project_id", "campaigns", ["project_id"])
    op.create_table(
        "drawings",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("part_revision_id", ID, sa.ForeignKey("part_revisions.id"), nullable=False),
        sa.Column("sha256", HASH, sa.ForeignKey("drawing_files.sha256"), nullable=False),
        sa.Column("content_type", sa.Text(), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_index("ix_drawings_part_revision_id", "drawings", ["part_revision_id"])
    op.create_table(
        "annotator_scores",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("voter_id", ID, primary_key=True),
        sa.Column("confusion", JSON, nullable=False),
        sa.Column("reliability", sa.Float(), nullable=False),
    )
    op.create_table(
        "assignments",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("annotator_account_id", ID, sa.ForeignKey("annotator_accounts.id"), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("invited_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT),
    )
    op.create_index("ix_assignments_annotator_account_id", "assignments", ["annotator_account_id"])
    op.create_index("ix_assignments_campaign_number", "assignments", ["campaign_id", "number"])
    op.create_table(
        "campaign_scores",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("method_used", sa.Text(), nullable=False),
        sa.Column("class_prior", JSON, nullable=False),
        sa.Column("refreshed_at", INSTANT, nullable=False),
    )
    op.create_table(
        "gold_items",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("sheet_seq", sa.Integer(), nullable=False),
        sa.Column("shuffle", sa.Integer(), nullable=False),
        sa.Column("error_type", sa.Text()),
    )
    op.create_index("ix_gold_items_campaign_sheet_shuffle", "gold_items", ["campaign_id", "sheet_seq", "shuffle"])
    op.create_index("ix_gold_items_campaign_shuffle", "gold_items", ["campaign_id", "shuffle"])
    op.create_table(
        "predictions",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("calculation_id", ID, sa.ForeignKey("calculations.id"), nullable=False),
        sa.Column("external_id", REF, nullable=False),
        sa.Column("target_kind", sa.String(100), nullable=False),
        sa.Column("detail_kind", sa.String(100)),
        sa.Column("field_name", REF),
        sa.Column("field_path", sa.String(500)),
        sa.Column("prompt", sa.Text()),
        sa.Column("predicted_value", JSON),
        sa.Column("predicted_confidence", sa.Float()),
        sa.Column("drawing_bbox", JSON),
        sa.Column("position", JSON),
        sa.Column("part_revision_id", REF),
        sa.Column("pmi_id", REF),
        sa.Column("feature_id", REF),
        sa.Column("dfm_issue_id", REF),
        sa.Column("face_uuid", REF),
        sa.Column("truth", JSON),
        sa.Column("source", REF),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.UniqueConstraint("calculation_id", "external_id"),
    )
    op.create_table(
        "task_sheets",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("sheet", sa.Text(), primary_key=True),
        sa.Column("sheet_seq", sa.Integer(), nullable=False),
    )
    op.create_table(
        "voters",
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), primary_key=True),
        sa.Column("voter_id", ID, primary_key=True),
        sa.Column("cursor", SORTABLE, nullable=False, server_default=""),
        sa.Column("last_sheet_seq", sa.Integer()),
        sa.Column("n_served", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_gold_served", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_gold_items", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_done", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("n_gold_done", sa.Integer(), nullable=False, server_default="0"),
    )
    op.create_table(
        "magic_links",
        sa.Column("sha256", HASH, primary_key=True),
        sa.Column("assignment_id", ID, sa.ForeignKey("assignments.id"), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("used_at", INSTANT),
        sa.Column("nonce_sha256", HASH),
    )
    op.create_index("ix_magic_links_assignment_id", "magic_links", ["assignment_id"])
    op.create_table(
        "sessions",
        sa.Column("sha256", HASH, primary_key=True),
        sa.Column("assignment_id", ID, sa.ForeignKey("assignments.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
    )
    op.create_index("ix_sessions_assignment_id", "sessions", ["assignment_id"])
    op.create_table(
        "tasks",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("prediction_id", ID, sa.ForeignKey("predictions.id")),
        sa.Column("calculation_id", REF),
        sa.Column("target_kind", sa.String(100), nullable=False),
        sa.Column("detail_kind", sa.String(100)),
        sa.Column("field_name", REF),
        sa.Column("field_path", sa.String(500)),
        sa.Column("prompt", sa.Text()),
        sa.Column("predicted_value", JSON),
        sa.Column("predicted_confidence", sa.Float()),
        sa.Column("drawing_bbox", JSON),
        sa.Column("position", JSON),
        sa.Column("part_revision_id", REF),
        sa.Column("pmi_id", REF),
        sa.Column("feature_id", REF),
        sa.Column("dfm_issue_id", REF),
        sa.Column("face_uuid", REF),
        sa.Column("n_required", sa.Integer(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("is_gold", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("gold_item_id", ID, sa.ForeignKey("gold_items.id")),
        sa.Column("gold_answer", sa.Text()),
        sa.Column("n_people", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("status", sa.Text(), nullable=False, server_default="open"),
        sa.Column("submission_count", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("agreement", sa.Float()),
        sa.Column("consensus_verdict", sa.Text()),
        sa.Column("consensus_value", JSON),
        sa.Column("posterior", sa.Float()),
        sa.Column("adjudicated", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("resolved_at", INSTANT),
        sa.Column("sheet_seq", sa.Integer(), nullable=False),
        sa.Column("place", SORTABLE, nullable=False),
        sa.Column("rank", SORTABLE),
        sa.Column("holder_id", ID),
        sa.Column("holder_kind", sa.Text()),
        sa.Column("claimed_at", INSTANT),
        sa.Column("claim_expires_at", INSTANT),
    )
    op.create_index("ix_tasks_available", "tasks", ["campaign_id", "rank"], **_where("rank IS NOT NULL"))
    op.create_index("ix_tasks_campaign_number", "tasks", ["campaign_id", "number"])
    op.create_index("ix_tasks_campaign_status_number", "tasks", ["campaign_id", "status", "number", "is_gold"])
    op.create_index(
        "ix_tasks_expiring", "tasks", ["campaign_id", "claim_expires_at"], **_where("claim_expires_at IS NOT NULL")
    )
    op.create_index("ix_tasks_gold_item", "tasks", ["gold_item_id"], **_where("gold_item_id IS NOT NULL"))
    op.create_index(
        "ix_tasks_held", "tasks", ["campaign_id", "holder_id", "claimed_at"], **_where("holder_id IS NOT NULL")
    )
    op.create_index("ix_tasks_prediction", "tasks", ["prediction_id"], **_where("prediction_id IS NOT NULL"))
    op.create_table(
        "gold_servings",
        sa.Column("gold_item_id", ID, sa.ForeignKey("gold_items.id"), primary_key=True),
        sa.Column("voter_id", ID, primary_key=True),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("task_id", ID, sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_gold_servings_campaign_voter_returned", "gold_servings", ["campaign_id", "voter_id", "returned"]
    )
    op.create_table(
        "golden_items",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("org_id", ID, sa.ForeignKey("orgs.id"), nullable=False),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("task_id", ID, sa.ForeignKey("tasks.id"), nullable=False, unique=True),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("value", JSON),
        sa.Column("forced", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("promoted_at", INSTANT, nullable=False),
    )
    op.create_index("ix_golden_items_campaign_id", "golden_items", ["campaign_id"])
    op.create_index("ix_golden_items_org_id", "golden_items", ["org_id"])
    op.create_table(
        "submissions",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("id", ID, nullable=False, unique=True),
        sa.Column("task_id", ID, sa.ForeignKey("tasks.id"), nullable=False),
        sa.Column("campaign_id", ID, sa.ForeignKey("campaigns.id"), nullable=False),
        sa.Column("voter_id", ID, nullable=False),
        sa.Column("voter_kind", sa.Text(), nullable=False),
        sa.Column("verdict", sa.Text(), nullable=False),
        sa.Column("corrected_value", JSON),
        sa.Column("confidence", sa.Float()),
        sa.Column("duration_ms", sa.Integer()),
        sa.Column("counted", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("claimed_at", INSTANT),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("idempotency_key", sa.String(255)),
        sa.UniqueConstraint("task_id", "voter_id"),
    )
    op.create_index("ix_submissions_campaign_number", "submissions", ["campaign_id", "number"])
    op.create_index("ix_submissions_campaign_voter_number", "submissions", ["campaign_id", "voter_id", "number"])


def _where(condition: str) -> dict[str, Any]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
