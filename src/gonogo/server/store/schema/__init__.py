"""Database schema: defines the SQLAlchemy Core tables, the same on SQLite and PostgreSQL.

Conventions: `id` is a UUID4 string made by the server, but for predictions, whose ids nobody sees: UUIDv7, which grow
and so go to one end of each index; `number` is a growing integer, the order of lists (newest first) and the integer id
where a program wants one; instants are aware UTC datetimes, stored as integer microseconds so that they sort and
compare alike everywhere. A *voter* is an annotator account or a user with an API key that answers tasks: `voter_id` is
the id of that account or user, `voter_kind` is `annotator` or `user`.
"""

from __future__ import annotations

from gonogo.server.store.schema.accounts import (
    annotator_accounts,
    api_keys,
    assignments,
    idempotency_keys,
    magic_links,
    orgs,
    server_secrets,
    sessions,
    users,
)
from gonogo.server.store.schema.audit import audit_log, rate_counts
from gonogo.server.store.schema.campaigns import (
    annotator_scores,
    auto_accepts,
    campaign_scores,
    campaigns,
    projects,
    voters,
)
from gonogo.server.store.schema.catalog import (
    calculations,
    drawing_deletions,
    drawing_files,
    drawing_place,
    drawings,
    part_revisions,
    parts,
    predictions,
)
from gonogo.server.store.schema.columns import Instant, metadata
from gonogo.server.store.schema.results_api import cases, results_passwords, results_sessions
from gonogo.server.store.schema.review import (
    annotator_actions,
    annotator_pauses,
    discounted_votes,
    practice_answers,
    qualifications,
    review_settings,
    rulings,
)
from gonogo.server.store.schema.tasks import (
    amendments,
    gold_items,
    gold_servings,
    golden_items,
    help_requests,
    submissions,
    task_readings,
    task_sheets,
    task_updates,
    tasks,
)
from gonogo.server.store.schema.webhooks import webhook_cursors, webhook_deliveries, webhook_senders, webhooks

__all__ = [
    "Instant",
    "amendments",
    "annotator_accounts",
    "annotator_actions",
    "annotator_pauses",
    "annotator_scores",
    "api_keys",
    "assignments",
    "audit_log",
    "auto_accepts",
    "calculations",
    "campaign_scores",
    "campaigns",
    "cases",
    "discounted_votes",
    "drawing_deletions",
    "drawing_files",
    "drawing_place",
    "drawings",
    "gold_items",
    "gold_servings",
    "golden_items",
    "help_requests",
    "idempotency_keys",
    "magic_links",
    "metadata",
    "orgs",
    "part_revisions",
    "parts",
    "practice_answers",
    "predictions",
    "projects",
    "qualifications",
    "rate_counts",
    "results_passwords",
    "results_sessions",
    "review_settings",
    "rulings",
    "server_secrets",
    "sessions",
    "submissions",
    "task_readings",
    "task_sheets",
    "task_updates",
    "tasks",
    "users",
    "voters",
    "webhook_cursors",
    "webhook_deliveries",
    "webhook_senders",
    "webhooks",
]
