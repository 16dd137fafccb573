"""Simulated annotators: answer, as three people, some tasks and gold of the demo campaign, dated some hours back.

The votes go through the server's own code in one transaction, as claims and answers with times of their own. Over HTTP
they would take longer than the rest of the demo's first start, and would be flagged as too fast.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, select

from gonogo.demo.simulated_readings import SEED, Reading, misread
from gonogo.json_types import JsonObject
from gonogo.schemas.enums import TaskStatus
from gonogo.schemas.labeling import LabelSubmit
from gonogo.schemas.review import RulingCreate
from gonogo.server.auth.principals import Principal, Voter
from gonogo.server.queue import leases, submissions
from gonogo.server.review.adjudication import adjudicate
from gonogo.server.store import audit
from gonogo.server.store.engine import Store
from gonogo.server.store.schema import tasks
from gonogo.server.store.schema.rows import CampaignRow, TaskRow
from gonogo.server.store.typed_rows import fetch_all, fetch_campaign

CREW = {"Ana (simulated)": 0.97, "Bo (simulated)": 0.86, "Cem (simulated)": 0.92}
"""Simulated annotators, and the share of errors that each recognises."""
N_WRONG, N_RIGHT, N_GOLD = 8, 16, 8
"""Numbers of answered tasks: with a wrong reading, with a right reading, and gold."""
EXPERT = "Eva, expert (simulated)"
N_RULED = 12
"""Number of settled tasks that the expert rules on, so that there is something to practise on."""
DISPUTED = 5
"""Number of wrong readings on which their answers differ."""
_SHIFT = timedelta(minutes=50)


def answer(store: Store, campaign_id: str, people: Mapping[str, str], readings: Sequence[Reading]) -> None:
    """Stores all votes of the crew and the expert's rulings; `people` are the ids of both by name."""
    now = datetime.now(UTC)
    expert_id, people = people[EXPERT], {name: people[name] for name in CREW}
    with store.write() as connection:
        campaign = fetch_campaign(connection, campaign_id)
        chosen = _choose(connection, campaign_id, readings)
        for place, (name, voter_id) in enumerate(people.items()):
            at = now - (len(people) - place) * _SHIFT
            _work(connection, campaign, place, name, voter_id, chosen, at)
        n_ruled = _rule(connection, campaign, expert_id, chosen, now - _SHIFT / 2)
        content = {"campaign_id": campaign_id, "n": len(people) * len(chosen), "n_ruled": n_ruled}
        audit.append(connection, "simulated_votes", now, actor="demo", content=content)


def _rule(
    connection: Connection,
    campaign: CampaignRow,
    expert_id: str,
    chosen: Sequence[tuple[TaskRow, Reading]],
    at: datetime,
) -> int:
    """Rules on tasks that the votes settled, wrong readings first; returns how many. The disputed ones are left."""
    expert = Principal("annotator", expert_id, campaign.org_id, "reviewer", campaign_id=campaign.id)
    ids = [row.id for row, _ in chosen if not row.is_gold]
    query = select(tasks.c.id).where(tasks.c.id.in_(ids), tasks.c.status == TaskStatus.RESOLVED)
    resolved = set(connection.execute(query).scalars())
    settled = sorted((pair for pair in chosen if pair[0].id in resolved), key=lambda pair: not pair[1].error)
    for row, reading in settled[:N_RULED]:
        adjudicate(connection, row.id, expert, _ruling(reading), at)
        at += timedelta(seconds=9)
    return min(len(settled), N_RULED)


def _ruling(reading: Reading) -> RulingCreate:
    if reading.error is None:
        return RulingCreate(verdict="correct")
    return RulingCreate(verdict="incorrect", corrected_value={"text": reading.callout.text})


def _choose(connection: Connection, campaign_id: str, readings: Sequence[Reading]) -> list[tuple[TaskRow, Reading]]:
    """The tasks to answer, in the order of the sheets, each with its reading; of gold one copy an item."""
    by_place = {(tuple(reading.callout.bbox), reading.callout.name): reading for reading in readings}
    query = select(tasks).where(tasks.c.campaign_id == campaign_id).order_by(tasks.c.number)
    rows = fetch_all(connection, query, TaskRow)
    pairs = [(row, by_place[(tuple(row.drawing_bbox or ()), row.field_name or "")]) for row in rows]
    items = {row.gold_item_id: (row, reading) for row, reading in reversed(pairs) if row.is_gold}
    ordinary = [(row, reading) for row, reading in pairs if not row.is_gold]
    wrong = [(row, reading) for row, reading in ordinary if reading.error]
    right = [(row, reading) for row, reading in ordinary if not reading.error]
    chosen = [*_spread(wrong, N_WRONG), *_spread(right, N_RIGHT), *_spread(list(items.values()), N_GOLD)]
    return sorted(chosen, key=lambda pair: (pair[0].sheet_seq, pair[0].number))


def _spread(pairs: list[tuple[TaskRow, Reading]], n: int) -> list[tuple[TaskRow, Reading]]:
    """About `n` of the pairs, evenly over all sheets."""
    return pairs[:: max(1, len(pairs) // n)][:n]


def _work(
    connection: Connection,
    campaign: CampaignRow,
    place: int,
    name: str,
    voter_id: str,
    chosen: Sequence[tuple[TaskRow, Reading]],
    at: datetime,
) -> None:
    """Submits one annotator's answers, one after the other from `at` on."""
    rng = random.Random(f"{SEED}-{name}")  # noqa: S311 - sample data, not a secret
    voter = Voter(voter_id, "annotator")
    wrong = [row.id for row, reading in chosen if reading.error and not row.is_gold]
    roles = {task_id: (place + turn) % len(CREW) for turn, task_id in enumerate(wrong[:DISPUTED])}
    for row, reading in chosen:
        role = roles.get(row.id)
        submission = _vote(reading, CREW[name], rng) if role is None else _dispute(reading, role, rng)
        leases.acquire(connection, campaign, row.id, voter, at)
        at += timedelta(milliseconds=submission.duration_ms or 0)
        submissions.submit(connection, campaign, row.id, voter, submission, at)
        at += timedelta(milliseconds=rng.randint(300, 900))


def _vote(reading: Reading, care: float, rng: random.Random) -> LabelSubmit:
    noticed = rng.random() < care
    if noticed:
        return _incorrect(reading.callout.text, rng) if reading.error else _correct(rng)
    if rng.random() < 0.4:
        return LabelSubmit(verdict="unsure", duration_ms=2 * _duration(rng))
    return _correct(rng) if reading.error else LabelSubmit(verdict="incorrect", duration_ms=_duration(rng))


def _dispute(reading: Reading, role: int, rng: random.Random) -> LabelSubmit:
    """A disputed answer: role 0 corrects the reading, role 1 accepts it, role 2 corrects it wrongly."""
    if role == 0:
        return _incorrect(reading.callout.text, rng)
    wrong_text = misread(reading) if role > 1 else None
    return _correct(rng) if wrong_text is None else _incorrect(wrong_text, rng)


def _correct(rng: random.Random) -> LabelSubmit:
    return LabelSubmit(verdict="correct", confidence=1.0, duration_ms=_duration(rng))


def _incorrect(text: str, rng: random.Random) -> LabelSubmit:
    value: JsonObject = {"text": text}
    return LabelSubmit(verdict="incorrect", corrected_value=value, confidence=0.8, duration_ms=_duration(rng) + 4000)


def _duration(rng: random.Random) -> int:
    """Milliseconds of one answer, log-normal with a median of 3.4 s."""
    return 700 + int(1000 * rng.lognormvariate(1.0, 0.35))
