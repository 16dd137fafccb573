"""Audit tables: define the audit log, and the request counts that all workers share."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, String, Table, Text, UniqueConstraint

from gonogo.server.store.schema.columns import Instant, metadata, number

audit_log = Table(  # rows are only ever added: triggers of the migration refuse anything else (server/store/audit.py)
    "audit_log",
    metadata,
    number(),  # of its place, see `audit.py`
    Column("chain", Integer, nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("actor", String(64), nullable=False),  # id of a user or annotator account, or what else acted
    Column("action", String(64), nullable=False),
    Column("request_id", String(64)),
    Column("content", Text, nullable=False),  # JSON: ids, never values or secrets
    Column("hash", String(64), nullable=False),
    UniqueConstraint("chain", "seq"),
)

rate_counts = Table(  # requests of a caller or key in one minute, over all workers (server/http/rate_limits.py)
    "rate_counts",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("minute", BigInteger, primary_key=True),
    Column("n", Integer, nullable=False),
)
