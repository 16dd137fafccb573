"""Account tables: define organisations, users and their keys, annotators, invitations, sessions, and idempotency
keys.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, UniqueConstraint

from gonogo.server.store.schema.columns import Id, Instant, Json, foreign_key, metadata, number, public_id

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
    foreign_key("orgs", index=True),
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("created_at", Instant, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    number(),
    public_id(),
    foreign_key("users"),
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
    foreign_key("orgs"),
    Column("email", Text, nullable=False),  # lower case
    Column("display_name", Text),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("org_id", "email"),
)

assignments = Table(
    "assignments",
    metadata,
    number(),
    public_id(),
    foreign_key("campaigns"),
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
    foreign_key("assignments", index=True),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("nonce_sha256", String(64)),  # of the client that used it
)

sessions = Table(
    "sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    foreign_key("assignments", index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
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

server_secrets = Table(  # random, made once a database, so that all workers of it agree
    "server_secrets",
    metadata,
    Column("name", String(50), primary_key=True),
    Column("value", Text, nullable=False),
)
