"""Honeypots: record which voter met which gold item, so that nobody is asked its question twice.

An *item* is a question with a known answer; each task row of it is a *copy*. A copy has a rank like any task
(`tasks/gold_plan.py` says where), and is claimed, voted on, released and asked again by the same statements.

Two things differ, and neither can be seen. A voter who met an item is not served another copy of it; the same copy
comes back after a release, like any task. And gold ends with the ordinary work that a voter has left.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, Connection, Table, bindparam, exists, or_, select

from gonogo.server.auth.principals import Voter
from gonogo.server.store.compiled_statements import CompiledStatement
from gonogo.server.store.schema import gold_servings, tasks

_WAS_SERVED = CompiledStatement(
    select(
        exists()
        .where(gold_servings.c.gold_item_id == bindparam("item"), gold_servings.c.voter_id == bindparam("voter"))
        .label("was_served")
    )
)
_INSERT_SERVING = CompiledStatement(
    gold_servings.insert().values(gold_item_id=bindparam("item"), voter_id=bindparam("voter"))
)
_voter = bindparam("voter", type_=gold_servings.c.voter_id.type)
_met_before = exists().where(
    gold_servings.c.gold_item_id == tasks.c.gold_item_id, gold_servings.c.voter_id == bindparam("voter")
)
_RECORD_SERVING = CompiledStatement(
    gold_servings.insert().from_select(
        ["gold_item_id", "voter_id", "task_id"],
        select(tasks.c.gold_item_id, _voter, tasks.c.id).where(
            tasks.c.id == bindparam("task"),
            tasks.c.campaign_id == bindparam("campaign"),
            tasks.c.gold_item_id.is_not(None),
            ~_met_before,  # the same copy comes again after the voter gave it back
        ),
    )
)


def met_by_voter(task: Table) -> ColumnElement[bool]:
    """Condition: the voter (parameter `voter`) met the item of a row of `task`, by another copy of it."""
    met = gold_servings.c
    other_copy = or_(met.task_id.is_(None), met.task_id != task.c.id)
    return exists().where(met.gold_item_id == task.c.gold_item_id, met.voter_id == bindparam("voter"), other_copy)


def record_serving(connection: Connection, campaign_id: str, task_id: str, voter: Voter) -> None:
    """Records that a voter was served a task, if it is gold: one statement for both kinds takes the same time."""
    _RECORD_SERVING.later(connection, {"task": task_id, "campaign": campaign_id, "voter": voter.id})


def record_unserved(connection: Connection, item_id: str, voter_id: str) -> None:
    """Records that a voter answered a copy without being served it, so that the item does not come again."""
    params = {"item": item_id, "voter": voter_id}
    if not _WAS_SERVED.scalar(connection, params):
        _INSERT_SERVING.run(connection, params)
