"""Requests made from our own OpenAPI, with real ids and made-up ones: never a 5xx, never an undocumented answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case

from tests.postgres import cluster
from tests.server.conftest import needs_postgresql
from tests.server.http.chains import Step, chains, follow
from tests.server.http.fuzzing import CALLERS, Server, cases, check, serving

CASES = 150
CHAINS, STEPS = 15, 20


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=needs_postgresql)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    on_file = request.param == "sqlite"
    url = f"sqlite:///{tmp_path_factory.mktemp('fuzz')}/fuzz.db" if on_file else cluster().database()
    with serving(url) as running:
        yield running


@pytest.mark.slow
@given(case=cases(), caller=st.sampled_from(CALLERS), real=st.booleans(), key=st.booleans())
@settings(max_examples=CASES, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_answer_is_a_5xx_or_undocumented(
    server: Server, case: Case[Any], caller: str, real: bool, key: bool
) -> None:
    check(server, case, caller, real, key)


@pytest.mark.slow
@given(chain=chains(STEPS))
@settings(max_examples=CHAINS, deadline=None, suppress_health_check=list(HealthCheck))
def test_nor_is_it_when_each_request_is_about_what_the_last_one_made(server: Server, chain: list[Step]) -> None:
    follow(server, chain)
