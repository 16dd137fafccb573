"""Looks of gold: where it differs from the work in what annotators see, so that they can tell it.

No order of the queue hides what a task itself shows. The lead reads it in the quality report.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from sqlalchemy import Connection, select

from gonogo.json_types import JsonObject, JsonValue, as_list, as_object
from gonogo.server.consensus.model_confidence import area_under_curve
from gonogo.server.scoring.vote_matrix import VoteMatrix
from gonogo.server.store.schema import tasks

MIN_GOLD_ITEMS = 10
"""Gold items from which a difference is looked for."""
SAMPLE = 1_000
"""Most gold tasks, and most other tasks, that are compared."""
MIN_AREA = 0.15
"""Distance of the area under the ROC curve from 0.5 that is worth a word: an attacker's gain over guessing."""
MIN_DEVIATIONS = 4.0
"""Standard errors that a difference must have, because some twenty are looked for in every report."""
MAX_LOOKS = 5
MAX_LEVELS = 8
"""Commonest kinds of task, or forms of value, that are compared."""

_EMPTY_WORDS = {
    "part_revision_id": "drawing",
    "drawing_bbox": "place on its drawing",
    "predicted_value": "value",
    "position": "position on the part",
    "field_name": "field name",
    "field_path": "field path",
    "calculation_id": "calculation",
    "pmi_id": "pmi_id",
    "feature_id": "feature_id",
    "dfm_issue_id": "dfm_issue_id",
    "face_uuid": "face_uuid",
}
"""Fields that a task may lack, as a lead calls them."""


class ShownTask(NamedTuple):
    """What an annotator sees of a task, and the number of questions on its sheet."""

    id: str
    target_kind: str
    detail_kind: str | None
    prompt: str | None
    n_required: int
    predicted_value: JsonValue
    drawing_bbox: JsonValue
    part_revision_id: str | None
    position: JsonValue
    field_name: str | None
    field_path: str | None
    calculation_id: str | None
    pmi_id: str | None
    feature_id: str | None
    dfm_issue_id: str | None
    face_uuid: str | None
    on_sheet: int = 0


_COLUMNS = [tasks.c[name] for name in ShownTask._fields if name != "on_sheet"]


T = TypeVar("T")


class Sides(NamedTuple, Generic[T]):
    """Something of each gold task, and of each task of the work."""

    gold: Sequence[T]
    work: Sequence[T]


class Look(NamedTuple):
    """One difference: `area` is the chance that it tells a gold task from another one, `text` the sentence on it."""

    area: float
    text: str


def gold_looks(connection: Connection, matrix: VoteMatrix) -> list[JsonObject]:
    """The differences that tell gold, the plainest first: `{area, text}`."""
    gold, work = _samples(matrix)
    if len(gold) < MIN_GOLD_ITEMS or len(work) < MIN_GOLD_ITEMS:
        return []
    sizes = _sheet_sizes(matrix)
    on_sheet = {matrix.tasks[index].id: sizes[matrix.tasks[index].sheet_seq] for index in [*gold, *work]}

    def shown(indices: Sequence[int]) -> list[ShownTask]:
        ids = [matrix.tasks[index].id for index in indices]
        rows = connection.execute(select(*_COLUMNS).where(tasks.c.id.in_(ids))).all()
        return [ShownTask._make((*row, on_sheet[row.id])) for row in rows]

    looks = sorted(differences(shown(gold), shown(work)), key=lambda look: -look.area)
    return [{"area": look.area, "text": look.text} for look in looks[:MAX_LOOKS]]


def differences(gold: Sequence[ShownTask], work: Sequence[ShownTask]) -> Iterator[Look]:
    """The differences between gold and other tasks that are plain and no chance."""
    for name, word in _EMPTY_WORDS.items():
        without = ([getattr(task, name) is None for task in side] for side in (gold, work))
        yield from _share_look(Sides._make(without), f"has no {word}")
    for read, words in _FORMS:
        forms = Sides([read(task) for task in gold], [read(task) for task in work])
        for level, _ in Counter([*forms.gold, *forms.work]).most_common(MAX_LEVELS):
            same = ([form == level for form in side] for side in forms)
            yield from _share_look(Sides._make(same), words.format(level))
    for measure, word in _MEASURES:
        yield from _size_look(Sides._make([measure(task) for task in side] for side in (gold, work)), word)


