"""Seventh migration: refuses REPLACE in the audit log, and drops stored answers that are sealed in the old way.

SQLite's REPLACE deletes the old row without asking the DELETE trigger, so that a trigger must ask before the INSERT. On
PostgreSQL an upsert is an UPDATE, which is refused already.
"""

from __future__ import annotations

from alembic import op

revision = "audit_numbers"
down_revision = "asks_on"


def upgrade() -> None:
    op.execute("DELETE FROM idempotency_keys")  # their seal and fingerprint are of another kind; they lived 24 hours
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "CREATE TRIGGER audit_log_no_replace BEFORE INSERT ON audit_log WHEN EXISTS"
            " (SELECT 1 FROM audit_log WHERE number = NEW.number OR (chain = NEW.chain AND seq = NEW.seq))"
            " BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END"
        )
