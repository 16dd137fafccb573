"""Practice: known items with seeded errors and feedback at once.

Items are tasks that an expert ruled on and the person never voted on. Honeypots are never among them, so that
practice gives no gold away, and answers are stored apart from submissions, so that they count for nothing else.

An item's name says which task it is and how it was seeded: the same name always shows the same thing.
"""

from __future__ import annotations

import random
import re
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, exists, false, select, true

from gonogo.server.consensus.values import value_key
from gonogo.server.errors import not_found
from gonogo.server.records import served_task
from gonogo.server.review import settings_of
from gonogo.server.store.tables import practice_answers, rulings, submissions, tasks
from gonogo.wire.review import PracticeAnswer, PracticeFeedback, PracticeItem, PracticeSet, PracticeStanding
from gonogo.wire.vocabulary import Verdict

DEFAULT_ITEMS = 20
PRACTISERS = ("lead", "reviewer", "annotator")
SEEDED = 0.5
"""Share of the items that show something wrong: short bursts rich in errors bring the miss rate down."""

_ITEM = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{8})")
_POOL = 500


def items(connection: Connection, campaign: Row[Any], voter_id: str, limit: int, rng: random.Random) -> PracticeSet:
    """At most `limit` items in random order."""
    voted = exists().where(submissions.c.task_id == tasks.c.id, submissions.c.voter_id == voter_id)
    known = select(tasks).where(
        tasks.c.campaign_id == campaign.id, tasks.c.adjudicated == true(), tasks.c.is_gold == false(), ~voted
    )
    known = known.where(tasks.c.consensus_verdict.in_([Verdict.CORRECT, Verdict.INCORRECT]))
    pool = connection.execute(known.order_by(tasks.c.id).limit(_POOL)).all()
    chosen = rng.sample(pool, min(limit, len(pool)))
    shown = [_item(row, f"{rng.getrandbits(32):08x}") for row in chosen]
    return PracticeSet(data=shown, standing=standing(connection, campaign.id, voter_id))


def _item(row: Row[Any], seed: str) -> PracticeItem:
    value, _, _ = seeded(row, seed)
    item = f"{row.id}.{seed}"
    task = served_task(row).model_copy(update={"predicted_value": value, "id": f"practice-{seed}"})
    return PracticeItem(item=item, task=task)


def seeded(row: Row[Any], seed: str) -> tuple[Any, str, str | None]:
    """What an item shows, the right verdict on that, and the error type if there is one.

    Where the true value is known, half of the items show it, and half show it with one plausible error.
    """
    right = row.consensus_verdict == Verdict.CORRECT
    truth = row.predicted_value if right else row.consensus_value
    if not isinstance(truth, dict) or not isinstance(truth.get("text"), str):
        return row.predicted_value, row.consensus_verdict, None
    draw = random.Random(f"{row.id}.{seed}")  # noqa: S311 - reproducible, guards nothing
    if draw.random() >= SEEDED:
        return {"text": truth["text"]}, Verdict.CORRECT, None
    wrong, error_type = spoil(truth["text"], draw)
    if value_key({"text": wrong}) == value_key({"text": truth["text"]}):
        return {"text": truth["text"]}, Verdict.CORRECT, None
    return {"text": wrong}, Verdict.INCORRECT, error_type


def spoil(text: str, draw: random.Random) -> tuple[str, str]:
    """`text` with one plausible reading error, and its type; unchanged where none fits."""
    ways = [(name, way(text, draw)) for name, way in _WAYS.items()]
    fitting = [(name, spoiled) for name, spoiled in ways if spoiled is not None and spoiled != text]
    if not fitting:
        return text, "other"
    error_type, spoiled = draw.choice(fitting)
    return spoiled, error_type


