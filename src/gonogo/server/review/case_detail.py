"""Case detail: collects everything that an expert needs to rule on one task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from string import ascii_uppercase
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, exists, select

from gonogo.json_types import JsonObject, JsonValue
from gonogo.schemas.review import (
    ERROR_TYPES,
    Likeness,
    PossibleRuling,
    ReviewDetail,
    ReviewVote,
    Standing,
    ValueGroup,
)
from gonogo.schemas.verdicts import VERDICT_CLASSES, VERDICTS, Verdict
from gonogo.server.auth.principals import Principal
from gonogo.server.consensus.decide import Outcome, Truth, Vote, ruled_outcome, same_value
from gonogo.server.consensus.values import Value, group_values
from gonogo.server.queue.amendments import first_answers
from gonogo.server.review.notes import help_of_task
from gonogo.server.review.other_readings import readings_of_task
from gonogo.server.review.queue import conflict_reason, expected_harm
from gonogo.server.review.rulings import person_name, ruling_public, rulings_of_task
from gonogo.server.scoring.task_scoring import ScoredTask, VoteToScore, load_task, score_task
from gonogo.server.serialize import instant, task_public
from gonogo.server.store.schema import annotator_accounts, annotator_scores, discounted_votes, submissions, users
from gonogo.server.store.schema.rows import TaskRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.values import equal

LabelledVote = tuple[str, Vote]
"""A counted vote and its letter."""


# --- queries -----------------------------------------------------------------------------------------------


class CaseVoteRow(NamedTuple):
    """A vote on the task, counted or not, with its voter's scores and name."""

    voter_id: str
    verdict: str
    corrected_value: JsonValue
    confidence: float | None
    duration_ms: int | None
    created_at: datetime
    counted: bool
    late: bool
    confusion: list[list[float]] | None
    reliability: float | None
    voter_name: str | None
    discounted: bool
    reason: str | None
    note: str | None
    id: str


_VOTES = (
    select(
        submissions.c.voter_id,
        submissions.c.verdict,
        submissions.c.corrected_value,
        submissions.c.confidence,
        submissions.c.duration_ms,
        submissions.c.created_at,
        submissions.c.counted,
        submissions.c.late,
        annotator_scores.c.confusion,
        annotator_scores.c.reliability,
        person_name(submissions.c.voter_id).label("voter_name"),
        exists().where(discounted_votes.c.submission_id == submissions.c.id).label("discounted"),
        submissions.c.reason,
        submissions.c.note,
        submissions.c.id,
    )
    .outerjoin(
        annotator_scores,
        (annotator_scores.c.campaign_id == submissions.c.campaign_id)
        & (annotator_scores.c.voter_id == submissions.c.voter_id),
    )
    .outerjoin(annotator_accounts, annotator_accounts.c.id == submissions.c.voter_id)
    .outerjoin(users, users.c.id == submissions.c.voter_id)
    .where(submissions.c.task_id == bindparam("task"))
    .order_by(submissions.c.number)
)


# --- the detail --------------------------------------------------------------------------------------------


def case_detail(
    connection: Connection, task: TaskRow, caller: Principal, now: datetime, *, names: bool
) -> ReviewDetail:
    """Votes, value groups, possible rulings and earlier rulings of a task; the voters' names only with `names`."""
    rows = fetch_all(connection, _VOTES, CaseVoteRow, {"task": task.id})
    first = first_answers(connection, [row.id for row in rows])
    labelled = [(_label(index), row) for index, row in enumerate(rows)]
    counted = [(label, row) for label, row in labelled if row.counted]
    to_score = load_task(connection, task.id)
    scored = score_task(
        to_score,
        [VoteToScore(row.verdict, row.corrected_value, row.confusion, row.reliability) for _, row in counted],
    )
    cast = [(label, vote) for (label, _), vote in zip(counted, scored.votes, strict=True)]
    groups, values = _groups(cast, task.predicted_value, to_score.unit or "")
    outcome = scored.outcome()
    verdicts = Counter(vote.verdict for _, vote in cast)
    return ReviewDetail(
        task=task_public(task, now),
        harm=expected_harm(outcome.posterior, task.predicted_confidence),
        why="ruled" if task.adjudicated else conflict_reason(verdicts, len(groups)),
        adjudicated=task.adjudicated,
        own_vote=any(row.voter_id == caller.id for row in rows),
        votes=[_review_vote(label, row, first.get(row.id, {}), names) for label, row in labelled],
        groups=groups,
        readings=readings_of_task(connection, task),
        now=_standing(outcome, scored.probabilities),
        possible=_possible(scored, cast, groups, values),
        rulings=[ruling_public(row, caller.id, names=names) for row in rulings_of_task(connection, task.id)],
        help=help_of_task(connection, task.id, names=names),
        error_types=list(ERROR_TYPES),
    )


