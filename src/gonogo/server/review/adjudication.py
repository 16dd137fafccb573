"""One adjudication: all there is to know before it, the ruling itself, and what becomes of it as gold."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from string import ascii_uppercase
from typing import Any

from sqlalchemy import Connection, Row, bindparam, exists, false, func, select

from gonogo.schemas.enums import CampaignStatus, ConflictReason
from gonogo.schemas.labeling import Adjudication
from gonogo.schemas.review import (
    ERROR_TYPES,
    GoldDecision,
    Likeness,
    PossibleRuling,
    ReviewDetail,
    ReviewVote,
    RulingCreate,
    RulingPublic,
    Standing,
    ValueGroup,
)
from gonogo.schemas.verdicts import VERDICT_CLASSES, VERDICTS, Verdict
from gonogo.server.auth.principals import Principal, Voter
from gonogo.server.consensus.decide import Outcome, Truth, Vote, ruled_outcome, same_value
from gonogo.server.consensus.values import Value, group_values
from gonogo.server.errors import conflict, not_found
from gonogo.server.queue import honeypots
from gonogo.server.queue import submissions as votes
from gonogo.server.review.queue import conflict_reason, expected_harm
from gonogo.server.scoring.task_scoring import ScoredTask, VoteToScore, load_task, score_task
from gonogo.server.serialize import instant, task_public
from gonogo.server.store.ids import new_id as fresh_id
from gonogo.server.store.schema import (
    annotator_accounts,
    annotator_scores,
    discounted_votes,
    gold_items,
    rulings,
    submissions,
    tasks,
    users,
)
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_one
from gonogo.server.tasks.create import create_tasks
from gonogo.server.tasks.subject import SUBJECT_COLUMNS

CANDIDATE, ACCEPTED, DECLINED = "candidate", "accepted", "declined"


def refuse_own_vote(connection: Connection, task_id: str, voter_id: str) -> None:
    """Raises 409 when a reviewer would rule on a task that they voted on."""
    own = select(submissions.c.id).where(submissions.c.task_id == task_id, submissions.c.voter_id == voter_id)
    if connection.execute(own).first() is not None:
        message = "You voted on this task: another reviewer has to rule on it."
        raise conflict(ConflictReason.OWN_VOTE, message)


# --- before ----------------------------------------------------------------------------------------------


def case_detail(
    connection: Connection, task: TaskRow, caller: Principal, now: datetime, *, names: bool
) -> ReviewDetail:
    """Everything about one task for the expert who rules on it; who voted only with `names`."""
    rows = connection.execute(_ALL_VOTES, {"task": task.id}).all()
    labels = [_label(index) for index in range(len(rows))]
    counted = [(label, row) for label, row in zip(labels, rows, strict=True) if row.counted]
    weighed = score_task(
        load_task(connection, task.id),
        [VoteToScore(row.verdict, row.corrected_value, row.confusion, row.reliability) for _, row in counted],
    )
    cast = [(label, vote) for (label, _), vote in zip(counted, weighed.votes, strict=True)]
    groups, members = _groups(cast, task.predicted_value)
    found = weighed.outcome()
    verdicts = Counter(vote.verdict for _, vote in cast)
    return ReviewDetail(
        task=task_public(task, now),
        harm=expected_harm(found.posterior, task.predicted_confidence),
        why="ruled" if task.adjudicated else conflict_reason(verdicts, len(groups)),
        adjudicated=task.adjudicated,
        own_vote=any(row.voter_id == caller.id for row in rows),
        votes=[_review_vote(label, row, names) for label, row in zip(labels, rows, strict=True)],
        groups=groups,
        now=_standing(found, weighed.probabilities),
        possible=_possible(weighed, cast, groups, members),
        rulings=[ruling_public(row, caller.id, names=names) for row in _rulings_of_task(connection, task.id)],
        error_types=list(ERROR_TYPES),
    )


def _label(index: int) -> str:
    """A … Z, then AA, AB …"""
    first, last = divmod(index, len(ascii_uppercase))
    return (ascii_uppercase[first - 1] if first else "") + ascii_uppercase[last]


def _review_vote(label: str, row: Row[Any], names: bool) -> ReviewVote:
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
    )


def _groups(cast: Sequence[tuple[str, Vote]], predicted: Any) -> tuple[list[ValueGroup], list[Value]]:
    """The groups of equal values among those who say *incorrect*, likeliest first, with the reasons."""
    from gonogo.values import equal

    given = [(label, vote.value, vote) for label, vote in cast if vote.verdict == Verdict.INCORRECT and vote.value]
    found: list[ValueGroup] = []
    values: list[Value] = []
    for group in group_values([(value, vote.reliability) for _, value, vote in given]):
        raw = group.value.raw
        likeness = [Likeness(label=given[i][0], reason=equal(given[i][1].raw, raw).reason) for i in group.voters]
        found.append(
            ValueGroup(
                value=raw,
                labels=[given[i][0] for i in group.voters],
                posterior=group.posterior,
                members=likeness,
                against=equal(raw, values[0].raw).reason if values else None,
                as_predicted=predicted is not None and equal(raw, predicted).equal,
            )
        )
        values.append(group.value)
    return found, values


def _possible(
    weighed: ScoredTask, cast: Sequence[tuple[str, Vote]], groups: Sequence[ValueGroup], values: Sequence[Value]
) -> list[PossibleRuling]:
    """One ruling per verdict, in the order of the table; before a verdict that takes a value, one per voter's value."""
    rulings: list[tuple[Truth, int | None, float]] = []
    for traits, probability in zip(VERDICTS.values(), weighed.probabilities, strict=True):
        if traits.takes_value:
            for index, (group, value) in enumerate(zip(groups, values, strict=True)):
                rulings.append((Truth(traits.verdict, value), index, probability * group.posterior))
        rulings.append((Truth(traits.verdict), None, probability))
    return [_possible_ruling(truth, index, probability, cast) for truth, index, probability in rulings]


