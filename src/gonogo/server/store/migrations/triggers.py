"""Triggers, sequences and storage options: creates those of the initial schema, by dialect. Frozen, like every
migration.
"""
# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

_STATE = """CASE WHEN {task}.is_gold THEN 'Gold Standard' WHEN {task}.status = 'resolved' THEN 'Labeled'
    WHEN {task}.status = 'in_review' THEN 'Flagged' WHEN {campaign} <> 'open' THEN 'Canceled'
    WHEN {task}.submission_count > 0 THEN 'Active' ELSE 'Ready' END"""
_CHANGES = "status, submission_count, agreement, consensus_verdict, consensus_value, adjudicated"

_SQLITE_NOW = "CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)"
_SQLITE_NOTE = f"""
    INSERT OR REPLACE INTO cases (task_number, campaign_id, seq, state, updated_at)
    SELECT NEW.number, NEW.campaign_id,
        (SELECT COALESCE(MAX(seq), 0) + 1 FROM cases WHERE campaign_id = NEW.campaign_id),
        {_STATE.format(task="NEW", campaign="campaigns.status")}, {_SQLITE_NOW}
    FROM campaigns WHERE id = NEW.campaign_id;"""
_SQLITE = (
    "CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    "CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log "
    "BEGIN SELECT RAISE(ABORT, 'the audit log only grows'); END",
    f"CREATE TRIGGER cases_task_made AFTER INSERT ON tasks BEGIN {_SQLITE_NOTE} END",
    f"CREATE TRIGGER cases_task_changed AFTER UPDATE OF {_CHANGES} ON tasks BEGIN {_SQLITE_NOTE} END",
    "CREATE TRIGGER cases_campaign_changed AFTER UPDATE OF status ON campaigns WHEN OLD.status <> NEW.status "
    "BEGIN UPDATE tasks SET status = status WHERE campaign_id = NEW.id AND status = 'open'; END",
)

_POSTGRESQL = (
    "CREATE FUNCTION audit_log_only_grows() RETURNS trigger LANGUAGE plpgsql AS "
    "$$ BEGIN RAISE EXCEPTION 'the audit log only grows'; END $$",
    "CREATE TRIGGER audit_log_no_change BEFORE UPDATE OR DELETE ON audit_log "
    "FOR EACH ROW EXECUTE FUNCTION audit_log_only_grows()",
    "CREATE TRIGGER audit_log_no_truncate BEFORE TRUNCATE ON audit_log "
    "FOR EACH STATEMENT EXECUTE FUNCTION audit_log_only_grows()",
    # Every claim leaves a dead entry at the head of an index: vacuum early, leave room for updates in place.
    "ALTER TABLE tasks SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, "
    "autovacuum_vacuum_threshold = 500, autovacuum_vacuum_cost_delay = 0, autovacuum_analyze_scale_factor = 0.02)",
    "ALTER TABLE voters SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 500)",
    "ALTER TABLE idempotency_keys SET (autovacuum_vacuum_scale_factor = 0.02)",
    # Sequence numbers are drawn before transactions commit, so a later one may become visible first. Writers share a
    # lock; a reader that holds it exclusively for a moment knows that all numbers so far are committed
    # (`DatabaseDialect.last_case_change`).
    "CREATE SEQUENCE case_changes",
    f"""CREATE FUNCTION note_case() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    PERFORM pg_advisory_xact_lock_shared(30, hashtext(NEW.campaign_id));
    INSERT INTO cases (task_number, campaign_id, seq, state, updated_at)
    SELECT NEW.number, NEW.campaign_id, nextval('case_changes'),
        {_STATE.format(task="NEW", campaign="c.status")}, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
    FROM campaigns c WHERE c.id = NEW.campaign_id
    ON CONFLICT (task_number) DO UPDATE
    SET seq = excluded.seq, state = excluded.state, updated_at = excluded.updated_at;
    RETURN NULL; END $$""",
    "CREATE TRIGGER cases_task_made AFTER INSERT ON tasks FOR EACH ROW EXECUTE FUNCTION note_case()",
    f"CREATE TRIGGER cases_task_changed AFTER UPDATE OF {_CHANGES} ON tasks FOR EACH ROW EXECUTE FUNCTION note_case()",
    "CREATE FUNCTION note_campaign() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "UPDATE tasks SET status = status WHERE campaign_id = NEW.id AND status = 'open'; RETURN NULL; END $$",
    "CREATE TRIGGER cases_campaign_changed AFTER UPDATE OF status ON campaigns FOR EACH ROW "
    "WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION note_campaign()",
)

STATEMENTS = {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}
"""The statements of each dialect, in order."""
