"""Workers, kill -9 and restarts: nothing is done twice, nothing is lost, nobody sees more than a refused connection."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.one_key import one_key
from tests.server.storm import storm

THREADS, ROUNDS = 50, 2


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GONOGO_HOME", str(tmp_path / "home"))


@pytest.mark.slow
async def test_a_crowd_and_a_server_that_is_killed(database: str) -> None:
    found = await storm(database, people=20, n_tasks=50, kills=2, workers=2, limit=180)
    assert found["answers"][201] >= 150


@pytest.mark.slow
def test_one_key_has_one_effect_over_workers_and_restarts(database: str) -> None:
    seen = one_key(database, threads=THREADS, rounds=ROUNDS)
    assert seen["done"] == ROUNDS
    assert seen["replayed"] == ROUNDS * (THREADS - 1)
    assert seen["replayed at the end"] == ROUNDS
