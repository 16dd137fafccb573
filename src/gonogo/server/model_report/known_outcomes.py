"""Known outcomes: reads the predictions of runs, and whether each is right, by imported truths and resolved tasks.

A prediction that was merged into the question of another one gets its verdict from the answer to that.

Values are compared as JSON text first, and parsed only where the texts differ: most predictions are right, and parsing
100,000 of them would take ten seconds.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, Text, and_, cast, false, func, select

from gonogo.json_types import JsonValue, as_numbers
from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.derived_verdicts import derive_verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.store.schema import campaigns, predictions, task_readings, tasks
from gonogo.server.store.typed_rows import fetch_all

Place = tuple[str, str, str]
"""Part revision, box and field of a reading."""


class JudgedPrediction(NamedTuple):
    """A prediction with its resolved task, if it has one; JSON columns are texts.

    `asked` is the value that the task asked: the prediction's own, or that of the reading that it was merged into.
    """

    number: int
    id: str
    calculation_id: str
    external_id: str
    kind: str
    field: str
    source: str | None
    confidence: float | None
    value: str | None
    truth: str | None
    part_revision_id: str | None
    bbox: str | None
    task_id: str | None
    verdict: str | None
    settled_value: str | None
    adjudicated: bool | None
    unit: str | None
    trailing_zeros_matter: bool | None
    asked: str | None


@dataclass(frozen=True, slots=True)
class KnownOutcome:
    """A prediction and what is known of it.

    Attributes:
        prediction: Its row.
        right: Whether it is right; `None` while that is not known.
        truth: JSON text of the right value, where it is known.
        by_truth: Whether an imported truth says so, and not people.
        unsure: Whether people settled that the drawing doesn't show it.
    """

    prediction: JudgedPrediction
    right: bool | None = None
    truth: str | None = None
    by_truth: bool = False
    unsure: bool = False

    @property
    def place(self) -> Place:
        """Where it was read: what two readings of one place have in common."""
        row = self.prediction
        if row.part_revision_id is None or row.bbox is None:
            return ("", row.external_id, row.field)
        numbers = as_numbers(json.loads(row.bbox))
        return (row.part_revision_id, ",".join(f"{number:.3g}" for number in numbers), row.field)


class ValueComparer:
    """Comparison of JSON texts by engineering equality; remembers the key of each text."""

    def __init__(self) -> None:
        self._keys: dict[tuple[str, str, bool], str] = {}

    def same(self, first: str | None, second: str | None, *, unit: str = "", trailing_zeros: bool = False) -> bool:
        """Whether both state the same requirement."""
        if first == second:
            return True
        if first is None or second is None:
            return False
        return self._key(first, unit, trailing_zeros) == self._key(second, unit, trailing_zeros)

    def _key(self, text: str, unit: str, trailing_zeros: bool) -> str:
        known = (text, unit, trailing_zeros)
        if known not in self._keys:
            self._keys[known] = value_key(json.loads(text), trailing_zeros=trailing_zeros, unit=unit)
        return self._keys[known]


_is_settled = and_(tasks.c.status == TaskStatus.RESOLVED, tasks.c.is_gold == false())
_resolved = and_(tasks.c.prediction_id == predictions.c.id, _is_settled)
_COLUMNS = (
    predictions.c.number,
    predictions.c.id,
    predictions.c.calculation_id,
    predictions.c.external_id,
    func.coalesce(predictions.c.detail_kind, predictions.c.target_kind).label("kind"),
    func.coalesce(predictions.c.field_path, predictions.c.field_name, "").label("field"),
    predictions.c.source,
    predictions.c.predicted_confidence.label("confidence"),
    cast(predictions.c.predicted_value, Text).label("value"),
    cast(predictions.c.truth, Text).label("truth"),
    predictions.c.part_revision_id,
    cast(predictions.c.drawing_bbox, Text).label("bbox"),
    tasks.c.id.label("task_id"),
    tasks.c.consensus_verdict.label("verdict"),
    cast(tasks.c.consensus_value, Text).label("settled_value"),
    tasks.c.adjudicated,
    campaigns.c.unit,
    campaigns.c.trailing_zeros_matter,
    cast(tasks.c.predicted_value, Text).label("asked"),
)
_PREDICTIONS = select(*_COLUMNS).outerjoin(tasks, _resolved).outerjoin(campaigns, campaigns.c.id == tasks.c.campaign_id)
_MERGED = (
    select(*_COLUMNS)
    .join(task_readings, task_readings.c.prediction_id == predictions.c.id)
    .join(
        tasks,
        and_(
            tasks.c.campaign_id == task_readings.c.campaign_id,
            tasks.c.prediction_id == task_readings.c.asked_id,
            _is_settled,
        ),
    )
    .join(campaigns, campaigns.c.id == tasks.c.campaign_id)
)
"""Merged predictions with the resolved task of the reading that was asked."""


def known_outcomes(
    connection: Connection, calculation_ids: Sequence[str], comparer: ValueComparer
) -> list[KnownOutcome]:
    """The predictions of these runs in the order of import, each once, with what is known of it.

    An imported truth wins over people's answers; an expert's ruling over a settled task of another campaign; an answer
    on the prediction itself over one that it was merged into.
    """
    in_runs = predictions.c.calculation_id.in_(calculation_ids)
    rows: dict[int, JudgedPrediction] = {}
    for query in (_PREDICTIONS, _MERGED):
        for row in fetch_all(connection, query.where(in_runs).order_by(predictions.c.number), JudgedPrediction):
            other = rows.get(row.number)
            if other is None or other.task_id is None or (row.adjudicated and not other.adjudicated):
                rows[row.number] = row
    return [_outcome(row, comparer) for row in rows.values()]


def _outcome(row: JudgedPrediction, comparer: ValueComparer) -> KnownOutcome:
    if row.truth is not None:
        right = comparer.same(row.value, row.truth, unit=row.unit or "", trailing_zeros=bool(row.trailing_zeros_matter))
        return KnownOutcome(row, right, row.truth, by_truth=True)
    if row.verdict not in (Verdict.CORRECT, Verdict.INCORRECT):
        return KnownOutcome(row, unsure=row.verdict is not None)
    same = partial(comparer.same, unit=row.unit or "", trailing_zeros=bool(row.trailing_zeros_matter))
    derived = derive_verdict(row.value, row.asked, row.verdict, row.settled_value, same)
    if derived.verdict is None:
        return KnownOutcome(row)
    is_right = derived.verdict == Verdict.CORRECT
    return KnownOutcome(row, is_right, row.value if is_right else derived.value)


def parsed(text: str | None) -> JsonValue:
    """The value of a JSON text."""
    value: JsonValue = None if text is None else json.loads(text)
    return value
