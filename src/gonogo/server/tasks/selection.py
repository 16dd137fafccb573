"""Prediction selection: chooses the predictions of a campaign by the project's policy, with honeypots and their
seeded errors.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import ColumnElement, Connection, select

from gonogo.server.consensus.values import value_key
from gonogo.server.errors import invalid
from gonogo.server.store.schema import predictions
from gonogo.server.store.schema.rows import ProjectRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.merging import ReadingPlace, find_places, read_readings
from gonogo.server.tasks.updating.records import was_asked_in_project

MIXED_RANDOM_SHARE = 0.2
"""Random share of the strategy `mixed`."""


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


class PredictionRow(NamedTuple):
    """A prediction as selection reads it; `taken` if a campaign of the project has it already."""

    id: str
    number: int
    target_kind: str
    detail_kind: str | None
    predicted_confidence: float | None
    part_revision_id: str | None
    has_truth: bool
    taken: bool


@dataclass(frozen=True)
class Candidate:
    """A prediction that may be chosen."""

    id: str
    number: int
    confidence: float | None
    has_truth: bool


@dataclass(frozen=True)
class Selection:
    """The chosen predictions, and the counters of generate-tasks; `places` are those of several readings, by the id of
    the asked one.
    """

    chosen: tuple[Candidate, ...]
    n_candidates: int
    n_eligible: int
    n_skipped: int
    n_accepted: int = 0
    n_audited: int = 0
    places: Mapping[str, ReadingPlace] = field(default_factory=dict)

    @property
    def n_merged(self) -> int:
        """Readings that are asked by the question of a chosen one."""
        return sum(len(place.others) for place in self.places.values())


@dataclass(frozen=True)
class Acceptance:
    """Predictions with a confidence of at least `above` are accepted unseen, but for `audit_fraction` at random."""

    above: float
    audit_fraction: float

    def split(
        self, candidates: Sequence[Candidate], rng: random.Random
    ) -> tuple[list[Candidate], list[Candidate], list[Candidate]]:
        """Those for people, those accepted, and of these the audited ones: at least one, if any is accepted."""
        accepted = [one for one in candidates if one.confidence is not None and one.confidence >= self.above]
        taken = {one.id for one in accepted}
        audited = rng.sample(accepted, math.ceil(self.audit_fraction * len(accepted)))
        return [one for one in candidates if one.id not in taken], accepted, audited


@dataclass(frozen=True)
class SeededErrors:
    """Ids of the honeypots that get a wrong prediction, and the generator that draws the errors."""

    ids: frozenset[str]
    rng: random.Random


def read_policy(raw: object, loc: Sequence[str | int] = ("body", "selection_policy")) -> SelectionPolicy:
    """The policy in a project's `selection_policy`. Raises 422 if a known key has a wrong value."""
    try:
        return SelectionPolicy.model_validate(raw or {})
    except ValidationError as error:
        raise invalid(
            [{"loc": [*loc, *e["loc"]], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
        ) from None


def select_predictions(
    connection: Connection,
    project: ProjectRow,
    calculation_ids: Sequence[str],
    rng: random.Random,
    acceptance: Acceptance | None = None,
    *,
    merge: bool = False,
) -> Selection:
    """The predictions of these runs that the project's policy wants and none of its campaigns has yet.

    With `merge` the policy sees of each place with several readings only the one that is asked.
    With `acceptance` the policy chooses of those that are not accepted; the audited ones are added.

    The same policy with a `seed` chooses the same predictions from the same runs.
    """
    policy = read_policy(project.selection_policy)
    policy_rng = policy.rng(rng)
    taken = was_asked_in_project(project.id)
    query = select(*_PREDICTION_COLUMNS, taken.label("taken")).where(predictions.c.calculation_id.in_(calculation_ids))
    rows = fetch_all(connection, query.order_by(predictions.c.number), PredictionRow)
    places = _places(connection, calculation_ids, rows, ~taken) if merge else {}
    others = {reading.id for place in places.values() for reading in place.others}
    eligible = [row for row in rows if row.id not in others and _is_eligible(row, policy, project.target_kinds)]
    candidates = [
        Candidate(row.id, row.number, row.predicted_confidence, row.has_truth) for row in eligible if not row.taken
    ]
    accepted: list[Candidate] = []
    audited: list[Candidate] = []
    if acceptance is not None:
        candidates, accepted, audited = acceptance.split(candidates, policy_rng)
    chosen = [*apply_strategy(candidates, policy, policy_rng), *audited]
    return Selection(
        chosen=tuple(sorted(chosen, key=lambda candidate: candidate.number)),
        n_candidates=len(rows),
        n_eligible=len(eligible),
        n_skipped=len(eligible) - len(candidates) - len(accepted),
        n_accepted=len(accepted),
        n_audited=len(audited),
        places={candidate.id: places[candidate.id] for candidate in chosen if candidate.id in places},
    )


def _places(
    connection: Connection, calculation_ids: Sequence[str], rows: Sequence[PredictionRow], free: ColumnElement[bool]
) -> dict[str, ReadingPlace]:
    """The places that several of the free predictions are readings of, by the id of the asked one."""
    revisions = {row.part_revision_id for row in rows if row.part_revision_id is not None and not row.taken}
    readings = read_readings(connection, calculation_ids, revisions, free)
    return {place.asked.id: place for place in find_places(readings, value_key) if place.others}


def _is_eligible(row: PredictionRow, policy: SelectionPolicy, target_kinds: Sequence[str]) -> bool:
    """`kinds` may name target or detail kinds; a prediction without confidence passes no confidence bound."""
    if target_kinds and row.target_kind not in target_kinds:
        return False
    if policy.kinds is not None and not {row.target_kind, row.detail_kind} & set(policy.kinds):
        return False
    level = row.predicted_confidence
    if policy.max_confidence is not None and (level is None or level > policy.max_confidence):
        return False
    return policy.min_confidence is None or (level is not None and level >= policy.min_confidence)


def apply_strategy(candidates: Sequence[Candidate], policy: SelectionPolicy, rng: random.Random) -> list[Candidate]:
    """Applies strategy, limit and random share; the result is in the order of import."""
    limit = len(candidates) if policy.limit is None else min(policy.limit, len(candidates))
    if policy.strategy == "random":
        chosen = rng.sample(candidates, limit)
    elif policy.strategy == "all":
        chosen = list(candidates[:limit])
    else:
        by_doubt = sorted(candidates, key=lambda c: (math.inf if c.confidence is None else c.confidence, c.number))
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


def draw_seeded_errors(
    policy: SelectionPolicy, chosen: Sequence[Candidate], gold: set[str], rng: random.Random
) -> SeededErrors:
    """The share of the honeypots that the policy wants wrong."""
    drawn = policy.rng(rng)
    known = [candidate.id for candidate in chosen if candidate.id in gold]  # in the order of import, not of random ids
    return SeededErrors(frozenset(drawn.sample(known, round(policy.seeded_wrong * len(known)))), drawn)


_PREDICTION_COLUMNS = [
    predictions.c.id,
    predictions.c.number,
    predictions.c.target_kind,
    predictions.c.detail_kind,
    predictions.c.predicted_confidence,
    predictions.c.part_revision_id,
    predictions.c.truth.is_not(None).label("has_truth"),
]
