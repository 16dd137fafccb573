"""A campaign's votes, read once and measured: the consensus of every task and the record of every voter.

Reading and computing need no lock; what changed is written afterwards (`scoring`).
"""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Connection, Result, Row, Select, Text, false, select, true, type_coerce
from sqlalchemy import cast as as_type

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, Verdict
from gonogo.server.consensus import estimate
from gonogo.server.consensus.agreement import wilson_interval
from gonogo.server.consensus.decide import (
    OPEN_OUTCOME,
    POSTERIOR_TOLERANCE,
    SAFE_POSTERIOR,
    Outcome,
    Rule,
    Truth,
    Vote,
    decide_outcome,
    gold_outcome,
    parse_gold,
    ruled_outcome,
    same_value,
)
from gonogo.server.consensus.values import Value, to_value
from gonogo.server.consensus.votes import UNKNOWN, Consensus, Votes
from gonogo.server.store.schema import gold_items, rulings, submissions, task_sheets, tasks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gonogo.server.consensus.votes import Floats, Ints

    Mask = NDArray[np.bool_]


class TaskRow(NamedTuple):
    """What a refresh needs to know of a task; `consensus_value` is decoded."""

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
    submission_count: int
    target_kind: str
    detail_kind: str | None
    sheet_seq: int
    consensus_value: Any


@dataclass(frozen=True, slots=True, eq=False)
class VoteMatrix:
    """A campaign's counted votes as they lie in the database.

    Attributes:
        tasks: One row a task, ordered by number.
        truths: The answer of each task that is gold, and the ruling on each that an expert settled; else `None`.
        votes: The votes, oldest first; voters are numbered in the order of their ids.
        voter_ids: Id of each voter.
        values: Corrected values by index of vote.
        duration_ms: Time the client reported for each vote, NaN where it did not.
        claim_ms: Time from claim to submit by the server's clock, NaN for votes without a claim.
        created_ms: When each vote arrived, milliseconds since 1970.
        rules: The campaign's rule for each number of votes a task may want.
        is_gold: Whether each task is gold.
        gold_class: Class of each gold task's answer, `UNKNOWN` elsewhere.
        known: The same, and the class of each task that an expert ruled on.
        error_types: By index of task, what is wrong with a prediction known to be wrong, where somebody said.
        sheets: Name of each sheet (`revision#page`) by number.
    """

    tasks: Sequence[TaskRow]
    truths: Sequence[Truth | None]
    votes: Votes
    voter_ids: Sequence[str]
    values: Mapping[int, Value]
    duration_ms: Floats
    claim_ms: Floats
    created_ms: Floats
    rules: Mapping[int, Rule]
    is_gold: Mask
    gold_class: Ints
    known: Ints
    error_types: Mapping[int, str]
    sheets: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class ConsensusResult:
    """What the ballots come to; `outcomes` per task, `reliability` and `trust` per voter."""

    ballots: VoteMatrix
    consensus: Consensus
    outcomes: Sequence[Outcome]
    reliability: Floats
    trust: Floats


