"""Vote matrix: reads a campaign's counted votes into flat arrays, the input of every consensus method.

Reading needs no lock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Connection, Result, Text, false, func, select, true, type_coerce
from sqlalchemy import cast as as_type

from gonogo.json_types import JsonValue
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES
from gonogo.server.consensus.decide import Policy, Rule, Truth, parse_gold
from gonogo.server.consensus.values import Value, to_value
from gonogo.server.consensus.votes import UNKNOWN, Votes
from gonogo.server.scoring.gc_pause import gc_paused
from gonogo.server.scoring.task_scoring import rule_fields
from gonogo.server.store.schema import gold_items, rulings, submissions, task_sheets, tasks
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import AnySelect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gonogo.server.consensus.votes import Floats, Ints

    Mask = NDArray[np.bool_]

_ROWS_AT_ONCE = 4000
"""Rows converted at once: a heap of short-lived rows would burden the garbage collector."""


class MeasuredTask(NamedTuple):
    """A task as a refresh reads it; `consensus_value` is decoded from JSON."""

    id: str
    n_required: int
    is_gold: bool
    gold_answer: str | None
    gold_item_id: str | None
    adjudicated: bool
    status: str
    consensus_verdict: str | None
    agreement: float | None
    posterior: float | None
    predicted_confidence: float | None
    settled_max_risk: float | None
    settled_votes: int | None
    submission_count: int
    target_kind: str
    detail_kind: str | None
    sheet_seq: int
    consensus_value: JsonValue


@dataclass(frozen=True, slots=True, eq=False)
class VoteMatrix:
    """The counted votes of a campaign as they lie in the database.

    Attributes:
        tasks: One row a task, ordered by number.
        truths: The answer of each task that is gold, and the ruling on each that an expert settled; else `None`.
        votes: The votes, oldest first; voters are numbered in the order of their ids.
        voter_ids: Id of each voter.
        values: Corrected values by index of vote.
        duration_ms: Time the client reported for each vote, NaN where it did not.
        claim_ms: Time from claim to submit by the server's clock, NaN for votes without a claim.
        group_size: Tasks on the page that was confirmed at once, by vote; 1 where it was answered alone.
        created_ms: When each vote arrived, milliseconds since 1970.
        rules: The rule of each task.
        confidence: Confidence of the model in each task's prediction, NaN where it gave none.
        is_gold: Whether each task is gold.
        gold_class: Class of each gold task's answer, `UNKNOWN` elsewhere.
        known: The same, and the class of each task that an expert ruled on.
        error_types: By index of task, the type of error of a prediction known to be wrong, where somebody named it.
        sheets: Name of each sheet (`revision#page`) by number.
    """

    tasks: Sequence[MeasuredTask]
    truths: Sequence[Truth | None]
    votes: Votes
    voter_ids: Sequence[str]
    values: Mapping[int, Value]
    duration_ms: Floats
    claim_ms: Floats
    group_size: Ints
    created_ms: Floats
    rules: Sequence[Rule]
    confidence: Floats
    is_gold: Mask
    gold_class: Ints
    known: Ints
    error_types: Mapping[int, str]
    sheets: Mapping[int, str]


# --- queries -----------------------------------------------------------------------------------------------

_TASKS = select(
    *(tasks.c[name] for name in MeasuredTask._fields if name != "consensus_value"),
    as_type(tasks.c.consensus_value, Text),
).order_by(tasks.c.number)
# Instants as plain integers of microseconds: making a datetime of each would cost more than everything else here.
_VOTES = select(
    submissions.c.task_id,
    submissions.c.voter_id,
    submissions.c.verdict,
    submissions.c.duration_ms,
    type_coerce(submissions.c.claimed_at, BigInteger),
    type_coerce(submissions.c.created_at, BigInteger),
    as_type(submissions.c.corrected_value, Text),
    func.coalesce(submissions.c.group_size, 1),
).order_by(submissions.c.number)
_SHEETS = select(task_sheets.c.sheet_seq, task_sheets.c.sheet)
_GOLD_ERROR_TYPES = select(gold_items.c.id, gold_items.c.error_type).where(gold_items.c.error_type.is_not(None))
_RULING_ERROR_TYPES = select(rulings.c.task_id, rulings.c.error_type).where(
    rulings.c.error_type.is_not(None), rulings.c.superseded == false()
)


# --- reading -----------------------------------------------------------------------------------------------


def read_votes(connection: Connection, campaign: CampaignRow) -> VoteMatrix:
    """The counted votes of a campaign, oldest first."""
    with gc_paused():
        return _read_votes(connection, campaign)


def _read_votes(connection: Connection, campaign: CampaignRow) -> VoteMatrix:
    zeros, unit = campaign.trailing_zeros_matter, campaign.unit
    task_rows = _read_tasks(connection, campaign.id)
    task_id, voter_id, verdict, duration, claimed, created, value, group_size = _columns(
        connection.execute(_VOTES.where(submissions.c.campaign_id == campaign.id, submissions.c.counted == true())), 8
    )
    voter_ids = sorted(set(voter_id))
    truths = _truths(task_rows, zeros, unit)
    known = np.array([CLASS_OF.get(truth.verdict, UNKNOWN) if truth else UNKNOWN for truth in truths], dtype=np.intp)
    is_gold = np.array([task.is_gold for task in task_rows], dtype=np.bool_)
    created_us = np.array(created, dtype=np.float64)
    return VoteMatrix(
        tasks=task_rows,
        truths=truths,
        votes=_to_votes(task_rows, voter_ids, task_id, voter_id, verdict),
        voter_ids=voter_ids,
        values=_parse_values(value, zeros, unit),
        duration_ms=np.array(duration, dtype=np.float64),
        claim_ms=(created_us - np.array(claimed, dtype=np.float64)) / 1000.0,
        group_size=np.array(group_size, dtype=np.intp),
        created_ms=created_us / 1000.0,
        rules=_rules(campaign, task_rows),
        confidence=np.array([task.predicted_confidence for task in task_rows], dtype=np.float64),
        is_gold=is_gold,
        gold_class=np.where(is_gold, known, UNKNOWN),
        known=known,
        error_types=_error_types(connection, campaign.id, task_rows),
        sheets=_pairs(connection, _SHEETS.where(task_sheets.c.campaign_id == campaign.id)),
    )


def _rules(campaign: CampaignRow, task_rows: Sequence[MeasuredTask]) -> list[Rule]:
    policy = Policy(campaign.max_risk, campaign.votes, campaign.min_votes)
    return [policy.rule(*rule_fields(task)) for task in task_rows]


def _to_votes(
    task_rows: Sequence[MeasuredTask],
    voter_ids: Sequence[str],
    task_id: Sequence[str],
    voter_id: Sequence[str],
    verdict: Sequence[str],
) -> Votes:
    """The three columns of ids and verdicts as indices."""
    task_at = {task.id: index for index, task in enumerate(task_rows)}
    voter_at = {name: index for index, name in enumerate(voter_ids)}
    return Votes.of(
        [task_at[name] for name in task_id],
        [voter_at[name] for name in voter_id],
        [CLASS_OF[name] for name in verdict],
        n_tasks=len(task_rows),
        n_annotators=len(voter_ids),
        n_classes=len(VERDICT_CLASSES),
    )


def _read_tasks(connection: Connection, campaign_id: str) -> list[MeasuredTask]:
    # By position: by name it would take three times as long, for up to a million tasks.
    decoded: dict[str | None, JsonValue] = {None: None}  # few values come many times: each is decoded once
    rows: list[MeasuredTask] = []
    result = connection.execute(_TASKS.where(tasks.c.campaign_id == campaign_id))
    for partition in result.partitions(_ROWS_AT_ONCE):
        for *cells, text in partition:
            if text not in decoded:
                decoded[text] = json.loads(text)
            rows.append(MeasuredTask._make((*cells, decoded[text])))
    return rows


def _columns(result: Result[*tuple[Any, ...]], width: int) -> list[list[Any]]:
    """The columns of a large result as lists."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    for partition in result.partitions(_ROWS_AT_ONCE):
        for column, cells in zip(columns, zip(*partition, strict=True), strict=True):
            column.extend(cells)
    return columns


