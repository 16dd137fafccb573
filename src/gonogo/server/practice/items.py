"""Practice items: serves tasks with known answers, half of them with a seeded error, and scores the answer at once.

Items are tasks that an expert ruled on, those first that the person never voted on. Honeypots are never among them,
nor is anything that an expert proposed as gold, so that practice gives no gold away. Answers are stored apart from
submissions, so that they count for nothing but the person's own standing. A lead may ask for practice before the first
task (`eligibility`).

The name of an item is `<task id>.<seed>`: the same name always shows the same thing.
"""

from __future__ import annotations

import random
import re
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, false, select

from gonogo.json_types import JsonValue
from gonogo.schemas.review import (
    PracticeAnswer,
    PracticeFeedback,
    PracticeItem,
    PracticeSet,
    ReviewSettings,
)
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.errors import conflict, not_found
from gonogo.server.practice.pool import POOL_LIMIT, pool_query, pool_size
from gonogo.server.practice.reading_errors import introduce_error
from gonogo.server.practice.standing import practice_standing, record_answer
from gonogo.server.serialize import served_task
from gonogo.server.store.schema import rulings, submissions, tasks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_first
from gonogo.values import equal

DEFAULT_ITEMS = 20
PRACTICE_ROLES = ("lead", "reviewer", "annotator")
TOO_FEW_KNOWN = "too_few_known"
SEEDED_SHARE = 0.5
"""Share of the items that show an error: short bursts rich in errors bring the miss rate down."""

_ITEM_NAME = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{8})")


class ShownValue(NamedTuple):
    """The value that an item shows, the right verdict on it, and the type of its error, if it has one."""

    value: JsonValue
    verdict: str
    error_type: str | None


class RulingReason(NamedTuple):
    """An expert's note on a task, and the error type."""

    note: str | None
    error_type: str | None


def draw_items(
    connection: Connection, campaign: CampaignRow, voter_id: str, limit: int, now: datetime, rng: random.Random
) -> PracticeSet:
    """At most `limit` items in random order, tasks that the person never voted on first."""
    has_voted = exists().where(submissions.c.task_id == tasks.c.id, submissions.c.voter_id == voter_id)
    query = pool_query(campaign.id).add_columns(has_voted.label("has_voted")).order_by(tasks.c.id).limit(POOL_LIMIT)
    pool = [(TaskRow(*columns), bool(voted)) for *columns, voted in connection.execute(query)]
    shuffled = rng.sample(pool, len(pool))
    chosen = [task for task, _ in sorted(shuffled, key=lambda entry: entry[1])[:limit]]
    items = [_practice_item(task, f"{rng.getrandbits(32):08x}") for task in chosen]
    return PracticeSet(data=items, standing=practice_standing(connection, campaign.id, voter_id, now))


def check_settings(connection: Connection, campaign_id: str, settings: ReviewSettings) -> None:
    """Raises 409 for a qualification that nobody could pass, because there are fewer known items than it asks for."""
    known = pool_size(connection, campaign_id)
    if settings.pass_mark is not None and known < settings.qualification_items:
        raise conflict(
            TOO_FEW_KNOWN,
            f"A qualification of {settings.qualification_items} items needs as many rulings by experts, and there "
            f"are {known} (gold aside). Rule on more tasks first, or ask for fewer items.",
            known=known,
        )


def answer_item(
    connection: Connection, campaign: CampaignRow, voter_id: str, answer: PracticeAnswer, now: datetime
) -> PracticeFeedback:
    """Feedback on one answer, which is recorded for the person's standing. Raises 404 for an unknown item."""
    name = _ITEM_NAME.fullmatch(answer.item)
    task = fetch_first(connection, pool_query(campaign.id).where(tasks.c.id == name[1]), TaskRow) if name else None
    if name is None or task is None:
        raise not_found()
    shown, truth = seeded_value(task, name[2]), _true_value(task)
    right, unit = answer.verdict == shown.verdict, campaign.unit or ""
    if right and answer.corrected_value is not None and truth is not None:
        right = equal(answer.corrected_value, truth, trailing_zeros=campaign.trailing_zeros_matter, unit=unit).equal
    record_answer(connection, campaign.id, voter_id, answer.item, right, now)
    is_wrong = shown.verdict == Verdict.INCORRECT
    reason = _ruling_reason(connection, task.id)
    return PracticeFeedback(
        right=right,
        verdict=shown.verdict,
        value=truth if is_wrong else None,
        error_type=shown.error_type or (reason.error_type if reason and is_wrong else None),
        difference=equal(shown.value, truth, unit=unit).reason if is_wrong and truth is not None else None,
        note=reason.note if reason else None,
        standing=practice_standing(connection, campaign.id, voter_id, now),
    )


def seeded_value(task: TaskRow, seed: str) -> ShownValue:
    """The value that an item shows, reproducible by its name.

    Where the true value is known as text, half of the items show it, and half show it with one plausible error.
    """
    truth = _true_value(task)
    text = truth.get("text") if isinstance(truth, dict) else None
    if not isinstance(text, str):
        return ShownValue(task.predicted_value, str(task.consensus_verdict), None)
    draw = random.Random(f"{task.id}.{seed}")  # noqa: S311 - reproducible, guards nothing
    if draw.random() >= SEEDED_SHARE:
        return ShownValue({"text": text}, Verdict.CORRECT, None)
    wrong, error_type = introduce_error(text, draw)
    if value_key({"text": wrong}) == value_key({"text": text}):
        return ShownValue({"text": text}, Verdict.CORRECT, None)
    return ShownValue({"text": wrong}, Verdict.INCORRECT, error_type)


def _true_value(task: TaskRow) -> JsonValue:
    return task.predicted_value if task.consensus_verdict == Verdict.CORRECT else task.consensus_value


def _practice_item(task: TaskRow, seed: str) -> PracticeItem:
    shown = seeded_value(task, seed)
    served = served_task(task).model_copy(
        update={"predicted_value": shown.value, "other_readings": None, "id": f"practice-{seed}"}
    )
    return PracticeItem(item=f"{task.id}.{seed}", task=served)


def _ruling_reason(connection: Connection, task_id: str) -> RulingReason | None:
    query = select(rulings.c.note, rulings.c.error_type).where(rulings.c.task_id == task_id)
    return fetch_first(connection, query.where(rulings.c.superseded == false()), RulingReason)
