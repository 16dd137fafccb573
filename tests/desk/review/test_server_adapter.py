"""Review queue of a plain ARCNM server: made from published fields, never said to be empty when that is unknown."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.desk.review.clusters import Grouping, cluster_key, clustered
from gonogo.desk.review.example import Waits, proposed, verification
from gonogo.desk.review.models import ReviewFilters
from gonogo.desk.review.server_adapter import ReviewServer
from gonogo.tui.presenters.common.format import reading
from tests.client.arcnm_server import KEY, Arcnm
from tests.client.scripted_server import ScriptedServer


@pytest.fixture
async def arcnm() -> Arcnm:
    return Arcnm()


@pytest.fixture
async def review(arcnm: Arcnm) -> AsyncIterator[ReviewServer]:
    async with ScriptedServer(arcnm) as server, GonogoClient(server.url, ApiKey(KEY)) as client:
        await client.capabilities()
        yield ReviewServer(client)


def _campaign(arcnm: Arcnm, *tasks: dict[str, Any]) -> str:
    campaign = str(arcnm.post_campaigns({"name": "foreign"})["id"])
    arcnm.post_campaigns_one_tasks(campaign, {"tasks": [{"target_kind": "pmi", **task} for task in tasks]})
    return campaign


async def test_unresolved_tasks_with_their_votes_come_in_the_order_of_doubt(arcnm: Arcnm, review: ReviewServer) -> None:
    voted = {"n_required": 2, "submission_count": 2, "status": "open", "predicted_confidence": 0.9}
    campaign = _campaign(
        arcnm,
        {**voted, "agreement": 1.0},
        {**voted, "agreement": 0.5},
        {**voted, "agreement": 0.5, "status": "resolved"},
        {**voted, "agreement": 0.5, "submission_count": 1},
        {**voted, "agreement": 0.5, "is_gold": True},
        {**voted, "agreement": 0.6, "status": "active"},
    )
    page = await review.page(campaign, ReviewFilters(), None)
    assert [row.task.id for row in page.rows] == ["t1", "t5", "t0"]
    assert page.unseen == 0
    resolved = await review.page(campaign, ReviewFilters(status="resolved"), None)
    assert [row.task.id for row in resolved.rows] == ["t2"]
    assert arcnm.complaints == []


async def test_a_list_that_the_server_cuts_is_asked_for_whole(arcnm: Arcnm, review: ReviewServer) -> None:
    campaign = _campaign(arcnm, *({"n_required": 1, "submission_count": 1} for _ in range(130)))
    page = await review.page(campaign, ReviewFilters(), None)
    assert (page.count, page.unseen) == (130, 0)
    arcnm.longest_page = 50
    page = await review.page(campaign, ReviewFilters(), None)
    assert (page.count, page.unseen) == (50, 80)


async def test_a_plain_server_names_no_cause_but_equal_values_can_stand_together(
    arcnm: Arcnm, review: ReviewServer
) -> None:
    voted = {"n_required": 2, "submission_count": 2, "status": "open"}
    read = [{"predicted_value": {"text": text}} for text in ("⌀16,5", "R5", "Ø 16.50")]
    campaign = _campaign(arcnm, *({**voted, **task} for task in read))
    page = await review.page(campaign, ReviewFilters(), None, causes=True)
    assert {row.cause for row in page.rows} == {None}
    first, rest = clustered(page.rows, [cluster_key(row, Grouping.VALUE) for row in page.rows])
    assert {reading(row.task.predicted_value) for row in first.rows} == {"⌀16,5", "Ø 16.50"}
    assert len(rest.rows) == 1
    for row in first.rows:
        assert proposed(row, verification(first)).waits is Waits.NOT_LISTED
