"""Caller lookup: reads campaign, role and queue position of a caller in one query, before a claim or a vote.

The query covers callers who have been in the campaign before. A first visit, or a campaign that is not the caller's,
is looked up step by step, and refused there.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from gonogo.server.auth.authorization import VOTERS, campaign_for, campaign_of_task, voter_of
from gonogo.server.auth.principals import Principal, require
from gonogo.server.context import Context
from gonogo.server.practice import eligibility
from gonogo.server.queue import leases
from gonogo.server.queue.rows import QueueCampaign, VoterCursor
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.schema import campaigns, tasks, voters

CallerLookup = tuple[QueueCampaign, VoterCursor | None]
"""The campaign, and the voter's cursor there if it has been locked already."""


# --- queries -----------------------------------------------------------------------------------------------


class CallerAtTask(NamedTuple):
    """The columns of `QueueCampaign`, then those of `VoterCursor`."""

    id: str
    status: str
    lease_minutes: int
    insert_round: str
    n_gold_items: int
    votes: str
    grouping: bool
    trailing_zeros_matter: bool
    unit: str | None
    cursor: str
    any_expired: bool


class CallerAtCampaign(NamedTuple):
    """The columns of `CallerAtTask`, then those of `eligibility.Gate`."""

    id: str
    status: str
    lease_minutes: int
    insert_round: str
    n_gold_items: int
    votes: str
    grouping: bool
    trailing_zeros_matter: bool
    unit: str | None
    cursor: str
    any_expired: bool
    paused_at: datetime | None
    asks: bool


_CAMPAIGN_COLUMNS = (
    *("id", "status", "lease_minutes", "insert_round", "n_gold_items", "votes"),
    *("grouping", "trailing_zeros_matter", "unit"),
)
_campaign_and_cursor = (
    select(*(campaigns.c[name] for name in _CAMPAIGN_COLUMNS), *leases.cursor_columns(campaigns.c.id))
    .where(campaigns.c.org_id == bindparam("org"), voters.c.voter_id == bindparam("voter"))
    .with_for_update(of=voters)
)
_in_campaign = voters.c.campaign_id == campaigns.c.id
_AT_CAMPAIGN = CompiledQuery(
    _campaign_and_cursor.add_columns(*eligibility.eligibility_columns(campaigns.c.id))
    .join_from(campaigns, voters, _in_campaign)
    .where(campaigns.c.id == bindparam("campaign")),
    CallerAtCampaign,
)
_at_task = (
    _campaign_and_cursor.join_from(tasks, campaigns, campaigns.c.id == tasks.c.campaign_id)
    .join(voters, _in_campaign)
    .where(tasks.c.id == bindparam("task"))
)
_AT_TASK = CompiledQuery(_at_task, CallerAtTask)
"""For keys, which are of no campaign: a database that is distributed by campaign would ask all its nodes."""
_AT_TASK_OF_SESSION = CompiledQuery(_at_task.where(campaigns.c.id == bindparam("campaign")), CallerAtTask)


# --- lookups -----------------------------------------------------------------------------------------------


def load_campaign_caller(connection: Connection, ctx: Context, campaign_id: str) -> CallerLookup:
    """Campaign and cursor for a claim. Raises 404, 403 or 409 for a caller who may not have a task."""
    caller, voter = ctx.caller, voter_of(ctx.caller)
    row = _AT_CAMPAIGN.first(connection, {"campaign": campaign_id, **_params(ctx)})
    if row is None or not _is_in_reach(caller, row.id):
        campaign = campaign_for(connection, caller, campaign_id, VOTERS)
        eligibility.require_eligible(connection, campaign_id, voter, ctx.now)
        return campaign, None
    require(caller, *VOTERS)
    if row.paused_at is not None or row.asks:
        eligibility.require_eligible(connection, campaign_id, voter, ctx.now)
    return row, _cursor(row)


def load_task_caller(connection: Connection, ctx: Context, task_id: str) -> CallerLookup:
    """Campaign and cursor for a vote. Raises 404 or 403 for a caller who may not vote."""
    params = {"task": task_id, "campaign": ctx.caller.campaign_id, **_params(ctx)}
    row = (_AT_TASK if ctx.caller.campaign_id is None else _AT_TASK_OF_SESSION).first(connection, params)
    if row is None or not _is_in_reach(ctx.caller, row.id):
        return campaign_of_task(connection, ctx.caller, task_id, VOTERS), None
    require(ctx.caller, *VOTERS)
    return row, _cursor(row)


def _params(ctx: Context) -> dict[str, object]:
    return {"org": ctx.caller.org_id, "voter": ctx.caller.id, "now": ctx.now}


def _is_in_reach(caller: Principal, campaign_id: str) -> bool:
    """Whether the caller may see the campaign without further questions."""
    return caller.kind == "user" or caller.campaign_id == campaign_id


def _cursor(row: CallerAtCampaign | CallerAtTask) -> VoterCursor:
    return VoterCursor(row.cursor, row.any_expired)
