"""Help requests: a voter gives a task to the lead instead of answering it; others may still claim it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, select

from gonogo.schemas.gonogo_api import HelpCreate
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import honeypots, leases
from gonogo.server.queue.submissions import COUNT_DONE
from gonogo.server.store.compiled_statements import CompiledQuery, CompiledStatement
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import help_requests, submissions
from gonogo.server.store.schema.rows import HelpRequestRow, TaskRow

_OWN = CompiledQuery(
    select(help_requests).where(
        help_requests.c.task_id == bindparam("task"), help_requests.c.voter_id == bindparam("voter")
    ),
    HelpRequestRow,
)
_HAS_VOTED = CompiledStatement(
    select(
        exists()
        .where(submissions.c.task_id == bindparam("task"), submissions.c.voter_id == bindparam("voter"))
        .label("has_voted")
    )
)


def ask_help(connection: Connection, task: TaskRow, voter: Voter, request: HelpCreate, now: datetime) -> HelpRequestRow:
    """Stores the request, or its new words if the voter asked before, and ends the voter's claim on the task.

    The voter is never served the task again, but may still answer it.
    """
    leases.lock_cursor(connection, task.campaign_id, voter, now)
    key = {"task": task.id, "voter": voter.id}
    earlier = _OWN.first(connection, key)
    words = {"reason": request.reason, "note": request.note or None, "duration_ms": request.duration_ms}
    if earlier is None:
        values = {"id": new_id(), "task_id": task.id, "campaign_id": task.campaign_id, "created_at": now, **words}
        connection.execute(help_requests.insert().values(voter_id=voter.id, voter_kind=voter.kind, **values))
        if task.gold_item_id is not None:
            honeypots.record_unserved(connection, task.gold_item_id, voter.id)
        if not _HAS_VOTED.scalar(connection, key):  # counts as done, so that gold takes one from what is left, too
            COUNT_DONE.run(connection, {"campaign": task.campaign_id, "voter": voter.id, "gold": int(task.is_gold)})
    else:
        connection.execute(help_requests.update().where(help_requests.c.id == earlier.id).values(words))
    leases.release_if_held(connection, task, voter, now)
    return _OWN.one(connection, key)
