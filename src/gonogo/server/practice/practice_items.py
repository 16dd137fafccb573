"""Practice: known items with seeded errors and feedback at once.

Items are tasks that an expert ruled on, those first that the person never voted on. Honeypots are never among them,
nor is anything an expert proposed as gold, so that practice gives no gold away; and answers are stored apart from
submissions, so that they count for nothing but the person's own standing. A lead may ask for practice before the first
task (`admission`).

An item's name says which task it is and how it was seeded: the same name always shows the same thing.
"""

from __future__ import annotations

import random
import re
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, exists, false, func, select, true

from gonogo.schemas.review import (
    PracticeAnswer,
    PracticeFeedback,
    PracticeItem,
    PracticeSet,
    PracticeStanding,
    ReviewSettings,
)
from gonogo.schemas.verdicts import Verdict
from gonogo.server.consensus.values import value_key
from gonogo.server.errors import conflict, not_found
from gonogo.server.review.queue import load_settings
from gonogo.server.serialize import served_task
from gonogo.server.store.schema import practice_answers, qualifications, rulings, submissions, tasks
from gonogo.server.store.schema.rows import CampaignRow

DEFAULT_ITEMS = 20
SITTING_GAP = timedelta(hours=4)
"""A break after which a person warms up again."""
PRACTICE_ROLES = ("lead", "reviewer", "annotator")
TOO_FEW_KNOWN = "too_few_known"
SEEDED_SHARE = 0.5
"""Share of the items that show something wrong: short bursts rich in errors bring the miss rate down."""

_ITEM = re.compile(r"([0-9a-f-]{36})\.([0-9a-f]{8})")
_POOL = 500


def draw_items(
    connection: Connection, campaign: CampaignRow, voter_id: str, limit: int, now: datetime, rng: random.Random
) -> PracticeSet:
    """At most `limit` items in random order."""
    voted = exists().where(submissions.c.task_id == tasks.c.id, submissions.c.voter_id == voter_id)
    pool = connection.execute(_known(campaign.id).add_columns(voted.label("voted")).order_by(tasks.c.id).limit(_POOL))
    drawn = rng.sample(rows := pool.all(), len(rows))
    chosen = sorted(drawn, key=lambda row: bool(row.voted))[:limit]
    shown = [_item(row, f"{rng.getrandbits(32):08x}") for row in chosen]
    return PracticeSet(data=shown, standing=practice_standing(connection, campaign.id, voter_id, now))


def check_settings(connection: Connection, campaign_id: str, wanted: ReviewSettings) -> None:
    """409 for a qualification that nobody could pass: there must be as many known items as it asks for."""
    known = _available(connection, campaign_id)
    if wanted.pass_mark is not None and known < wanted.qualification_items:
        raise conflict(
            TOO_FEW_KNOWN,
            f"A qualification of {wanted.qualification_items} items needs as many known ones, and experts have ruled "
            f"on {known} here that are not meant as gold. Rule on more tasks first, or ask for fewer items.",
            known=known,
        )


def _known(campaign_id: str) -> Select[Any]:
    """Tasks with a ruling that teaches something, and that is not gold's answer, now or perhaps later."""
    as_gold = exists().where(rulings.c.task_id == tasks.c.id, rulings.c.gold_status.in_(["candidate", "accepted"]))
    return select(tasks).where(
        tasks.c.campaign_id == campaign_id,
        tasks.c.adjudicated == true(),
        tasks.c.is_gold == false(),
        tasks.c.consensus_verdict.in_([Verdict.CORRECT, Verdict.INCORRECT]),
        ~as_gold,
    )


def _available(connection: Connection, campaign_id: str) -> int:
    """How many known tasks there are; no more than `_POOL` are counted."""
    found = _known(campaign_id).with_only_columns(tasks.c.id).limit(_POOL).subquery()
    return int(connection.execute(select(func.count()).select_from(found)).scalar_one())


def _item(row: Row[Any], seed: str) -> PracticeItem:
    value, _, _ = seeded_value(row, seed)
    item = f"{row.id}.{seed}"
    task = served_task(row).model_copy(update={"predicted_value": value, "id": f"practice-{seed}"})
    return PracticeItem(item=item, task=task)


def seeded_value(row: Row[Any], seed: str) -> tuple[Any, str, str | None]:
    """What an item shows, the right verdict on that, and the error type if there is one.

    Where the true value is known, half of the items show it, and half show it with one plausible error.
    """
    right = row.consensus_verdict == Verdict.CORRECT
    truth = row.predicted_value if right else row.consensus_value
    if not isinstance(truth, dict) or not isinstance(truth.get("text"), str):
        return row.predicted_value, row.consensus_verdict, None
    draw = random.Random(f"{row.id}.{seed}")  # noqa: S311 - reproducible, guards nothing
    if draw.random() >= SEEDED_SHARE:
        return {"text": truth["text"]}, Verdict.CORRECT, None
    wrong, error_type = introduce_error(truth["text"], draw)
    if value_key({"text": wrong}) == value_key({"text": truth["text"]}):
        return {"text": truth["text"]}, Verdict.CORRECT, None
    return {"text": wrong}, Verdict.INCORRECT, error_type


def introduce_error(text: str, draw: random.Random) -> tuple[str, str]:
    """`text` with one plausible reading error, and its type; unchanged where none fits."""
    ways = [(name, way(text, draw)) for name, way in _WAYS.items()]
    fitting = [(name, spoiled) for name, spoiled in ways if spoiled is not None and spoiled != text]
    if not fitting:
        return text, "other"
    error_type, spoiled = draw.choice(fitting)
    return spoiled, error_type


