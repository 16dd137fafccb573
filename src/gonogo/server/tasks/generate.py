"""Task generation: creates tasks from stored predictions, from those that a policy chose or from every one of a run."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import NamedTuple

from pydantic_core import from_json
from sqlalchemy import Connection, Text, case, cast, func, select

from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.gonogo_api import TasksFromPredictions, TasksMade
from gonogo.schemas.verdicts import Verdict
from gonogo.server.errors import conflict, invalid
from gonogo.server.store.schema import predictions
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.create import create_from_predictions
from gonogo.server.tasks.gold_answers import KnownPrediction, gold_answer, seeded_error
from gonogo.server.tasks.gold_places import TaskValues
from gonogo.server.tasks.gold_plan import round_at_random
from gonogo.server.tasks.merging import (
    NOTHING_MERGED,
    PLACE_COUNT,
    CampaignValueKeys,
    PlacedReading,
    ReadingPlace,
    ValueKey,
    find_places,
    has_merged_readings,
    other_values,
    read_readings,
    store_readings,
)
from gonogo.server.tasks.selection import Candidate, SeededErrors
from gonogo.server.tasks.subject import sheet_key
from gonogo.server.tasks.updating.changed_places import follow_confidences
from gonogo.server.tasks.updating.records import is_asked, was_asked
from gonogo.server.tasks.updating.updates import TaskUpdater

_CHUNK = 500
"""Chosen predictions of one INSERT."""
_WINDOW = 2000
"""Predictions of a run that one step looks at."""
_NO_UPDATE = "Questions of this campaign are of several readings each, which a newer run can't replace one by one."
_MIN_RUN_GOLD = 0.1
"""Gold share of a run in a campaign whose `gold_fraction` is lower: a lead who asks for gold gets items."""


# --- queries -----------------------------------------------------------------------------------------------


class PredictionPlace(NamedTuple):
    """A prediction as its task's place in the order needs it; `drawing_bbox` is JSON text."""

    id: str
    number: int
    part_revision_id: str | None
    predicted_confidence: float | None
    drawing_bbox: str | None


class RunPrediction(NamedTuple):
    """`PredictionPlace`, and what a walk over a run needs."""

    id: str
    number: int
    part_revision_id: str | None
    predicted_confidence: float | None
    drawing_bbox: str | None
    has_truth: bool
    taken: bool


_PLACE_COLUMNS = [
    predictions.c.id,
    predictions.c.number,
    predictions.c.part_revision_id,
    predictions.c.predicted_confidence,
    cast(predictions.c.drawing_bbox, Text).label("drawing_bbox"),
]
_HAS_TRUTH = predictions.c.truth.is_not(None).label("has_truth")
_KNOWN_COLUMNS = [predictions.c[name] for name in KnownPrediction._fields]


# --- chosen predictions ------------------------------------------------------------------------------------


def generate_tasks(
    connection: Connection,
    campaign: CampaignRow,
    chosen: Sequence[Candidate],
    gold: set[str],
    now: datetime,
    rng: random.Random,
    seeded: SeededErrors | None = None,
    places: Mapping[str, ReadingPlace] = NOTHING_MERGED,
) -> None:
    """Creates the tasks of the chosen predictions, those in `gold` as honeypots, some of them wrong on purpose.

    `places`: those of several readings, by the id of the asked one.
    """
    for start in range(0, len(chosen), _CHUNK):
        numbers = [candidate.number for candidate in chosen[start : start + _CHUNK]]
        query = select(*_PLACE_COLUMNS).where(predictions.c.number.in_(numbers)).order_by(predictions.c.number)
        rows = fetch_all(connection, query, PredictionPlace)
        _create(connection, campaign, rows, gold, now, rng, seeded, places)


def _create(
    connection: Connection,
    campaign: CampaignRow,
    rows: Sequence[PredictionPlace | RunPrediction],
    gold: set[str],
    now: datetime,
    rng: random.Random,
    seeded: SeededErrors | None = None,
    places: Mapping[str, ReadingPlace] = NOTHING_MERGED,
) -> None:
    gold_ids = [row.id for row in rows if row.id in gold] if gold else []
    gold_values = _gold_values(connection, campaign, gold_ids, seeded)
    values = map(partial(_task_values, gold_values), rows)
    if places:
        merged = [places[row.id] for row in rows if row.id in places]
        values = map(partial(_with_other_readings, CampaignValueKeys(campaign), places), rows, values)
        store_readings(connection, campaign.id, merged)
    create_from_predictions(connection, campaign, values, now, rng)


def _with_other_readings(
    key_of: ValueKey, places: Mapping[str, ReadingPlace], row: PredictionPlace | RunPrediction, values: TaskValues
) -> TaskValues:
    """The columns with the other values of the place, which differ from the one that is shown, seeded or not."""
    place = places.get(row.id)
    if place is None:
        return values
    shown = values.get("predicted_value", place.asked.predicted_value)
    return {**values, "other_readings": other_values(place, shown, key_of)}


