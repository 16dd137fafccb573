"""First migration: creates all tables and indexes; triggers are in `migrations/triggers.py`.

Frozen: a migration repeats what the tables were and never imports them. It replaces the development versions 0001 to
0060, and makes exactly the schema that these made.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from gonogo.server.store.migrations import triggers
from gonogo.server.store.migrations.columns import (
    BIGINT,
    BOOLEAN,
    BYTES,
    FLOAT,
    HASH,
    ID,
    INSTANT,
    INTEGER,
    JSON,
    NUMBER,
    REF,
    SORTABLE,
    TEXT,
    index,
    key,
    number,
    numbered,
    optional,
    reference,
    required,
    subject,
)

revision = "initial"
down_revision: str | None = None


def upgrade() -> None:
    create_accounts_and_projects()
    create_catalog()
    create_queue()
    create_review()
    create_results()
    create_operation()
    for statement in triggers.STATEMENTS[op.get_bind().dialect.name]:
        op.execute(statement)


def create_accounts_and_projects() -> None:
    """Organisations, the people in them, their keys, and their projects."""
    op.create_table("orgs", key("id", ID), *required(TEXT, "name"), *required(INSTANT, "created_at"))
    op.create_table(
        "users",
        key("id", ID),
        reference("org_id", "orgs.id"),
        *required(TEXT, "name"),
        *optional(TEXT, "email"),
        *required(INSTANT, "created_at"),
    )
    index("ix_users_org_id", "users", "org_id")
    op.create_table(
        "api_keys",
        *numbered(),
        reference("user_id", "users.id"),
        *required(TEXT, "name"),
        sa.Column("prefix", sa.String(8), nullable=False, unique=True),
        *required(HASH, "sha256"),
        *required(JSON, "scopes"),
        *required(INSTANT, "created_at"),
        *optional(INSTANT, "revoked_at"),
    )
    op.create_table(
        "annotator_accounts",
        key("id", ID),
        reference("org_id", "orgs.id"),
        *required(TEXT, "email"),
        *optional(TEXT, "display_name"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("org_id", "email"),
    )
    op.create_table(
        "projects",
        *numbered(),
        reference("org_id", "orgs.id"),
        *required(TEXT, "name"),
        *optional(TEXT, "description"),
        *required(TEXT, "status", default="active"),
        *optional(REF, "guideline_id", "ontology_id"),
        *required(JSON, "selection_policy", "target_kinds"),
        *required(BOOLEAN, "uses_platform_pool", default=sa.false()),
        reference("created_by_user_id", "users.id", nullable=True),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("org_id", "name"),
    )
    op.create_table(
        "campaigns",
        *numbered(),
        reference("org_id", "orgs.id"),
        reference("project_id", "projects.id", nullable=True),
        *required(TEXT, "name"),
        *optional(TEXT, "description"),
        *required(TEXT, "status", default="open"),
        *required(TEXT, "consensus_method"),
        *required(INTEGER, "target_redundancy"),
        *required(FLOAT, "gold_fraction", "acceptance_alpha"),
        reference("created_by_user_id", "users.id", nullable=True),
        *required(INSTANT, "created_at"),
        *optional(INSTANT, "closed_at"),
        *required(INTEGER, "lease_minutes", default="10"),
        *required(BOOLEAN, "early_stop", "trailing_zeros_matter", default=sa.false()),
        *optional(TEXT, "guideline"),
        *required(sa.String(8), "insert_round", default="00000000"),
        *required(INTEGER, "n_tasks", "n_gold_items", default="0"),
        sa.UniqueConstraint("org_id", "name"),
    )
    index("ix_campaigns_org_id", "campaigns", "org_id")
    index("ix_campaigns_project_id", "campaigns", "project_id")
    op.create_table(
        "assignments",
        *numbered(),
        reference("campaign_id", "campaigns.id"),
        reference("annotator_account_id", "annotator_accounts.id"),
        *required(TEXT, "role", "status"),
        *required(INSTANT, "invited_at"),
        *optional(INSTANT, "revoked_at"),
    )
    index("ix_assignments_annotator_account_id", "assignments", "annotator_account_id")
    index("ix_assignments_campaign_number", "assignments", "campaign_id", "number")
    op.create_table(
        "magic_links",
        key("sha256", HASH),
        reference("assignment_id", "assignments.id"),
        *required(INSTANT, "expires_at"),
        *optional(INSTANT, "used_at"),
        *optional(HASH, "nonce_sha256"),
    )
    index("ix_magic_links_assignment_id", "magic_links", "assignment_id")
    op.create_table(
        "sessions",
        key("sha256", HASH),
        reference("assignment_id", "assignments.id"),
        *required(INSTANT, "created_at", "seen_at"),
        *optional(INSTANT, "ended_at"),
    )
    index("ix_sessions_assignment_id", "sessions", "assignment_id")


def create_catalog() -> None:
    """Parts, drawings, and predictions."""
    op.create_table(
        "parts",
        key("id", ID),
        reference("org_id", "orgs.id"),
        *required(TEXT, "name"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("org_id", "name"),
    )
    op.create_table("part_revisions", *numbered(), reference("part_id", "parts.id"), *required(INSTANT, "created_at"))
    index("ix_part_revisions_part_id", "part_revisions", "part_id")
    op.create_table("drawing_files", key("sha256", HASH), *required(BIGINT, "size_bytes"), *required(BYTES, "bytes"))
    op.create_table(
        "drawings",
        *numbered(),
        reference("part_revision_id", "part_revisions.id"),
        sa.Column("sha256", HASH, sa.ForeignKey("drawing_files.sha256"), nullable=False),
        *required(TEXT, "content_type", "filename"),
        *required(INSTANT, "created_at"),
    )
    index("ix_drawings_part_revision_id", "drawings", "part_revision_id")
    index("ix_drawings_sha256", "drawings", "sha256")
    op.create_table(
        "calculations",
        *numbered(),
        reference("project_id", "projects.id"),
        *required(TEXT, "run"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("project_id", "run"),
    )
    op.create_table(
        "predictions",
        *numbered(),
        reference("calculation_id", "calculations.id"),
        *required(REF, "external_id"),
        *subject(),
        *optional(JSON, "truth"),
        *optional(REF, "source"),
        *required(INSTANT, "created_at"),
        sa.UniqueConstraint("calculation_id", "external_id"),
    )


def create_queue() -> None:
    """Tasks, honeypots, votes, and scores."""
    op.create_table(
        "task_sheets",
        reference("campaign_id", "campaigns.id", primary_key=True),
        key("sheet", TEXT),
        *required(INTEGER, "sheet_seq"),
    )
    op.create_table(
        "gold_items",
        *numbered(),
        reference("campaign_id", "campaigns.id"),
        *required(INTEGER, "sheet_seq", "shuffle"),
        *optional(TEXT, "error_type"),
    )
    index("ix_gold_items_campaign_sheet_shuffle", "gold_items", "campaign_id", "sheet_seq", "shuffle")
    index("ix_gold_items_campaign_shuffle", "gold_items", "campaign_id", "shuffle")
    op.create_table(
        "tasks",
        *numbered(),
        reference("campaign_id", "campaigns.id"),
        reference("prediction_id", "predictions.id", nullable=True),
        *optional(REF, "calculation_id"),
        *subject(),
        *required(INTEGER, "n_required"),
        *required(INSTANT, "created_at"),
        *required(BOOLEAN, "is_gold", default=sa.false()),
        reference("gold_item_id", "gold_items.id", nullable=True),
        *optional(TEXT, "gold_answer"),
        *required(INTEGER, "n_people", default="0"),
        *required(TEXT, "status", default="open"),
        *required(INTEGER, "submission_count", default="0"),
        *optional(FLOAT, "agreement"),
        *optional(TEXT, "consensus_verdict"),
        *optional(JSON, "consensus_value"),
        *optional(FLOAT, "posterior"),
        *required(BOOLEAN, "adjudicated", default=sa.false()),
        *optional(INSTANT, "resolved_at"),
        *required(INTEGER, "sheet_seq"),
        *required(SORTABLE, "place"),
        *optional(SORTABLE, "rank"),
        *optional(ID, "holder_id"),
        *optional(TEXT, "holder_kind"),
        *optional(INSTANT, "claimed_at", "claim_expires_at"),
    )
    index("ix_tasks_available", "tasks", "campaign_id", "rank", where="rank IS NOT NULL")
    index("ix_tasks_campaign_number", "tasks", "campaign_id", "number")
    index("ix_tasks_campaign_status_number", "tasks", "campaign_id", "status", "number", "is_gold")
    index(
        "ix_tasks_conflicts",
        "tasks",
        "campaign_id",
        "status",
        "posterior",
        "predicted_confidence",
        "is_gold",
        "number",
        where="status = 'in_review'",
    )
    index("ix_tasks_expiring", "tasks", "campaign_id", "claim_expires_at", where="claim_expires_at IS NOT NULL")
    index("ix_tasks_gold_item", "tasks", "gold_item_id", where="gold_item_id IS NOT NULL")
    index("ix_tasks_held", "tasks", "campaign_id", "holder_id", "claimed_at", where="holder_id IS NOT NULL")
    index("ix_tasks_prediction", "tasks", "prediction_id", where="prediction_id IS NOT NULL")
    op.create_table(
        "submissions",
        *numbered(),
        reference("task_id", "tasks.id"),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "voter_id"),
        *required(TEXT, "voter_kind", "verdict"),
        *optional(JSON, "corrected_value"),
        *optional(FLOAT, "confidence"),
        *optional(INTEGER, "duration_ms"),
        *required(BOOLEAN, "counted", default=sa.true()),
        *required(BOOLEAN, "late", default=sa.false()),
        *optional(INSTANT, "claimed_at"),
        *required(INSTANT, "created_at"),
        *optional(sa.String(255), "idempotency_key"),
        sa.UniqueConstraint("task_id", "voter_id"),
    )
    index("ix_submissions_campaign_number", "submissions", "campaign_id", "number")
    index("ix_submissions_campaign_voter_number", "submissions", "campaign_id", "voter_id", "number")
    op.create_table(
        "voters",
        reference("campaign_id", "campaigns.id", primary_key=True),
        key("voter_id", ID),
        *required(SORTABLE, "cursor", default=""),
        *optional(INTEGER, "last_sheet_seq"),
        *required(INTEGER, "n_served", "n_gold_served", "n_gold_items", "n_done", "n_gold_done", default="0"),
    )
    op.create_table(
        "gold_servings",
        reference("gold_item_id", "gold_items.id", primary_key=True),
        key("voter_id", ID),
        reference("campaign_id", "campaigns.id"),
        reference("task_id", "tasks.id"),
    )
    op.create_table(
        "golden_items",
        *numbered(),
        reference("org_id", "orgs.id"),
        reference("campaign_id", "campaigns.id"),
        reference("task_id", "tasks.id", unique=True),
        *required(TEXT, "verdict"),
        *optional(JSON, "value"),
        *required(BOOLEAN, "forced", default=sa.false()),
        *required(INSTANT, "promoted_at"),
    )
    index("ix_golden_items_campaign_id", "golden_items", "campaign_id")
    index("ix_golden_items_org_id", "golden_items", "org_id")
    op.create_table(
        "campaign_scores",
        reference("campaign_id", "campaigns.id", primary_key=True),
        *required(TEXT, "method_used"),
        *required(JSON, "class_prior"),
        *required(INSTANT, "refreshed_at"),
    )
    op.create_table(
        "annotator_scores",
        reference("campaign_id", "campaigns.id", primary_key=True),
        key("voter_id", ID),
        *required(JSON, "confusion"),
        *required(FLOAT, "reliability"),
    )


def create_review() -> None:
    """Rulings, actions on annotators, practice."""
    op.create_table(
        "rulings",
        *numbered(),
        reference("task_id", "tasks.id"),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "expert_id"),
        *required(TEXT, "expert_kind", "verdict"),
        *optional(JSON, "corrected_value"),
        *optional(TEXT, "note"),
        *optional(sa.String(100), "error_type"),
        *optional(TEXT, "gold_status"),
        *optional(ID, "gold_decided_by"),
        *optional(INSTANT, "gold_decided_at"),
        reference("gold_task_id", "tasks.id", nullable=True),
        *required(BOOLEAN, "superseded", default=sa.false()),
        *required(INSTANT, "created_at"),
    )
    index("ix_rulings_campaign_gold_status_number", "rulings", "campaign_id", "gold_status", "number")
    index("ix_rulings_task_number", "rulings", "task_id", "number")
    op.create_table(
        "review_settings",
        reference("campaign_id", "campaigns.id", primary_key=True),
        *required(FLOAT, "sample_rate"),
        *required(INTEGER, "warm_up_items", "qualification_items"),
        *optional(FLOAT, "pass_mark"),
    )
    op.create_table(
        "annotator_actions",
        *numbered(),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "voter_id"),
        *required(TEXT, "action"),
        *required(INTEGER, "n_tasks"),
        *optional(TEXT, "note"),
        *required(ID, "actor_id"),
        *required(INSTANT, "created_at"),
    )
    index("ix_annotator_actions_campaign_number", "annotator_actions", "campaign_id", "number")
    op.create_table(
        "annotator_pauses",
        reference("campaign_id", "campaigns.id", primary_key=True),
        key("voter_id", ID),
        *required(INSTANT, "paused_at"),
    )
    op.create_table(
        "discounted_votes",
        reference("submission_id", "submissions.id", primary_key=True),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "voter_id"),
    )
    index("ix_discounted_votes_campaign_voter", "discounted_votes", "campaign_id", "voter_id")
    op.create_table(
        "practice_answers",
        number(),
        reference("campaign_id", "campaigns.id"),
        *required(ID, "voter_id"),
        *required(sa.String(100), "item"),
        *required(BOOLEAN, "right"),
        *required(INSTANT, "created_at"),
    )
    index("ix_practice_answers_campaign_voter_number", "practice_answers", "campaign_id", "voter_id", "number")
    op.create_table(
        "qualifications",
        reference("campaign_id", "campaigns.id", primary_key=True),
        key("voter_id", ID),
        *required(FLOAT, "pass_mark"),
        *required(INSTANT, "passed_at"),
    )


def create_results() -> None:
    """Order of changes and sign-in of the results API."""
    op.create_table(
        "cases",
        sa.Column("task_number", NUMBER, primary_key=True, autoincrement=False),
        *required(ID, "campaign_id"),
        *required(BIGINT, "seq"),
        *required(sa.String(16), "state"),
        *required(INSTANT, "updated_at"),
    )
    index("ix_cases_campaign_seq", "cases", "campaign_id", "seq", "updated_at")
    index("ix_cases_campaign_state_seq", "cases", "campaign_id", "state", "seq", "updated_at")
    op.create_table(
        "results_passwords",
        reference("api_key_id", "api_keys.id", primary_key=True),
        sa.Column("username", TEXT, nullable=False, unique=True),
        *required(HASH, "sha256"),
        *required(INSTANT, "created_at"),
    )
    op.create_table(
        "results_sessions",
        key("sha256", HASH),
        reference("api_key_id", "api_keys.id"),
        *required(INSTANT, "created_at", "seen_at"),
        *optional(INSTANT, "ended_at"),
    )
    index("ix_results_sessions_api_key_id", "results_sessions", "api_key_id")


def create_operation() -> None:
    """Audit log, idempotency keys, rate counts, secrets."""
    op.create_table(
        "audit_log",
        number(),
        *required(INTEGER, "chain", "seq"),
        *required(INSTANT, "at"),
        *required(HASH, "actor", "action"),
        *optional(HASH, "request_id"),
        *required(TEXT, "content"),
        *required(HASH, "hash"),
        sa.UniqueConstraint("chain", "seq"),
    )
    op.create_table(
        "idempotency_keys",
        key("principal_id", HASH),
        key("key", sa.String(255)),
        *required(HASH, "fingerprint"),
        *optional(INTEGER, "status_code"),
        *optional(JSON, "headers"),
        *optional(BYTES, "body"),
        *required(INSTANT, "created_at", "expires_at"),
    )
    index("ix_idempotency_keys_expires_at", "idempotency_keys", "expires_at")
    op.create_table("rate_counts", key("name", HASH), key("minute", BIGINT), *required(INTEGER, "n"))
    op.create_table("server_secrets", key("name", sa.String(50)), *required(TEXT, "value"))
