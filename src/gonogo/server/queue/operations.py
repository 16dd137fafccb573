"""Queue operations: check a caller's permission, then claim or vote, in the transaction of the request."""

from __future__ import annotations

from sqlalchemy import Connection

from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.auth.authorization import voter_of
from gonogo.server.context import Context
from gonogo.server.errors import ApiError, conflict
from gonogo.server.queue import caller_lookup, next_group, next_task, submissions
from gonogo.server.queue.verdicts import check_verdict

_REFUSALS = {
    ConflictReason.ALREADY_SUBMITTED: "You have answered this task already; your first answer stands.",
    ConflictReason.TASK_RESOLVED: "This task no longer needs an answer; yours is kept, but does not count.",
    ConflictReason.CAMPAIGN_CLOSED: "The campaign is closed; your answer is kept, but does not count.",
}


def claim_task(connection: Connection, ctx: Context, campaign_id: str) -> next_task.Claim | None:
    """A task for the caller, or `None` when nothing is left. A caller who may not have one is refused before any
    write."""
    campaign, position = caller_lookup.load_campaign_caller(connection, ctx, campaign_id)
    return next_task.next_task(connection, campaign, voter_of(ctx.caller), ctx.now, position)


def claim_group(connection: Connection, ctx: Context, campaign_id: str, limit: int) -> list[next_task.Claim]:
    """A page of tasks for the caller, none when nothing is left; refused like `claim_task`."""
    campaign, position = caller_lookup.load_campaign_caller(connection, ctx, campaign_id)
    return next_group.next_group(connection, campaign, voter_of(ctx.caller), ctx.now, limit, position)


def submit_verdict(
    connection: Connection, ctx: Context, task_id: str, body: LabelSubmit, key: str | None
) -> submissions.SubmitResult:
    """Stores the caller's verdict; a wrong body or caller is refused before any write. `key` is the idempotency key."""
    campaign, position = caller_lookup.load_task_caller(connection, ctx, task_id)
    check_verdict(body.verdict, body.corrected_value)
    voter = voter_of(ctx.caller)
    return submissions.submit(connection, campaign, task_id, voter, body, ctx.now, idempotency_key=key, cursor=position)


def refusal(outcome: submissions.SubmitResult, key: str | None) -> ApiError:
    """409 with a receipt; `same_request` tells a client that its own earlier try had arrived."""
    reason = outcome.refused
    assert reason is not None
    stored = outcome.submission
    same = key is not None and stored.idempotency_key == key
    return conflict(reason, _REFUSALS[reason], receipt_id=stored.id, counted=stored.counted, same_request=same)
