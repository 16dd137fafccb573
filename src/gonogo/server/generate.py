"""Tasks from imported predictions: which ones (selection policy), and which of them become honeypots."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import Connection, Row, exists, select

from gonogo.server.consensus.values import value_key
from gonogo.server.errors import invalid
from gonogo.server.intake import TaskValues, create_tasks
from gonogo.server.seeding import wrong
from gonogo.server.store.columns import subject
from gonogo.server.store.tables import campaigns, predictions, tasks
from gonogo.wire.extensions import TasksMade
from gonogo.wire.vocabulary import Verdict

SUBJECT = [column.name for column in subject()]
_CHUNK = 500
MIXED = 0.2
NEIGHBOURS = 50


class SelectionPolicy(BaseModel):
    """The keys of a project's `selection_policy` that generate-tasks reads; others are kept and ignored.

    `uncertainty` takes the lowest confidences first (predictions without one after the others), `random` a sample,
    `all` takes them in the order of import. `random_fraction` of `limit` is drawn at random from what `uncertainty`
    left over, so that the model's confident mistakes are looked for as well; `mixed` is `uncertainty` with a fifth
    at random. `seeded_wrong` is the share of the honeypots that get a prediction made wrong on purpose, unless it is
    wrong by itself; without it annotators could call everything right and pass.
    """

    model_config = ConfigDict(extra="ignore", strict=True)

    max_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    min_confidence: Annotated[float, Field(ge=0, le=1)] | None = None
    kinds: list[str] | None = None
    strategy: Literal["uncertainty", "random", "mixed", "all"] = "uncertainty"
    limit: Annotated[int, Field(ge=1)] | None = None
    random_fraction: Annotated[float, Field(ge=0, le=1)] | None = None
    seeded_wrong: Annotated[float, Field(ge=0, le=1)] = 0.3
    seed: int | None = None

    @property
    def at_random(self) -> float:
        """The share of `limit` that is drawn at random."""
        usual = MIXED if self.strategy == "mixed" else 0.0
        return usual if self.random_fraction is None else self.random_fraction

    def rng(self, otherwise: random.Random) -> random.Random:
        """Draws by the seed, so that the same policy chooses the same; else `otherwise`."""
        return otherwise if self.seed is None else random.Random(self.seed)  # noqa: S311 - reproducible, no secret


@dataclass(frozen=True)
class Candidate:
    """A prediction, as far as choosing needs it."""

    id: str
    number: int
    confidence: float | None
    has_truth: bool


@dataclass(frozen=True)
class Choice:
    """What generate-tasks chose, and its counters."""

    chosen: tuple[Candidate, ...]
    n_candidates: int
    n_eligible: int
    n_skipped: int


def read_policy(raw: Any, loc: Sequence[str | int] = ("body", "selection_policy")) -> SelectionPolicy:
    """The policy in a project's `selection_policy`; 422 when a known key has a wrong value."""
    try:
        return SelectionPolicy.model_validate(raw or {})
    except ValidationError as error:
        found = [{"loc": [*loc, *e["loc"]], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
        raise invalid(found) from None


def choose(connection: Connection, project: Row[Any], calculation_ids: Sequence[str], rng: random.Random) -> Choice:
    """The predictions of these runs that the project's policy wants and none of its campaigns has yet.

    The same policy with a `seed` chooses the same predictions from the same runs.
    """
    policy = read_policy(project.selection_policy)
    drawn = policy.rng(rng)
    taken = exists().where(
        tasks.c.prediction_id == predictions.c.id,
        tasks.c.campaign_id == campaigns.c.id,
        campaigns.c.project_id == project.id,
    )
    query = select(*_CANDIDATE, taken.label("taken")).where(predictions.c.calculation_id.in_(calculation_ids))
    rows = connection.execute(query.order_by(predictions.c.number)).all()
    eligible = [row for row in rows if _eligible(row, policy, project.target_kinds)]
    fresh = [_candidate(row) for row in eligible if not row.taken]
    return Choice(tuple(select_by(fresh, policy, drawn)), len(rows), len(eligible), len(eligible) - len(fresh))


def select_by(fresh: Sequence[Candidate], policy: SelectionPolicy, rng: random.Random) -> list[Candidate]:
    """Applies strategy, limit and random share; the result is in the order of import."""
    limit = len(fresh) if policy.limit is None else min(policy.limit, len(fresh))
    if policy.strategy == "random":
        chosen = rng.sample(fresh, limit)
    elif policy.strategy == "all":
        chosen = list(fresh[:limit])
    else:
        by_doubt = sorted(fresh, key=lambda c: (math.inf if c.confidence is None else c.confidence, c.number))
        first = limit - round(limit * policy.at_random)
        chosen = by_doubt[:first] + rng.sample(by_doubt[first:], limit - first)
    return sorted(chosen, key=lambda c: c.number)


def honeypots(chosen: Sequence[Candidate], gold_fraction: float, rng: random.Random) -> set[str]:
    """Ids of the predictions that become gold: a random share, `gold_fraction` of all, of those with a known truth.

    A share, not all: what is gold is asked as gold only, and a campaign needs ordinary work for gold to hide in.
    """
    known = [candidate.id for candidate in chosen if candidate.has_truth]
    return set(rng.sample(known, n_honeypots(chosen, gold_fraction)))


def n_honeypots(chosen: Sequence[Candidate], gold_fraction: float) -> int:
    """How many of the chosen become gold."""
    return min(sum(candidate.has_truth for candidate in chosen), math.ceil(gold_fraction * len(chosen)))


def make_tasks(
    connection: Connection,
    campaign: Row[Any],
    chosen: Sequence[Candidate],
    gold: set[str],
    now: datetime,
    rng: random.Random,
    seeded: Seeded | None = None,
) -> None:
    """Makes the tasks of the chosen predictions, those in `gold` as honeypots, and some of these wrong on purpose."""
    for rows in _full_rows(connection, chosen):
        made = []
        for row in rows:
            task = _task(row, campaign, row.id in gold)
            if seeded is not None and row.id in seeded.ids and task["gold_answer"] == Verdict.CORRECT.value:
                task |= _made_wrong(connection, row, seeded.rng)
            made.append(task)
        create_tasks(connection, campaign, made, now, rng)


@dataclass(frozen=True)
class Seeded:
    """Honeypots that get a wrong prediction, and what draws the errors."""

    ids: frozenset[str]
    rng: random.Random


def seeded_wrong(policy: SelectionPolicy, chosen: Sequence[Candidate], gold: set[str], rng: random.Random) -> Seeded:
    """The share of the honeypots that the policy wants wrong."""
    drawn = policy.rng(rng)
    known = [candidate.id for candidate in chosen if candidate.id in gold]  # in the order of import, not of random ids
    return Seeded(frozenset(drawn.sample(known, round(policy.seeded_wrong * len(known)))), drawn)


def _made_wrong(connection: Connection, row: Row[Any], rng: random.Random) -> TaskValues:
    """The columns that make a right honeypot a wrong one; none where no plausible error can be made."""
    here = (predictions.c.calculation_id == row.calculation_id, predictions.c.id != row.id)
    same_sheet = predictions.c.part_revision_id == row.part_revision_id
    near = select(predictions.c.predicted_value).where(*here, same_sheet).order_by(predictions.c.number)
    neighbours = connection.execute(near.limit(NEIGHBOURS)).scalars().all()
    found = wrong(row.predicted_value or {}, row.truth, neighbours, rng)
    if found is None:
        return {}
    value, kind = found
    answer = {"verdict": Verdict.INCORRECT.value, "corrected_value": row.truth}
    return {"predicted_value": value, "gold_answer": json.dumps(answer, ensure_ascii=False), "error_type": kind.value}


def tasks_from_run(
    connection: Connection,
    campaign: Row[Any],
    calculation_id: str,
    now: datetime,
    rng: random.Random,
    *,
    gold_from_truth: bool,
) -> TasksMade:
    """Makes every prediction of a run a task of the campaign, once: a second call makes only what is new.

    With `gold_from_truth` a share of those with a truth becomes gold (at least a tenth of all: who asks for gold in a
    campaign whose `gold_fraction` is 0 still gets the items).
    """
    taken = exists().where(tasks.c.prediction_id == predictions.c.id, tasks.c.campaign_id == campaign.id)
    query = select(*_CANDIDATE, taken.label("taken")).where(predictions.c.calculation_id == calculation_id)
    rows = connection.execute(query.order_by(predictions.c.number)).all()
    fresh = [_candidate(row) for row in rows if not row.taken]
    gold = honeypots(fresh, max(campaign.gold_fraction, 0.1), rng) if gold_from_truth else set()
    make_tasks(connection, campaign, fresh, gold, now, rng)
    return TasksMade(n_tasks=len(fresh) - len(gold), n_gold=len(gold), n_skipped=len(rows) - len(fresh))


def gold_answer(predicted: Any, truth: Any, *, trailing_zeros: bool) -> str:
    """The answer of a task whose truth is known, as `gold_answer` text."""
    same = value_key(predicted, trailing_zeros=trailing_zeros) == value_key(truth, trailing_zeros=trailing_zeros)
    if same:
        return Verdict.CORRECT.value
    return json.dumps({"verdict": Verdict.INCORRECT.value, "corrected_value": truth}, ensure_ascii=False)


def _eligible(row: Any, policy: SelectionPolicy, target_kinds: Sequence[str]) -> bool:
    """`kinds` may name target or detail kinds; a prediction without confidence passes no confidence bound."""
    if target_kinds and row.target_kind not in target_kinds:
        return False
    if policy.kinds is not None and not {row.target_kind, row.detail_kind} & set(policy.kinds):
        return False
    level = row.predicted_confidence
    if policy.max_confidence is not None and (level is None or level > policy.max_confidence):
        return False
    return policy.min_confidence is None or (level is not None and level >= policy.min_confidence)


def _candidate(row: Any) -> Candidate:
    return Candidate(row.id, row.number, row.predicted_confidence, row.has_truth)


def _full_rows(connection: Connection, chosen: Sequence[Candidate]) -> Iterator[Sequence[Row[Any]]]:
    for start in range(0, len(chosen), _CHUNK):
        ids = [candidate.id for candidate in chosen[start : start + _CHUNK]]
        query = select(predictions).where(predictions.c.id.in_(ids)).order_by(predictions.c.number)
        yield connection.execute(query).all()


def _task(row: Row[Any], campaign: Row[Any], is_gold: bool) -> TaskValues:
    zeros = campaign.trailing_zeros_matter
    answer = gold_answer(row.predicted_value, row.truth, trailing_zeros=zeros) if is_gold else None
    return {
        **{name: getattr(row, name) for name in SUBJECT},
        "prediction_id": row.id,
        "calculation_id": row.calculation_id,
        "n_required": None,
        "is_gold": is_gold,
        "gold_answer": answer,
    }


_CANDIDATE = [
    predictions.c.id,
    predictions.c.number,
    predictions.c.target_kind,
    predictions.c.detail_kind,
    predictions.c.predicted_confidence,
    predictions.c.truth.is_not(None).label("has_truth"),
]
