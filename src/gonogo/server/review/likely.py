"""Likely outcomes: compute what the votes on a task say so far, for the rows of the review queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, select, true

from gonogo.json_types import JsonValue
from gonogo.schemas.review import GivenAnswer, LikelyOutcome
from gonogo.schemas.verdicts import CLASS_OF, VERDICT_CLASSES
from gonogo.server.consensus.decide import Vote, consensus_value, same_value
from gonogo.server.scoring.task_scoring import SCORING_COLUMNS, ScoredTask, TaskToScore, VoteToScore, score_task
from gonogo.server.store.schema import annotator_scores, campaign_scores, campaigns, submissions, tasks
from gonogo.server.store.typed_rows import fetch_all


class TaskVotes(NamedTuple):
    """The counted votes on a task, what they make likely (`None` without votes), and the answers given."""

    votes: Sequence[Vote]
    likely: LikelyOutcome | None
    answers: list[GivenAnswer]


class _VoteRow(NamedTuple):
    task_id: str
    verdict: str
    corrected_value: JsonValue
    confusion: list[list[float]] | None
    reliability: float | None


_TASKS = (
    select(*SCORING_COLUMNS)
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
    .outerjoin(campaign_scores, campaign_scores.c.campaign_id == tasks.c.campaign_id)
)
_VOTES = (
    select(
        submissions.c.task_id,
        submissions.c.verdict,
        submissions.c.corrected_value,
        annotator_scores.c.confusion,
        annotator_scores.c.reliability,
    )
    .outerjoin(
        annotator_scores,
        (annotator_scores.c.campaign_id == submissions.c.campaign_id)
        & (annotator_scores.c.voter_id == submissions.c.voter_id),
    )
    .where(submissions.c.counted == true())
    .order_by(submissions.c.number)
)


def votes_of(connection: Connection, campaign_id: str, task_ids: Sequence[str]) -> dict[str, TaskVotes]:
    """Votes and likely outcome of each task of a campaign, in two queries."""
    if not task_ids:
        return {}
    votes: dict[str, list[VoteToScore]] = {}
    of_tasks = (submissions.c.campaign_id == campaign_id, submissions.c.task_id.in_(task_ids))
    for row in fetch_all(connection, _VOTES.where(*of_tasks), _VoteRow):
        votes.setdefault(row.task_id, []).append(VoteToScore(*row[1:]))
    rows = fetch_all(
        connection, _TASKS.where(tasks.c.campaign_id == campaign_id, tasks.c.id.in_(task_ids)), TaskToScore
    )
    return {task.id: _task_votes(score_task(task, votes.get(task.id, []))) for task in rows}


def _task_votes(scored: ScoredTask) -> TaskVotes:
    if not scored.votes:
        return TaskVotes([], None, [])
    best = max(range(len(VERDICT_CLASSES)), key=lambda j: (scored.probabilities[j], -j))
    verdict = VERDICT_CLASSES[best]
    agreed = consensus_value(scored.votes, verdict)
    value = None if agreed is None else agreed.value
    n_for = sum(vote.verdict == verdict and same_value(vote.value, value) for vote in scored.votes)
    likely = LikelyOutcome(
        verdict=verdict,
        value=None if value is None else value.raw,
        probability=scored.probabilities[best] * (1.0 if agreed is None else agreed.posterior),
        n_votes=len(scored.votes),
        n_against=len(scored.votes) - n_for,
    )
    return TaskVotes(scored.votes, likely, _answers(scored.votes))


def _answers(votes: Sequence[Vote]) -> list[GivenAnswer]:
    """The different answers, by verdict, the commonest first."""
    given: dict[tuple[str, str | None], list[Vote]] = {}
    for vote in votes:
        given.setdefault((vote.verdict, None if vote.value is None else vote.value.key), []).append(vote)
    answers = []
    for same in given.values():
        first = same[0]
        value = None if first.value is None else first.value.raw
        answers.append(GivenAnswer(verdict=first.verdict, value=value, count=len(same)))
    return sorted(answers, key=lambda answer: (CLASS_OF[answer.verdict], -answer.count))