def _possible_ruling(truth: Truth, group: int | None, share: float, cast: Sequence[tuple[str, Vote]]) -> PossibleRuling:
    found = ruled_outcome([vote for _, vote in cast], truth)
    upheld = [label for label, vote in cast if vote.verdict == truth.verdict and same_value(vote.value, truth.value)]
    return PossibleRuling(
        verdict=truth.verdict,
        value=None if truth.value is None else truth.value.raw,
        group=group,
        probability=share,
        upholds=upheld,
        overrules=[label for label, _ in cast if label not in upheld],
        after=_standing(found, [float(verdict == truth.verdict) for verdict in VERDICT_CLASSES]),
    )


def _standing(found: Outcome, probabilities: Sequence[float]) -> Standing:
    return Standing(
        status=found.status,
        verdict=found.verdict,
        value=None if found.value is None else found.value.raw,
        agreement=found.agreement,
        posterior=dict(zip(VERDICT_CLASSES, probabilities, strict=True)),
    )


# --- the ruling ------------------------------------------------------------------------------------------


def adjudicate(
    connection: Connection, task_id: str, caller: Principal, body: RulingCreate, now: datetime
) -> tuple[Row[Any], Row[Any]]:
    """Settles the task by the ruling; answers the ruling and the task. Call it in a `store.write()` block.

    An earlier ruling stands unless `override`: 409 `task_resolved`, with both rulings in the details.
    """
    task = fetch_one(connection, select(tasks).where(tasks.c.id == task_id).with_for_update(), TaskRow)
    if task.adjudicated and not body.override:
        raise _already_ruled(connection, task, caller, body)
    adjudication = Adjudication(verdict=body.verdict, corrected_value=body.corrected_value)
    votes.resolve_by_ruling(connection, task_id, adjudication, now)
    earlier = rulings.update().where(rulings.c.task_id == task_id, rulings.c.superseded == false())
    connection.execute(earlier.values(superseded=True))
    made = fresh_id()
    connection.execute(
        rulings.insert().values(
            id=made,
            task_id=task_id,
            campaign_id=task.campaign_id,
            expert_id=caller.id,
            expert_kind=caller.kind,
            verdict=body.verdict,
            corrected_value=body.corrected_value,
            note=body.note,
            error_type=body.error_type,
            gold_status=CANDIDATE if body.gold_candidate and not task.is_gold else None,
            created_at=now,
        )
    )
    ruling = connection.execute(RULINGS.where(rulings.c.id == made)).one()
    return ruling, connection.execute(select(tasks).where(tasks.c.id == task_id)).one()


def _already_ruled(connection: Connection, task: TaskRow, caller: Principal, body: RulingCreate) -> Exception:
    standing = [row for row in _rulings_of_task(connection, task.id) if not row.superseded]
    if standing:
        earlier = ruling_public(standing[-1], caller.id, names=False)
    else:  # from the time when the published operation left no record but the outcome
        known = {"verdict": task.consensus_verdict, "corrected_value": task.consensus_value}
        earlier = RulingPublic(task_id=task.id, created_at=instant(task.resolved_at), **known)
    who = "You have" if earlier.by_you else "Another expert has"
    message = f"{who} ruled on this task already; nothing was changed. Look at both rulings, then override or go on."
    yours = {"verdict": body.verdict, "corrected_value": body.corrected_value, "note": body.note}
    return conflict(ConflictReason.TASK_RESOLVED, message, earlier=earlier.model_dump(), yours=yours)


