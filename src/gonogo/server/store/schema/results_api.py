"""Results API tables: define the order of changes of cases, and the sign-in of the results API.

Triggers on `tasks` and `campaigns` (`migrations/triggers.py`) write `cases`, so that no change of a task can forget it.
`seq` grows with every change of a campaign's task: a reader that asks for all after a number misses nothing.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, String, Table, Text

from gonogo.server.store.schema.columns import Counter, Id, Instant, metadata

cases = Table(
    "cases",
    metadata,
    Column("task_number", Counter, primary_key=True, autoincrement=False),
    Column("campaign_id", Id, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # Ready, Active, Labeled, Gold Standard, Canceled, Flagged
    Column("updated_at", Instant, nullable=False),  # the database's clock
    Index("ix_cases_campaign_seq", "campaign_id", "seq", "updated_at"),
    Index("ix_cases_campaign_state_seq", "campaign_id", "state", "seq", "updated_at"),
)

results_passwords = Table(
    "results_passwords",
    metadata,
    Column("api_key_id", Id, ForeignKey("api_keys.id"), primary_key=True),
    Column("username", Text, nullable=False, unique=True),
    Column("sha256", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)

results_sessions = Table(
    "results_sessions",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("api_key_id", Id, ForeignKey("api_keys.id"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ended_at", Instant),
)
