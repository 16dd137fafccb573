"""A client with a clock of its own, against a scripted server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.transport.retry import RetryPolicy
from tests.client.scripted_server import Time

KEY = "ak_test_0a1b2c3d_q7Zx-vErY-sEcReT"

ClientFor = Callable[..., GonogoClient]


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def policy(time: Time) -> RetryPolicy:
    """Real rules, no real waiting, and the longest jitter."""
    return RetryPolicy(clock=time.clock, sleep=time.sleep, chance=lambda: 1.0)


@pytest.fixture
def client_for(policy: RetryPolicy) -> ClientFor:
    def make(url: str, **changes: Any) -> GonogoClient:
        return GonogoClient(url, changes.pop("credential", ApiKey(KEY)), **{"retry": policy, **changes})

    return make