def _task_values(gold_values: Mapping[str, TaskValues], row: PredictionPlace | RunPrediction) -> TaskValues:
    # A box of four numbers has no page in it, and need not be parsed.
    has_page = row.drawing_bbox is not None and row.drawing_bbox.count(",") == 4
    box = from_json(row.drawing_bbox) if has_page and row.drawing_bbox is not None else None
    values = {
        "prediction_number": row.number,
        "sheet": sheet_key(row.part_revision_id, box),
        "predicted_confidence": row.predicted_confidence,
    }
    return values | gold_values[row.id] if row.id in gold_values else values


# --- gold --------------------------------------------------------------------------------------------------


def _gold_values(
    connection: Connection, campaign: CampaignRow, ids: Sequence[str], seeded: SeededErrors | None
) -> dict[str, TaskValues]:
    """The columns that make honeypots of these predictions, by their ids."""
    values: dict[str, TaskValues] = {}
    if not ids:
        return values
    query = select(*_KNOWN_COLUMNS).where(predictions.c.id.in_(ids)).order_by(predictions.c.number)
    for row in fetch_all(connection, query, KnownPrediction):
        answer = gold_answer(
            row.predicted_value, row.truth, trailing_zeros=campaign.trailing_zeros_matter, unit=campaign.unit
        )
        values[row.id] = {"is_gold": True, "gold_answer": answer}
        if seeded is not None and row.id in seeded.ids and answer == Verdict.CORRECT.value:
            values[row.id] |= seeded_error(connection, row, seeded.rng)
    return values


# --- a whole run -------------------------------------------------------------------------------------------


def tasks_from_run(
    connection: Connection,
    campaign: CampaignRow,
    body: TasksFromPredictions,
    now: datetime,
    rng: random.Random,
    actor: str,
) -> TasksMade:
    """Makes every prediction of a run a task of the campaign, once: a second call creates only what is new.

    With `gold_from_truth` a share of those with a truth becomes gold, at least a tenth of all. With `merge_readings`
    the predictions of one place make one task. With `update` the tasks of the same records ask about these predictions
    from now on, where nobody has seen them. With `limit` it stops after so many predictions; `next` of the result
    continues from there, and carries how much gold is still due.

    Raises 409 for an update where questions are of several readings.
    """
    if body.update and (body.merge_readings or has_merged_readings(connection, campaign.id)):
        raise conflict(ConflictReason.MERGED_READINGS, _NO_UPDATE)
    walk = _RunWalk.parse(body.after) if body.after else _start_walk(connection, campaign, body)
    updater = TaskUpdater(connection, campaign, now, rng, actor) if body.update else None
    n_tasks = n_gold = n_seen = n_skipped = n_merged = 0
    done = False
    while not done and n_seen < (body.limit or math.inf):
        size = min(_WINDOW, body.limit - n_seen) if body.limit else _WINDOW
        rows = _window(connection, campaign, body, walk.after, size)
        new_rows = [row for row in rows if not row.taken]
        n_seen, n_skipped = n_seen + len(rows), n_skipped + len(rows) - len(new_rows)
        if updater is not None:
            updater.count_current(len(rows) - len(new_rows))
            known = updater.update([row.number for row in new_rows])
            new_rows = [row for row in new_rows if row.id not in known]
            walk.expect_gold(new_rows, campaign, rng, wanted=body.gold_from_truth)
        places = _places_in(connection, campaign, body, new_rows) if body.merge_readings else NOTHING_MERGED
        asked = _asked_rows(new_rows, places)
        gold = walk.draw_gold(asked, rng, places)
        _create(connection, campaign, asked, gold, now, rng, places=places)
        n_tasks, n_gold = n_tasks + len(asked) - len(gold), n_gold + len(gold)
        n_merged += sum(len(place.others) for place in places.values())
        walk.after = rows[-1].number if rows else walk.after
        done = len(rows) < size
    if done and updater is not None:
        follow_confidences(connection, campaign.id, now, rng)
    return TasksMade(
        n_tasks=n_tasks,
        n_gold=n_gold,
        n_skipped=0 if updater is not None else n_skipped,
        n_merged=n_merged,
        next=None if done else walk.format(),
        updates=updater.counts if updater is not None else None,
    )


def _places_in(
    connection: Connection, campaign: CampaignRow, body: TasksFromPredictions, rows: Sequence[RunPrediction]
) -> dict[str, ReadingPlace]:
    """The places of several readings that any of `rows` is one of, by the id of the asked one."""
    revisions = {row.part_revision_id for row in rows if row.part_revision_id is not None}
    if not revisions:
        return {}
    readings = read_readings(connection, [body.calculation_id], revisions, ~was_asked(campaign.id))
    in_window = {row.id for row in rows}
    return {
        place.asked.id: place
        for place in find_places(readings, CampaignValueKeys(campaign))
        if place.others and any(reading.id in in_window for reading in place.readings)
    }


