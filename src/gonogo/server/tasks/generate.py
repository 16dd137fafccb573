"""Tasks from imported predictions: which ones (selection policy), and which of them become honeypots."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json
from sqlalchemy import Connection, Exists, Row, Select, Text, case, cast, exists, func, select

from gonogo.schemas.gonogo_api import TasksFromPredictions, TasksMade
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.errors import invalid
from gonogo.server.store.schema import campaigns, predictions, tasks
from gonogo.server.store.schema.columns import subject_columns
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.tasks.create import TaskValues, create_from_predictions
from gonogo.server.tasks.honeypot_errors import seed_error
from gonogo.server.tasks.subject import sheet_key
from gonogo.values import equal

SUBJECT_COLUMNS = [column.name for column in subject_columns()]
_CHUNK = 500
_WINDOW = 2000
MIXED_RANDOM_SHARE = 0.2
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
        usual = MIXED_RANDOM_SHARE if self.strategy == "mixed" else 0.0
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
class Selection:
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


def select_predictions(
    connection: Connection, project: Row[Any], calculation_ids: Sequence[str], rng: random.Random
) -> Selection:
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
    return Selection(tuple(apply_strategy(fresh, policy, drawn)), len(rows), len(eligible), len(eligible) - len(fresh))


def apply_strategy(fresh: Sequence[Candidate], policy: SelectionPolicy, rng: random.Random) -> list[Candidate]:
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


def draw_honeypots(chosen: Sequence[Candidate], gold_fraction: float, rng: random.Random) -> set[str]:
    """Ids of the predictions that become gold: a random share, `gold_fraction` of all, of those with a known truth.

    A share, not all: what is gold is asked as gold only, and a campaign needs ordinary work for gold to hide in.
    """
    known = [candidate.id for candidate in chosen if candidate.has_truth]
    return set(rng.sample(known, count_honeypots(chosen, gold_fraction)))


def count_honeypots(chosen: Sequence[Candidate], gold_fraction: float) -> int:
    """How many of the chosen become gold."""
    return min(sum(candidate.has_truth for candidate in chosen), math.ceil(gold_fraction * len(chosen)))


def generate_tasks(
    connection: Connection,
    campaign: CampaignRow,
    chosen: Sequence[Candidate],
    gold: set[str],
    now: datetime,
    rng: random.Random,
    seeded: SeededErrors | None = None,
) -> None:
    """Makes the tasks of the chosen predictions, those in `gold` as honeypots, and some of these wrong on purpose."""
    for start in range(0, len(chosen), _CHUNK):
        part = chosen[start : start + _CHUNK]
        query = select(*_PLACED).where(predictions.c.number.in_([candidate.number for candidate in part]))
        rows = connection.execute(query.order_by(predictions.c.number)).all()
        _create_window(connection, campaign, rows, gold, now, rng, seeded)


def _create_window(
    connection: Connection,
    campaign: CampaignRow,
    rows: Sequence[Row[Any]],
    gold: set[str],
    now: datetime,
    rng: random.Random,
    seeded: SeededErrors | None = None,
) -> None:
    """The same for rows with the columns of `_PLACED`."""
    chosen = [row.id for row in rows if row.id in gold] if gold else []
    answers = _gold_values(connection, campaign, chosen, seeded)
    create_from_predictions(connection, campaign, map(partial(_placed, answers), rows), now, rng)


def _placed(answers: Mapping[str, TaskValues], row: Sequence[Any]) -> TaskValues:
    name, number, revision, confidence, box = row[:5]  # as in `_PLACED`; by name it would take longer than all the rest
    paged = box is not None and box.count(",") == 4  # else there is no page in it, and it need not be parsed
    sheet = sheet_key(revision, from_json(box) if paged else None)
    values = {"prediction_number": number, "sheet": sheet, "predicted_confidence": confidence}
    return values | answers[name] if name in answers else values


def _gold_values(
    connection: Connection, campaign: CampaignRow, ids: Sequence[str], seeded: SeededErrors | None
) -> dict[str, TaskValues]:
    """What makes honeypots of these predictions, by their ids."""
    found: dict[str, TaskValues] = {}
    query = select(predictions).where(predictions.c.id.in_(ids)).order_by(predictions.c.number)
    for row in connection.execute(query).all() if ids else ():
        zeros = campaign.trailing_zeros_matter
        answer = gold_answer(row.predicted_value, row.truth, trailing_zeros=zeros)
        found[row.id] = {"is_gold": True, "gold_answer": answer}
        if seeded is not None and row.id in seeded.ids and answer == Verdict.CORRECT.value:
            found[row.id] |= _seed_error(connection, row, seeded.rng)
    return found


@dataclass(frozen=True)
class SeededErrors:
    """Honeypots that get a wrong prediction, and what draws the errors."""

    ids: frozenset[str]
    rng: random.Random


def draw_seeded_errors(
    policy: SelectionPolicy, chosen: Sequence[Candidate], gold: set[str], rng: random.Random
) -> SeededErrors:
    """The share of the honeypots that the policy wants wrong."""
    drawn = policy.rng(rng)
    known = [candidate.id for candidate in chosen if candidate.id in gold]  # in the order of import, not of random ids
    return SeededErrors(frozenset(drawn.sample(known, round(policy.seeded_wrong * len(known)))), drawn)


def _neighbours(connection: Connection, row: Row[Any]) -> list[Any]:
    """What was read elsewhere on the sheet where the same was asked; not what is known to be misread: `25` asked as
    `20000` would need no look at the drawing."""
    column = predictions.c
    here = (column.calculation_id == row.calculation_id, column.part_revision_id == row.part_revision_id)
    other = (column.id != row.id, column.detail_kind.is_not_distinct_from(row.detail_kind))
    query = select(column.predicted_value, column.truth).where(*here, *other).order_by(column.number)
    found = connection.execute(query.limit(NEIGHBOURS)).all()
    return [
        near.predicted_value for near in found if near.truth is None or equal(near.predicted_value, near.truth).equal
    ]


def _seed_error(connection: Connection, row: Row[Any], rng: random.Random) -> TaskValues:
    """The columns that make a right honeypot a wrong one; none where no plausible error can be made."""
    found = seed_error(row.predicted_value or {}, row.truth, _neighbours(connection, row), rng)
    if found is None:
        return {}
    value, kind = found
    answer = {"verdict": Verdict.INCORRECT.value, "corrected_value": row.truth}
    return {"predicted_value": value, "gold_answer": json.dumps(answer, ensure_ascii=False), "error_type": kind.value}


def tasks_from_run(
    connection: Connection,
    campaign: CampaignRow,
    wanted: TasksFromPredictions,
    now: datetime,
    rng: random.Random,
) -> TasksMade:
    """Makes every prediction of a run a task of the campaign, once: a second call makes only what is new.

    With `gold_from_truth` a share of those with a truth becomes gold (at least a tenth of all: who asks for gold in a
    campaign whose `gold_fraction` is 0 still gets the items). With `limit` it stops after so many predictions; the
    answer's `next` goes on from there, and carries how much gold is still due.
    """
    state = _Walk.read(wanted.after) if wanted.after else _start_walk(connection, campaign, wanted)
    n_tasks = n_gold = n_seen = 0
    done = False
    while not done and n_seen < (wanted.limit or math.inf):
        size = min(_WINDOW, wanted.limit - n_seen) if wanted.limit else _WINDOW
        rows = _window(connection, campaign, wanted.calculation_id, state.after, size)
        fresh = [row for row in rows if not row.taken]
        gold = state.draw(fresh, rng)
        _create_window(connection, campaign, fresh, gold, now, rng)
        n_tasks, n_gold, n_seen = n_tasks + len(fresh) - len(gold), n_gold + len(gold), n_seen + len(rows)
        state.after = rows[-1].number if rows else state.after
        done = len(rows) < size
    return TasksMade(
        n_tasks=n_tasks, n_gold=n_gold, n_skipped=n_seen - n_tasks - n_gold, next=None if done else state.text()
    )


@dataclass
class _Walk:
    """How far a walk over a run has come: the last prediction's number, how many of those still to come have a truth,
    and how many of these become gold."""

    after: int
    n_known: int = 0
    n_due: int = 0

    def draw(self, fresh: Sequence[Row[Any]], rng: random.Random) -> set[str]:
        """This window's share of the gold that is due, drawn from those with a truth."""
        known = [row.id for row in fresh if row.has_truth] if self.n_due else []
        count = min(len(known), self.n_due, round(self.n_due * len(known) / max(self.n_known, 1)))
        if len(known) >= self.n_known:
            count = min(len(known), self.n_due)
        self.n_known, self.n_due = max(self.n_known - len(known), 0), self.n_due - count
        return set(rng.sample(known, count))

    def text(self) -> str:
        return f"{self.after}.{self.n_known}.{self.n_due}"

    @classmethod
    def read(cls, text: str) -> _Walk:
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isdecimal() and part.isascii() and len(part) < 19 for part in parts):
            message = "Not a cursor of this operation: take `next` of its last answer."
            raise invalid([{"loc": ["body", "after"], "msg": message, "type": "cursor"}])
        return cls(*map(int, parts))