@contextmanager
def _gc_paused() -> Iterator[None]:
    """Hundreds of thousands of cells and no cycle among them: looking for cycles would cost as much as reading.

    Safe with several threads: whoever found the collector on switches it on again.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def read_votes(connection: Connection, campaign: Row[Any]) -> VoteMatrix:
    """The counted votes of a campaign; `campaign` is its row."""
    with _gc_paused():
        return _read_votes(connection, campaign)


def _read_votes(connection: Connection, campaign: Row[Any]) -> VoteMatrix:
    task_rows = _task_rows(connection, campaign.id)
    task_id, voter, verdict, duration, claimed, created, value = _columns(
        connection.execute(_VOTES.where(submissions.c.campaign_id == campaign.id, submissions.c.counted == true())), 7
    )
    voter_ids = sorted(set(voter))
    task_at = {task.id: index for index, task in enumerate(task_rows)}
    voter_at = {voter_id: index for index, voter_id in enumerate(voter_ids)}
    votes = Votes.of(
        [task_at[key] for key in task_id],
        [voter_at[key] for key in voter],
        [CLASS_OF[key] for key in verdict],
        n_tasks=len(task_rows),
        n_annotators=len(voter_ids),
        n_classes=len(VERDICT_CLASSES),
    )
    created_us = np.array(created, dtype=np.float64)
    wanted = {task.n_required for task in task_rows}
    truths = _truths(task_rows, campaign.trailing_zeros_matter)
    known = np.array([CLASS_OF.get(truth.verdict, UNKNOWN) if truth else UNKNOWN for truth in truths], dtype=np.intp)
    is_gold = np.array([task.is_gold for task in task_rows], dtype=np.bool_)
    return VoteMatrix(
        tasks=task_rows,
        truths=truths,
        votes=votes,
        voter_ids=voter_ids,
        values=_values(value, campaign.trailing_zeros_matter),
        duration_ms=np.array(duration, dtype=np.float64),
        claim_ms=(created_us - np.array(claimed, dtype=np.float64)) / 1000.0,
        created_ms=created_us / 1000.0,
        rules={n: Rule(n, campaign.early_stop) for n in wanted},
        is_gold=is_gold,
        gold_class=np.where(is_gold, known, UNKNOWN),
        known=known,
        error_types=_error_types(connection, campaign.id, task_rows),
        sheets=_pairs(connection, _SHEETS.where(task_sheets.c.campaign_id == campaign.id)),
    )


def _pairs(connection: Connection, query: Select[Any]) -> dict[Any, Any]:
    return {row[0]: row[1] for row in connection.execute(query).all()}


def _error_types(connection: Connection, campaign_id: str, task_rows: Sequence[TaskRow]) -> dict[int, str]:
    """Of seeded gold, and of rulings."""
    of_gold = select(gold_items.c.id, gold_items.c.error_type).where(gold_items.c.campaign_id == campaign_id)
    by_item = _pairs(connection, of_gold.where(gold_items.c.error_type.is_not(None)))
    of_rulings = select(rulings.c.task_id, rulings.c.error_type).where(rulings.c.campaign_id == campaign_id)
    standing = of_rulings.where(rulings.c.error_type.is_not(None), rulings.c.superseded == false())
    by_task = _pairs(connection, standing)
    if not by_item and not by_task:
        return {}
    kinds = (by_task.get(task.id) or by_item.get(task.gold_item_id or "") for task in task_rows)
    return {index: kind for index, kind in enumerate(kinds) if kind is not None}


def _truths(task_rows: Sequence[TaskRow], zeros: bool) -> list[Truth | None]:
    found: list[Truth | None] = [None] * len(task_rows)
    for index, task in enumerate(task_rows):
        if task.adjudicated:
            found[index] = Truth(str(task.consensus_verdict), to_value(task.consensus_value, trailing_zeros=zeros))
        elif task.is_gold:
            found[index] = parse_gold(task.gold_answer, trailing_zeros=zeros)
    return found


def _columns(result: Result[Any], width: int) -> list[list[Any]]:
    """The columns of a large result; in parts, so that no heap of short-lived rows burdens the garbage collector."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    for part in result.partitions(4000):
        for column, cells in zip(columns, zip(*part, strict=True), strict=True):
            column.extend(cells)
    return columns


def _task_rows(connection: Connection, campaign_id: str) -> list[TaskRow]:
    """The campaign's tasks. Few values come many times: each is decoded once."""
    decoded: dict[str | None, Any] = {None: None}
    rows = []
    result = connection.execute(_TASKS.where(tasks.c.campaign_id == campaign_id))
    for part in result.partitions(4000):
        for *cells, text in part:
            if text not in decoded:
                decoded[text] = json.loads(text)
            rows.append(TaskRow._make((*cells, decoded[text])))
    return rows