def _asked_rows(rows: Sequence[RunPrediction], places: Mapping[str, ReadingPlace]) -> list[RunPrediction]:
    """The predictions that get a task: the asked ones of `places`, wherever in the run, and those of no place."""
    if not places:
        return list(rows)
    merged = {reading.id for place in places.values() for reading in place.readings}
    asked = [RunPrediction(*_as_row(place.asked), taken=False) for place in places.values()]
    return sorted([*asked, *(row for row in rows if row.id not in merged)], key=lambda row: row.number)


def _as_row(reading: PlacedReading) -> tuple[str, int, str | None, float | None, str | None, bool]:
    return (
        reading.id,
        reading.number,
        reading.part_revision_id,
        reading.predicted_confidence,
        reading.drawing_bbox,
        reading.has_truth,
    )


@dataclass
class _RunWalk:
    """Position of a walk over a run.

    Attributes:
        after: Number of the last prediction seen.
        n_known: Predictions still to come that have a truth.
        n_due: Of these, how many become gold.
    """

    after: int
    n_known: int = 0
    n_due: int = 0

    def expect_gold(
        self, rows: Sequence[RunPrediction], campaign: CampaignRow, rng: random.Random, *, wanted: bool
    ) -> None:
        """Sets the gold that is due for this window alone: in an update nobody knows how many are new in all."""
        self.n_known = sum(row.has_truth for row in rows)
        share = max(campaign.gold_fraction, _MIN_RUN_GOLD) if wanted else 0.0
        self.n_due = min(self.n_known, round_at_random(share * len(rows), rng)) if share else 0

    def draw_gold(
        self, rows: Sequence[RunPrediction], rng: random.Random, places: Mapping[str, ReadingPlace]
    ) -> set[str]:
        """Ids of this window's share of the gold that is due, drawn from the asked predictions with a truth."""
        known = [row.id for row in rows if row.has_truth] if self.n_due else []
        others = sum(reading.has_truth for place in places.values() for reading in place.others) if self.n_due else 0
        n_known = len(known) + others
        count = min(len(known), self.n_due, round(self.n_due * n_known / max(self.n_known, 1)))
        if n_known >= self.n_known:
            count = min(len(known), self.n_due)
        self.n_known, self.n_due = max(self.n_known - n_known, 0), self.n_due - count
        return set(rng.sample(known, count))

    def format(self) -> str:
        """The cursor that continues the walk."""
        return f"{self.after}.{self.n_known}.{self.n_due}"

    @classmethod
    def parse(cls, text: str) -> _RunWalk:
        """The walk that a cursor continues. Raises 422 for anything else."""
        parts = text.split(".")
        if len(parts) != 3 or not all(part.isdecimal() and part.isascii() and len(part) < 19 for part in parts):
            message = "This cursor isn't from this operation: send the previous answer's `next`."
            raise invalid([{"loc": ["body", "after"], "msg": message, "type": "cursor"}])
        return cls(*map(int, parts))


def _start_walk(connection: Connection, campaign: CampaignRow, body: TasksFromPredictions) -> _RunWalk:
    in_run = predictions.c.calculation_id == body.calculation_id
    first: int | None = connection.execute(select(func.min(predictions.c.number)).where(in_run)).scalar()
    walk = _RunWalk((first or 1) - 1)
    if body.gold_from_truth and not body.update:
        n_questions = PLACE_COUNT if body.merge_readings else func.count()
        counts = select(n_questions, func.count(case((predictions.c.truth.is_not(None), 1))))
        n_new, walk.n_known = connection.execute(counts.where(in_run, ~was_asked(campaign.id))).one()
        walk.n_due = min(walk.n_known, math.ceil(max(campaign.gold_fraction, _MIN_RUN_GOLD) * n_new))
    return walk


def _window(
    connection: Connection, campaign: CampaignRow, body: TasksFromPredictions, after: int, size: int
) -> list[RunPrediction]:
    # The predictions of a run lie together: walked by number. `coalesce` keeps SQLite from collecting and sorting the
    # whole run, by the index on it, for every window.
    in_run = func.coalesce(predictions.c.calculation_id, "") == body.calculation_id
    taken = is_asked(campaign.id) if body.update else was_asked(campaign.id)
    query = select(*_PLACE_COLUMNS, _HAS_TRUTH, taken.label("taken"))
    query = query.where(in_run, predictions.c.number > after).order_by(predictions.c.number).limit(size)
    return fetch_all(connection, query, RunPrediction)
