"""Task updates: tasks that nobody has seen ask about a newer prediction of their record instead of an older one.

A task that was shown to somebody stays as it is, although nobody holds it now: an answer that was written offline may
still come, and it is an answer to what was on the screen. Gold follows the same rule, copy by copy, so that it shows
the values of the same model as the work around it; its right answer stays.
"""

from __future__ import annotations

import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from gonogo.json_types import JsonValue, as_object
from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.gonogo_api import TaskUpdates
from gonogo.schemas.verdicts import Verdict
from gonogo.server.store import audit
from gonogo.server.store.ids import new_id
from gonogo.server.store.schema import campaigns, gold_items, predictions, task_updates, tasks
from gonogo.server.store.schema.rows import CampaignRow
from gonogo.server.store.task_order import lock_order
from gonogo.server.tasks.gold_answers import KnownPrediction, gold_answer, seeded_error
from gonogo.server.tasks.gold_places import TaskValues, insert_copy
from gonogo.server.tasks.subject import SUBJECT_COLUMNS
from gonogo.server.tasks.updating.records import AskedTask, PredictedSubject, Record, match_records

_CHANGED = (*SUBJECT_COLUMNS, "prediction_id", "calculation_id", "gold_answer")
_UPDATE = (
    tasks.update()
    .where(
        tasks.c.number == bindparam("task_number"),
        tasks.c.campaign_id == bindparam("campaign"),
        tasks.c.status == TaskStatus.OPEN,
        tasks.c.n_people == 0,
        tasks.c.submission_count == 0,
        tasks.c.holder_id.is_(None),
    )
    .values({name: bindparam(f"new_{name}", type_=tasks.c[name].type) for name in _CHANGED})
)
_KEEP_TRUTH = (
    predictions.update()
    .where(predictions.c.id == bindparam("prediction"), predictions.c.truth.is_(None))
    .values(truth=bindparam("known", type_=predictions.c.truth.type))
)
_ERROR_TYPE = (
    gold_items.update().where(gold_items.c.id == bindparam("item")).values(error_type=bindparam("kind_of_error"))
)
_ERROR_TYPES = select(gold_items.c.error_type).where(gold_items.c.id == bindparam("item"))


@dataclass(slots=True)
class _Changes:
    """Rows to write for the predictions of one step."""

    tasks: list[TaskValues] = field(default_factory=list)
    history: list[TaskValues] = field(default_factory=list)
    truths: list[TaskValues] = field(default_factory=list)