def _values(texts: Sequence[str | None], zeros: bool) -> dict[int, Value]:
    """The corrected values by index of vote. Few values come many times, and reading one takes a while."""
    read: dict[str, Value | None] = {}
    found: dict[int, Value] = {}
    for index, text in enumerate(texts):
        if text is None:
            continue
        if text not in read:
            read[text] = to_value(json.loads(text), trailing_zeros=zeros)
        value = read[text]
        if value is not None:
            found[index] = value
    return found


def compute_consensus(ballots: VoteMatrix, method: str) -> ConsensusResult:
    """Consensus of all tasks and scores of all voters by `method`."""
    n_gold_answers = int(ballots.is_gold[ballots.votes.task].sum())
    consensus = estimate(method, ballots.votes, known=ballots.known, n_gold_answers=n_gold_answers)
    reliability, trust = score_voters(consensus)
    with _gc_paused():
        outcomes = _outcomes(ballots, consensus, reliability)
    return ConsensusResult(ballots, consensus, outcomes, reliability, trust)


def score_voters(consensus: Consensus) -> tuple[Floats, Floats]:
    """Reliability and trust of each voter.

    Reliability is the mean diagonal of the confusion matrix, over the classes that occur. Trust is the lower end of
    its 95 % interval: each diagonal entry is the mean of a Beta distribution with the votes behind it, the mean of
    these is given the number of votes that has the same variance, and Wilson's bound is taken.
    """
    classes = np.flatnonzero(consensus.support.sum(axis=0) > 0)
    if not classes.size:
        return np.ones(consensus.support.shape[0]), np.zeros(consensus.support.shape[0])
    right = consensus.confusion[:, classes, classes]
    reliability = right.mean(axis=1)
    variance = (right * (1 - right) / (consensus.support[:, classes] + 1)).sum(axis=1) / classes.size**2
    spread = reliability * (1 - reliability)
    alike = np.divide(spread, variance, out=consensus.support.sum(axis=1), where=variance > 0)
    bounds = [wilson_interval(share * n, n).low for share, n in zip(reliability.tolist(), alike.tolist(), strict=True)]
    return reliability, np.array(bounds)


def _outcomes(ballots: VoteMatrix, consensus: Consensus, reliability: Floats) -> list[Outcome]:
    """The outcome of each task, as `decide` finds it; only tasks with something special are decided one by one."""
    speaker, disputed = _single_values(ballots, consensus, reliability)
    special = set(disputed.tolist())
    special.update(index for index, truth in enumerate(ballots.truths) if truth is not None)
    found = _plain_outcomes(ballots, consensus, speaker)
    if special:
        votes, skill = ballots.votes, reliability.tolist()
        by_task = np.argsort(votes.task, kind="stable")
        stops = np.cumsum(votes.per_task())
        for index in special:
            own = by_task[stops[index - 1] if index else 0 : stops[index]].tolist()
            cast = [
                Vote(VERDICT_CLASSES[votes.label[i]], ballots.values.get(i), skill[votes.annotator[i]]) for i in own
            ]
            task = ballots.tasks[index]
            chances = consensus.posterior[index].tolist()
            found[index] = _decide(task, ballots.truths[index], cast, chances, ballots.rules[task.n_required])
    return found


