"""What a voter meets: order, the limit of held claims, leases, late answers, and the numbers of the queue."""

from __future__ import annotations

import pytest

from gonogo.schemas.enums import ConflictReason
from gonogo.schemas.gonogo_api import QueueView
from gonogo.server.auth.principals import Voter
from gonogo.server.queue.queue_counts import queue_view
from tests.server.house import House, people

ANNA, BEN = people(2)


def test_sheets_stay_together_and_doubtful_readings_come_first(house: House) -> None:
    campaign = house.campaign()
    shaft, plate = {"part_revision_id": "shaft"}, {"part_revision_id": "plate"}
    first = house.add(campaign, {**shaft, "predicted_confidence": 0.9}, {**plate, "predicted_confidence": 0.1})
    second = house.add(campaign, {**shaft, "predicted_confidence": 0.2}, shaft, {**plate, "predicted_confidence": 0.1})
    assert house.work_off(campaign, ANNA) == [second[0], first[0], second[1], first[1], second[2]]


def test_pages_of_one_drawing_are_different_sheets(house: House) -> None:
    campaign = house.campaign()
    box = [0.1, 0.1, 0.2, 0.2]
    pages = [{"part_revision_id": "a", "drawing_bbox": [*box, page]} for page in (1, 2, 1, 2)]
    ids = house.add(campaign, *pages)
    assert house.work_off(campaign, ANNA) == [ids[0], ids[2], ids[1], ids[3]]


def test_with_five_held_the_oldest_comes_again(house: House) -> None:
    campaign = house.campaign()
    house.add(campaign, *[{}] * 7)
    served = []
    for _claim in range(6):
        claim = house.next(campaign, ANNA)
        assert claim is not None
        served.append(claim.task.id)
        house.pass_time(seconds=1)
    assert len(set(served)) == 5
    assert served[5] == served[0]


def test_what_one_gives_back_another_can_have_at_once_and_he_himself_again(house: House) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    assert house.next(campaign, ANNA) is not None
    assert house.next(campaign, BEN) is None
    house.release(task, ANNA)
    claim = house.next(campaign, BEN)
    assert claim is not None
    house.release(task, BEN)
    claim = house.next(campaign, ANNA)
    assert claim is not None
    assert claim.task.id == task


def test_tasks_added_in_mid_work_reach_those_who_were_done(house: House) -> None:
    campaign = house.campaign(target_redundancy=2)
    early = house.add(campaign, {}, {})
    assert house.work_off(campaign, ANNA) == early
    late = house.add(campaign, {}, {})
    assert house.work_off(campaign, ANNA) == late
    assert sorted(house.work_off(campaign, BEN)) == sorted(early + late)


def test_a_vote_without_a_claim_counts_while_the_task_wants_it(house: House) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    outcome = house.submit(campaign, task, ANNA)
    assert outcome.refused is None
    assert outcome.submission.late
    assert house.next(campaign, BEN) is None


def test_a_late_vote_never_takes_the_place_of_the_one_who_holds_the_task(house: House) -> None:
    campaign = house.campaign(target_redundancy=1)
    (task,) = house.add(campaign, {})
    assert house.next(campaign, ANNA) is not None
    house.pass_time(minutes=11)
    assert house.next(campaign, BEN) is not None
    late = house.submit(campaign, task, ANNA)
    assert late.refused is ConflictReason.TASK_RESOLVED
    assert not late.submission.counted
    assert house.submit(campaign, task, BEN).refused is None
    again = house.submit(campaign, task, ANNA, "unsure")
    assert again.refused is ConflictReason.ALREADY_SUBMITTED
    assert again.submission.id == late.submission.id


def test_asking_again_and_again_when_all_is_answered_does_not_hide_later_work(house: House) -> None:
    campaign = house.campaign(target_redundancy=3)
    house.add(campaign, {})
    house.work_off(campaign, ANNA)
    for _time in range(3):
        assert house.next(campaign, ANNA) is None
    later = house.add(campaign, {})
    assert house.work_off(campaign, ANNA) == later


def test_the_queue_explains_itself(house: House) -> None:
    campaign = house.campaign(target_redundancy=2)
    house.add(campaign, {}, {}, {})
    house.work_off(campaign, BEN)
    held = house.next(campaign, ANNA)
    assert held is not None
    mine = view(house, campaign, ANNA)
    assert (mine.left_for_me, mine.held_by_me, mine.done_by_me, mine.held_by_others.n_tasks) == (3, 1, 0, 0)
    third = view(house, campaign, Voter("third", "user"))
    assert (third.left_for_me, third.held_by_others.n_tasks) == (2, 1)
    assert third.held_by_others.until == "2026-06-01T12:10:00.000Z"
    house.submit(campaign, held.task.id, ANNA)
    assert (view(house, campaign, ANNA).left_for_me, view(house, campaign, ANNA).done_by_me) == (2, 1)


@pytest.mark.slow
@pytest.mark.parametrize("gold", [0.1, 0.4])
def test_an_answer_takes_one_from_what_is_left_whether_gold_or_not(house: House, gold: float) -> None:
    campaign = house.campaign(gold_fraction=gold, target_redundancy=3)
    house.add(campaign, *[{}] * 90, *[{"is_gold": True, "gold_answer": "correct"}] * 60)
    house.work_off(campaign, BEN)
    for _answer in range(50):
        claim = house.next(campaign, ANNA)
        assert claim is not None
        before = view(house, campaign, ANNA)
        house.submit(campaign, claim.task.id, ANNA)
        after = view(house, campaign, ANNA)
        assert (before.left_for_me - after.left_for_me, after.done_by_me - before.done_by_me) == (1, 1)


def view(house: House, campaign: str, voter: Voter) -> QueueView:
    with house.store.read() as connection:
        return queue_view(connection, house.row(campaign), voter, house.now)
