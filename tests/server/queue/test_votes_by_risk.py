"""Votes by risk: the next vote comes from a thorough person, gold asks for as many, and nothing starves."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from sqlalchemy import insert, select

from gonogo.server.consensus.decide import RECHECK_SHARE, asks_on
from gonogo.server.scoring.refresh import refresh_campaign
from gonogo.server.store.schema import annotator_scores, tasks
from tests.server.house import House, people

ANNA, BEN, CEM, DORA = people(4)
CONFUSION = [[0.9, 0.05, 0.05]] * 3


def measured(house: House, campaign: str, reliability: dict[str, float]) -> None:
    with house.write() as connection:
        for voter, value in reliability.items():
            score = {"campaign_id": campaign, "voter_id": voter, "confusion": CONFUSION, "reliability": value}
            connection.execute(insert(annotator_scores).values(score))


def test_the_next_vote_on_a_doubtful_task_comes_from_the_thorough(house: House) -> None:
    campaign = house.campaign(target_redundancy=3, votes="by_risk", min_votes=2, max_risk=0.05)
    house.add(campaign, *[{}] * 6)
    measured(house, campaign, {ANNA.id: 0.9, BEN.id: 0.6, CEM.id: 0.6})
    house.work_off_some(campaign, ANNA, 1)
    house.work_off_some(campaign, BEN, 1)
    doubtful = house.next(campaign, CEM)
    assert doubtful is not None
    house.submit(campaign, doubtful.task.id, CEM, "incorrect")
    served = house.next(campaign, ANNA)
    assert served is not None
    assert served.task.id == doubtful.task.id or house.task(served.task.id).submission_count > 0
    others = house.next(campaign, BEN)
    assert others is not None
    assert house.task(others.task.id).submission_count == 0


def test_the_others_reach_a_doubtful_task_too_if_nobody_took_it(house: House) -> None:
    campaign = house.campaign(target_redundancy=3, votes="by_risk", min_votes=2)
    ids = house.add(campaign, *[{}] * 5)
    measured(house, campaign, {ANNA.id: 0.9, BEN.id: 0.5})
    for voter in (BEN, CEM, DORA):
        house.work_off(campaign, voter)
    assert all(house.task(task).submission_count >= 2 for task in ids)
    assert {house.task(task).status for task in ids} == {"resolved"}


def test_a_claim_of_a_doubtful_task_moves_no_cursor_past_new_work(house: House) -> None:
    campaign = house.campaign(target_redundancy=2, votes="by_risk", min_votes=2)
    ids = house.add(campaign, *[{}] * 4)
    measured(house, campaign, {ANNA.id: 0.9, BEN.id: 0.5})
    house.work_off_some(campaign, BEN, 2)
    assert set(house.work_off(campaign, ANNA)) == set(ids)


@pytest.mark.slow
def test_gold_is_asked_of_as_many_people_as_other_tasks(house: House) -> None:
    """Its predictions are wrong far more often, and people are not sure of them; its votes must not show that."""
    rng = random.Random(4)
    campaign = house.campaign(
        target_redundancy=4, votes="by_risk", gold_fraction=0.2, consensus_method="dawid_skene", max_risk=0.03
    )
    wrong = {}
    bodies = [{"part_revision_id": f"part-{number % 20}"} for number in range(320)]
    gold = [
        {"part_revision_id": f"part-{number % 20}", "is_gold": True, "gold_answer": answer}
        for number, answer in enumerate(["correct", "incorrect"] * 40)
    ]
    for task in house.add(campaign, *bodies):
        wrong[task] = rng.random() < 0.12
    house.add(campaign, *gold)
    crew = people(7)
    with house.at_once():
        for step in range(2200):
            if step % 100 == 0:
                with house.write() as connection:
                    refresh_campaign(connection, campaign, house.now)
            voter = rng.choice(crew)
            claim = house.next(campaign, voter)
            if claim is None:
                continue
            row = house.task(claim.task.id)
            is_wrong = row.gold_answer == "incorrect" if row.is_gold else wrong[row.id]
            says_wrong = rng.random() < (0.75 if is_wrong else 0.05)
            house.submit(campaign, row.id, voter, "incorrect" if says_wrong else "correct")
    with house.read() as connection:
        rows = connection.execute(select(tasks).where(tasks.c.submission_count > 0)).all()
    means = {
        kind: sum(row.submission_count for row in rows if row.is_gold == kind)
        / sum(1 for row in rows if row.is_gold == kind)
        for kind in (False, True)
    }
    assert 1.1 < means[False] < 3
    assert means[True] == pytest.approx(means[False], rel=0.2)  # three standard deviations


def test_gold_asks_on_as_often_as_is_measured() -> None:
    drawn = Counter(asks_on(f"task {number}", 1, [0.0, 0.3, 0.9]) for number in range(20_000))
    assert drawn[True] / 20_000 == pytest.approx(0.3, abs=0.02)
    assert asks_on("task", 1, [0.0, 0.3]) == asks_on("task", 1, [0.0, 0.3])
    assert asks_on("task", 9, [0.0, 1.0]) is True
    assert asks_on("task", 1, None) is None
    assert RECHECK_SHARE >= 0.05