def _pairs(connection: Connection, query: AnySelect) -> dict[Any, Any]:
    """The two columns of a query as keys and values."""
    return {row[0]: row[1] for row in connection.execute(query).all()}


def _error_types(connection: Connection, campaign_id: str, task_rows: Sequence[MeasuredTask]) -> dict[int, str]:
    """Error types of seeded gold and of rulings, by index of task; a ruling's goes before its item's."""
    by_item = _pairs(connection, _GOLD_ERROR_TYPES.where(gold_items.c.campaign_id == campaign_id))
    by_task = _pairs(connection, _RULING_ERROR_TYPES.where(rulings.c.campaign_id == campaign_id))
    if not by_item and not by_task:
        return {}
    kinds = (by_task.get(task.id) or by_item.get(task.gold_item_id or "") for task in task_rows)
    return {index: kind for index, kind in enumerate(kinds) if kind is not None}


def _truths(task_rows: Sequence[MeasuredTask], zeros: bool, unit: str | None) -> list[Truth | None]:
    truths: list[Truth | None] = [None] * len(task_rows)
    for index, task in enumerate(task_rows):
        if task.adjudicated:
            value = to_value(task.consensus_value, trailing_zeros=zeros, unit=unit)
            truths[index] = Truth(str(task.consensus_verdict), value)
        elif task.is_gold:
            truths[index] = parse_gold(task.gold_answer, trailing_zeros=zeros, unit=unit)
    return truths


def _parse_values(texts: Sequence[str | None], zeros: bool, unit: str | None) -> dict[int, Value]:
    """The corrected values by index of vote; equal texts are parsed once."""
    parsed: dict[str, Value | None] = {}
    values: dict[int, Value] = {}
    for index, text in enumerate(texts):
        if text is None:
            continue
        if text not in parsed:
            parsed[text] = to_value(json.loads(text), trailing_zeros=zeros, unit=unit)
        value = parsed[text]
        if value is not None:
            values[index] = value
    return values
