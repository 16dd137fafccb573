"""Records of a campaign: finds the task of a prediction that was made anew, by its id on the sheet or by its place.

A record is what one line of an import asks about. It is a task, or all copies of a gold item.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, bindparam, exists, func, or_, select

from gonogo.json_types import JsonValue
from gonogo.schemas.enums import TaskStatus
from gonogo.server.store.bulk_insert import chunks
from gonogo.server.store.schema import calculations, campaigns, predictions, task_readings, task_updates, tasks
from gonogo.server.store.typed_rows import fetch_all
from gonogo.server.tasks.subject import sheet_key

Place = tuple[object, ...]
"""Sheet, box, and field of a reading."""


class PredictedSubject(NamedTuple):
    """A prediction: its run, its own id there, and what it is about."""

    number: int
    id: str
    calculation_id: str
    external_id: str
    source: str | None
    truth: JsonValue
    target_kind: str
    detail_kind: str | None
    field_name: str | None
    field_path: str | None
    prompt: str | None
    predicted_value: JsonValue
    predicted_confidence: float | None
    drawing_bbox: list[float] | None
    position: list[float] | None
    part_revision_id: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None

    @property
    def sheet(self) -> str:
        return sheet_key(self.part_revision_id, self.drawing_bbox)

    @property
    def place(self) -> Place | None:
        """Where it was read; `None` for one that names no drawing, or nothing on it."""
        box = tuple(f"{number:.6g}" for number in (self.drawing_bbox or ())[:4])
        names = (self.field_name, self.field_path, self.pmi_id, self.feature_id, self.dfm_issue_id, self.face_uuid)
        if self.part_revision_id is None or not (box or self.position or any(names)):
            return None
        return (self.sheet, box, tuple(self.position or ()), self.target_kind, *names)


class AskedTask(NamedTuple):
    """A task of the campaign, locked, with the prediction that it asks about."""

    number: int
    id: str
    gold_item_id: str | None
    gold_answer: str | None
    asked_value: JsonValue
    status: str
    submission_count: int
    n_people: int
    holder_id: str | None
    prediction: PredictedSubject

    @property
    def is_unseen(self) -> bool:
        """Whether the task was never served. A person who was served it may still answer the old value."""
        return self.status == TaskStatus.OPEN and not (self.n_people or self.submission_count or self.holder_id)


@dataclass(slots=True)
class Record:
    """Record of a campaign; `tasks` is one task, or the copies of one gold item, in the order they were made."""

    tasks: list[AskedTask] = field(default_factory=list)

    @property
    def is_gold(self) -> bool:
        return self.tasks[0].gold_item_id is not None

    def is_of_run(self, calculation_id: str) -> bool:
        """Whether a prediction of this run is its current one."""
        return any(task.prediction.calculation_id == calculation_id for task in self.tasks)


@dataclass(slots=True)
class Matches:
    """Predictions with the record that each belongs to; `unclear` are ids of those that fit several."""

    pairs: list[tuple[PredictedSubject, Record]] = field(default_factory=list)
    unclear: set[str] = field(default_factory=set)


_PREDICTION_COLUMNS = [predictions.c[name] for name in PredictedSubject._fields]
_TASK_COLUMNS = [
    *(tasks.c[name] for name in ("number", "id", "gold_item_id", "gold_answer")),
    tasks.c.predicted_value.label("asked_value"),
    *(tasks.c[name] for name in ("status", "submission_count", "n_people", "holder_id")),
]
_PREDICTIONS = select(*_PREDICTION_COLUMNS).where(predictions.c.number.in_(bindparam("numbers", expanding=True)))
_ASKED = (
    select(*(column.label(f"task_{column.key}") for column in _TASK_COLUMNS), *_PREDICTION_COLUMNS)
    .select_from(predictions.join(tasks, tasks.c.prediction_id == predictions.c.id))
    # `coalesce` keeps SQLite from reading the whole campaign, by the index on it, for every step.
    .where(func.coalesce(tasks.c.campaign_id, "") == bindparam("campaign"))
    .with_for_update(of=tasks)
)
_ON_REVISIONS = _ASKED.where(predictions.c.part_revision_id.in_(bindparam("keys", expanding=True)))
_runs = (
    select(calculations.c.id)
    .join(campaigns, campaigns.c.project_id == calculations.c.project_id)
    .where(campaigns.c.id == bindparam("campaign"))
)
_WITHOUT_REVISION = _ASKED.where(
    predictions.c.calculation_id.in_(_runs),
    predictions.c.external_id.in_(bindparam("keys", expanding=True)),
    predictions.c.part_revision_id.is_(None),
)


def is_asked(campaign_id: str) -> ColumnElement[bool]:
    """Condition on `predictions`: a task of the campaign asks about it."""
    return exists().where(tasks.c.prediction_id == predictions.c.id, tasks.c.campaign_id == campaign_id)


def was_asked(campaign_id: str) -> ColumnElement[bool]:
    """Condition on `predictions`: a task of the campaign asks about it, or did until a newer one replaced it; by a task
    of its own, or by that of another reading of its place.
    """
    return or_(
        is_asked(campaign_id),
        exists().where(task_readings.c.prediction_id == predictions.c.id, task_readings.c.campaign_id == campaign_id),
        exists().where(task_updates.c.replaced_id == predictions.c.id, task_updates.c.campaign_id == campaign_id),
    )


def was_asked_in_project(project_id: str) -> ColumnElement[bool]:
    """The same for any campaign of the project."""
    of_project = select(campaigns.c.id).where(campaigns.c.project_id == project_id)
    return or_(
        exists().where(tasks.c.prediction_id == predictions.c.id, tasks.c.campaign_id.in_(of_project)),
        exists().where(task_updates.c.replaced_id == predictions.c.id, task_updates.c.campaign_id.in_(of_project)),
        exists().where(task_readings.c.prediction_id == predictions.c.id, task_readings.c.campaign_id.in_(of_project)),
    )


def match_records(connection: Connection, campaign_id: str, numbers: Sequence[int]) -> Matches:
    """Finds the records of these predictions of one run, and locks their tasks.

    The caller holds the campaign's order lock and its row.
    """
    new = [
        row
        for chunk in chunks(numbers)
        for row in fetch_all(connection, _PREDICTIONS, PredictedSubject, {"numbers": chunk})
    ]
    revisions = sorted({item.part_revision_id for item in new if item.part_revision_id is not None})
    own_ids = [item.external_id for item in new if item.part_revision_id is None]
    asked = read_asked(connection, campaign_id, revisions, on_revisions=True)
    asked += read_asked(connection, campaign_id, own_ids, on_revisions=False)
    return match(new, asked)


def match(new: Sequence[PredictedSubject], asked: Iterable[AskedTask]) -> Matches:
    """The matches of `new`, predictions of one run, with the tasks `asked`. Pure.

    The id counts on its sheet only: many pipelines count the lines of each file from 1. Where several readers read one
    place, the reader (`source`) decides. A record belongs to one prediction of the run.
    """
    records: dict[str, Record] = defaultdict(Record)
    for task in sorted(asked, key=lambda task: task.number):
        records[task.gold_item_id or task.id].tasks.append(task)
    by_id: dict[tuple[str, str], list[Record]] = defaultdict(list)
    by_place: dict[Place, list[Record]] = defaultdict(list)
    for record in records.values():
        for own_id in {(task.prediction.sheet, task.prediction.external_id) for task in record.tasks}:
            by_id[own_id].append(record)
        for place in {task.prediction.place for task in record.tasks}:
            if place is not None:
                by_place[place].append(record)
    matches, used = Matches(), set[int]()
    rest = []
    for item in new:
        fitting = by_id.get((item.sheet, item.external_id), [])
        fitting = _of_source(fitting, item) if len(fitting) > 1 else fitting
        if len(fitting) == 1:
            matches.pairs.append((item, fitting[0]))
            used.add(id(fitting[0]))
        else:
            rest.append(item)
    n_of_place = Counter(item.place for item in rest)
    for item in rest:
        _match_place(item, by_place, n_of_place, matches, used)
    return matches


def _match_place(
    item: PredictedSubject,
    by_place: dict[Place, list[Record]],
    n_of_place: Counter[Place | None],
    matches: Matches,
    used: set[int],
) -> None:
    there = by_place.get(item.place, []) if item.place is not None else []
    free = [record for record in there if id(record) not in used and not record.is_of_run(item.calculation_id)]
    fitting = _of_source(free, item) if len(free) > 1 or n_of_place[item.place] > 1 else free
    if len(fitting) == 1:
        matches.pairs.append((item, fitting[0]))
        used.add(id(fitting[0]))
    elif len(free) > 1:
        matches.unclear.add(item.id)


def _of_source(records: Sequence[Record], item: PredictedSubject) -> list[Record]:
    return [record for record in records if any(task.prediction.source == item.source for task in record.tasks)]


def read_asked(connection: Connection, campaign_id: str, keys: Sequence[str], *, on_revisions: bool) -> list[AskedTask]:
    """The tasks on these part revisions; or those without a drawing, whose predictions have these ids."""
    n_own = len(_TASK_COLUMNS)
    query = _ON_REVISIONS if on_revisions else _WITHOUT_REVISION
    return [
        AskedTask._make((*row[:n_own], PredictedSubject._make(row[n_own:])))
        for chunk in chunks(keys)
        for row in connection.execute(query, {"campaign": campaign_id, "keys": chunk})
    ]