class TaskUpdater:
    """Updater of one campaign's tasks, in a write transaction; `counts` grows with each call of `update`."""

    def __init__(
        self, connection: Connection, campaign: CampaignRow, now: datetime, rng: random.Random, actor: str
    ) -> None:
        """Locks the campaign's order and its row, before any of its tasks."""
        self._connection, self._campaign, self._now, self._rng, self._actor = connection, campaign, now, rng, actor
        self.counts = TaskUpdates()
        lock_order(connection, campaign.id)
        row = select(campaigns.c.id).where(campaigns.c.id == campaign.id)
        connection.execute(row.with_for_update(key_share=True))

    def update(self, numbers: Sequence[int]) -> set[str]:
        """Gives each prediction of one run to the task of its record; returns the ids of those that have none."""
        matches = match_records(self._connection, self._campaign.id, numbers)
        changes = _Changes()
        for item, record in matches.pairs:
            outcome = self._update_record(item, record, changes)
            self._count(outcome)
        self._count("n_unclear", len(matches.unclear))
        self._write(changes)
        return matches.unclear | {item.id for item, _record in matches.pairs}

    def count_current(self, n_current: int) -> None:
        """Counts predictions that their tasks ask about already."""
        self._count("n_unchanged", n_current)

    def _count(self, name: str, number: int = 1) -> None:
        self.counts = self.counts.model_copy(update={name: getattr(self.counts, name) + number})

    def _update_record(self, item: PredictedSubject, record: Record, changes: _Changes) -> str:
        """Adds what is to be written; returns the count that the prediction belongs to."""
        if record.is_gold:
            return self._update_gold(item, record, changes)
        (task,) = record.tasks
        if not task.is_unseen:
            return _why_kept(task)
        same = self._change(task, item, {}, changes)
        return "n_unchanged" if same else "n_updated"

    def _update_gold(self, item: PredictedSubject, record: Record, changes: _Changes) -> str:
        """Updates the copies that nobody has seen; the newest is one of them, because later copies are made of it."""
        newest = record.tasks[-1]
        values = self._gold_values(item, newest)
        if values is None:
            return "n_unclear"
        if not newest.is_unseen:
            if _same_subject(item, newest.prediction):
                return "n_unchanged"
            number, copy_id = insert_copy(self._connection, str(newest.gold_item_id), self._now)
            unseen = newest._replace(number=number, id=copy_id, n_people=0, submission_count=0, holder_id=None)
            record.tasks.append(unseen._replace(status=TaskStatus.OPEN))
        same = [self._change(task, item, values, changes) for task in record.tasks if task.is_unseen]
        return "n_unchanged" if all(same) else "n_updated"

    def _gold_values(self, item: PredictedSubject, copy: AskedTask) -> TaskValues | None:
        """Value and right answer of gold; `None` where its truth isn't known, so that a new value can't be judged."""
        answer = _parsed(copy.gold_answer)
        if answer.get("verdict") == Verdict.UNSURE:
            return {"gold_answer": copy.gold_answer}
        right = answer.get("verdict") == Verdict.CORRECT
        truth = copy.asked_value if right else answer.get("corrected_value")
        if truth is None:
            return None
        campaign, values = self._campaign, TaskValues()
        values["gold_answer"] = gold_answer(
            item.predicted_value, truth, trailing_zeros=campaign.trailing_zeros_matter, unit=campaign.unit
        )
        params = {"item": copy.gold_item_id}
        was_seeded = self._connection.execute(_ERROR_TYPES, params).scalar() is not None
        if was_seeded and _same_subject(item, copy.prediction):
            return {"gold_answer": copy.gold_answer, "predicted_value": copy.asked_value}
        if was_seeded:
            error_type = None
            if values["gold_answer"] == Verdict.CORRECT.value:
                known = KnownPrediction(
                    item.id, item.calculation_id, item.part_revision_id, item.detail_kind, item.predicted_value, truth
                )
                seeded = seeded_error(self._connection, known, self._rng)
                error_type = seeded.pop("error_type", None)
                values |= seeded
            self._connection.execute(_ERROR_TYPE, {**params, "kind_of_error": error_type})
        return values

    def _change(
        self, task: AskedTask, item: PredictedSubject, gold_values: Mapping[str, object], changes: _Changes
    ) -> bool:
        """Adds the task's new row, and its history; true if only the run is another one."""
        old, new = task.prediction._asdict(), item._asdict()
        old["predicted_value"] = task.asked_value
        new |= {"gold_answer": None, **gold_values}
        values = {f"new_{name}": new.get(name) for name in _CHANGED}
        values |= {"task_number": task.number, "campaign": self._campaign.id, "new_prediction_id": item.id}
        changes.tasks.append(values)
        differing = [name for name in (*SUBJECT_COLUMNS, "source") if old[name] != new[name]]
        changes.history.append(
            {
                "id": new_id(),
                "task_id": task.id,
                "campaign_id": self._campaign.id,
                "replaced_id": task.prediction.id,
                "prediction_id": item.id,
                "before": {name: old[name] for name in differing},
                "after": {name: new[name] for name in differing},
                "created_at": self._now,
            }
        )
        if task.prediction.truth is not None and item.truth is None:
            changes.truths.append({"prediction": item.id, "known": task.prediction.truth})
        return not differing

    def _write(self, changes: _Changes) -> None:
        if not changes.tasks:
            return
        self._connection.execute(_UPDATE, changes.tasks)
        self._connection.execute(task_updates.insert(), changes.history)
        if changes.truths:
            self._connection.execute(_KEEP_TRUTH, changes.truths)
        for row in changes.history:
            content = {name: row[name] for name in ("task_id", "campaign_id", "replaced_id", "prediction_id")}
            audit.append(self._connection, "task_updated", self._now, actor=self._actor, content=content)


def _why_kept(task: AskedTask) -> str:
    if task.submission_count or task.status != TaskStatus.OPEN:
        return "n_answered"
    return "n_held" if task.holder_id else "n_seen"


def _same_subject(item: PredictedSubject, other: PredictedSubject) -> bool:
    return all(getattr(item, name) == getattr(other, name) for name in (*SUBJECT_COLUMNS, "source"))


def _parsed(answer: str | None) -> dict[str, JsonValue]:
    """A gold answer as an object with `verdict`, and `corrected_value` where it has one."""
    if answer is None or answer.strip() in set(Verdict):
        return {"verdict": (answer or "").strip()}
    return dict(as_object(json.loads(answer)))
