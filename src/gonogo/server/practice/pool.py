"""Pool of practice items: selects ruled tasks that give no gold away."""

from __future__ import annotations

from sqlalchemy import Connection, Select, exists, false, func, select, true

from gonogo.schemas.verdicts import Verdict
from gonogo.server.store.schema import rulings, tasks

POOL_LIMIT = 500
"""Tasks of the pool that are looked at or counted."""


def pool_query(campaign_id: str) -> Select[tuple[object, ...]]:
    """All columns of the pool's tasks: ruled on with a verdict that teaches, and not proposed or accepted as gold."""
    as_gold = exists().where(rulings.c.task_id == tasks.c.id, rulings.c.gold_status.in_(["candidate", "accepted"]))
    return select(tasks).where(
        tasks.c.campaign_id == campaign_id,
        tasks.c.adjudicated == true(),
        tasks.c.is_gold == false(),
        tasks.c.consensus_verdict.in_([Verdict.CORRECT, Verdict.INCORRECT]),
        ~as_gold,
    )


def pool_size(connection: Connection, campaign_id: str) -> int:
    """Number of tasks in the pool, at most `POOL_LIMIT`."""
    pool = pool_query(campaign_id).with_only_columns(tasks.c.id).limit(POOL_LIMIT).subquery()
    return int(connection.execute(select(func.count()).select_from(pool)).scalar_one())
