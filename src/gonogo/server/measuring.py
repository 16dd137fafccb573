"""A campaign's votes, read once and measured: the consensus of every task and the record of every voter.

Reading and computing need no lock; what changed is written afterwards (`scoring`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import BigInteger, Connection, Row, Text, select, true, type_coerce
from sqlalchemy import cast as as_type

from gonogo.server.agreement import wilson
from gonogo.server.consensus import estimate
from gonogo.server.consensus.decide import (
    CLASS_OF,
    VERDICTS,
    Outcome,
    Rule,
    Truth,
    Vote,
    gold_outcome,
    outcome,
    parse_gold,
    ruled,
    same_value,
)
from gonogo.server.consensus.values import Value, keyed
from gonogo.server.consensus.votes import UNKNOWN, Consensus, Votes
from gonogo.server.store.tables import submissions, tasks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from gonogo.server.consensus.votes import Floats, Ints

    Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Ballots:
    """A campaign's counted votes as they lie in the database.

    Attributes:
        tasks: One row a task, ordered by number.
        truths: The answer of each task that is gold, and the ruling on each that an expert settled; else `None`.
        votes: The votes, oldest first; voters are numbered in the order of their ids.
        voter_ids: Id of each voter.
        values: Corrected values by index of vote.
        duration_ms: Time the client reported for each vote, NaN where it did not.
        claim_ms: Time from claim to submit by the server's clock, NaN for votes without a claim.
        rules: The campaign's rule for each number of votes a task may want.
        is_gold: Whether each task is gold.
        gold_class: Class of each gold task's answer, `UNKNOWN` elsewhere.
        known: The same, and the class of each task that an expert ruled on.
    """

    tasks: Sequence[Row[Any]]
    truths: Sequence[Truth | None]
    votes: Votes
    voter_ids: Sequence[str]
    values: Mapping[int, Value]
    duration_ms: Floats
    claim_ms: Floats
    rules: Mapping[int, Rule]
    is_gold: Flags
    gold_class: Ints
    known: Ints


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the ballots come to; `outcomes` per task, `reliability` and `trust` per voter."""

    ballots: Ballots
    consensus: Consensus
    outcomes: Sequence[Outcome]
    reliability: Floats
    trust: Floats


def read_ballots(connection: Connection, campaign: Row[Any]) -> Ballots:
    """The counted votes of a campaign; `campaign` is its row."""
    task_rows = connection.execute(_TASKS.where(tasks.c.campaign_id == campaign.id)).all()
    here = (submissions.c.campaign_id == campaign.id, submissions.c.counted == true())
    vote_rows = connection.execute(_VOTES.where(*here)).all()
    given = connection.execute(_VALUES.where(*here)).all()
    number, task_id, voter, verdict, duration, claimed, created = (
        zip(*vote_rows, strict=True) if vote_rows else [()] * 7
    )
    voter_ids = sorted(set(voter))
    task_at = {task.id: index for index, task in enumerate(task_rows)}
    voter_at = {voter_id: index for index, voter_id in enumerate(voter_ids)}
    vote_at = {key: index for index, key in enumerate(number)}
    votes = Votes.of(
        [task_at[key] for key in task_id],
        [voter_at[key] for key in voter],
        [CLASS_OF[key] for key in verdict],
        n_tasks=len(task_rows),
        n_annotators=len(voter_ids),
        n_classes=len(VERDICTS),
    )
    claim_us = np.array(created, dtype=np.float64) - np.array(claimed, dtype=np.float64)
    wanted = {task.n_required for task in task_rows}
    truths = _truths(task_rows, campaign.trailing_zeros_matter)
    known = np.array([CLASS_OF.get(truth.verdict, UNKNOWN) if truth else UNKNOWN for truth in truths], dtype=np.intp)
    is_gold = np.array([task.is_gold for task in task_rows], dtype=np.bool_)
    return Ballots(
        tasks=task_rows,
        truths=truths,
        votes=votes,
        voter_ids=voter_ids,
        values={vote_at[key]: value for key, value in _values(given, campaign.trailing_zeros_matter)},
        duration_ms=np.array(duration, dtype=np.float64),
        claim_ms=claim_us / 1000.0,
        rules={n: Rule(n, campaign.early_stop) for n in wanted},
        is_gold=is_gold,
        gold_class=np.where(is_gold, known, UNKNOWN),
        known=known,
    )


def _truths(task_rows: Sequence[Row[Any]], zeros: bool) -> list[Truth | None]:
    found: list[Truth | None] = [None] * len(task_rows)
    for index, task in enumerate(task_rows):
        if task.adjudicated:
            found[index] = Truth(task.consensus_verdict, keyed(task.consensus_value, trailing_zeros=zeros))
        elif task.is_gold:
            found[index] = parse_gold(task.gold_answer, trailing_zeros=zeros)
    return found