def ruling_public(row: Row[Any], caller_id: str, *, names: bool) -> RulingPublic:
    return RulingPublic(
        **{name: getattr(row, name) for name in ("id", "task_id", "verdict", "corrected_value", "note", "error_type")},
        gold_status=row.gold_status,
        gold_task_id=row.gold_task_id,
        superseded=row.superseded,
        by_you=row.expert_id == caller_id,
        expert_id=row.expert_id if names else None,
        expert_name=row.expert_name if names else None,
        created_at=instant(row.created_at),
    )


def _rulings_of_task(connection: Connection, task_id: str) -> Sequence[Row[Any]]:
    return connection.execute(RULINGS.where(rulings.c.task_id == task_id).order_by(rulings.c.number)).all()


# --- gold ------------------------------------------------------------------------------------------------


def ruling_by_id(connection: Connection, ruling_id: str) -> Row[Any]:
    """The ruling; 404 when there is none."""
    row = connection.execute(RULINGS.where(rulings.c.id == ruling_id)).first()
    if row is None:
        raise not_found()
    return row


def decide_gold_candidate(
    connection: Connection,
    ruling: Row[Any],
    target: CampaignRow,
    decision: GoldDecision,
    caller: Principal,
    now: datetime,
    rng: random.Random,
) -> Row[Any]:
    """Accepts a candidate as a honeypot of `target`, or declines it; the same decision again changes nothing.

    Whoever voted on the task is never served the honeypot that is made of it.
    """
    wanted = ACCEPTED if decision.accept else DECLINED
    if ruling.gold_status == wanted:
        return ruling
    if ruling.gold_status is None or ruling.gold_status == ACCEPTED or ruling.superseded:
        raise conflict(None, "This ruling is not a gold candidate (any more): nothing was changed.")
    changes: dict[str, Any] = {"gold_status": wanted, "gold_decided_by": caller.id, "gold_decided_at": now}
    if decision.accept:
        if target.status != CampaignStatus.OPEN:
            message = "That campaign is closed and takes no more gold: name an open one in campaign_id."
            raise conflict(ConflictReason.CAMPAIGN_CLOSED, message)
        changes["gold_task_id"] = _make_gold(connection, ruling, target, now, rng)
    connection.execute(rulings.update().where(rulings.c.id == ruling.id).values(**changes))
    return ruling_by_id(connection, ruling.id)


def _make_gold(connection: Connection, ruling: Row[Any], target: CampaignRow, now: datetime, rng: random.Random) -> str:
    task = connection.execute(select(tasks).where(tasks.c.id == ruling.task_id)).one()
    answer = str(ruling.verdict)
    if ruling.corrected_value is not None:
        known = {"verdict": ruling.verdict, "corrected_value": ruling.corrected_value}
        answer = json.dumps(known, ensure_ascii=False)
    values = {name: getattr(task, name) for name in SUBJECT_COLUMNS}
    values |= {"calculation_id": task.calculation_id, "n_required": None, "is_gold": True, "gold_answer": answer}
    (made,) = create_tasks(connection, target, [values], now, rng)
    copy = connection.execute(select(tasks).where(tasks.c.id == made)).one()
    if ruling.error_type is not None:
        item = gold_items.update().where(gold_items.c.id == copy.gold_item_id)
        connection.execute(item.values(error_type=ruling.error_type))
    seen_by = select(submissions.c.voter_id, submissions.c.voter_kind).where(submissions.c.task_id == task.id)
    for person in connection.execute(seen_by).all():
        voter = Voter(person.voter_id, person.voter_kind)
        honeypots.record_unserved(connection, target.id, copy.gold_item_id, copy.id, voter)
    return made


def _person_name(who: Any) -> Any:
    return func.coalesce(annotator_accounts.c.display_name, annotator_accounts.c.email, users.c.name, who)


_ALL_VOTES = (
    select(
        submissions,
        annotator_scores.c.confusion,
        annotator_scores.c.reliability,
        _person_name(submissions.c.voter_id).label("voter_name"),
        exists().where(discounted_votes.c.submission_id == submissions.c.id).label("discounted"),
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
RULINGS = (
    select(rulings, _person_name(rulings.c.expert_id).label("expert_name"))
    .outerjoin(annotator_accounts, annotator_accounts.c.id == rulings.c.expert_id)
    .outerjoin(users, users.c.id == rulings.c.expert_id)
)