def _start_walk(connection: Connection, campaign: CampaignRow, wanted: TasksFromPredictions) -> _Walk:
    run = predictions.c.calculation_id == wanted.calculation_id
    first: int | None = connection.execute(select(func.min(predictions.c.number)).where(run)).scalar()
    walk = _Walk((first or 1) - 1)
    if wanted.gold_from_truth:
        query = select(func.count(), func.count(case((predictions.c.truth.is_not(None), 1))))
        n_fresh, walk.n_known = connection.execute(query.where(run, ~_taken(campaign))).one()
        walk.n_due = min(walk.n_known, math.ceil(max(campaign.gold_fraction, 0.1) * n_fresh))
    return walk


def _window(
    connection: Connection, campaign: CampaignRow, calculation_id: str, after: int, size: int
) -> Sequence[Row[Any]]:
    # The predictions of a run lie together: walked by number. `coalesce` keeps SQLite from collecting and sorting the
    # whole run, by the index on it, for every window.
    run = func.coalesce(predictions.c.calculation_id, "") == calculation_id
    query: Select[Any] = select(*_PLACED, _HAS_TRUTH, _taken(campaign).label("taken"))
    query = query.where(run, predictions.c.number > after)
    return connection.execute(query.order_by(predictions.c.number).limit(size)).all()


def _taken(campaign: CampaignRow) -> Exists:
    return exists().where(tasks.c.prediction_id == predictions.c.id, tasks.c.campaign_id == campaign.id)


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


_HAS_TRUTH = predictions.c.truth.is_not(None).label("has_truth")
_CANDIDATE = [
    predictions.c.id,
    predictions.c.number,
    predictions.c.target_kind,
    predictions.c.detail_kind,
    predictions.c.predicted_confidence,
    _HAS_TRUTH,
]
_PLACED = [
    predictions.c.id,
    predictions.c.number,
    predictions.c.part_revision_id,
    predictions.c.predicted_confidence,
    cast(predictions.c.drawing_bbox, Text).label("drawing_bbox"),
]
