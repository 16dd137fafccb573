"""Leases: how claims end without an answer, and what then happens to votes that came late."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from sqlalchemy import select

from gonogo.schemas.enums import CampaignStatus, ConflictReason, TaskStatus
from gonogo.schemas.gonogo_api import QueueView
from gonogo.server.queue import leases
from gonogo.server.queue.queue_counts import queue_view
from gonogo.server.queue.submissions import SubmitResult
from gonogo.server.store.schema import audit_log, campaigns, discounted_votes, submissions
from tests.server.house import House, people

ANNA, BEN, CARL = people(3)


def _late_vote(house: House, campaign: str) -> tuple[str, SubmitResult]:
    """A task that Ben holds, for which Anna's vote came after her claim had ended."""
    (task,) = house.add(campaign, {})
    assert house.next(campaign, ANNA) is not None
    house.pass_time(minutes=11)
    assert house.next(campaign, BEN) is not None
    late = house.submit(campaign, task, ANNA)
    assert (late.refused, late.submission.counted) == (ConflictReason.TASK_RESOLVED, False)
    return task, late


def _released(house: House, campaign: str, task: str) -> None:
    house.release(task, BEN)


def _expired(house: House, campaign: str, task: str) -> None:
    house.pass_time(minutes=11)
    with house.write() as connection:
        assert leases.expire(connection, campaign, house.now) == 1


def _all_ended(house: House, campaign: str, task: str) -> None:
    with house.write() as connection:
        leases.end_claims(connection, house.now, campaign_id=campaign)


def _counted(house: House, late: SubmitResult) -> bool:
    with house.read() as connection:
        row = connection.execute(select(submissions.c.counted).where(submissions.c.id == late.submission.id))
        return bool(row.scalar_one())


@pytest.mark.parametrize("end", [_released, _expired, _all_ended])
def test_a_late_vote_counts_when_the_holder_gives_up(house: House, end: Callable[[House, str, str], None]) -> None:
    campaign = house.campaign()
    task, late = _late_vote(house, campaign)
    assert house.task(task).status == TaskStatus.OPEN
    end(house, campaign, task)
    settled = house.task(task)
    assert (settled.status, settled.submission_count, settled.consensus_verdict) == (TaskStatus.RESOLVED, 1, "correct")
    assert (settled.holder_id, settled.claim_expires_at) == (None, None)
    assert _counted(house, late)
    assert house.next(campaign, CARL) is None


def test_a_late_vote_counts_beside_those_in_time(house: House) -> None:
    campaign = house.campaign(target_redundancy=2)
    (task,) = house.add(campaign, {})
    house.next(campaign, CARL)
    house.submit(campaign, task, CARL)
    house.next(campaign, ANNA)
    house.pass_time(minutes=11)
    assert house.next(campaign, BEN) is not None
    late = house.submit(campaign, task, ANNA)
    assert not late.submission.counted
    house.release(task, BEN)
    assert (house.task(task).status, house.task(task).submission_count) == (TaskStatus.RESOLVED, 2)


def test_a_late_vote_that_a_lead_discounted_stays_uncounted(house: House) -> None:
    campaign = house.campaign()
    task, late = _late_vote(house, campaign)
    with house.write() as connection:
        row = {"submission_id": late.submission.id, "campaign_id": campaign, "voter_id": ANNA.id}
        connection.execute(discounted_votes.insert().values(row))
    house.release(task, BEN)
    assert not _counted(house, late)
    assert (house.task(task).status, house.task(task).submission_count) == (TaskStatus.OPEN, 0)
    again = house.next(campaign, CARL)
    assert again is not None
    assert again.task.id == task


def test_only_as_many_late_votes_count_as_the_task_lacks(house: House) -> None:
    campaign = house.campaign()
    task, first = _late_vote(house, campaign)
    house.pass_time(minutes=11)
    assert house.next(campaign, CARL) is None  # asked for work: Ben's claim ends, and Anna's vote counts
    assert house.task(task).submission_count == 1
    second = house.submit(campaign, task, BEN, "incorrect")
    assert _counted(house, first)
    assert not _counted(house, second)
    assert house.task(task).submission_count == 1


def test_an_expired_claim_has_its_row_in_the_audit_log(house: House) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    house.next(campaign, ANNA)
    house.pass_time(minutes=10)
    with house.write() as connection:
        assert leases.expire(connection, campaign, house.now) == 1
        assert leases.expire(connection, campaign, house.now) == 0
    with house.read() as connection:
        (row,) = connection.execute(select(audit_log).where(audit_log.c.action == "claim_ended")).all()
    assert row.actor == ANNA.id
    assert row.at == house.now
    assert json.loads(row.content) == {"task_id": task, "campaign_id": campaign}


def test_claims_end_oldest_first_and_no_more_than_asked(house: House) -> None:
    campaign = house.campaign()
    ids = house.add(campaign, *[{}] * 3)
    for _task in ids:
        house.next(campaign, ANNA)
        house.pass_time(minutes=1)
    house.pass_time(minutes=20)
    with house.write() as connection:
        assert leases.expire(connection, campaign, house.now, limit=2) == 2
    assert [house.task(task).holder_id for task in ids] == [None, None, ANNA.id]


