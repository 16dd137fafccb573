"""Who comes, and to what: all that a claim or a vote asks before it begins, in one statement each.

That statement answers for everybody who has been in the campaign before. Whoever comes for the first time, or to
something that is not his, is asked about step by step, and refused there.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, select

from gonogo.schemas.enums import AssignmentStatus
from gonogo.server.auth.authorization import VOTERS, campaign_for, campaign_of_task, voter_of
from gonogo.server.auth.principals import SESSION_ABSOLUTE, SESSION_IDLE, require
from gonogo.server.context import Context
from gonogo.server.practice import eligibility
from gonogo.server.queue import leases
from gonogo.server.store.compiled import CompiledStatement
from gonogo.server.store.schema.campaigns import assignments, campaigns, sessions, tasks, voters

CallerLookup = tuple[Row[Any], Row[Any] | None]
"""The campaign, as `queue.next_task` and `votes.submit` want it, and the voter's position there if it is known."""


class Unproved(Exception):
    """Whether the caller's session still lives is not known from the one statement."""


def load_campaign_caller(connection: Connection, ctx: Context, campaign_id: str) -> CallerLookup:
    """For a claim; refuses who may not have a task."""
    caller, voter = ctx.caller, voter_of(ctx.caller)
    row = _checked(ctx, _AT_CAMPAIGN.first(connection, {"campaign": campaign_id, **_who(ctx)}))
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
    row = _checked(ctx, _AT_TASK.first(connection, {"task": task_id, **_who(ctx)}))
    if row is None:
        return campaign_of_task(connection, caller, task_id, VOTERS), None
    require(caller, *VOTERS)
    return row, row


def _who(ctx: Context) -> dict[str, Any]:
    idle, oldest = ctx.now - SESSION_IDLE, ctx.now - SESSION_ABSOLUTE
    who = {"org": ctx.caller.org_id, "voter": ctx.caller.id, "now": ctx.now}
    return {**who, "session": ctx.unproved, "idle": idle, "oldest": oldest}


def _checked(ctx: Context, row: Row[Any] | None) -> Row[Any] | None:
    """`row` if it tells all; then a session that had to be proved lives."""
    if row is None or not (ctx.caller.kind == "user" or ctx.caller.campaign_id == row.id):
        row = None
    if ctx.unproved is not None and (row is None or not row.lives):
        raise Unproved
    return row


_WANTED = ("id", "status", "gold_fraction", "lease_minutes", "insert_round", "n_tasks", "n_gold_items")
_lives = exists().where(
    sessions.c.sha256 == bindparam("session"),
    sessions.c.ended_at.is_(None),
    sessions.c.seen_at > bindparam("idle"),
    sessions.c.created_at > bindparam("oldest"),
    assignments.c.id == sessions.c.assignment_id,
    assignments.c.status != AssignmentStatus.REVOKED,
)
_arrival = (
    select(*(campaigns.c[name] for name in _WANTED), *leases.cursor_columns(campaigns.c.id), _lives.label("lives"))
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
