"""The schema: SQLAlchemy Core tables, the same on SQLite and PostgreSQL.

Conventions: `id` is a UUID4 string made by the server; `number` is a growing integer, the order of lists (newest
first) and the integer id where a program wants one; instants are aware UTC datetimes, stored as integer microseconds
so that they sort and compare alike everywhere. A *voter* is whoever answers: an annotator account or a user with an
API key; `voter_id` is that account's or user's id, `voter_kind` is `annotator` or `user`.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware UTC datetime, stored as integer microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else EPOCH + timedelta(microseconds=value)


Id = String(36)
Ref = String(200)
Json = JSON(none_as_null=True)
Counter = BigInteger().with_variant(Integer, "sqlite")
Sortable = Text().with_variant(Text(collation="C"), "postgresql")
"""Text compared byte by byte, whatever the database's language."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def new_id() -> str:
    """A fresh id: a random UUID, so that nothing can be read from it."""
    return str(uuid.uuid4())


def _number() -> Column[int]:
    return Column("number", Counter, primary_key=True, autoincrement=True)


def _id() -> Column[str]:
    return Column("id", Id, nullable=False, unique=True)


def _to(target: str, *, nullable: bool = False, index: bool = False) -> Column[str]:
    """A column `<table>_id` that points at `<table>s.id`."""
    name = target.removesuffix("s") + "_id"
    return Column(name, Id, ForeignKey(f"{target}.id"), nullable=nullable, index=index)


# --- who -------------------------------------------------------------------------------------------------

orgs = Table(
    "orgs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    _to("orgs", index=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("created_at", Instant, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    _number(),
    _id(),
    _to("users"),
    Column("name", Text, nullable=False),
    Column("prefix", String(8), nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("scopes", Json, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("revoked_at", Instant),
)

annotator_accounts = Table(
    "annotator_accounts",
    metadata,
    Column("id", Id, primary_key=True),
    _to("orgs"),
    Column("email", Text, nullable=False),  # lower case
    Column("display_name", Text),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "email"),
)

# --- projects and campaigns ------------------------------------------------------------------------------

projects = Table(
    "projects",
    metadata,
    _number(),
    _id(),
    _to("orgs"),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False, server_default="active"),
    Column("guideline_id", Ref),
    Column("ontology_id", Ref),
    Column("selection_policy", Json, nullable=False),
    Column("target_kinds", Json, nullable=False),
    Column("uses_platform_pool", Boolean, nullable=False, server_default=false()),
    Column("created_by_user_id", Id, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "name"),
)

campaigns = Table(
    "campaigns",
    metadata,
    _number(),
    _id(),
    _to("orgs", index=True),
    _to("projects", nullable=True, index=True),
    Column("name", Text, nullable=False),
    Column("description", Text),
    Column("status", Text, nullable=False, server_default="open"),
    Column("consensus_method", Text, nullable=False),
    Column("target_redundancy", Integer, nullable=False),
    Column("gold_fraction", Float, nullable=False),
    Column("acceptance_alpha", Float, nullable=False),
    Column("created_by_user_id", Id, ForeignKey("users.id")),
    Column("created_at", Instant, nullable=False),
    Column("closed_at", Instant),
    # settings that are ours alone
    Column("lease_minutes", Integer, nullable=False, server_default="10"),
    Column("early_stop", Boolean, nullable=False, server_default=false()),
    Column("trailing_zeros_matter", Boolean, nullable=False, server_default=false()),
    Column("guideline", Text),
    # the queue's own (server/claims.py)
    Column("insert_round", String(8), nullable=False, server_default="00000000"),
    Column("n_tasks", Integer, nullable=False, server_default="0"),  # gold not among them
    Column("n_gold_items", Integer, nullable=False, server_default="0"),
    UniqueConstraint("org_id", "name"),
)

assignments = Table(
    "assignments",
    metadata,
    _number(),
    _id(),
    _to("campaigns"),
    Column("annotator_account_id", Id, ForeignKey("annotator_accounts.id"), nullable=False, index=True),
    Column("role", Text, nullable=False),  # annotator, reviewer
    Column("status", Text, nullable=False),  # invited, active, revoked
    Column("invited_at", Instant, nullable=False),
    Column("revoked_at", Instant),
    Index("ix_assignments_campaign_number", "campaign_id", "number"),
)

