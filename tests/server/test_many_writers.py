"""What only happens where several transactions run at once, step by step: PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from gonogo.schemas.labeling import LabelSubmit
from gonogo.server.auth.principals import Voter
from gonogo.server.errors import ApiError, lost_race
from gonogo.server.http.pipeline import RETRIES
from gonogo.server.http.rate_limits import RateLimiter
from gonogo.server.queue import leases, next_task
from gonogo.server.queue import submissions as votes
from gonogo.server.settings import ServerSettings
from gonogo.server.store.schema import campaigns, submissions, tasks, voters
from tests.server.house import House, people

T = TypeVar("T")
ANNA, BEN, CORA = people(3)
WAIT = 20


def claim(house: House, connection: Connection, campaign: str, who: Voter) -> Any:
    row = connection.execute(select(campaigns).where(campaigns.c.id == campaign)).one()
    found = next_task.next_task(connection, row, who, house.now)
    return None if found is None else found.task.id


def as_a_request(job: Callable[[], T]) -> T:
    """Begins a transaction that lost a race or a deadlock again, as requests do."""
    for _try in range(RETRIES - 1):
        try:
            return job()
        except DBAPIError as error:
            if not lost_race(error):
                raise
    return job()


def begin_round(house: House, campaign: str) -> None:
    """Moves the insert round on, so that claims need no lock of the order."""
    with house.store.write() as connection:
        connection.execute(campaigns.update().where(campaigns.c.id == campaign).values(insert_round="00000005"))


def test_a_claim_that_fails_leaves_its_task_to_who_passed_it(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign()
    first, second = house.add(campaign, {"predicted_confidence": 0.1}, {"predicted_confidence": 0.9})
    begin_round(house, campaign)
    failing = house.store.engine.connect()
    assert claim(house, failing, campaign, ANNA) == first
    got = house.next(campaign, BEN)  # does not wait for Anna's transaction
    assert got is not None
    assert got.task.id == second
    failing.rollback()  # the server was killed
    failing.close()
    again = house.next(campaign, BEN)
    assert again is not None
    assert again.task.id == first


def test_nothing_enters_the_order_behind_a_cursor(postgres_house: House) -> None:
    """A vote puts a task back while somebody else is the first to enter the round it goes to."""
    house = postgres_house
    campaign = house.campaign(target_redundancy=2)
    ids = house.add(campaign, {"predicted_confidence": 0.1}, {"predicted_confidence": 0.5})
    held = house.next(campaign, ANNA)
    assert held is not None
    assert held.task.id == ids[0]
    house.submit(campaign, ids[1], CORA)
    with house.store.write() as connection:  # all that is open lies in the round that tasks enter
        connection.execute(text("UPDATE tasks SET rank = '00000003.' || place WHERE rank IS NOT NULL"))
        connection.execute(campaigns.update().values(insert_round="00000003"))
        connection.execute(voters.update().values(cursor="00000002"))
    with ThreadPoolExecutor(1) as pool, house.store.write() as voting:
        row = voting.execute(select(campaigns).where(campaigns.c.id == campaign)).one()
        votes.submit(voting, row, ids[0], ANNA, LabelSubmit(verdict="correct"), house.now)
        waiting = pool.submit(house.next, campaign, BEN)
        assert blocked(house), "the claim that enters the round waits for the vote"
        voting.commit()
        assert waiting.result(WAIT) is not None
    with house.store.read() as connection:
        ranks = connection.execute(select(tasks.c.rank).where(tasks.c.rank.is_not(None))).scalars().all()
        cursor = connection.execute(select(voters.c.cursor).where(voters.c.voter_id == BEN.id)).scalar_one()
    assert all(rank > cursor for rank in ranks)


def blocked(house: House) -> bool:
    """Whether some transaction waits for an advisory lock; looks until one does."""
    deadline = threading.Event()
    for _look in range(500):
        found = house.store.query_one(text("SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"))
        if found is not None:
            return True
        deadline.wait(0.01)
    return False


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    start = threading.Barrier(count)

    def run(number: int) -> Any:
        start.wait()
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_one_person_asking_many_times_at_once_holds_no_more_than_allowed(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign(gold_fraction=0.5)
    house.add(campaign, *[{}] * 30, *[{"is_gold": True, "gold_answer": "correct"}] * 20)
    got = at_once(lambda _n: house.next(campaign, ANNA), 8)
    assert len({found.task.id for found in got}) == leases.MAX_CLAIMS


def test_pages_claimed_at_once_share_no_task(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign(gold_fraction=0.3, grouping=True)
    value = {"predicted_value": {"text": "M8"}}
    gold = {**value, "is_gold": True, "gold_answer": "correct"}
    house.add(campaign, *[value] * 60, *[gold] * 20)
    crew = people(6)
    pages = at_once(lambda n: house.next_group(campaign, crew[n], 9), 6)
    ids = [claim.task.id for page in pages for claim in page]
    assert len(ids) == len(set(ids)) > 9
    for who, page in zip(crew, pages, strict=True):
        rows = [house.task(claim.task.id) for claim in page]
        assert {row.holder_id for row in rows} <= {who.id}
        items = [row.gold_item_id for row in rows if row.gold_item_id is not None]
        assert len(items) == len(set(items))


def test_votes_of_one_person_and_of_many_on_one_task(postgres_house: House) -> None:
    house = postgres_house
    campaign = house.campaign(target_redundancy=3)
    (task,) = house.add(campaign, {})
    crowd = people(8)
    outcomes = at_once(lambda n: house.submit(campaign, task, crowd[n // 2]), 8)
    assert sum(outcome.refused is None for outcome in outcomes) == 3
    with house.store.read() as connection:
        given = connection.execute(select(submissions)).all()
    assert len(given) == 4
    assert sum(row.counted for row in given) == house.task(task).submission_count == 3


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_people_in_a_crowd_never_share_a_task(postgres_house: House, fraction: float) -> None:
    house = postgres_house
    campaign = house.campaign(gold_fraction=fraction, target_redundancy=2)
    house.add(campaign, *[{}] * 40, *[{"is_gold": True, "gold_answer": "correct"}] * 20)
    crowd = people(8)

    def work(number: int) -> None:
        while (found := as_a_request(partial(house.next, campaign, crowd[number]))) is not None:
            assert as_a_request(partial(house.submit, campaign, found.task.id, crowd[number])).refused is None

    at_once(work, 8)
    for who in crowd:  # what others held when somebody found nothing more
        house.work_off(campaign, who)
    with house.store.read() as connection:
        counts = connection.execute(select(tasks.c.submission_count).where(~tasks.c.is_gold)).scalars().all()
    assert set(counts) == {2}


def test_workers_count_requests_together(database: str) -> None:
    with House(database) as house:
        settings = ServerSettings(
            database_url="unused",
            requests_per_minute_per_caller=40,
            requests_per_minute_per_key=None,
            share_limits=True,
        )
        workers = [RateLimiter(settings, lambda: house.now, house.store) for _worker in range(2)]
        passed = 0
        for number in range(80):
            with suppress(ApiError):
                workers[number % 2].count(house.lead, "credential")
                passed += 1
        assert 40 <= passed <= 40 + 2 * 2
        for _failure in range(10):
            workers[0].redeem_failed("192.0.2.1")
        with pytest.raises(Exception, match="Too many sign-in attempts"):
            workers[1].check_redeem("192.0.2.1")
        workers[1].check_redeem("192.0.2.2")
