"""One-query caller lookup: campaign, role and queue position of a caller, before a claim or a vote.

The query covers callers who have been in the campaign before. A first visit, or a campaign that is not the caller's,
is looked up step by step, and refused there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from gonogo.server.auth.authorization import VOTERS, campaign_for, campaign_of_task, voter_of
from gonogo.server.auth.principals import require
from gonogo.server.context import Context
from gonogo.server.practice import eligibility
from gonogo.server.queue import leases
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.schema import campaigns, tasks, voters

CallerLookup = tuple[Any, Any]
"""The campaign's columns that a claim or vote needs, and the voter's position there if it is known."""


def load_campaign_caller(connection: Connection, ctx: Context, campaign_id: str) -> CallerLookup:
    """For a claim; refuses who may not have a task."""
    caller, voter = ctx.caller, voter_of(ctx.caller)
    row = _within_reach(ctx, _AT_CAMPAIGN.first(connection, {"campaign": campaign_id, **_values(ctx)}))
    if row is None:
        campaign = campaign_for(connection, caller, campaign_id, VOTERS)
        eligibility.require_eligible(connection, campaign_id, voter, ctx.now)
        return campaign, None
    require(caller, *VOTERS)
    if row.paused_at is not None or row.asks:
        eligibility.require_eligible(connection, campaign_id, voter, ctx.now)
    return row, row


def load_task_caller(connection: Connection, ctx: Context, task_id: str) -> CallerLookup:
    """For a vote."""
    caller = ctx.caller
    row = _within_reach(ctx, _AT_TASK.first(connection, {"task": task_id, **_values(ctx)}))
    if row is None:
        return campaign_of_task(connection, caller, task_id, VOTERS), None
    require(caller, *VOTERS)
    return row, row


def _values(ctx: Context) -> dict[str, Any]:
    return {"org": ctx.caller.org_id, "voter": ctx.caller.id, "now": ctx.now}


def _within_reach(ctx: Context, row: Row[Any] | None) -> Row[Any] | None:
    """`row`, if the caller may see its campaign without further questions."""
    if row is None or not (ctx.caller.kind == "user" or ctx.caller.campaign_id == row.id):
        return None
    return row


_CAMPAIGN_COLUMNS = ("id", "status", "gold_fraction", "lease_minutes", "insert_round", "n_tasks", "n_gold_items")
_arrival = (
    select(*(campaigns.c[name] for name in _CAMPAIGN_COLUMNS), *leases.cursor_columns(campaigns.c.id))
    .where(campaigns.c.org_id == bindparam("org"), voters.c.voter_id == bindparam("voter"))
    .with_for_update(of=voters)
)
_here = voters.c.campaign_id == campaigns.c.id
_AT_CAMPAIGN = CompiledStatement(
    _arrival.add_columns(*eligibility.eligibility_columns(campaigns.c.id))
    .join_from(campaigns, voters, _here)
    .where(campaigns.c.id == bindparam("campaign"))
)
_AT_TASK = CompiledStatement(
    _arrival.join_from(tasks, campaigns, campaigns.c.id == tasks.c.campaign_id)
    .join(voters, _here)
    .where(tasks.c.id == bindparam("task"))
)