magic_links = Table(
    "magic_links",
    metadata,
    Column("sha256", String(64), primary_key=True),
    _to("assignments", index=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("nonce_sha256", String(64)),  # of the client that used it
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    _to("assignments", index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
)

# --- drawings and predictions ----------------------------------------------------------------------------

parts = Table(
    "parts",
    metadata,
    Column("id", Id, primary_key=True),
    _to("orgs"),
    Column("name", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "name"),
)

part_revisions = Table(
    "part_revisions",
    metadata,
    _number(),
    _id(),
    _to("parts", index=True),
    Column("created_at", Instant, nullable=False),
)

drawing_files = Table(  # bytes are kept once, whoever refers to them
    "drawing_files",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("bytes", LargeBinary, nullable=False),
)

drawings = Table(  # the newest drawing of a revision is its active one
    "drawings",
    metadata,
    _number(),
    _id(),
    Column("part_revision_id", Id, ForeignKey("part_revisions.id"), nullable=False, index=True),
    Column("sha256", String(64), ForeignKey("drawing_files.sha256"), nullable=False),
    Column("content_type", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

calculations = Table(  # one imported prediction run
    "calculations",
    metadata,
    _number(),
    _id(),
    _to("projects"),
    Column("run", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("project_id", "run"),
)


def _subject() -> tuple[Column[object], ...]:
    """The columns that say what a prediction, and so a task, is about."""
    return (
        Column("target_kind", String(100), nullable=False),
        Column("detail_kind", String(100)),
        Column("field_name", String(200)),
        Column("field_path", String(500)),
        Column("prompt", Text),
        Column("predicted_value", Json),
        Column("predicted_confidence", Float),
        Column("drawing_bbox", Json),
        Column("position", Json),
        Column("part_revision_id", Ref),  # ours, or an opaque id of somewhere else
        Column("pmi_id", Ref),
        Column("feature_id", Ref),
        Column("dfm_issue_id", Ref),
        Column("face_uuid", Ref),
    )


predictions = Table(
    "predictions",
    metadata,
    _number(),
    _id(),
    _to("calculations"),
    Column("external_id", Ref, nullable=False),
    *_subject(),
    Column("truth", Json),
    Column("source", Ref),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("calculation_id", "external_id"),
)

# --- tasks and votes -------------------------------------------------------------------------------------

task_sheets = Table(  # the order in which sheets came into a campaign
    "task_sheets",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("sheet", Text, primary_key=True),
    Column("sheet_seq", Integer, nullable=False),
)

gold_items = Table(
    "gold_items",
    metadata,
    _number(),
    _id(),
    _to("campaigns"),
    Column("sheet_seq", Integer, nullable=False),
    Column("shuffle", Integer, nullable=False),  # a random place among the items
    Column("error_type", Text),  # of a seeded wrong prediction
    Index("ix_gold_items_campaign_shuffle", "campaign_id", "shuffle"),
    Index("ix_gold_items_campaign_sheet_shuffle", "campaign_id", "sheet_seq", "shuffle"),
)

tasks = Table(
    "tasks",
    metadata,
    _number(),
    _id(),
    Column("campaign_id", Id, ForeignKey("campaigns.id"), nullable=False),
    Column("prediction_id", Id, ForeignKey("predictions.id")),
    Column("calculation_id", Ref),
    *_subject(),
    Column("n_required", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    # gold: each row is one copy of its item
    Column("is_gold", Boolean, nullable=False, server_default=false()),
    Column("gold_item_id", Id, ForeignKey("gold_items.id")),
    Column("gold_answer", Text),
    Column("n_people", Integer, nullable=False, server_default="0"),  # people this copy was served to
    # outcome (server/scoring.py)
    Column("status", Text, nullable=False, server_default="open"),  # open, in_review, resolved
    Column("submission_count", Integer, nullable=False, server_default="0"),  # counted ones
    Column("agreement", Float),
    Column("consensus_verdict", Text),
    Column("consensus_value", Json),
    Column("posterior", Float),
    Column("adjudicated", Boolean, nullable=False, server_default=false()),
    Column("resolved_at", Instant),
    # queue (server/claims.py): `rank` is set exactly while anybody may claim the task
    Column("sheet_seq", Integer, nullable=False),
    Column("place", Sortable, nullable=False),
    Column("rank", Sortable),
    Column("holder_id", Id),
    Column("holder_kind", Text),
    Column("claimed_at", Instant),
    Column("claim_expires_at", Instant),
    Index(
        "ix_tasks_available",
        "campaign_id",
        "rank",
        sqlite_where=text("rank IS NOT NULL"),
        postgresql_where=text("rank IS NOT NULL"),
    ),
    Index(
        "ix_tasks_held",
        "campaign_id",
        "holder_id",
        "claim_expires_at",
        sqlite_where=text("holder_id IS NOT NULL"),
        postgresql_where=text("holder_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_expiring",
        "campaign_id",
        "claim_expires_at",
        sqlite_where=text("claim_expires_at IS NOT NULL"),
        postgresql_where=text("claim_expires_at IS NOT NULL"),
    ),
    Index("ix_tasks_campaign_number", "campaign_id", "number"),
    Index("ix_tasks_campaign_status_number", "campaign_id", "status", "number", "is_gold"),  # counts never leave it
    Index(
        "ix_tasks_gold_item",
        "gold_item_id",
        sqlite_where=text("gold_item_id IS NOT NULL"),
        postgresql_where=text("gold_item_id IS NOT NULL"),
    ),
    Index(
        "ix_tasks_prediction",
        "prediction_id",
        sqlite_where=text("prediction_id IS NOT NULL"),
        postgresql_where=text("prediction_id IS NOT NULL"),
    ),
)

submissions = Table(
    "submissions",
    metadata,
    _number(),
    _id(),
    _to("tasks"),
    _to("campaigns"),
    Column("voter_id", Id, nullable=False),
    Column("voter_kind", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("corrected_value", Json),
    Column("confidence", Float),
    Column("duration_ms", Integer),
    Column("counted", Boolean, nullable=False, server_default=true()),
    Column("late", Boolean, nullable=False, server_default=false()),  # came without a live claim
    Column("claimed_at", Instant),  # of the claim it answers: the server's own measure of the time taken
    Column("created_at", Instant, nullable=False),
    Column("idempotency_key", String(255)),
    UniqueConstraint("task_id", "voter_id"),
    Index("ix_submissions_campaign_number", "campaign_id", "number"),
    Index("ix_submissions_campaign_voter_number", "campaign_id", "voter_id", "number"),
)

voters = Table(  # one person's position in one campaign's queue
    "voters",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("cursor", Sortable, nullable=False, server_default=""),
    Column("last_sheet_seq", Integer),
    Column("n_served", Integer, nullable=False, server_default="0"),
    Column("n_gold_served", Integer, nullable=False, server_default="0"),
    Column("n_gold_items", Integer, nullable=False, server_default="0"),
    Column("n_done", Integer, nullable=False, server_default="0"),
    Column("n_gold_done", Integer, nullable=False, server_default="0"),
)

gold_servings = Table(  # which copy of an item a person was given; once a person and item
    "gold_servings",
    metadata,
    Column("gold_item_id", Id, ForeignKey("gold_items.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    _to("campaigns"),
    _to("tasks"),
    Column("returned", Boolean, nullable=False, server_default=false()),  # given back unanswered
    Index("ix_gold_servings_campaign_voter_returned", "campaign_id", "voter_id", "returned"),
)

golden_items = Table(  # what promotion copied into the golden dataset
    "golden_items",
    metadata,
    _number(),
    _id(),
    _to("orgs", index=True),
    _to("campaigns", index=True),
    Column("task_id", Id, ForeignKey("tasks.id"), nullable=False, unique=True),
    Column("verdict", Text, nullable=False),
    Column("value", Json),
    Column("forced", Boolean, nullable=False, server_default=false()),
    Column("promoted_at", Instant, nullable=False),
)

campaign_scores = Table(  # what the last refresh of a campaign's consensus found (server/scoring.py)
    "campaign_scores",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("method_used", Text, nullable=False),  # the fallback, where the campaign's own method gave way
    Column("class_prior", Json, nullable=False),  # by verdict: correct, incorrect, unsure
    Column("refreshed_at", Instant, nullable=False),
)

annotator_scores = Table(  # how each voter errs, for the refresh of single tasks between those of the campaign
    "annotator_scores",
    metadata,
    Column("campaign_id", Id, ForeignKey("campaigns.id"), primary_key=True),
    Column("voter_id", Id, primary_key=True),
    Column("confusion", Json, nullable=False),  # [true verdict][given verdict]
    Column("reliability", Float, nullable=False),
)

idempotency_keys = Table(
    "idempotency_keys",
    metadata,
    Column("principal_id", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status_code", Integer),  # NULL while the request is being processed
    Column("headers", Json),
    Column("body", LargeBinary),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False, index=True),
)