def answer(
    connection: Connection, campaign: Row[Any], voter_id: str, given: PracticeAnswer, now: datetime
) -> PracticeFeedback:
    """Feedback on one answer, which is noted for the person's standing."""
    from gonogo.values import equal

    named = _ITEM.fullmatch(given.item)
    query = select(tasks).where(tasks.c.campaign_id == campaign.id, tasks.c.adjudicated == true())
    query = query.where(tasks.c.is_gold == false())
    row = connection.execute(query.where(tasks.c.id == named[1])).first() if named else None
    if named is None or row is None:
        raise not_found()
    shown, verdict, error_type = seeded(row, named[2])
    truth = row.predicted_value if row.consensus_verdict == Verdict.CORRECT else row.consensus_value
    right = given.verdict == verdict
    if right and given.corrected_value is not None and truth is not None:
        right = equal(given.corrected_value, truth, trailing_zeros=campaign.trailing_zeros_matter).equal
    noted = {"campaign_id": campaign.id, "voter_id": voter_id, "item": given.item, "created_at": now}
    connection.execute(practice_answers.insert().values(**noted, right=right))
    wrong = verdict == Verdict.INCORRECT
    note = select(rulings.c.note, rulings.c.error_type).where(rulings.c.task_id == row.id)
    why = connection.execute(note.where(rulings.c.superseded == false())).first()
    return PracticeFeedback(
        right=right,
        verdict=verdict,
        value=truth if wrong else None,
        error_type=error_type or (why.error_type if why and wrong else None),
        difference=equal(shown, truth).reason if wrong and truth is not None else None,
        note=why.note if why else None,
        standing=standing(connection, campaign.id, voter_id),
    )


def standing(connection: Connection, campaign_id: str, voter_id: str) -> PracticeStanding:
    """The last answers against the campaign's pass mark."""
    wanted = settings_of(connection, campaign_id)
    mine = (practice_answers.c.campaign_id == campaign_id) & (practice_answers.c.voter_id == voter_id)
    recent = select(practice_answers.c.right).where(mine).order_by(practice_answers.c.number.desc())
    answers = connection.execute(recent.limit(wanted.qualification_items)).scalars().all()
    n, right = len(answers), sum(answers)
    enough = wanted.pass_mark is not None and n >= wanted.qualification_items
    return PracticeStanding(
        n=n,
        right=right,
        needed=wanted.qualification_items,
        pass_mark=wanted.pass_mark,
        passed=right >= (wanted.pass_mark or 0.0) * n if enough else None,
    )


# --- plausible errors ------------------------------------------------------------------------------------

_LIKE = {"0": "8", "1": "7", "3": "8", "5": "6", "6": "8", "7": "1", "8": "3", "9": "0", "2": "7", "4": "1"}


def _digit(text: str, draw: random.Random) -> str | None:
    places = [place for place, character in enumerate(text) if character in _LIKE]
    if not places:
        return None
    place = draw.choice(places)
    return text[:place] + _LIKE[text[place]] + text[place + 1 :]


def _decimal_sign(text: str, draw: random.Random) -> str | None:
    found = re.search(r"(?<=[1-9])[.,](?=[0-9])", text)
    return text[: found.start()] + text[found.end() :] if found else None


def _sign(text: str, draw: random.Random) -> str | None:
    found = re.search(r"(?<=\s)[+\-−](?=[0-9])", text)
    return text[: found.start()] + ("-" if found[0] == "+" else "+") + text[found.end() :] if found else None


def _lost_tolerance(text: str, draw: random.Random) -> str | None:
    kept = re.sub(r"\s*(±|\+/-|[+\-−](?=[0-9])).*$", "", text)
    return kept if kept and kept != text else None


def _lost_diameter(text: str, draw: random.Random) -> str | None:
    return re.sub(r"[⌀∅Øø]\s*", "", text, count=1)


_WAYS = {
    "digit": _digit,
    "decimal_sign": _decimal_sign,
    "sign": _sign,
    "lost_tolerance": _lost_tolerance,
    "lost_diameter": _lost_diameter,
}
