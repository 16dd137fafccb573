"""Practice standing of a person in a campaign: score, qualification, and what next-task still waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, bindparam, func, select

from gonogo.schemas.review import PracticeStanding, ReviewSettings
from gonogo.server.practice.pool import pool_size
from gonogo.server.practice.settings import load_review_settings
from gonogo.server.store.schema import practice_answers, qualifications, submissions

SITTING_GAP = timedelta(hours=4)
"""A break without a vote after which a person warms up again."""


# --- queries -----------------------------------------------------------------------------------------------

_QUALIFIED = select(qualifications.c.passed_at).where(
    qualifications.c.campaign_id == bindparam("campaign"),
    qualifications.c.voter_id == bindparam("voter"),
    qualifications.c.pass_mark >= bindparam("mark"),
)
# By the number, as the index is; only the last vote's time is then compared.
_last_vote = (
    select(submissions.c.created_at)
    .where(submissions.c.campaign_id == bindparam("campaign"), submissions.c.voter_id == bindparam("voter"))
    .order_by(submissions.c.number.desc())
    .limit(1)
    .subquery()
)
_VOTED_SINCE = select(_last_vote.c.created_at).where(
    _last_vote.c.created_at > bindparam("since", type_=submissions.c.created_at.type)
)
_COUNT_ANSWERS_SINCE = select(func.count()).where(
    practice_answers.c.campaign_id == bindparam("campaign"),
    practice_answers.c.voter_id == bindparam("voter"),
    practice_answers.c.created_at > bindparam("since", type_=practice_answers.c.created_at.type),
)


# --- reading -----------------------------------------------------------------------------------------------


def practice_standing(connection: Connection, campaign_id: str, voter_id: str, now: datetime) -> PracticeStanding:
    """The last answers against the campaign's pass mark, and what next-task still waits for."""
    settings = load_review_settings(connection, campaign_id)
    n, n_right = _recent_score(connection, campaign_id, voter_id, settings.qualification_items)
    n_known = pool_size(connection, campaign_id)
    passed: bool | None = None
    if settings.pass_mark is not None:
        passed = _has_qualified(connection, campaign_id, voter_id, settings.pass_mark)
        passed = passed or (False if n >= settings.qualification_items else None)
    warm_up_left = _warm_up_left(connection, campaign_id, voter_id, settings, now) if n_known else 0
    needs_qualification = settings.pass_mark is not None and not passed
    return PracticeStanding(
        n=n,
        right=n_right,
        needed=settings.qualification_items,
        pass_mark=settings.pass_mark,
        passed=passed,
        waits_for="qualification" if needs_qualification else "warm_up" if warm_up_left else None,
        warm_up_left=warm_up_left,
        available=n_known,
    )


def _recent_score(connection: Connection, campaign_id: str, voter_id: str, limit: int) -> tuple[int, int]:
    """Number of the last answers (at most `limit`), and of the right ones among them."""
    own = (practice_answers.c.campaign_id == campaign_id) & (practice_answers.c.voter_id == voter_id)
    recent = select(practice_answers.c.right).where(own).order_by(practice_answers.c.number.desc()).limit(limit)
    answers = connection.execute(recent).scalars().all()
    return len(answers), sum(answers)


def _has_qualified(connection: Connection, campaign_id: str, voter_id: str, pass_mark: float) -> bool:
    """Whether the person ever reached this mark, or a higher one."""
    params = {"campaign": campaign_id, "voter": voter_id, "mark": pass_mark}
    return connection.execute(_QUALIFIED, params).first() is not None


def _warm_up_left(
    connection: Connection, campaign_id: str, voter_id: str, settings: ReviewSettings, now: datetime
) -> int:
    """Practice answers missing before this sitting's first task; 0 for a person who voted within `SITTING_GAP`."""
    if settings.warm_up_items == 0:
        return 0
    params = {"campaign": campaign_id, "voter": voter_id, "since": now - SITTING_GAP}
    if connection.execute(_VOTED_SINCE, params).scalar() is not None:
        return 0
    return max(0, settings.warm_up_items - int(connection.execute(_COUNT_ANSWERS_SINCE, params).scalar_one()))


# --- writing -----------------------------------------------------------------------------------------------


def record_answer(
    connection: Connection, campaign_id: str, voter_id: str, item: str, right: bool, now: datetime
) -> None:
    """Stores the first answer to an item, and a pass if it reaches the mark; after it the person knows the answer."""
    key = {"campaign_id": campaign_id, "voter_id": voter_id, "item": item}
    earlier = select(practice_answers.c.number).where(*(practice_answers.c[name] == key[name] for name in key))
    if connection.execute(earlier).first() is not None:
        return
    connection.execute(practice_answers.insert().values(**key, created_at=now, right=right))
    settings = load_review_settings(connection, campaign_id)
    n, n_right = _recent_score(connection, campaign_id, voter_id, settings.qualification_items)
    if settings.pass_mark is not None and n >= settings.qualification_items and n_right >= settings.pass_mark * n:
        _record_pass(connection, campaign_id, voter_id, settings.pass_mark, now)


def _record_pass(connection: Connection, campaign_id: str, voter_id: str, pass_mark: float, now: datetime) -> None:
    """Qualifies the person up to this mark, from now on."""
    own = (qualifications.c.campaign_id == campaign_id, qualifications.c.voter_id == voter_id)
    connection.execute(qualifications.delete().where(*own))
    row = {"campaign_id": campaign_id, "voter_id": voter_id, "pass_mark": pass_mark, "passed_at": now}
    connection.execute(qualifications.insert().values(row))