def answer_item(
    connection: Connection, campaign: CampaignRow, voter_id: str, given: PracticeAnswer, now: datetime
) -> PracticeFeedback:
    """Feedback on one answer, which is noted for the person's standing."""
    from gonogo.values import equal

    named = _ITEM.fullmatch(given.item)
    row = connection.execute(_known(campaign.id).where(tasks.c.id == named[1])).first() if named else None
    if named is None or row is None:
        raise not_found()
    shown, verdict, error_type = seeded_value(row, named[2])
    truth = row.predicted_value if row.consensus_verdict == Verdict.CORRECT else row.consensus_value
    right = given.verdict == verdict
    if right and given.corrected_value is not None and truth is not None:
        right = equal(given.corrected_value, truth, trailing_zeros=campaign.trailing_zeros_matter).equal
    _record_answer(connection, campaign.id, voter_id, given.item, right, now)
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
        standing=practice_standing(connection, campaign.id, voter_id, now),
    )


def _record_answer(
    connection: Connection, campaign_id: str, voter_id: str, item: str, right: bool, now: datetime
) -> None:
    """Only the first answer to an item is noted: after it the person knows what is right."""
    noted = {"campaign_id": campaign_id, "voter_id": voter_id, "item": item}
    before = select(practice_answers.c.number).where(*(practice_answers.c[name] == noted[name] for name in noted))
    if connection.execute(before).first() is not None:
        return
    connection.execute(practice_answers.insert().values(**noted, created_at=now, right=right))
    wanted = load_settings(connection, campaign_id)
    n, n_right = _score(connection, campaign_id, voter_id, wanted.qualification_items)
    if wanted.pass_mark is not None and n >= wanted.qualification_items and n_right >= wanted.pass_mark * n:
        _record_pass(connection, campaign_id, voter_id, wanted.pass_mark, now)


def _score(connection: Connection, campaign_id: str, voter_id: str, items: int) -> tuple[int, int]:
    """How many of the last `items` answers there are, and how many of these were right."""
    mine = (practice_answers.c.campaign_id == campaign_id) & (practice_answers.c.voter_id == voter_id)
    recent = select(practice_answers.c.right).where(mine).order_by(practice_answers.c.number.desc())
    answers = connection.execute(recent.limit(items)).scalars().all()
    return len(answers), sum(answers)


def practice_standing(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> PracticeStanding:
    """The last answers against the campaign's pass mark, and what next-task still waits for."""
    wanted = load_settings(connection, campaign_id)
    n, right = _score(connection, campaign_id, voter_id, wanted.qualification_items)
    known = _available(connection, campaign_id)
    passed: bool | None = None
    if wanted.pass_mark is not None:
        passed = _has_qualified(connection, campaign_id, voter_id, wanted.pass_mark)
        passed = passed or (False if n >= wanted.qualification_items else None)
    missing = _warm_up_left(connection, campaign_id, voter_id, wanted, now) if known else 0
    waits_for = "qualification" if wanted.pass_mark is not None and not passed else "warm_up" if missing else None
    return PracticeStanding(
        n=n,
        right=right,
        needed=wanted.qualification_items,
        pass_mark=wanted.pass_mark,
        passed=passed,
        waits_for=waits_for,
        warm_up_left=missing,
        available=known,
    )


def _has_qualified(connection: Connection, campaign_id: str, voter_id: str, pass_mark: float) -> bool:
    """Whether the person once reached this mark, or a higher one."""
    here = {"campaign": campaign_id, "voter": voter_id, "mark": pass_mark}
    return connection.execute(_QUALIFIED, here).first() is not None


def _record_pass(connection: Connection, campaign_id: str, voter_id: str, pass_mark: float, now: datetime) -> None:
    """From now on the person is qualified, up to this mark."""
    mine = (qualifications.c.campaign_id == campaign_id, qualifications.c.voter_id == voter_id)
    connection.execute(qualifications.delete().where(*mine))
    row = {"campaign_id": campaign_id, "voter_id": voter_id, "pass_mark": pass_mark, "passed_at": now}
    connection.execute(qualifications.insert().values(row))


def _warm_up_left(
    connection: Connection, campaign_id: str, voter_id: str, settings: ReviewSettings, now: datetime
) -> int:
    """Practice answers missing before this sitting's first task; 0 for who voted within the last `SITTING`."""
    if settings.warm_up_items == 0:
        return 0
    here = {"campaign": campaign_id, "voter": voter_id, "since": now - SITTING_GAP}
    if connection.execute(_LAST_VOTE, here).scalar() is not None:
        return 0
    return max(0, settings.warm_up_items - int(connection.execute(_PRACTISED, here).scalar_one()))


_QUALIFIED = select(qualifications.c.passed_at).where(
    qualifications.c.campaign_id == bindparam("campaign"),
    qualifications.c.voter_id == bindparam("voter"),
    qualifications.c.pass_mark >= bindparam("mark"),
)
# By the number, as the index is; the last vote's time is then looked at alone.
_last = (
    select(submissions.c.created_at)
    .where(submissions.c.campaign_id == bindparam("campaign"), submissions.c.voter_id == bindparam("voter"))
    .order_by(submissions.c.number.desc())
    .limit(1)
    .subquery()
)
_LAST_VOTE = select(_last.c.created_at).where(
    _last.c.created_at > bindparam("since", type_=submissions.c.created_at.type)
)
_PRACTISED = select(func.count()).where(
    practice_answers.c.campaign_id == bindparam("campaign"),
    practice_answers.c.voter_id == bindparam("voter"),
    practice_answers.c.created_at > bindparam("since", type_=practice_answers.c.created_at.type),
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
