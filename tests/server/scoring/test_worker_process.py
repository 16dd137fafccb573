"""Large campaigns are measured by a worker process: with the same result, and without it when it is gone."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
from multiprocessing.connection import wait
from pathlib import Path

import pytest

from gonogo.server.quality.campaign_report import quality_report
from gonogo.server.scoring.refresh import refresh_consensus
from gonogo.server.scoring.worker_process import worker
from tests.server.consensus.conftest import Campaign
from tests.server.house import START


@pytest.fixture(autouse=True)
def no_worker_of_another_test() -> None:
    """The worker stays for the next job of its process, whichever test asked for it."""
    worker.discard_pool()


@pytest.mark.slow
def test_the_worker_process_finds_and_stores_the_same(campaign: Campaign) -> None:
    tasks = [campaign.add_task(n_required=2) for _ in range(6)]
    for index, task in enumerate(tasks):
        campaign.vote(task, "correct", "incorrect" if index < 2 else "correct", refresh=False)
    before = {child.pid for child in multiprocessing.active_children()}
    there = quality_report(campaign.store, campaign.id, START, large=12)
    started = [child for child in multiprocessing.active_children() if child.pid not in before]
    assert len(started) == 1
    assert there.n_submissions == 12
    assert [status for status, _ in campaign.statuses(tasks)] == ["in_review"] * 2 + ["resolved"] * 4
    assert quality_report(campaign.store, campaign.id, START, large=13) == there  # one vote short: here
    started[0].kill()
    started[0].join(30)
    assert quality_report(campaign.store, campaign.id, START, large=12) == there


@pytest.mark.parametrize("large", [1, 100])
def test_a_refresh_settles_tasks_wherever_it_runs(campaign: Campaign, large: int) -> None:
    task = campaign.add_task(n_required=1)
    campaign.vote(task, "incorrect", refresh=False)
    refresh_consensus(campaign.store, campaign.id, START, large=large)
    assert campaign.statuses([task]) == [("resolved", "incorrect")]


_SERVER = """
import multiprocessing, os, sys
from gonogo.server.scoring import worker_process
worker_process.worker.pool().submit(os.getpid).result()
print(multiprocessing.active_children()[0].pid, flush=True)
sys.stdin.read()
"""


def test_the_worker_ends_with_its_server_even_if_that_is_killed() -> None:
    command = [sys.executable, "-c", _SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        worker = int(server.stdout.readline())
        server.kill()
        # The worker holds the other end of this pipe, too: it is at its end when both are gone.
        assert wait([server.stdout.fileno()], 60)
        assert server.stdout.read() == ""
    assert not Path(f"/proc/{worker}/exe").exists()
