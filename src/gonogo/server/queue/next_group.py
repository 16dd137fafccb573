"""Next group: claims a page of tasks whose predicted values are equal, to be verified together.

A page begins with the voter's next task, whatever it is. Others follow from what lies ahead in the order, by rank:
those with the same question (kind, field and prompt) and, by engineering equality under the campaign's unit and zeros,
the same value. They are claimed like any task; the voter's cursor stays at the first, so nothing is passed over.

Gold has no part in the choice: a copy stands in the order like other tasks, is found by its value like them, and takes
the same statements.

The keys of values are computed when they are needed, and remembered: stored ones would have to follow every change of
the campaign's unit and zeros, and would make each import and each claim pay for an index that few campaigns use.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import Connection, Text, bindparam, cast, select

from gonogo.json_types import JsonValue
from gonogo.server.auth.principals import Voter
from gonogo.server.queue import leases, next_task
from gonogo.server.queue.next_task import Claim, ClaimStep
from gonogo.server.queue.rows import QueueCampaign, VoterCursor
from gonogo.server.store.compiled_statements import CompiledQuery
from gonogo.server.store.dialects import dialect_of
from gonogo.server.store.schema import tasks
from gonogo.values.compare import value_key
from gonogo.values.json_codec import from_json
from gonogo.values.model import Kind

WINDOW = 1000
"""Tasks ahead among which equal values are looked for; bounds the time of a claim."""
TRIES = 3
"""Times the size of a page: candidates that are tried, since others may hold or the voter may have answered some."""
LONGEST_VALUE = 1000
"""Characters of a value's JSON; a longer one could not be read in a tile."""
_KEYS_REMEMBERED = 50_000


class WindowRow(NamedTuple):
    """A task ahead, as far as it decides whether it asks the same; `value` is JSON text."""

    id: str
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    prompt: str | None
    value: str | None


_WINDOW = CompiledQuery(
    select(
        *(tasks.c[name] for name in WindowRow._fields if name != "value"),
        cast(tasks.c.predicted_value, Text).label("value"),
    )
    .where(
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.rank > bindparam("cursor"),
        tasks.c.rank < bindparam("end"),
    )
    .order_by(tasks.c.rank)
    .limit(bindparam("window")),
    WindowRow,
)


def next_group(
    connection: Connection,
    campaign: QueueCampaign,
    voter: Voter,
    now: datetime,
    limit: int,
    cursor: VoterCursor | None = None,
) -> list[Claim]:
    """Claims at most `limit` tasks for `voter`, in a write transaction; none when nothing is left.

    In a campaign without `grouping` it claims one, as `next_task` does. `cursor` is what `leases.lock_cursor` returned,
    if the caller has locked it already.
    """
    most_held = leases.MAX_GROUPED_CLAIMS if campaign.grouping else leases.MAX_CLAIMS
    step = next_task.claim_step(connection, campaign, voter, now, cursor, most_held=most_held)
    if step is None:
        return []
    n_more = min(limit - 1, most_held - step.n_held) if campaign.grouping else 0
    return [step.claim, *_equal_ones(connection, campaign, voter, now, step, n_more)]


def _equal_ones(
    connection: Connection, campaign: QueueCampaign, voter: Voter, now: datetime, step: ClaimStep, n_more: int
) -> list[Claim]:
    """Claims up to `n_more` tasks ahead that ask the same as the task of `step`."""
    claims: list[Claim] = []
    if n_more <= 0:
        return claims
    search = next_task.UNLOCKED_TASK_AHEAD if dialect_of(connection).CONCURRENT_WRITERS else next_task.TASK_AHEAD
    params = next_task.ahead_params(campaign.id, voter, step.cursor)
    for task_id in _candidates(connection, campaign, step, params, TRIES * n_more):
        task = search.first(connection, {**params, "task": task_id})
        if task is not None:
            claims.append(next_task.acquire(connection, campaign, task, voter, step.cursor, now))
        if len(claims) == n_more:
            break
    return claims


def _candidates(
    connection: Connection, campaign: QueueCampaign, step: ClaimStep, params: dict[str, str], most: int
) -> list[str]:
    """Ids of the first `most` tasks ahead that ask the same as the task of `step`, by rank."""
    zeros, unit = campaign.trailing_zeros_matter, campaign.unit or ""
    task = step.claim.task
    key = _key(task.predicted_value, zeros, unit)
    if key is None:
        return []
    question = (task.target_kind, task.detail_kind, task.field_name, task.prompt)
    candidates: list[str] = []
    for row in _WINDOW.all(connection, {**params, "window": WINDOW}):
        same = (row.target_kind, row.detail_kind, row.field_name, row.prompt) == question
        if same and row.value is not None and _key_of_text(row.value, zeros, unit) == key:
            candidates.append(row.id)
        if len(candidates) == most:
            break
    return candidates


@lru_cache(maxsize=_KEYS_REMEMBERED)
def _key_of_text(text: str, trailing_zeros: bool, unit: str) -> str | None:
    return _key(json.loads(text), trailing_zeros, unit) if len(text) <= LONGEST_VALUE else None


def _key(predicted: JsonValue, trailing_zeros: bool, unit: str) -> str | None:
    """The key of a value; `None` for one that is no value to compare: nothing, or JSON of an unknown form."""
    value = from_json(predicted)
    return None if value.kind in (Kind.EMPTY, Kind.OTHER) else value_key(value, trailing_zeros, unit)
