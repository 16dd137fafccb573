"""The order of changes for the results API, kept by triggers, and its sign-in. Frozen, like every migration."""
# ruff: noqa: S608 - the statements are put together from constants

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision: str | None = "0020"

ID = sa.String(36)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
INSTANT = sa.BigInteger()

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
    f"CREATE TRIGGER cases_task_made AFTER INSERT ON tasks BEGIN {_SQLITE_NOTE} END",
    f"CREATE TRIGGER cases_task_changed AFTER UPDATE OF {_CHANGES} ON tasks BEGIN {_SQLITE_NOTE} END",
    "CREATE TRIGGER cases_campaign_changed AFTER UPDATE OF status ON campaigns WHEN OLD.status <> NEW.status "
    "BEGIN UPDATE tasks SET status = status WHERE campaign_id = NEW.id AND status = 'open'; END",
)
# Numbers are taken before transactions commit, so a later one may be seen first. Writers share a lock; a reader who
# takes it for itself for a moment knows that all numbers so far are committed (server/results/cases.py).
_POSTGRESQL = (
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


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("task_number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("campaign_id", ID, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
    )
    op.create_table(
        "results_passwords",
        sa.Column("api_key_id", ID, sa.ForeignKey("api_keys.id"), primary_key=True),
        sa.Column("username", sa.Text(), nullable=False, unique=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
    )
    op.create_table(
        "results_sessions",
        sa.Column("sha256", sa.String(64), primary_key=True),
        sa.Column("api_key_id", ID, sa.ForeignKey("api_keys.id"), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("seen_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
    )
    op.execute(
        "INSERT INTO cases (task_number, campaign_id, seq, state, updated_at) SELECT tasks.number, tasks.campaign_id, "
        f"tasks.number, {_STATE.format(task='tasks', campaign='campaigns.status')}, "
        "COALESCE(tasks.resolved_at, tasks.created_at) FROM tasks JOIN campaigns ON campaigns.id = tasks.campaign_id"
    )
    op.create_index("ix_cases_campaign_seq", "cases", ["campaign_id", "seq", "updated_at"])
    op.create_index("ix_cases_campaign_state_seq", "cases", ["campaign_id", "state", "seq", "updated_at"])
    op.create_index("ix_results_sessions_api_key_id", "results_sessions", ["api_key_id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in _SQLITE if sqlite else _POSTGRESQL:
        op.execute(statement)
    if not sqlite:
        op.execute("SELECT setval('case_changes', (SELECT COALESCE(MAX(seq), 0) + 1 FROM cases))")