@pytest.mark.parametrize("minutes", [9, 11])
def test_a_vote_without_a_claim_ends_a_claim_that_has_expired_and_no_other(house: House, minutes: int) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    house.next(campaign, ANNA)
    house.pass_time(minutes=minutes)
    result = house.submit(campaign, task, BEN)
    expired = minutes > 10
    assert result.submission.counted is expired
    assert result.refused == (None if expired else ConflictReason.TASK_RESOLVED)
    assert house.task(task).holder_id == (None if expired else ANNA.id)
    with house.read() as connection:
        ended = connection.execute(select(audit_log.c.actor).where(audit_log.c.action == "claim_ended")).scalars()
        assert list(ended) == ([ANNA.id] if expired else [])


def test_an_own_claim_that_has_expired_takes_the_vote_all_the_same(house: House) -> None:
    campaign = house.campaign()
    (task,) = house.add(campaign, {})
    house.next(campaign, ANNA)
    house.pass_time(minutes=11)
    result = house.submit(campaign, task, ANNA)
    assert (result.refused, result.submission.counted, result.submission.late) == (None, True, True)


def test_a_lease_is_renewed_for_its_holder_while_the_campaign_is_open(house: House) -> None:
    campaign = house.campaign(lease_minutes=7)
    (task,) = house.add(campaign, {})
    house.next(campaign, ANNA)
    house.pass_time(minutes=20)
    with house.write() as connection:
        row = house.row(campaign)
        assert leases.renew(connection, house.task(task), row, BEN, house.now) is None
        until = leases.renew(connection, house.task(task), row, ANNA, house.now)
    house.pass_time(minutes=7)
    assert until == house.now == house.task(task).claim_expires_at
    with house.write() as connection:
        connection.execute(campaigns.update().where(campaigns.c.id == campaign).values(status=CampaignStatus.CLOSED))
    with house.write() as connection:
        assert leases.renew(connection, house.task(task), house.row(campaign), ANNA, house.now) is None


def test_the_claims_of_one_voter_end_in_one_campaign_alone(house: House) -> None:
    mine, other = house.campaign(), house.campaign()
    (a, b), (c,) = house.add(mine, {}, {}), house.add(other, {})
    for campaign, voter in ((mine, ANNA), (mine, BEN), (other, ANNA)):
        assert house.next(campaign, voter) is not None
    with house.write() as connection:
        leases.end_claims(connection, house.now, campaign_id=mine, voter_id=ANNA.id)
    assert [house.task(task).holder_id for task in (a, b, c)] == [None, BEN.id, ANNA.id]
    with house.write() as connection:
        leases.end_claims(connection, house.now, campaign_id=mine)
    assert [house.task(task).holder_id for task in (a, b, c)] == [None, None, ANNA.id]


# --- the queue's view --------------------------------------------------------------------------------------


def _view(house: House, campaign: str, *, reviews: bool = False) -> QueueView:
    with house.read() as connection:
        return queue_view(connection, house.row(campaign), ANNA, house.now, reviews=reviews)


def test_the_view_says_which_campaign_it_is_of(house: House) -> None:
    campaign = house.campaign(name="PMI batch 12", guideline="Limits as *drawn*.", unit="mm")
    house.add(campaign, {}, {})
    open_view = _view(house, campaign)
    assert (open_view.campaign_id, open_view.campaign_name) == (campaign, "PMI batch 12")
    assert (open_view.campaign_status, open_view.left_for_me) == (CampaignStatus.OPEN, 2)
    assert (open_view.guideline, open_view.unit) == ("Limits as *drawn*.", "mm")
    with house.write() as connection:
        connection.execute(campaigns.update().where(campaigns.c.id == campaign).values(status=CampaignStatus.CLOSED))
    closed = _view(house, campaign)
    assert (closed.campaign_status, closed.left_for_me) == (CampaignStatus.CLOSED, 0)


def test_a_task_that_is_held_is_left_until_its_claim_has_expired(house: House) -> None:
    campaign = house.campaign()
    house.add(campaign, {})
    house.next(campaign, ANNA)
    assert (_view(house, campaign).left_for_me, _view(house, campaign).held_by_me) == (1, 1)
    house.pass_time(minutes=11)
    assert _view(house, campaign).held_by_me == 0


def test_tasks_in_review_are_counted_for_reviewers_alone(house: House) -> None:
    campaign = house.campaign(target_redundancy=2)
    (task,) = house.add(campaign, {})
    for voter, verdict in ((BEN, "correct"), (CARL, "incorrect")):
        house.next(campaign, voter)
        house.submit(campaign, task, voter, verdict)
    assert house.task(task).status == TaskStatus.IN_REVIEW
    assert (_view(house, campaign).in_review, _view(house, campaign, reviews=True).in_review) == (0, 1)
