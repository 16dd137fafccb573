"""Large campaigns are measured by a worker process: with the same result, and without it when it is gone."""

from __future__ import annotations

import multiprocessing

import pytest

from gonogo.server import apart
from tests.consensus.conftest import Campaign
from tests.server.house import START


def test_the_worker_process_finds_and_stores_the_same(campaign: Campaign) -> None:
    tasks = [campaign.add_task(n_required=2) for _ in range(6)]
    for index, task in enumerate(tasks):
        campaign.vote(task, "correct", "incorrect" if index < 2 else "correct", refresh=False)
    before = {child.pid for child in multiprocessing.active_children()}
    there = apart.report_on(campaign.store, campaign.id, START, large=12)
    started = [child for child in multiprocessing.active_children() if child.pid not in before]
    assert len(started) == 1
    assert there.n_submissions == 12
    assert [status for status, _ in campaign.statuses(tasks)] == ["in_review"] * 2 + ["resolved"] * 4
    assert apart.report_on(campaign.store, campaign.id, START, large=13) == there  # one vote short: here
    started[0].kill()
    started[0].join(30)
    assert apart.report_on(campaign.store, campaign.id, START, large=12) == there


@pytest.mark.parametrize("large", [1, 100])
def test_a_refresh_settles_tasks_wherever_it_runs(campaign: Campaign, large: int) -> None:
    task = campaign.add_task(n_required=1)
    campaign.vote(task, "incorrect", refresh=False)
    apart.refresh(campaign.store, campaign.id, START, large=large)
    assert campaign.statuses([task]) == [("resolved", "incorrect")]