def _label(index: int) -> str:
    """Letter of a vote: A … Z, then AA, AB …"""
    first, last = divmod(index, len(ascii_uppercase))
    return (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]


def _review_vote(label: str, row: CaseVoteRow, first: JsonObject, names: bool) -> ReviewVote:
    return ReviewVote(
        label=label,
        verdict=row.verdict,
        corrected_value=row.corrected_value,
        confidence=row.confidence,
        duration_ms=row.duration_ms,
        created_at=instant(row.created_at),
        counted=row.counted,
        late=row.late,
        discounted=row.discounted,
        reliability=row.reliability,
        voter_id=row.voter_id if names else None,
        voter_name=row.voter_name if names else None,
        reason=row.reason,
        note=row.note,
        first_verdict=str(first["verdict"]) if first else None,
        first_value=first.get("corrected_value"),
    )


def _groups(cast: Sequence[LabelledVote], predicted: JsonValue, unit: str) -> tuple[list[ValueGroup], list[Value]]:
    """Groups of equal values in the votes for *incorrect*, likeliest first, and the value of each group."""
    corrections = [
        (label, vote.value, vote) for label, vote in cast if vote.verdict == Verdict.INCORRECT and vote.value
    ]
    groups: list[ValueGroup] = []
    values: list[Value] = []
    for group in group_values([(value, vote.reliability) for _, value, vote in corrections]):
        raw = group.value.raw
        members = [
            Likeness(label=corrections[i][0], reason=equal(corrections[i][1].raw, raw, unit=unit).reason)
            for i in group.voters
        ]
        groups.append(
            ValueGroup(
                value=raw,
                labels=[corrections[i][0] for i in group.voters],
                posterior=group.posterior,
                members=members,
                against=equal(raw, values[0].raw, unit=unit).reason if values else None,
                as_predicted=predicted is not None and equal(raw, predicted, unit=unit).equal,
            )
        )
        values.append(group.value)
    return groups, values


def _possible(
    scored: ScoredTask, cast: Sequence[LabelledVote], groups: Sequence[ValueGroup], values: Sequence[Value]
) -> list[PossibleRuling]:
    """One ruling per verdict, in the order of the table; before a verdict that takes a value, one per voter's value."""
    rulings: list[tuple[Truth, int | None, float]] = []
    for traits, probability in zip(VERDICTS.values(), scored.probabilities, strict=True):
        if traits.takes_value:
            for index, (group, value) in enumerate(zip(groups, values, strict=True)):
                rulings.append((Truth(traits.verdict, value), index, probability * group.posterior))
        rulings.append((Truth(traits.verdict), None, probability))
    return [_possible_ruling(truth, index, probability, cast) for truth, index, probability in rulings]


def _possible_ruling(truth: Truth, group: int | None, share: float, cast: Sequence[LabelledVote]) -> PossibleRuling:
    outcome = ruled_outcome([vote for _, vote in cast], truth)
    upheld = [label for label, vote in cast if vote.verdict == truth.verdict and same_value(vote.value, truth.value)]
    return PossibleRuling(
        verdict=truth.verdict,
        value=None if truth.value is None else truth.value.raw,
        group=group,
        probability=share,
        upholds=upheld,
        overrules=[label for label, _ in cast if label not in upheld],
        after=_standing(outcome, [float(verdict == truth.verdict) for verdict in VERDICT_CLASSES]),
    )


def _standing(outcome: Outcome, probabilities: Sequence[float]) -> Standing:
    return Standing(
        status=outcome.status,
        verdict=outcome.verdict,
        value=None if outcome.value is None else outcome.value.raw,
        agreement=outcome.agreement,
        posterior=dict(zip(VERDICT_CLASSES, probabilities, strict=True)),
    )