def _samples(matrix: VoteMatrix) -> tuple[list[int], list[int]]:
    """Indices of gold tasks, one an item, and of others, spread over the campaign."""
    items: dict[str, int] = {}
    for index in np.flatnonzero(matrix.is_gold).tolist():
        items.setdefault(matrix.tasks[index].gold_item_id or matrix.tasks[index].id, index)
    return _spread(list(items.values())), _spread(np.flatnonzero(~matrix.is_gold).tolist())


def _spread(indices: Sequence[int]) -> list[int]:
    if len(indices) <= SAMPLE:
        return list(indices)
    return [indices[at] for at in np.linspace(0, len(indices) - 1, SAMPLE).astype(int).tolist()]


def _sheet_sizes(matrix: VoteMatrix) -> Counter[int]:
    """Questions on each sheet as one person meets them: of a gold item one copy."""
    met: Counter[int] = Counter()
    items: set[str] = set()
    for task in matrix.tasks:
        if task.gold_item_id is None or task.gold_item_id not in items:
            met[task.sheet_seq] += 1
        if task.gold_item_id is not None:
            items.add(task.gold_item_id)
    return met


# --- what a task shows -----------------------------------------------------------------------------------


def _kind(task: ShownTask) -> str:
    return f"{task.target_kind} · {task.detail_kind}" if task.detail_kind else task.target_kind


def _value_form(task: ShownTask) -> str:
    return ", ".join(sorted(as_object(task.predicted_value))) or "(none)"


def _value_length(task: ShownTask) -> float:
    text = as_object(task.predicted_value).get("text")
    return float(len(text)) if isinstance(text, str) else math.nan


def _box_area(task: ShownTask) -> float:
    corners = [number for number in as_list(task.drawing_bbox)[:4] if isinstance(number, int | float)]
    return abs((corners[2] - corners[0]) * (corners[3] - corners[1])) if len(corners) == 4 else math.nan


_FORMS: tuple[tuple[Callable[[ShownTask], str], str], ...] = (
    (_kind, "is of the kind {}"),
    (_value_form, "has a value with the keys {}"),
)
_MEASURES: tuple[tuple[Callable[[ShownTask], float], str], ...] = (
    (lambda task: float(task.on_sheet), "questions on a sheet"),
    (_value_length, "characters in a value"),
    (_box_area, "area of a box"),
    (lambda task: float(len(task.prompt or "")), "characters in a question"),
    (lambda task: float(task.n_required), "votes asked for"),
)


# --- what is plain and no chance -------------------------------------------------------------------------


def _share_look(has: Sides[bool], words: str) -> Iterator[Look]:
    """Look of a property that gold has more or less often than the work."""
    n_gold, n_work = len(has.gold), len(has.work)
    share, other = sum(has.gold) / n_gold, sum(has.work) / n_work
    pooled = (sum(has.gold) + sum(has.work)) / (n_gold + n_work)
    error = math.sqrt(pooled * (1 - pooled) * (1 / n_gold + 1 / n_work))
    if abs(share - other) >= max(2 * MIN_AREA, MIN_DEVIATIONS * error):
        text = f"{100 * share:.0f} % of gold {words}, {100 * other:.0f} % of the work."
        yield Look(0.5 + abs(share - other) / 2, text)


def _size_look(sizes: Sides[float], words: str) -> Iterator[Look]:
    """Look of a size that is mostly larger, or smaller, on gold."""
    gold, work = (np.array([size for size in side if math.isfinite(size)]) for side in sizes)
    if min(gold.size, work.size) < MIN_GOLD_ITEMS:
        return
    area, _ = area_under_curve(gold, work)
    error = math.sqrt((gold.size + work.size + 1) / (12 * gold.size * work.size))  # of an area of 0.5 (Mann-Whitney)
    if abs(area - 0.5) >= max(MIN_AREA, MIN_DEVIATIONS * error):
        text = f"Median of {words}: {np.median(gold):.3g} on gold, {np.median(work):.3g} on the work."
        yield Look(max(area, 1 - area), text)