def _values(rows: Sequence[Row[int, str]], zeros: bool) -> Iterator[tuple[int, Value]]:
    """Number and value of each vote with one. Few values come many times, and reading one takes a while."""
    read: dict[str, Value] = {}
    for number, text in rows:
        value = read.get(text)
        if value is None:
            value = keyed(json.loads(text), trailing_zeros=zeros)
            if value is None:
                continue
            read[text] = value
        yield number, value


def measure(ballots: Ballots, method: str) -> Measured:
    """Consensus of all tasks and scores of all voters by `method`."""
    n_gold_answers = int(ballots.is_gold[ballots.votes.task].sum())
    consensus = estimate(method, ballots.votes, known=ballots.known, n_gold_answers=n_gold_answers)
    reliability, trust = score_voters(consensus)
    return Measured(ballots, consensus, _outcomes(ballots, consensus, reliability), reliability, trust)


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
    bounds = [wilson(share * n, n).low for share, n in zip(reliability.tolist(), alike.tolist(), strict=True)]
    return reliability, np.array(bounds)


def _outcomes(ballots: Ballots, consensus: Consensus, reliability: Floats) -> list[Outcome]:
    """The outcome of each task; tasks with the same votes and no values are decided once."""
    votes = ballots.votes
    by_task = np.argsort(votes.task, kind="stable").tolist()
    stops = np.cumsum(votes.per_task()).tolist()
    labels, voters, skill = votes.label.tolist(), votes.annotator.tolist(), reliability.tolist()
    special = {int(votes.task[index]) for index in ballots.values}
    special.update(index for index, truth in enumerate(ballots.truths) if truth is not None)
    posterior, counts = consensus.posterior.tolist(), votes.counts().tolist()
    decided: dict[Any, Outcome] = {}
    found, start = [], 0
    for index, (task, stop) in enumerate(zip(ballots.tasks, stops, strict=True)):
        n_required = task.n_required
        key = index if index in special else (n_required, *counts[index], *posterior[index])
        known = decided.get(key)
        if known is None:
            cast = [Vote(VERDICTS[labels[i]], ballots.values.get(i), skill[voters[i]]) for i in by_task[start:stop]]
            known = _decide(task, ballots.truths[index], cast, posterior[index], ballots.rules[n_required])
            decided[key] = known
        found.append(known)
        start = stop
    return found


def _decide(task: Row[Any], truth: Truth | None, cast: list[Vote], posterior: list[float], rule: Rule) -> Outcome:
    if truth is None:
        return outcome(cast, posterior, rule)
    return ruled(cast, truth) if task.adjudicated else gold_outcome(cast, truth, rule)


def agreeing(measured: Measured) -> tuple[Flags, Flags]:
    """Per vote: whether its task is resolved, and whether the vote equals that consensus."""
    votes, outcomes = measured.ballots.votes, measured.outcomes
    verdicts = np.array([UNKNOWN if o.verdict is None else CLASS_OF[o.verdict] for o in outcomes], dtype=np.intp)
    settled = verdicts[votes.task] != UNKNOWN
    same = verdicts[votes.task] == votes.label
    return settled, _less_other_values(measured.ballots, same, outcomes)


def right_on_gold(ballots: Ballots) -> tuple[Flags, Flags]:
    """Per vote: whether its task is gold with a known answer, and whether the vote equals that answer."""
    answer = ballots.gold_class[ballots.votes.task]
    gold = answer != UNKNOWN
    same = gold & (answer == ballots.votes.label)
    return gold, _less_other_values(ballots, same, ballots.truths)


def _less_other_values(ballots: Ballots, same: Flags, references: Sequence[Outcome | Truth | None]) -> Flags:
    """`same` without the votes whose value is not the reference's."""
    if not ballots.values:
        return same
    with_value = np.fromiter(ballots.values, dtype=np.intp)
    task = ballots.votes.task[with_value].tolist()
    expected = [None if (reference := references[t]) is None else reference.value for t in task]
    pairs = zip(ballots.values.values(), expected, strict=True)
    same[with_value] &= np.array([same_value(given, value) for given, value in pairs], dtype=np.bool_)
    return same


_TASKS = select(
    *(
        tasks.c[name]
        for name in (
            "id",
            "number",
            "n_required",
            "is_gold",
            "gold_answer",
            "adjudicated",
            "status",
            "consensus_verdict",
            "consensus_value",
            "agreement",
            "posterior",
            "submission_count",
            "target_kind",
            "detail_kind",
        )
    )
).order_by(tasks.c.number)
# Instants as plain integers of microseconds: making a datetime of each would cost more than everything else here.
_VOTES = select(
    submissions.c.number,
    submissions.c.task_id,
    submissions.c.voter_id,
    submissions.c.verdict,
    submissions.c.duration_ms,
    type_coerce(submissions.c.claimed_at, BigInteger),
    type_coerce(submissions.c.created_at, BigInteger),
).order_by(submissions.c.number)
_VALUES = select(submissions.c.number, as_type(submissions.c.corrected_value, Text)).where(
    submissions.c.corrected_value.is_not(None)
)