def _single_values(ballots: VoteMatrix, consensus: Consensus, reliability: Floats) -> tuple[Ints, Ints]:
    """Per task the vote that speaks for its one corrected value (`UNKNOWN`: none); and the tasks with several."""
    votes = ballots.votes
    speaker = np.full(votes.n_tasks, UNKNOWN, dtype=np.intp)
    index = np.fromiter(ballots.values, dtype=np.intp, count=len(ballots.values))
    wrong = CLASS_OF[Verdict.INCORRECT]
    numbers: dict[str, int] = {}
    keys = np.array([numbers.setdefault(v.key, len(numbers)) for v in ballots.values.values()], dtype=np.intp)
    of = votes.task[index]
    kept = (votes.label[index] == wrong) & (consensus.posterior.argmax(axis=1)[of] == wrong)
    index, keys, of = index[kept], keys[kept], of[kept]
    pairs = np.unique(of * max(len(numbers), 1) + keys)
    per_task = np.bincount(pairs // max(len(numbers), 1), minlength=votes.n_tasks)
    # Written in this order, so that the most reliable voter's vote, then the earliest, stays.
    order = np.lexsort((-index, reliability[votes.annotator[index]]))
    speaker[of[order]] = index[order]
    return speaker, np.flatnonzero(per_task > 1)


def _plain_outcomes(ballots: VoteMatrix, consensus: Consensus, speaker: Ints) -> list[Outcome]:
    """`decide.outcome` of all tasks at once, for those whose corrected values are all equal."""
    counts = ballots.votes.counts()
    n_votes = counts.sum(axis=1)
    required = np.array([task.n_required for task in ballots.tasks], dtype=np.intp)
    early = any(rule.early_stop for rule in ballots.rules.values())
    best = consensus.posterior.argmax(axis=1)
    at_best = np.arange(best.size), best
    reached = consensus.posterior[at_best]
    share = counts[at_best] / np.maximum(n_votes, 1)
    top = np.sort(counts, axis=1)
    safe = (reached >= SAFE_POSTERIOR - POSTERIOR_TOLERANCE) & ~((top[:, -1] == top[:, -2]) & (n_votes > 0))
    missing = n_votes < required
    sooner = early & missing & (2 * n_votes > required) & (required > 2) & safe & (share == 1)
    status = np.where(missing & ~sooner, 0, np.where(safe, 2, 1))
    found: list[Outcome] = []
    columns = (status.tolist(), best.tolist(), reached.tolist(), share.tolist(), speaker.tolist())
    for state, label, chance, agreed, spoken in zip(*columns, strict=True):
        if state == 0:
            found.append(OPEN_OUTCOME)
        elif state == 1:
            found.append(Outcome(TaskStatus.IN_REVIEW, posterior=chance))
        else:
            value = None if spoken == UNKNOWN else ballots.values[spoken]
            found.append(Outcome(TaskStatus.RESOLVED, VERDICT_CLASSES[label], value, agreed, chance))
    return found


def _decide(task: TaskRow, truth: Truth | None, cast: list[Vote], posterior: list[float], rule: Rule) -> Outcome:
    if truth is None:
        return decide_outcome(cast, posterior, rule)
    return ruled_outcome(cast, truth) if task.adjudicated else gold_outcome(cast, truth, rule)


def consensus_matches(measured: ConsensusResult) -> tuple[Mask, Mask]:
    """Per vote: whether its task is resolved, and whether the vote equals that consensus."""
    votes, outcomes = measured.ballots.votes, measured.outcomes
    verdicts = np.array([UNKNOWN if o.verdict is None else CLASS_OF[o.verdict] for o in outcomes], dtype=np.intp)
    settled = verdicts[votes.task] != UNKNOWN
    same = verdicts[votes.task] == votes.label
    return settled, _drop_other_values(measured.ballots, same, outcomes)


def gold_matches(ballots: VoteMatrix) -> tuple[Mask, Mask]:
    """Per vote: whether its task is gold with a known answer, and whether the vote equals that answer."""
    answer = ballots.gold_class[ballots.votes.task]
    gold = answer != UNKNOWN
    same = gold & (answer == ballots.votes.label)
    return gold, _drop_other_values(ballots, same, ballots.truths)


def _drop_other_values(ballots: VoteMatrix, same: Mask, references: Sequence[Outcome | Truth | None]) -> Mask:
    """`same` without the votes whose value is not the reference's."""
    if not ballots.values:
        return same
    with_value = np.fromiter(ballots.values, dtype=np.intp)
    task = ballots.votes.task[with_value].tolist()
    expected = [None if (reference := references[t]) is None else reference.value for t in task]
    pairs = zip(ballots.values.values(), expected, strict=True)
    same[with_value] &= np.array([same_value(given, value) for given, value in pairs], dtype=np.bool_)
    return same


_SHEETS = select(task_sheets.c.sheet_seq, task_sheets.c.sheet)
_TASKS = select(
    *(tasks.c[name] for name in TaskRow._fields if name != "consensus_value"),
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
).order_by(submissions.c.number)
