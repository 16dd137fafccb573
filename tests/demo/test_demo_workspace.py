"""The demo's workspace: something to answer, something to rule on, something the quality report can say."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from gonogo.cli.support.api_client import open_client
from gonogo.client.credential import ApiKey
from gonogo.client.gonogo_client import GonogoClient
from gonogo.client.lead_client import LeadClient
from gonogo.demo.demo_workspace import CAMPAIGN, prepare, prepare_embedded
from gonogo.demo.parts import draw_all
from gonogo.demo.simulated_annotators import CREW, EXPERT
from gonogo.desk.core.paths import AppPaths
from gonogo.desk.practice.tour import take_lessons
from gonogo.embedded.transport import BASE_URL, embedded_parts


def start() -> str:
    """What `gonogo demo --prepare` does."""
    return asyncio.run(prepare_embedded(AppPaths(), print))


def test_after_a_start_there_is_work_for_an_annotator_an_expert_and_a_lead() -> None:
    campaign_id = start()

    async def look() -> None:
        async with open_client(None) as lead:
            await _look(lead, campaign_id)

    asyncio.run(look())
    lessons = take_lessons(AppPaths(), campaign_id)
    assert [lesson.teaches for lesson in lessons] == ["correct", "incorrect", "fix", "undo", "context"]
    assert start() == campaign_id
    assert take_lessons(AppPaths(), campaign_id) == []  # the tour comes once


async def _look(lead: LeadClient, campaign_id: str) -> None:
    conflicts = (await lead.review_queue(campaign_id)).data
    assert len(conflicts) >= 3
    assert all(len(item.verdicts) > 1 or item.n_values > 1 for item in conflicts)
    report = await lead.campaign_quality(campaign_id)
    assert report.alpha is not None
    assert 0 < report.alpha < 1
    details: dict[str, Any] = report.gonogo or {}
    assert details["n_gold_answers"] >= 10
    assert [signs["flags"] for signs in details["annotators"].values()] == [[]] * len(CREW)
    assert {sheet["title"] for sheet in details["by_sheet"]} == set(draw_all())
    people = (await lead.annotators(campaign_id)).data
    assert [person.name for person in people] == [*CREW, EXPERT]
    practice = await lead.practice(campaign_id)
    assert len(practice.data) >= 10
    assert all("simulated" in (person.name or "") for person in people)
    waiting = {task.id: task for task in (await lead.list_tasks(campaign_id, limit=500)).data if not task.is_gold}
    untouched = [task for task in waiting.values() if task.status == "open"]
    assert len(untouched) > 50
    assert {task.submission_count for task in untouched} == {0}
    served = await lead.next_task(campaign_id)
    assert served.task is not None


class Broken(httpx.AsyncBaseTransport):
    """Ends the program when a certain request is to be sent."""

    def __init__(self, inner: httpx.AsyncBaseTransport, fatal: str) -> None:
        self._inner, self._fatal = inner, fatal

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith(self._fatal):
            raise KeyboardInterrupt
        return await self._inner.handle_async_request(request)


@pytest.mark.parametrize("fatal", ["/predictions", "/settings"])
def test_a_start_that_was_interrupted_is_gone_on_with(fatal: str) -> None:
    async def interrupted() -> None:
        parts = embedded_parts(AppPaths())
        transport = Broken(parts.transport, fatal)
        try:
            await prepare(lambda _: GonogoClient(BASE_URL, ApiKey(parts.token), transport=transport), "", print)
        finally:
            await parts.transport.aclose()

    with pytest.raises(KeyboardInterrupt):
        asyncio.run(interrupted())
    campaign_id = start()

    async def look() -> None:
        async with open_client(None) as lead:
            assert [found.name for found in (await lead.list_campaigns()).data] == [CAMPAIGN]
            assert (await lead.list_tasks(campaign_id)).count > 100
            assert (await lead.review_queue(campaign_id)).count >= 3

    asyncio.run(look())
