"""Gold decisions: carries out a lead's accepting or declining of rulings that are proposed as gold."""

from __future__ import annotations

import json
import random
from datetime import datetime

from sqlalchemy import Connection, select

from gonogo.schemas.enums import CampaignStatus, ConflictReason
from gonogo.schemas.review import GoldDecision
from gonogo.server.auth.principals import Principal
from gonogo.server.errors import conflict
from gonogo.server.queue.honeypots import record_unserved
from gonogo.server.review.rulings import ACCEPTED, DECLINED, RulingRow, ruling_by_id
from gonogo.server.store.schema import gold_items, rulings, submissions, tasks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_one
from gonogo.server.tasks.create import create_tasks
from gonogo.server.tasks.merging import has_merged_readings
from gonogo.server.tasks.subject import SUBJECT_COLUMNS


def decide_gold_candidate(
    connection: Connection,
    ruling: RulingRow,
    target: CampaignRow,
    decision: GoldDecision,
    caller: Principal,
    now: datetime,
    rng: random.Random,
) -> RulingRow:
    """Accepts a candidate as a honeypot of `target`, or declines it; the same decision again changes nothing.

    People who voted on the task are never served its honeypot.
    """
    status = ACCEPTED if decision.accept else DECLINED
    if ruling.gold_status == status:
        return ruling
    if ruling.gold_status is None or ruling.gold_status == ACCEPTED or ruling.superseded:
        raise conflict(None, "This ruling is no longer a gold candidate; nothing was changed.")
    changes: dict[str, object] = {"gold_status": status, "gold_decided_by": caller.id, "gold_decided_at": now}
    if decision.accept:
        if target.status != CampaignStatus.OPEN:
            message = "That campaign is closed and takes no more gold: name an open one in campaign_id."
            raise conflict(ConflictReason.CAMPAIGN_CLOSED, message)
        changes["gold_task_id"] = _create_honeypot(connection, ruling, target, now, rng)
    connection.execute(rulings.update().where(rulings.c.id == ruling.id).values(**changes))
    return ruling_by_id(connection, ruling.id)


def _create_honeypot(
    connection: Connection, ruling: RulingRow, target: CampaignRow, now: datetime, rng: random.Random
) -> str:
    """Creates a gold item in `target` from the ruling's task; returns the id of its first copy."""
    task = fetch_one(connection, select(tasks).where(tasks.c.id == ruling.task_id), TaskRow)
    values = {name: getattr(task, name) for name in SUBJECT_COLUMNS}
    values |= {"calculation_id": task.calculation_id, "n_required": None}
    values |= {"is_gold": True, "gold_answer": _gold_answer(ruling)}
    if has_merged_readings(connection, target.id):  # elsewhere they would give it away
        values["other_readings"] = task.other_readings
    (copy_id,) = create_tasks(connection, target, [values], now, rng)
    copy = fetch_one(connection, select(tasks).where(tasks.c.id == copy_id), TaskRow)
    item_id = str(copy.gold_item_id)
    if ruling.error_type is not None:
        item = gold_items.update().where(gold_items.c.id == item_id)
        connection.execute(item.values(error_type=ruling.error_type))
    voters = select(submissions.c.voter_id).where(submissions.c.task_id == task.id)
    for voter_id in connection.execute(voters).scalars().all():
        record_unserved(connection, item_id, voter_id)
    return copy_id


def _gold_answer(ruling: RulingRow) -> str:
    if ruling.corrected_value is None:
        return ruling.verdict
    answer = {"verdict": ruling.verdict, "corrected_value": ruling.corrected_value}
    return json.dumps(answer, ensure_ascii=False)
