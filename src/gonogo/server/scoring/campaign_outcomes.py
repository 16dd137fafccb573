"""Outcomes of a campaign's tasks: decides all of them in one pass over arrays.

The rule is that of `consensus.decide.decide_outcome`; `tests/server/scoring/test_campaign_outcomes.py` binds the two.
One by one it would take seconds for 100,000 tasks. Only tasks with a known answer or with several corrected values are
decided one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES, Verdict
from gonogo.server.consensus.decide import (
    CORRECT,
    INCORRECT,
    OPEN_OUTCOME,
    POSTERIOR_TOLERANCE,
    SAFE_POSTERIOR,
    Outcome,
    Vote,
    asks_on,
    decide_outcome,
    gold_outcome,
    ruled_outcome,
)
from gonogo.server.consensus.votes import UNKNOWN, Consensus
from gonogo.server.scoring.vote_matrix import VoteMatrix

if TYPE_CHECKING:
    from gonogo.server.consensus.votes import Floats, Ints

_OPEN, _IN_REVIEW, _RESOLVED = 0, 1, 2


def decide_all(
    matrix: VoteMatrix, consensus: Consensus, reliability: Floats, by_votes: Floats | None = None
) -> list[Outcome]:
    """The outcome of each task, in the order of `matrix.tasks`.

    `by_votes` are the posteriors as if no answer were known, by default those of `consensus`: they say how many votes
    a gold task asks for.
    """
    if by_votes is None:
        by_votes = consensus.posterior
    speaker, disputed = _speakers(matrix, consensus, reliability)
    outcomes = _plain_outcomes(matrix, consensus, speaker)
    one_by_one = set(disputed.tolist())
    one_by_one.update(index for index, truth in enumerate(matrix.truths) if truth is not None)
    if one_by_one:
        shares = shares_asking_on(matrix)
        by_task = np.argsort(matrix.votes.task, kind="stable")
        stops = np.cumsum(matrix.votes.per_task())
        for index in one_by_one:
            own_votes = by_task[stops[index - 1] if index else 0 : stops[index]]
            cast = _cast_votes(matrix, own_votes, reliability)
            posterior = (by_votes if matrix.is_gold[index] else consensus.posterior)[index]
            outcomes[index] = _decide_one(matrix, index, cast, posterior.tolist(), shares)
    return outcomes


def _cast_votes(matrix: VoteMatrix, indices: Ints, reliability: Floats) -> list[Vote]:
    votes = matrix.votes
    return [
        Vote(VERDICT_CLASSES[votes.label[i]], matrix.values.get(i), float(reliability[votes.annotator[i]]))
        for i in indices.tolist()
    ]


def shares_asking_on(matrix: VoteMatrix) -> list[float] | None:
    """By number of votes, the share of ordinary tasks that asked for another one; `None` where all get as many.

    A task with more votes than n asked on at n. One with n that is still open doesn't count: a later fit may settle it
    without another vote, and gold would be asked of more people than others.
    """
    rules = np.array(matrix.rules, dtype=np.float64).reshape(-1, 3)
    free = ~matrix.is_gold & (rules[:, 1] < rules[:, 0]) & ~np.array([t.adjudicated for t in matrix.tasks], dtype=bool)
    if not free.any():
        return None
    n_votes, enough, most = matrix.votes.per_task()[free], rules[free, 1], rules[free, 0]
    is_open = np.array([task.status == TaskStatus.OPEN for task in matrix.tasks], dtype=np.bool_)[free]
    shares = []
    for n in range(int(most.max())):
        reached = (n_votes >= n) & (enough <= n) & (n < most)
        reached &= (n_votes > n) | ~is_open
        went_on = reached & (n_votes > n)
        # Two tasks' worth of a third, which is about what a careful crew asks on.
        shares.append((float(went_on.sum()) + 2 / 3) / (float(reached.sum()) + 2))
    return shares


def _decide_one(
    matrix: VoteMatrix, index: int, cast: list[Vote], posterior: list[float], shares: list[float] | None
) -> Outcome:
    task, truth = matrix.tasks[index], matrix.truths[index]
    if truth is None:
        return decide_outcome(cast, posterior, matrix.rules[index])
    if task.adjudicated:
        return ruled_outcome(cast, truth)
    return gold_outcome(cast, posterior, truth, matrix.rules[index], asks_on(task.id, len(cast), shares))


def _speakers(matrix: VoteMatrix, consensus: Consensus, reliability: Floats) -> tuple[Ints, Ints]:
    """Per task the index of the vote whose corrected value stands (`UNKNOWN`: none), and the tasks with several values.

    Only values of votes for *incorrect* count, on tasks where that is the likeliest verdict.
    """
    votes = matrix.votes
    speaker = np.full(votes.n_tasks, UNKNOWN, dtype=np.intp)
    index = np.fromiter(matrix.values, dtype=np.intp, count=len(matrix.values))
    incorrect = CLASS_OF[Verdict.INCORRECT]
    key_numbers: dict[str, int] = {}
    keys = np.array(
        [key_numbers.setdefault(value.key, len(key_numbers)) for value in matrix.values.values()], dtype=np.intp
    )
    task = votes.task[index]
    counts = (votes.label[index] == incorrect) & (consensus.posterior.argmax(axis=1)[task] == incorrect)
    index, keys, task = index[counts], keys[counts], task[counts]
    n_keys = max(len(key_numbers), 1)
    different = np.unique(task * n_keys + keys)
    values_of_task = np.bincount(different // n_keys, minlength=votes.n_tasks)
    # Assigned in this order, so that the most reliable voter's vote, then the earliest, stays.
    order = np.lexsort((-index, reliability[votes.annotator[index]]))
    speaker[task[order]] = index[order]
    return speaker, np.flatnonzero(values_of_task > 1)


def _plain_outcomes(matrix: VoteMatrix, consensus: Consensus, speaker: Ints) -> list[Outcome]:
    """`decide_outcome` of all tasks at once, as if all corrected values of a task were equal."""
    counts = matrix.votes.counts()
    best = consensus.posterior.argmax(axis=1)
    best_cell = np.arange(best.size), best
    posterior = consensus.posterior[best_cell]
    agreement = counts[best_cell] / np.maximum(counts.sum(axis=1), 1)
    columns = (
        _plain_statuses(matrix, consensus.posterior).tolist(),
        best.tolist(),
        posterior.tolist(),
        agreement.tolist(),
        speaker.tolist(),
        matrix.rules,
    )
    outcomes: list[Outcome] = []
    for status, label, reached, share, vote, rule in zip(*columns, strict=True):
        if status == _OPEN:
            outcomes.append(OPEN_OUTCOME)
        elif status == _IN_REVIEW:
            outcomes.append(Outcome(TaskStatus.IN_REVIEW, posterior=reached))
        else:
            value = None if vote == UNKNOWN else matrix.values[vote]
            outcomes.append(Outcome(TaskStatus.RESOLVED, VERDICT_CLASSES[label], value, share, reached, rule))
    return outcomes


def safe_verdicts(matrix: VoteMatrix, posterior: Floats) -> Ints:
    """The class that each task may settle as by `decide.is_safe_verdict` on votes that do not tie, else `UNKNOWN`."""
    counts = matrix.votes.counts()
    by_count = np.sort(counts, axis=1)
    tied = by_count[:, -1] == by_count[:, -2]  # a task without votes ties, too
    max_risk = np.array(matrix.rules, dtype=np.float64).reshape(-1, 3)[:, 2]
    best = posterior.argmax(axis=1)
    reached = posterior[np.arange(best.size), best] + POSTERIOR_TOLERANCE
    is_low_risk = (max_risk > 0) & (posterior[:, INCORRECT] <= max_risk + POSTERIOR_TOLERANCE)
    accepted = is_low_risk & (reached >= np.minimum(SAFE_POSTERIOR, 1 - max_risk))
    safe = np.where(best == CORRECT, accepted, reached >= SAFE_POSTERIOR) & ~tied
    return np.where(safe, best, UNKNOWN)


def _plain_statuses(matrix: VoteMatrix, posterior: Floats) -> Ints:
    n_votes = matrix.votes.per_task()
    n_required, n_enough, _ = np.array(matrix.rules, dtype=np.float64).reshape(-1, 3).T
    safe = (safe_verdicts(matrix, posterior) != UNKNOWN) & (n_votes >= n_enough)
    statuses: Ints = np.where(safe, _RESOLVED, np.where(n_votes < n_required, _OPEN, _IN_REVIEW))
    return statuses
