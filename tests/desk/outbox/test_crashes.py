"""A desk killed again and again, behind a network that loses requests and answers: nothing lost, nothing twice."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from gonogo.desk.core.models import SendState
from gonogo.server.app import create_app
from gonogo.server.settings import ServerSettings
from tests.server.live import uvicorn_serving
from tests.support.crashing_annotators import Outcome, Plan, campaign, run
from tests.support.faulty_proxy import FAULTS, FaultyProxy

KEY = "embedded-token-for-tests"


@pytest.mark.slow
async def test_what_was_called_saved_is_on_the_server_once(tmp_path: Path) -> None:
    outcome, met = await crash(tmp_path, rounds=25, n_tasks=600)
    assert outcome.drained
    assert outcome.lost == []
    assert outcome.doubled == []
    assert set(outcome.here) == {SendState.SENT}  # and none is parked or forgotten here
    assert sum(outcome.here.values()) == len(outcome.stored)
    assert len(outcome.promised) >= 5
    assert sum(met[fault] for fault in FAULTS) > 0.15 * met.total()


@pytest.mark.slow
async def test_nor_by_outbox_send_between_the_lives_and_a_clock_that_jumps(tmp_path: Path) -> None:
    outcome, _ = await crash(tmp_path, rounds=24, n_tasks=600, seed=2, sends=True, clock_jumps=True)
    assert (outcome.drained, outcome.lost, outcome.doubled) == (True, [], [])
    assert set(outcome.here) == {SendState.SENT}
    assert sum(outcome.here.values()) == len(outcome.stored)
    assert len(outcome.promised) >= 5


async def crash(
    folder: Path,
    *,
    rounds: int,
    n_tasks: int,
    seed: int = 1,
    people: int = 1,
    sends: bool = False,
    clock_jumps: bool = False,
) -> tuple[Outcome, Counter[str]]:
    """So many lives of each desk behind the faulty proxy; what came of it, and the faults met.

    `people` work side by side, each on a home and in a campaign of `n_tasks` of their own. `sends` and `clock_jumps`:
    see `Plan`.
    """
    database = folder / "server.db"
    settings = ServerSettings(
        database_url=f"sqlite:///{database}",
        embedded_token=KEY,
        requests_per_minute_per_key=None,
        requests_per_minute_per_caller=None,
    )
    with uvicorn_serving(create_app(settings)) as port:
        base_url = f"http://127.0.0.1:{port}"
        made = [await campaign(base_url, KEY, n_tasks, f"PMI {place}") for place in range(people)]
        async with FaultyProxy(port, chance=random.Random(seed)) as proxy:
            here = f"http://127.0.0.1:{proxy.port}"
            plans = [
                Plan(
                    here,
                    token,
                    annotator,
                    campaign_id,
                    str(folder / f"desk{place}"),
                    rounds,
                    seed=seed + place,
                    sends=sends,
                    clock_jumps=clock_jumps,
                )
                for place, (campaign_id, token, annotator) in enumerate(made)
            ]
            return await run(plans, database), proxy.met
